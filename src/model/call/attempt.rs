//! One try of a call: through the caller's policies and onto the wire. Its end is in `ending`.
//!
//! The policies are asked from the outside in: breaker, limiter, timeout, concurrency
//! limit, bulkhead, connection.
//! Whatever a try holds it keeps until it ends.

use super::{Call, LetGo, Origin, Stage};
use crate::engine::{Calendar, Duration, Time, Timer};
use crate::model::edge::journey;
use crate::model::job::{Caller, Job};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::{Cause, Observation, Outcome};
use crate::pattern::rate_limiter::Permission;
use crate::plan::{Carries, EdgePlan, StepAction};
use crate::scenario::Cancel;

impl Call {
    /// The clock of the timeout starts: it covers the waits for a permit and a connection too. False if
    /// the time is up already.
    #[inline(always)]
    fn set_timeout(
        &mut self,
        id: Id,
        plan: &EdgePlan,
        calendar: &mut Calendar<Event>,
        now: Time,
    ) -> bool {
        let own = plan.timeout.map_or(Time::NEVER, |timeout| now + timeout);
        self.gives_up_at = own.min(self.deadline);
        if self.gives_up_at < Time::NEVER && self.gives_up_at > now {
            let event = Event::Timeout { call: id };
            self.timeout = calendar.schedule(self.gives_up_at, event.rank(), event);
        }
        self.gives_up_at > now
    }
}

impl<O: Observer> World<O> {
    /// The next try of a call begins.
    #[inline(always)]
    pub(super) fn begin_try(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.tries += 1;
        call.try_started = now;
        call.in_flight_then = 0;
        let number = usize::from(call.edge.0);
        let guards = &mut self.edges[number].guards[call.server as usize];
        if !guards.open {
            return self.ask_breaker(id);
        }
        // What the stages below come to where no policy is configured. Most calls have none, and this
        // way is the shortest that leaves everything as the long one does.
        if !call.set_timeout(id, &self.plan.edges[number], &mut self.calendar, now) {
            return self.reject_try(id, Cause::Expired);
        }
        call.holds_permit = guards.bulkhead.try_acquire();
        call.holds_connection = guards.connections.try_acquire();
        self.send(id);
    }

    fn ask_breaker(&mut self, id: Id) {
        let now = self.now;
        let call = &self.calls[id];
        let (edge, server) = (call.edge, call.server);
        if !self.plan.edges[usize::from(edge.0)].enabled {
            return self.skip_call(id);
        }
        if let Some(breaker) = &mut self.guards(edge, server).breaker {
            let permitted = breaker.permit(now);
            self.calls[id].permitted_by_breaker = permitted;
            self.follow_breaker(edge, server);
            if !permitted {
                return self.reject_try(id, Cause::CircuitBreaker);
            }
        }
        self.ask_limiter(id);
    }

    /// An operator has switched the feature off: the call ends without a try. A record that must not get
    /// lost stays in its spool, or goes there.
    #[cold]
    fn skip_call(&mut self, id: Id) {
        let Call { edge, origin, .. } = self.calls[id];
        let kept = match origin {
            Origin::Request(_) | Origin::Test { .. } => false,
            Origin::Recovery { .. } => true,
            Origin::Job(job) => self.spools(job),
        };
        self.tell(Observation::CallSkipped { edge });
        self.free_try(id);
        self.end_failed_call(id, if kept { Outcome::Failed } else { Outcome::Degraded });
    }

    /// Whether the record of a job goes to the spool if the calls of its present step fail.
    fn spools(&self, job: Id) -> bool {
        let job = &self.jobs[job];
        let endpoint = &self.plan.stations[usize::from(job.station)].endpoints;
        let step = &endpoint[usize::from(job.endpoint)].steps[usize::from(job.step())];
        matches!(step.action, StepAction::Call { record: Carries::Spooled, .. })
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

    pub(super) fn start_timeout(&mut self, id: Id) {
        let call = &mut self.calls[id];
        let plan = &self.plan.edges[usize::from(call.edge.0)];
        if call.set_timeout(id, plan, &mut self.calendar, self.now) {
            self.ask_limit(id);
        } else {
            self.reject_try(id, Cause::Expired);
        }
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
        let hedged = self.edges[usize::from(call.edge.0)].hedge.is_some();
        self.calls[id].job = self.launch(id);
        if hedged {
            self.plan_hedge(id);
        }
    }

    /// An attempt goes on the wire: the first one of its try, or a hedge.
    #[inline(always)]
    pub(super) fn launch(&mut self, id: Id) -> Id {
        let call = &self.calls[id];
        let edge = call.edge;
        let plan = &self.plan.edges[usize::from(edge.0)];
        let luck = call.luck.derive(plan.site, call.attempt_site());
        let redirect = self.redirect(edge);
        let (station, endpoint) = redirect.map_or((plan.station, plan.endpoint), |redirect| {
            (redirect.station, redirect.endpoint)
        });
        let mut job = Job::new(Caller::Call(id), station, endpoint, luck, call.key);
        job.edge = Some(edge);
        job.priority = call.priority;
        job.newcomer = call.newcomer;
        job.wish = call.wish;
        job.cancel = plan.cancel;
        let jitter = |way: &str| plan.jitter(luck, way);
        job.latency = plan.latency + jitter("jitter back");
        if plan.propagate_deadline {
            job.deadline = call.gives_up_at;
        }
        let state = &self.edges[usize::from(edge.0)];
        let held = redirect.map_or(Duration::ZERO, |redirect| redirect.held_until.since(self.now));
        let latency = held + plan.latency + state.added_latency + jitter("jitter there");
        let way = journey(latency, state.loss, || luck.draws(plan.site.then("request"), 0));
        job.lost = !way.arrives;
        let hedge = call.turns > 1;
        let retry = call.tries > 1 && !hedge;
        let job = self.jobs.insert(job);
        if self.records.are_there() {
            self.take_record_along(id, job);
        }
        self.tell(Observation::AttemptSent { edge, retry, hedge });
        self.after(way.takes, Event::Delivered { job });
        job
    }

    /// Plans an event after a while; right after the present one if that is no time at all.
    #[inline(always)]
    pub(in crate::model) fn after(&mut self, wait: Duration, event: Event) -> Timer {
        if wait == Duration::ZERO {
            self.soon.push(event);
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
}
