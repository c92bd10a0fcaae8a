//! The attempts of a try beside its main one.
//!
//! A call knows one attempt, the *main* one; that is all there is without hedging. Others stand in a
//! record of their own, which exists only while a try has or had more than one. When the main attempt
//! ends and others go on, one of them becomes the main one. Each holds a connection of its own; the
//! permit, the breaker's and the limit's belong to the try.

use super::{Stage, failure_of};
use crate::engine::{Duration, Time};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::{Observation, Outcome};
use crate::pattern::hedge::MAX_ATTEMPTS;
use crate::pattern::retry::Failure;
use crate::plan::EdgePlan;
use crate::wiring::EdgeIndex;

/// Most attempts beside the main one, and most servers that attempts can have failed at before.
const MOST: usize = MAX_ATTEMPTS as usize - 1;

/// An attempt on the wire.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    job: Id,
    sent_at: Time,
}

/// What a hedged try has beside its main attempt.
///
/// Invariant: of each list the first entries count, as many as is said; every attempt counted here
/// holds a connection and is on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Hedges {
    others: [Attempt; MOST],
    count: u8,
    /// Servers at which attempts of this try have failed.
    failed_at: [u32; MOST],
    failures: u8,
    /// Attempts that the budget has granted; they count as active until the try ends.
    granted: u8,
}

impl Hedges {
    const NONE: Hedges = Hedges {
        others: [Attempt { job: Id::NONE, sent_at: Time::ZERO }; MOST],
        count: 0,
        failed_at: [0; MOST],
        failures: 0,
        granted: 0,
    };

    fn others(&self) -> &[Attempt] {
        &self.others[..usize::from(self.count)]
    }

    /// Jobs of the attempts beside the main one.
    pub fn jobs(&self) -> impl Iterator<Item = Id> + '_ {
        self.others().iter().map(|attempt| attempt.job)
    }

    /// When the attempts beside the main one were sent.
    pub fn moments(&self) -> impl Iterator<Item = Time> + '_ {
        self.others().iter().map(|attempt| attempt.sent_at)
    }

    fn push(&mut self, attempt: Attempt) {
        self.others[usize::from(self.count)] = attempt;
        self.count += 1;
    }

    fn pop(&mut self) -> Option<Attempt> {
        self.count = self.count.checked_sub(1)?;
        Some(self.others[usize::from(self.count)])
    }

    fn note_failure(&mut self, server: Option<u32>) {
        if let Some(server) = server
            && usize::from(self.failures) < MOST
        {
            self.failed_at[usize::from(self.failures)] = server;
            self.failures += 1;
        }
    }
}

/// How the attempts of a try are let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum LetGo {
    /// Others were faster.
    Outrun,
    /// The caller has waited long enough, which speaks against the servers.
    TimedOut,
    /// The caller is gone.
    Abandoned,
}

impl LetGo {
    /// The end of an attempt that took so long.
    pub fn told(self, edge: EdgeIndex, took: Duration) -> Observation {
        match self {
            LetGo::Outrun => Observation::AttemptOutrun { edge, took },
            LetGo::TimedOut | LetGo::Abandoned => {
                Observation::AttemptEnded { edge, outcome: Outcome::TimedOut, took }
            }
        }
    }
}

/// Servers that a hedge should avoid.
pub(in crate::model) struct Avoided {
    servers: [u32; 2 * MOST + 1],
    count: usize,
}

impl Avoided {
    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether that server is one of them.
    pub fn contains(&self, server: u32) -> bool {
        self.servers[..self.count].contains(&server)
    }

    fn add(&mut self, server: u32) {
        self.servers[self.count] = server;
        self.count += 1;
    }
}

impl<O: Observer> World<O> {
    /// Plans the turn of the next attempt, if there is to be one.
    pub(super) fn plan_hedge(&mut self, id: Id) {
        let call = &self.calls[id];
        let Some(hedge) = &self.edges[usize::from(call.edge.0)].hedge else { return };
        let Some(delay) = hedge.delay_after(call.turns) else { return };
        let event = Event::HedgeDue { call: id, number: call.attempt_number() };
        let timer = self.after(delay, event);
        self.calls[id].wait = timer;
    }

    pub(in crate::model) fn on_hedge_due(&mut self, id: Id, number: u16) {
        if self.park_if_frozen(id, Event::HedgeDue { call: id, number }) {
            return;
        }
        let Some(call) = self.calls.get(id) else { return };
        // Parked events may be overtaken, and a switch may have ended hedging.
        let waits = call.stage == Stage::OnWire && call.attempt_number() == number;
        if waits && self.edges[usize::from(call.edge.0)].hedge.is_some() {
            self.take_turn(id);
        }
    }

    /// The next attempt goes out beside those under way, if the budget and the connections allow it.
    fn take_turn(&mut self, id: Id) {
        let call = &mut self.calls[id];
        call.turns += 1;
        self.calendar.cancel(std::mem::take(&mut call.wait));
        let edge = call.edge;
        let guards = &self.edges[usize::from(edge.0)].guards[call.server as usize];
        // Calls that wait for a connection come first.
        let free = guards.connections.free() > 0 && guards.waiting_for_connection.is_empty();
        if !free {
            self.tell(Observation::HedgeDenied { edge });
        } else if self.is_hedge_granted(id) {
            let server = self.calls[id].server;
            let acquired = self.guards(edge, server).connections.try_acquire();
            debug_assert!(acquired, "a connection was free");
            self.tell_connection(edge, 1);
            let job = self.launch(id);
            let sent_at = self.now;
            self.hedges_of(id).push(Attempt { job, sent_at });
        }
        self.plan_hedge(id);
    }

    /// The record of a try's attempts, a new one if there is none yet.
    fn hedges_of(&mut self, id: Id) -> &mut Hedges {
        let call = &mut self.calls[id];
        if call.hedges.is_none() {
            call.hedges = self.hedges.insert(Hedges::NONE);
        }
        &mut self.hedges[call.hedges]
    }

    fn is_hedge_granted(&mut self, id: Id) -> bool {
        let call = &self.calls[id];
        let (edge, server) = (call.edge, call.server);
        let guards = self.guards(edge, server);
        let in_flight = guards.requests_in_flight();
        let Some(budget) = &mut guards.budget else { return true };
        let granted = budget.try_retry(in_flight, Failure::Failed);
        if granted {
            self.hedges_of(id).granted += 1;
        } else {
            self.tell(Observation::HedgeDenied { edge });
        }
        granted
    }

    /// An attempt of a try that has others, or may have, has ended at `server`, if it ever got to one.
    pub(super) fn on_hedged_reply(
        &mut self,
        id: Id,
        job: Id,
        outcome: Outcome,
        server: Option<u32>,
    ) {
        self.make_main(id, job);
        let call = &self.calls[id];
        let edge = &self.edges[usize::from(call.edge.0)];
        let failure = failure_of(outcome);
        // Where a switch has ended hedging, what is under way may still answer.
        let fatal = edge.hedge.as_ref().is_some_and(|hedge| !hedge.is_non_fatal(failure));
        let ends = outcome.is_success() || fatal;
        let more = edge.hedge.as_ref().is_some_and(|hedge| hedge.delay_after(call.turns).is_some());
        let others = self.hedges.get(call.hedges).map_or(0, |hedges| hedges.count);
        if ends || others == 0 && !more {
            self.let_go_of_hedges(id, LetGo::Outrun);
            self.calls[id].job = Id::NONE;
            return self.end_try(id, outcome, true);
        }
        self.count_outcome(id, outcome, None);
        self.hedges_of(id).note_failure(server);
        if others > 0 {
            self.go_on_with_others(id, outcome, more);
        } else {
            self.go_on_alone(id, outcome);
        }
    }

    /// Makes the attempt with that job the main one.
    fn make_main(&mut self, id: Id, job: Id) {
        let call = &mut self.calls[id];
        if call.job == job {
            return;
        }
        let others = &mut self.hedges[call.hedges].others;
        let attempt = others.iter_mut().find(|attempt| attempt.job == job);
        let attempt = attempt.expect("a reply is to an attempt of its call");
        std::mem::swap(&mut attempt.job, &mut call.job);
        std::mem::swap(&mut attempt.sent_at, &mut call.sent_at);
    }

    /// The main attempt has failed, and others are under way: one of them takes its place, and the next
    /// one in line need not wait any longer.
    fn go_on_with_others(&mut self, id: Id, outcome: Outcome, more: bool) {
        let call = &mut self.calls[id];
        let (edge, server) = (call.edge, call.server);
        let took = self.now.since(call.sent_at);
        let next = self.hedges[call.hedges].pop().expect("others are under way");
        call.job = next.job;
        call.sent_at = next.sent_at;
        self.tell(Observation::AttemptEnded { edge, outcome, took });
        self.give_connection_back(edge, server);
        if more {
            self.take_turn(id);
        }
        self.admit_waiting(edge, server);
    }

    /// The only attempt has failed: the next one in line goes out at once, over the same connection.
    fn go_on_alone(&mut self, id: Id, outcome: Outcome) {
        let call = &mut self.calls[id];
        call.turns += 1;
        call.job = Id::NONE;
        self.calendar.cancel(std::mem::take(&mut call.wait));
        let (edge, took) = (call.edge, self.now.since(call.sent_at));
        if !self.is_hedge_granted(id) {
            self.let_go_of_hedges(id, LetGo::Outrun);
            return self.finish_try(id, outcome, true, true);
        }
        self.tell(Observation::AttemptEnded { edge, outcome, took });
        let job = self.launch(id);
        let now = self.now;
        let call = &mut self.calls[id];
        call.job = job;
        call.sent_at = now;
        self.plan_hedge(id);
    }

    /// Lets all attempts but the main one go and forgets the record.
    pub(super) fn let_go_of_hedges(&mut self, id: Id, how: LetGo) {
        let record = std::mem::replace(&mut self.calls[id].hedges, Id::NONE);
        if record.is_none() {
            return;
        }
        let hedges = self.hedges[record];
        self.hedges.remove(record);
        let call = &self.calls[id];
        let (edge, server) = (call.edge, call.server);
        let cancel = self.plan.edges[usize::from(edge.0)].cancel;
        for Attempt { job, sent_at } in hedges.others() {
            let took = self.now.since(*sent_at);
            if how == LetGo::TimedOut {
                self.leave_balancer(*job, Some(Outcome::TimedOut));
            }
            self.disown_job(*job, cancel);
            self.tell(how.told(edge, took));
            self.give_connection_back(edge, server);
        }
        if let Some(budget) = &mut self.guards(edge, server).budget {
            (0..hedges.granted).for_each(|_| budget.on_retry_done());
        }
    }

    fn give_connection_back(&mut self, edge: EdgeIndex, server: u32) {
        self.guards(edge, server).connections.release();
        self.tell_connection(edge, -1);
    }

    fn tell_connection(&mut self, edge: EdgeIndex, by: i32) {
        let EdgePlan { connection_pool, .. } = &self.plan.edges[usize::from(edge.0)];
        if connection_pool.is_some() {
            self.tell(Observation::ConnectionsChanged { edge, by });
        }
    }

    /// Whether a good answer to a call is already on its way, from another attempt than those at work.
    pub(in crate::model) fn is_answered(&self, call: &super::Call) -> bool {
        let Some(hedges) = self.hedges.get(call.hedges) else { return false };
        let answers = |job: Id| self.jobs.get(job).is_some_and(|job| job.is_good_answer());
        answers(call.job) || hedges.jobs().any(answers)
    }

    /// Servers at which a job's fellow attempts are or have failed.
    pub(in crate::model) fn avoided(&self, call: Id) -> Avoided {
        let mut avoided = Avoided { servers: [0; 2 * MOST + 1], count: 0 };
        let Some(call) = self.calls.get(call) else { return avoided };
        let Some(hedges) = self.hedges.get(call.hedges) else { return avoided };
        let failed = &hedges.failed_at[..usize::from(hedges.failures)];
        failed.iter().for_each(|server| avoided.add(*server));
        for job in hedges.jobs().chain([call.job]) {
            // One that is under way has not been given a server yet.
            if let Some(server) = self.jobs.get(job).and_then(|job| job.server_reached()) {
                avoided.add(server);
            }
        }
        avoided
    }
}

impl super::Call {
    /// Number of the attempt whose turn is next, over all tries.
    fn attempt_number(&self) -> u16 {
        (self.tries as u16) << 3 | u16::from(self.turns)
    }

    /// Where in its luck the present attempt draws: tries alone, where there is no hedge.
    pub(super) fn attempt_site(&self) -> u64 {
        u64::from(self.tries) | u64::from(self.turns.saturating_sub(1)) << 32
    }
}
