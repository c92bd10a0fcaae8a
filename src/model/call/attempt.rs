//! One try of a call: through the caller's policies, onto the wire, and its end.
//!
//! The policies are asked from the outside in: breaker, limiter, timeout, concurrency
//! limit, bulkhead, connection.
//! Whatever a try holds it keeps until it ends.

use super::{LetGo, Stage, failure_of};
use crate::engine::{Duration, Time, Timer};
use crate::model::edge::{Edge, journey};
use crate::model::job::{Caller, Job};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::{Cause, Observation, Outcome};
use crate::pattern::circuit_breaker;
use crate::pattern::concurrency_limit::Sample;
use crate::pattern::hedge::Hedge;
use crate::pattern::rate_limiter::Permission;
use crate::pattern::retry::{Failure, Retry};
use crate::plan::{EdgePlan, Role};
use crate::scenario::Cancel;
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

impl<O: Observer> World<O> {
    pub(super) fn begin_try(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.tries += 1;
        call.try_started = now;
        call.in_flight_then = 0;
        let (edge, server) = (call.edge, call.server);
        let guards = &mut self.edges[usize::from(edge.0)].guards[server as usize];
        if guards.open {
            return self.begin_open_try(id);
        }
        if let Some(breaker) = &mut guards.breaker {
            let permitted = breaker.permit(now);
            self.calls[id].permitted_by_breaker = permitted;
            self.follow_breaker(edge, server);
            if !permitted {
                return self.reject_try(id, Cause::CircuitBreaker);
            }
        }
        self.ask_limiter(id);
    }

    /// What the stages below come to where no policy is configured. Most calls have none, and this
    /// way is the shortest that leaves everything as the long one does.
    #[inline(always)]
    fn begin_open_try(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        let number = usize::from(call.edge.0);
        let own = self.plan.edges[number].timeout.map_or(Time::NEVER, |timeout| now + timeout);
        let gives_up_at = own.min(call.deadline);
        if gives_up_at <= now {
            return self.reject_try(id, Cause::Expired);
        }
        call.gives_up_at = gives_up_at;
        if gives_up_at < Time::NEVER {
            let event = Event::Timeout { call: id };
            call.timeout = self.calendar.schedule(gives_up_at, event.rank(), event);
        }
        let guards = &mut self.edges[number].guards[call.server as usize];
        call.holds_permit = guards.bulkhead.try_acquire();
        call.holds_connection = guards.connections.try_acquire();
        self.send(id);
    }

    pub(super) fn ask_limiter(&mut self, id: Id) {
        let now = self.now;
        let call = &self.calls[id];
        let guards = &mut self.edges[usize::from(call.edge.0)].guards[call.server as usize];
        let Some(limiter) = &mut guards.limiter else { return self.start_timeout(id) };
        let (granted, wait) = match limiter.acquire(now) {
            Permission::Granted { wait } => (true, wait),
            // Resilience4j's blocking form sleeps for the whole timeout before it refuses.
            Permission::Refused => (false, limiter.refusal_wait()),
        };
        // Nobody waits for the limiter longer than the caller's own caller waits.
        let patience = call.deadline.since(now);
        let (granted, wait) = (granted && wait <= patience, wait.min(patience));
        match (granted, wait) {
            (true, Duration::ZERO) => self.start_timeout(id),
            (false, Duration::ZERO) => self.reject_try(id, Cause::RateLimiter),
            _ => self.wait_in(id, Stage::WaitingForRate { granted }, wait),
        }
    }

    /// Puts a call in a stage that ends by itself after a while.
    pub(super) fn wait_in(&mut self, id: Id, stage: Stage, wait: Duration) {
        let event = match stage {
            Stage::WaitingForRate { .. } => Event::RateWaitDone { call: id },
            Stage::WaitingForPermit | Stage::WaitingForConnection => {
                Event::PermitWaitDone { call: id }
            }
            Stage::BackingOff => Event::BackoffDone { call: id },
            Stage::FallingBack => Event::FallbackDone { call: id },
            Stage::Planned | Stage::OnWire => unreachable!("these stages do not end by themselves"),
        };
        let timer = self.after(wait, event);
        let call = &mut self.calls[id];
        call.stage = stage;
        call.wait = timer;
    }

    pub(in crate::model) fn on_rate_wait_done(&mut self, id: Id) {
        if self.park_if_frozen(id, Event::RateWaitDone { call: id }) {
            return;
        }
        match self.calls.get(id).map(|call| call.stage) {
            Some(Stage::WaitingForRate { granted: true }) => self.start_timeout(id),
            Some(Stage::WaitingForRate { granted: false }) => {
                self.reject_try(id, Cause::RateLimiter);
            }
            _ => {}
        }
    }

    /// The clock of the timeout starts: it covers the waits for a permit and a connection too.
    pub(super) fn start_timeout(&mut self, id: Id) {
        let call = &self.calls[id];
        let timeout = self.plan.edges[usize::from(call.edge.0)].timeout;
        let own = timeout.map_or(Time::NEVER, |timeout| self.now + timeout);
        let gives_up_at = own.min(call.deadline);
        if gives_up_at <= self.now {
            return self.reject_try(id, Cause::Expired);
        }
        let timer = if gives_up_at < Time::NEVER {
            self.schedule(gives_up_at, Event::Timeout { call: id })
        } else {
            Timer::NONE
        };
        let call = &mut self.calls[id];
        call.gives_up_at = gives_up_at;
        call.timeout = timer;
        self.ask_limit(id);
    }

    /// The adaptive limit refuses at once what is too much. A call that then waits for a permit is not
    /// asked again: it has been let in.
    fn ask_limit(&mut self, id: Id) {
        let call = &self.calls[id];
        let guards = &self.edges[usize::from(call.edge.0)].guards[call.server as usize];
        match &guards.limit {
            Some(limit) if guards.bulkhead.in_use() >= limit.limit() => {
                self.reject_try(id, Cause::ConcurrencyLimit);
            }
            _ => self.take_permit(id),
        }
    }

    pub(super) fn take_permit(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        let guards = &mut self.edges[usize::from(call.edge.0)].guards[call.server as usize];
        if guards.bulkhead.try_acquire() {
            call.holds_permit = true;
            if guards.limit.is_some() {
                call.in_flight_then = guards.bulkhead.in_use();
                call.admitted_at = now;
            }
            return self.take_connection(id);
        }
        let params = self.plan.edges[usize::from(call.edge.0)].bulkhead.as_ref();
        let longest = params.map_or(0.0, |params| params.max_wait_duration_ms);
        if longest <= 0.0 {
            return self.reject_try(id, Cause::Bulkhead);
        }
        guards.waiting_for_permit.push(&mut self.calls, id);
        self.wait_in(id, Stage::WaitingForPermit, Duration::from_ms(longest));
    }

    pub(super) fn take_connection(&mut self, id: Id) {
        let call = &mut self.calls[id];
        let edge = call.edge;
        let guards = &mut self.edges[usize::from(edge.0)].guards[call.server as usize];
        let params = self.plan.edges[usize::from(edge.0)].connection_pool.as_ref();
        if guards.connections.try_acquire() {
            call.holds_connection = true;
            if params.is_some() {
                self.tell(Observation::ConnectionsChanged { edge, by: 1 });
            }
            return self.send(id);
        }
        let longest = params.map_or(0.0, |params| params.connection_timeout_ms);
        let most = params.and_then(|params| params.max_pending_requests);
        let full = most.is_some_and(|most| guards.waiting_for_connection.len() >= most);
        if full || longest <= 0.0 {
            return self.reject_try(id, Cause::ConnectionPool);
        }
        guards.waiting_for_connection.push(&mut self.calls, id);
        self.wait_in(id, Stage::WaitingForConnection, Duration::from_ms(longest));
    }

    pub(in crate::model) fn on_permit_wait_done(&mut self, id: Id) {
        if self.park_if_frozen(id, Event::PermitWaitDone { call: id }) {
            return;
        }
        match self.calls.get(id).map(|call| call.stage) {
            Some(Stage::WaitingForPermit) => self.reject_try(id, Cause::Bulkhead),
            Some(Stage::WaitingForConnection) => self.reject_try(id, Cause::ConnectionPool),
            _ => {}
        }
    }

    /// A try goes on the wire.
    #[inline(always)]
    pub(super) fn send(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.turns = 1;
        call.sent_at = now;
        call.stage = Stage::OnWire;
        self.calendar.cancel(std::mem::take(&mut call.wait));
        let edge = call.edge;
        let job = self.launch(id);
        self.calls[id].job = job;
        if self.edges[usize::from(edge.0)].hedge.is_some() {
            self.plan_hedge(id);
        }
    }

    /// An attempt goes on the wire: the first one of its try, or a hedge.
    #[inline]
    pub(super) fn launch(&mut self, id: Id) -> Id {
        let call = &self.calls[id];
        let edge = call.edge;
        let plan = &self.plan.edges[usize::from(edge.0)];
        let luck = call.luck.derive(plan.site, call.attempt_site());
        let mut job = Job::new(Caller::Call(id), plan.station, plan.endpoint, luck, call.key);
        job.edge = Some(edge);
        job.priority = call.priority;
        job.cancel = plan.cancel;
        let jitter = |way: &str| plan.jitter(luck, way);
        job.latency = plan.latency + jitter("jitter back");
        if plan.propagate_deadline {
            job.deadline = call.gives_up_at;
        }
        let state = &self.edges[usize::from(edge.0)];
        let latency = plan.latency + state.added_latency + jitter("jitter there");
        let way = journey(latency, state.loss, || luck.draws(plan.site.then("request"), 0));
        job.lost = !way.arrives;
        let hedge = call.turns > 1;
        let retry = call.tries > 1 && !hedge;
        let job = self.jobs.insert(job);
        self.tell(Observation::AttemptSent { edge, retry, hedge });
        self.after(way.takes, Event::Delivered { job });
        job
    }

    /// Plans an event after a while; right after the present one if that is no time at all.
    #[inline(always)]
    pub(in crate::model) fn after(&mut self, wait: Duration, event: Event) -> Timer {
        if wait == Duration::ZERO {
            self.soon.push_back(event);
            return Timer::NONE;
        }
        self.schedule(self.now + wait, event)
    }

    pub(in crate::model) fn on_timeout(&mut self, id: Id) {
        if self.park_if_frozen(id, Event::Timeout { call: id }) {
            return;
        }
        let Some(call) = self.calls.get(id) else { return };
        // An event that was parked while the server stood still may have been overtaken.
        if call.gives_up_at > self.now {
            return;
        }
        match call.stage {
            Stage::OnWire => {
                let cancel = self.plan.edges[usize::from(call.edge.0)].cancel;
                self.let_go_of_hedges(id, LetGo::TimedOut);
                self.leave_balancer(self.calls[id].job, Some(Outcome::TimedOut));
                self.let_go_of_job(id, cancel);
                self.end_try(id, Outcome::TimedOut, true);
            }
            Stage::WaitingForPermit => self.time_out_waiting(id, Cause::Bulkhead),
            Stage::WaitingForConnection => self.time_out_waiting(id, Cause::ConnectionPool),
            _ => {}
        }
    }

    pub(super) fn time_out_waiting(&mut self, id: Id, cause: Cause) {
        let edge = self.calls[id].edge;
        self.tell(Observation::TryRejected { edge, cause });
        self.end_try(id, Outcome::TimedOut, false);
    }

    /// The caller no longer waits for its job; the job goes on, or is cancelled.
    pub(super) fn let_go_of_job(&mut self, id: Id, cancel: Cancel) {
        let job = std::mem::replace(&mut self.calls[id].job, Id::NONE);
        self.disown_job(job, cancel);
    }

    pub(super) fn reject_try(&mut self, id: Id, cause: Cause) {
        let edge = self.calls[id].edge;
        self.tell(Observation::TryRejected { edge, cause });
        self.end_try(id, Outcome::Rejected(cause), false);
    }

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
        self.end_try(id, outcome, true);
    }

    /// A try ended; `sent` tells whether it had been on the wire.
    #[inline]
    pub(super) fn end_try(&mut self, id: Id, outcome: Outcome, sent: bool) {
        self.finish_try(id, outcome, sent, false);
    }

    /// A try ended; `counted` tells whether the budget knows already how.
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
        let open = self.edges[usize::from(edge.0)].guards[call.server as usize].open;
        let permitted = std::mem::take(&mut call.permitted_by_breaker);
        self.free_try(id);
        if !open {
            if !counted {
                self.count_outcome(id, outcome, retried_after);
            }
            self.tell_guards(id, outcome, sent, permitted);
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
    #[inline]
    pub(super) fn free_try(&mut self, id: Id) {
        let call = &mut self.calls[id];
        debug_assert!(call.hedges.is_none(), "whoever ends a try lets its hedges go");
        self.calendar.cancel(std::mem::take(&mut call.timeout));
        call.gives_up_at = Time::NEVER;
        let (edge, server) = (call.edge, call.server);
        let permit = std::mem::take(&mut call.holds_permit);
        let connection = std::mem::take(&mut call.holds_connection);
        let counted = std::mem::take(&mut call.counted_by_budget);
        let stage = std::mem::replace(&mut call.stage, Stage::Planned);
        self.calendar.cancel(std::mem::take(&mut call.wait));
        let guards = &mut self.edges[usize::from(edge.0)].guards[server as usize];
        match stage {
            Stage::WaitingForPermit => {
                guards.waiting_for_permit.remove(&mut self.calls, id);
            }
            Stage::WaitingForConnection => {
                guards.waiting_for_connection.remove(&mut self.calls, id);
            }
            _ => {}
        }
        if counted && let Some(budget) = &mut guards.budget {
            budget.on_retry_done();
        }
        if permit {
            guards.bulkhead.release();
        }
        if connection {
            guards.connections.release();
            if self.plan.edges[usize::from(edge.0)].connection_pool.is_some() {
                self.tell(Observation::ConnectionsChanged { edge, by: -1 });
            }
        }
        if permit || connection {
            self.admit_waiting(edge, server);
        }
    }

    /// Calls that wait for a permit or a connection get those that are free.
    #[inline]
    pub(in crate::model) fn admit_waiting(&mut self, edge: EdgeIndex, server: u32) {
        let guards = self.guards(edge, server);
        let nobody = guards.waiting_for_permit.is_empty();
        if !nobody || !guards.waiting_for_connection.is_empty() {
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
