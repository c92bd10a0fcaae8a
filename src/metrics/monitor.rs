//! What a monitor does and what its alarms come to.

use super::invariants::{Judge, Law};
use super::level::{Level, Tally};
use super::meter::{Owner, Sink, Span};

const PASSED: usize = 0;
const FAILED: usize = 1;

/// Test calls of a monitor.
#[derive(Clone, Debug, Default)]
pub struct MonitorMeter {
    tests: Tally<2>,
    interfaces: Level,
}

impl MonitorMeter {
    /// So many interfaces are on the list.
    pub fn listed(&mut self, now: u64, interfaces: u32) {
        self.interfaces.set(now, interfaces);
    }

    /// A test call ended.
    pub fn tested(&mut self, passed: bool) {
        self.tests.count(if passed { PASSED } else { FAILED });
    }

    /// Interfaces on the list.
    pub fn interfaces(&self) -> &Level {
        &self.interfaces
    }

    /// Test calls since the warm-up: all of them, and those that failed.
    pub fn measured(&self) -> (u64, u64) {
        let failed = self.tests.measured(FAILED);
        (self.tests.measured(PASSED) + failed, failed)
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.interfaces.settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tests.start_window();
        self.interfaces.start_window();
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tests.end_warmup();
        self.interfaces.end_warmup();
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, alarms: &[&AlarmMeter], span: Span, sink: &mut Sink) {
        let sum = |index| alarms.iter().map(|alarm| alarm.tally.in_window(index)).sum();
        sink(owner, "alarms_raised", "per_s", span.rate(sum(RAISED)));
        sink(owner, "alarms_sent", "per_s", span.rate(sum(SENT)));
        sink(owner, "interfaces", "count", span.mean(self.interfaces.in_window()));
        sink(owner, "tests_passed", "per_s", span.rate(self.tests.in_window(PASSED)));
        sink(owner, "tests_failed", "per_s", span.rate(self.tests.in_window(FAILED)));
    }
}

const RAISED: usize = 0;
const SENT: usize = 1;

/// Most moments of sent alarms that are kept one by one; of what comes later, the first of each window.
const MOST_MOMENTS: usize = 10_000;

/// An alarm: how often it occurred, and when it was told.
#[derive(Clone, Debug, Default)]
pub struct AlarmMeter {
    tally: Tally<2>,
    /// When it was told, in the order of time.
    moments: Vec<u64>,
    /// The window of the last moment.
    window: u32,
}

impl AlarmMeter {
    /// It occurred.
    pub fn raised(&mut self) {
        self.tally.count(RAISED);
    }

    /// It was told, in that window.
    pub fn sent(&mut self, now: u64, window: u32) {
        self.tally.count(SENT);
        if self.moments.len() < MOST_MOMENTS || self.window != window {
            self.moments.push(now);
            self.window = window;
        }
    }

    /// How often it occurred and how often it was told since the start of the run.
    pub fn all(&self) -> (u64, u64) {
        (self.tally.all(RAISED), self.tally.all(SENT))
    }

    /// How often it occurred and how often it was told since the warm-up.
    pub fn measured(&self) -> (u64, u64) {
        (self.tally.measured(RAISED), self.tally.measured(SENT))
    }

    /// When it was first told at or after a moment.
    pub fn first_sent(&self, from: u64) -> Option<u64> {
        self.moments.get(self.moments.partition_point(|moment| *moment < from)).copied()
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tally.end_warmup();
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, span: Span, sink: &mut Sink) {
        sink(owner, "raised", "per_s", span.rate(self.tally.in_window(RAISED)));
        sink(owner, "sent", "per_s", span.rate(self.tally.in_window(SENT)));
    }

    /// Judges the invariants.
    pub fn judge(&self, judge: &mut Judge) {
        judge.demand(Law::Alarms, self.tally.all(SENT) <= self.tally.all(RAISED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_moments_are_exact_and_later_ones_are_one_a_window() {
        let mut alarm = AlarmMeter::default();
        for moment in 0..2 * MOST_MOMENTS as u64 {
            alarm.raised();
            alarm.sent(moment, moment as u32 / 100);
        }
        assert_eq!(alarm.all(), (20_000, 20_000));
        assert_eq!([0, 77, 9_999].map(|from| alarm.first_sent(from)), [0, 77, 9_999].map(Some));
        assert_eq!(alarm.first_sent(10_001), Some(10_100));
        assert_eq!(alarm.first_sent(19_901), None);
    }
}
