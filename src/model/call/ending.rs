//! The end of a try: what its policies hear of it, what it gives back, and who gets that next.

use super::{Call, Stage, failure_of};
use crate::engine::{Calendar, Time};
use crate::model::edge::{Edge, Guards};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::{Cause, Observation, Outcome};
use crate::pattern::circuit_breaker;
use crate::pattern::concurrency_limit::Sample;
use crate::pattern::hedge::Hedge;
use crate::pattern::retry::{Failure, Retry};
use crate::plan::{EdgePlan, Role};
use crate::wiring::EdgeIndex;

/// What a breaker has recorded, for observers that want details.
fn recorded(edge: EdgeIndex, server: u32, seen: circuit_breaker::Metrics) -> Observation {
    Observation::BreakerRecorded {
        edge,
        server,
        calls: seen.buffered_calls,
        failed: seen.failed_calls,
        failure_rate: seen.failure_rate_percent,
        slow_call_rate: seen.slow_call_rate_percent,
    }
}

impl Call {
    /// Stops the timers of a try and gives back its permit and its connection; which of them it had.
    #[inline(always)]
    fn give_back(&mut self, guards: &mut Guards, calendar: &mut Calendar<Event>) -> (bool, bool) {
        debug_assert!(self.hedges.is_none(), "whoever ends a try lets its hedges go");
        calendar.cancel(std::mem::take(&mut self.timeout));
        calendar.cancel(std::mem::take(&mut self.wait));
        self.gives_up_at = Time::NEVER;
        self.stage = Stage::Planned;
        if std::mem::take(&mut self.counted_by_budget)
            && let Some(budget) = &mut guards.budget
        {
            budget.on_retry_done();
        }
        let permit = std::mem::take(&mut self.holds_permit);
        if permit {
            guards.bulkhead.release();
        }
        let connection = std::mem::take(&mut self.holds_connection);
        if connection {
            guards.connections.release();
        }
        (permit, connection)
    }
}

impl<O: Observer> World<O> {
    /// A reply has reached the caller, from `server` if the job ever got to one of a balancer's.
    #[inline(always)]
    pub(in crate::model) fn on_reply(
        &mut self,
        id: Id,
        job: Id,
        outcome: Outcome,
        server: Option<u32>,
    ) {
        // An error is an error to the caller, whatever the callee's own reason; refusals stay so.
        let outcome = if outcome == Outcome::TimedOut { Outcome::Failed } else { outcome };
        let call = &mut self.calls[id];
        let hedging = !outcome.is_success() && self.edges[usize::from(call.edge.0)].hedge.is_some();
        if hedging || !call.hedges.is_none() {
            return self.on_hedged_reply(id, job, outcome, server);
        }
        call.job = Id::NONE;
        self.finish_try(id, outcome, true, false);
    }

    /// A try ended in one of the rarer ways; `sent` tells whether it had been on the wire.
    #[inline(never)]
    pub(super) fn end_try(&mut self, id: Id, outcome: Outcome, sent: bool) {
        self.finish_try(id, outcome, sent, false);
    }

    /// A try ended; `counted` tells whether the budget knows already how.
    #[inline(always)]
    pub(super) fn finish_try(&mut self, id: Id, outcome: Outcome, sent: bool, counted: bool) {
        let now = self.now;
        let call = &mut self.calls[id];
        let before = std::mem::replace(&mut call.outcome, outcome);
        let retried_after = (call.tries > 1).then(|| failure_of(before));
        let edge = call.edge;
        if sent {
            let took = now.since(call.sent_at);
            self.observer.observe(now, Observation::AttemptEnded { edge, outcome, took });
        }
        let permitted = std::mem::take(&mut call.permitted_by_breaker);
        let guards = &mut self.edges[usize::from(edge.0)].guards[call.server as usize];
        if guards.open && guards.nobody_waits() {
            call.give_back(guards, &mut self.calendar);
        } else {
            let open = guards.open;
            self.free_try(id);
            if !open {
                if !counted {
                    self.count_outcome(id, outcome, retried_after);
                }
                self.tell_guards(id, outcome, sent, permitted);
            }
        }
        if outcome.is_success() {
            self.end_call(id, outcome);
        } else if !self.plan_retry(id) {
            self.fall_back(id);
        }
    }

    /// Breaker and adaptive limit hear how a try ended.
    fn tell_guards(&mut self, id: Id, outcome: Outcome, sent: bool, permitted: bool) {
        let now = self.now;
        let call = &self.calls[id];
        let (edge, server) = (call.edge, call.server);
        let (luck, tries, took) = (call.luck, call.tries, now - call.try_started);
        let site = self.plan.edges[usize::from(edge.0)].site;
        let guards = self.guards(edge, server);
        if let Some(breaker) = &mut guards.breaker
            && permitted
        {
            if outcome == Outcome::Rejected(Cause::Expired) && !sent {
                // The caller ran out of time before it asked: that says nothing about the callee.
                breaker.release();
            } else {
                let unit = luck.draws(site.then("breaker"), tries).next_unit();
                breaker.record(now, outcome.is_success(), took, unit);
                if O::DETAILED {
                    let seen = breaker.metrics(now);
                    self.observer.observe(now, recorded(edge, server, seen));
                }
            }
            self.follow_breaker(edge, server);
        }
        self.tell_limit(id, outcome, sent);
    }

    /// Tells the budget how an attempt ended. What would be followed by no other in any case costs no
    /// tokens either.
    pub(super) fn count_outcome(
        &mut self,
        id: Id,
        outcome: Outcome,
        retried_after: Option<Failure>,
    ) {
        let call = &self.calls[id];
        let Edge { retry, hedge, guards, .. } = &mut self.edges[usize::from(call.edge.0)];
        let Some(budget) = &mut guards[call.server as usize].budget else { return };
        let failure = failure_of(outcome);
        let retries = |retry: &Retry| outcome.is_success() || retry.allows(0, failure);
        let hedges = |hedge: &Hedge| outcome.is_success() || hedge.is_non_fatal(failure);
        if retry.as_ref().is_some_and(retries) || hedge.as_ref().is_some_and(hedges) {
            budget.on_outcome(outcome.is_success(), retried_after);
            if O::DETAILED {
                let (edge, server, tokens) = (call.edge, call.server, budget.tokens());
                self.tell(Observation::BudgetChanged { edge, server, tokens });
            }
        }
    }

    /// Tells the adaptive concurrency limit how long a try took that it had let pass, and whether it
    /// was dropped. Other failures, and refusals by the caller itself, tell nothing of the callee's load.
    fn tell_limit(&mut self, id: Id, outcome: Outcome, sent: bool) {
        let call = &mut self.calls[id];
        let in_flight = std::mem::take(&mut call.in_flight_then);
        if in_flight == 0 {
            return;
        }
        let dropped = match outcome {
            Outcome::Ok | Outcome::Degraded => false,
            Outcome::TimedOut => true,
            Outcome::Rejected(_) if sent => true,
            Outcome::Rejected(_) | Outcome::Failed => return,
        };
        let (edge, server) = (call.edge, call.server);
        let sample = Sample { round_trip: self.now - call.admitted_at, in_flight, dropped };
        let EdgePlan { site, .. } = &self.plan.edges[usize::from(edge.0)];
        let unit = call.luck.draws(site.then("limit"), call.tries).next_unit();
        let guards = &mut self.edges[usize::from(edge.0)].guards[server as usize];
        // A switch may have taken the limit away in the meantime.
        let Some(limit) = &mut guards.limit else { return };
        limit.on_sample(self.now, sample, unit);
        self.follow_limit(edge, server);
    }

    /// Gives back what a try holds and stops its timers.
    pub(super) fn free_try(&mut self, id: Id) {
        let call = &mut self.calls[id];
        let (edge, server, stage) = (call.edge, call.server, call.stage);
        let guards = &mut self.edges[usize::from(edge.0)].guards[server as usize];
        let (permit, connection) = call.give_back(guards, &mut self.calendar);
        match stage {
            Stage::WaitingForPermit => {
                guards.waiting_for_permit.remove(&mut self.calls, id);
            }
            Stage::WaitingForConnection => {
                guards.waiting_for_connection.remove(&mut self.calls, id);
            }
            _ => {}
        }
        if connection && self.plan.edges[usize::from(edge.0)].connection_pool.is_some() {
            self.tell(Observation::ConnectionsChanged { edge, by: -1 });
        }
        if permit || connection {
            self.admit_waiting(edge, server);
        }
    }

    /// Calls that wait for a permit or a connection get those that are free.
    #[inline]
    pub(in crate::model) fn admit_waiting(&mut self, edge: EdgeIndex, server: u32) {
        if !self.guards(edge, server).nobody_waits() {
            self.admit_those_who_wait(edge, server);
        }
    }

    fn admit_those_who_wait(&mut self, edge: EdgeIndex, server: u32) {
        if !self.can_send(edge, server) {
            return;
        }
        loop {
            let guards = &mut self.edges[usize::from(edge.0)].guards[server as usize];
            let next = guards.waiting_for_connection.first();
            if !next.is_none() && guards.connections.free() > 0 {
                guards.waiting_for_connection.remove(&mut self.calls, next);
                self.stop_wait(next);
                self.take_connection(next);
                continue;
            }
            let next = guards.waiting_for_permit.first();
            if !next.is_none() && guards.bulkhead.free() > 0 {
                guards.waiting_for_permit.remove(&mut self.calls, next);
                self.stop_wait(next);
                self.take_permit(next);
                continue;
            }
            return;
        }
    }

    /// Whether a calling server runs: one that crashes or stands still sends nothing.
    pub(super) fn can_send(&self, edge: EdgeIndex, server: u32) -> bool {
        let owner = self.plan.edges[usize::from(edge.0)].owner;
        let Role::Station(station) = self.plan.roles[usize::from(owner.0)] else { return true };
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        machine.is_up() && !machine.is_frozen()
    }

    pub(super) fn stop_wait(&mut self, id: Id) {
        let call = &mut self.calls[id];
        call.stage = Stage::Planned;
        self.calendar.cancel(std::mem::take(&mut call.wait));
    }
}
