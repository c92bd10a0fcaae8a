//! What those who run a world ask of it, and what they plan in it.

use super::{Event, MAX_ALIVE, MAX_CACHED, Observer, World};
use crate::engine::{Digest, Time};
use crate::observation::LabelIndex;
use crate::plan::Plan;

impl<O: Observer> World<O> {
    /// Digest at the end of each window that an event has come after.
    pub fn window_digests(&self) -> &[u64] {
        &self.window_digests
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Moves the clock on to a moment before which nothing is left to happen.
    pub fn advance_to(&mut self, moment: Time) {
        debug_assert!(self.soon.is_empty(), "consequences come before the clock moves");
        self.now = self.now.max(moment);
        self.observer.clock(self.now);
    }

    /// Number of events handled.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Digest over all events handled.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The plan in force.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Keys of faults and switches, by [`LabelIndex`].
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Moment of the calendar's next event.
    pub fn next_time(&self) -> Option<Time> {
        if self.soon.is_empty() { self.calendar.next_time() } else { Some(self.now) }
    }

    /// Whether more is under way than a run may hold.
    pub fn is_overfull(&self) -> bool {
        let data = self.records.slab.len() + self.messages.len();
        let alive = self.calls.len() + self.jobs.len() + data;
        alive + self.writes_logged() > MAX_ALIVE || self.cached > MAX_CACHED
    }

    /// Calls and jobs alive: what a checkpoint has to hold.
    pub fn alive(&self) -> (usize, usize) {
        (self.calls.len(), self.jobs.len())
    }

    /// Plans the flip of a switch.
    pub fn plan_switch(&mut self, at: Time, action: u32) {
        self.schedule(at.max(self.now), Event::Switch { action });
    }

    /// The label of that key, a new one if it has not been seen yet.
    pub fn label(&mut self, key: &str) -> LabelIndex {
        let known = self.labels.iter().position(|label| label == key);
        let index = known.unwrap_or_else(|| {
            self.labels.push(key.to_owned());
            self.labels.len() - 1
        });
        LabelIndex(index as u32)
    }
}
