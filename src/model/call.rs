//! A call: what a caller wants from a callee, with all its tries.
//!
//! Each try passes the policies from the outside in: breaker, limiter, timeout, bulkhead,
//! connection. Only then does it go on the wire as a job (see [`super::job`]). The caller's thread
//! and its connection stay held until the try ends.

use super::edge::{Edge, journey};
use super::job::{Caller, Job};
use super::list::{Linked, Links};
use super::slab::Id;
use super::{Event, Observer, World};
use crate::engine::{Duration, Luck, Time, Timer};
use crate::observation::{Cause, Observation, Outcome};
use crate::pattern::rate_limiter::Permission;
use crate::pattern::retry::{Failure, Retry};
use crate::plan::{EdgePlan, Role};
use crate::scenario::Cancel;
use crate::wiring::{ClassIndex, EdgeIndex};

/// Links of the calls that wait for a permit or a connection.
pub const WAITING: usize = 0;
/// Links of the calls that one job has under way.
pub const SIBLINGS: usize = 1;

/// Who wants the call.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// A user.
    Request(Request),
    /// A job, for its present step.
    Job(Id),
}

/// What a user wishes.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Population, into the plan's.
    pub population: u16,
    /// Class over all populations.
    pub class: ClassIndex,
    /// User of a closed population.
    pub user: u32,
    /// When the user meant to send it.
    pub intended: Time,
    /// How often the user has pressed refresh before.
    pub refreshes: u32,
}

/// How far the present try has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has not begun.
    Planned,
    /// It waits for the rate limiter; `granted` tells how that will end.
    WaitingForRate {
        /// Whether the call passes in the end.
        granted: bool,
    },
    /// It waits for a bulkhead permit.
    WaitingForPermit,
    /// It waits for a connection.
    WaitingForConnection,
    /// A job works for it.
    OnWire,
    /// It failed; the next one follows after a pause.
    BackingOff,
    /// All failed; the fallback is at work.
    FallingBack,
}

/// A call under way.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who wants it.
    pub origin: Origin,
    /// Which call it is.
    pub edge: EdgeIndex,
    /// The calling server; 0 for a population.
    pub server: u32,
    /// Its luck: of the request, or derived from the job's.
    pub luck: Luck,
    /// The user, for balancers that hash.
    pub key: u64,
    /// Rank in pools that serve by priority.
    pub priority: u8,
    /// When the caller itself gives up on everything.
    pub deadline: Time,
    /// When it began.
    pub started: Time,
    /// Tries so far.
    pub tries: u32,
    /// How far the present try has got.
    pub stage: Stage,
    /// When the present try began.
    try_started: Time,
    /// When it went on the wire.
    sent_at: Time,
    /// When the caller gives up on the present try.
    pub gives_up_at: Time,
    /// Fires then.
    timeout: Timer,
    /// Ends the stage that waits for a time.
    wait: Timer,
    /// The last pause before a retry.
    previous_wait: Duration,
    /// The job of the present try, while it is on the wire.
    pub job: Id,
    pub(super) holds_permit: bool,
    pub(super) holds_connection: bool,
    permitted_by_breaker: bool,
    counted_by_budget: bool,
    /// How the last try ended.
    outcome: Outcome,
    waiting: Links,
    siblings: Links,
}

impl Linked<WAITING> for Call {
    fn links(&self) -> &Links {
        &self.waiting
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.waiting
    }
}

impl Linked<SIBLINGS> for Call {
    fn links(&self) -> &Links {
        &self.siblings
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.siblings
    }
}

impl Call {
    /// A call that has not begun.
    pub fn new(origin: Origin, edge: EdgeIndex, server: u32, luck: Luck, key: u64) -> Call {
        Call {
            origin,
            edge,
            server,
            luck,
            key,
            priority: 0,
            deadline: Time::NEVER,
            started: Time::ZERO,
            tries: 0,
            stage: Stage::Planned,
            try_started: Time::ZERO,
            sent_at: Time::ZERO,
            gives_up_at: Time::NEVER,
            timeout: Timer::NONE,
            wait: Timer::NONE,
            previous_wait: Duration::ZERO,
            job: Id::NONE,
            holds_permit: false,
            holds_connection: false,
            permitted_by_breaker: false,
            counted_by_budget: false,
            outcome: Outcome::Ok,
            waiting: Links::default(),
            siblings: Links::default(),
        }
    }
}

/// How a try that did not succeed looks to the retry rule.
fn failure_of(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::TimedOut => Failure::TimedOut,
        Outcome::Rejected(_) => Failure::Rejected,
        Outcome::Failed | Outcome::Ok | Outcome::Degraded => Failure::Failed,
    }
}

impl<O: Observer> World<O> {
    /// The first try of a call begins.
    pub(super) fn begin_call(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.started = now;
        let (edge, server, origin) = (call.edge, call.server, call.origin);
        if let Origin::Request(request) = origin {
            let refresh = request.refreshes > 0;
            let luck = call.luck.0;
            self.tell(Observation::RequestStarted { class: request.class, luck, refresh });
        }
        let guards = self.guards(edge, server);
        guards.calls += 1;
        if let Some(budget) = &mut guards.budget {
            budget.on_request();
        }
        self.begin_try(id);
    }

    fn begin_try(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.tries += 1;
        call.try_started = now;
        let (edge, server) = (call.edge, call.server);
        let guards = &mut self.edges[usize::from(edge.0)].guards[server as usize];
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

    fn ask_limiter(&mut self, id: Id) {
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
    fn wait_in(&mut self, id: Id, stage: Stage, wait: Duration) {
        let event = match stage {
            Stage::WaitingForRate { .. } => Event::RateWaitDone { call: id },
            Stage::WaitingForPermit | Stage::WaitingForConnection => {
                Event::PermitWaitDone { call: id }
            }
            Stage::BackingOff => Event::BackoffDone { call: id },
            Stage::FallingBack => Event::FallbackDone { call: id },
            Stage::Planned | Stage::OnWire => unreachable!("these stages do not end by themselves"),
        };
        let timer = if wait == Duration::ZERO {
            self.soon.push_back(event);
            Timer::NONE
        } else {
            self.schedule(self.now + wait, event)
        };
        let call = &mut self.calls[id];
        call.stage = stage;
        call.wait = timer;
    }

    pub(super) fn on_rate_wait_done(&mut self, id: Id) {
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
    fn start_timeout(&mut self, id: Id) {
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
        self.take_permit(id);
    }

    fn take_permit(&mut self, id: Id) {
        let call = &mut self.calls[id];
        let guards = &mut self.edges[usize::from(call.edge.0)].guards[call.server as usize];
        if guards.bulkhead.try_acquire() {
            call.holds_permit = true;
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

    fn take_connection(&mut self, id: Id) {
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
        if longest <= 0.0 {
            return self.reject_try(id, Cause::ConnectionPool);
        }
        guards.waiting_for_connection.push(&mut self.calls, id);
        self.wait_in(id, Stage::WaitingForConnection, Duration::from_ms(longest));
    }

    pub(super) fn on_permit_wait_done(&mut self, id: Id) {
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
    fn send(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        let edge = call.edge;
        let plan = &self.plan.edges[usize::from(edge.0)];
        let luck = call.luck.derive(plan.site, u64::from(call.tries));
        let mut job = Job::new(Caller::Call(id), plan.station, plan.endpoint, luck, call.key);
        job.edge = Some(edge);
        job.priority = call.priority;
        job.cancel = plan.cancel;
        job.latency = plan.latency;
        if plan.propagate_deadline {
            job.deadline = call.gives_up_at;
        }
        let state = &self.edges[usize::from(edge.0)];
        let latency = plan.latency + state.added_latency;
        let way = journey(latency, state.loss, luck.draws(plan.site.then("request"), 0));
        job.lost = !way.arrives;
        let job = self.jobs.insert(job);
        call.job = job;
        call.sent_at = now;
        call.stage = Stage::OnWire;
        self.calendar.cancel(std::mem::take(&mut call.wait));
        let retry = call.tries > 1;
        self.tell(Observation::AttemptSent { edge, retry });
        self.after(way.takes, Event::Delivered { job });
    }

    /// Plans an event after a while; right after the present one if that is no time at all.
    pub(super) fn after(&mut self, wait: Duration, event: Event) -> Timer {
        if wait == Duration::ZERO {
            self.soon.push_back(event);
            return Timer::NONE;
        }
        self.schedule(self.now + wait, event)
    }

    pub(super) fn on_timeout(&mut self, id: Id) {
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
                self.leave_balancer(call.job, Some(Outcome::TimedOut));
                self.let_go_of_job(id, cancel);
                self.end_try(id, Outcome::TimedOut, true);
            }
            Stage::WaitingForPermit => self.time_out_waiting(id, Cause::Bulkhead),
            Stage::WaitingForConnection => self.time_out_waiting(id, Cause::ConnectionPool),
            _ => {}
        }
    }

    fn time_out_waiting(&mut self, id: Id, cause: Cause) {
        let edge = self.calls[id].edge;
        self.tell(Observation::TryRejected { edge, cause });
        self.end_try(id, Outcome::TimedOut, false);
    }

    /// The caller no longer waits for its job; the job goes on, or is cancelled.
    fn let_go_of_job(&mut self, id: Id, cancel: Cancel) {
        let job = std::mem::replace(&mut self.calls[id].job, Id::NONE);
        self.disown_job(job, cancel);
    }

    fn reject_try(&mut self, id: Id, cause: Cause) {
        let edge = self.calls[id].edge;
        self.tell(Observation::TryRejected { edge, cause });
        self.end_try(id, Outcome::Rejected(cause), false);
    }

    /// A reply has reached the caller.
    pub(super) fn on_reply(&mut self, id: Id, outcome: Outcome) {
        self.calls[id].job = Id::NONE;
        // An error is an error to the caller, whatever the callee's own reason; refusals stay so.
        let outcome = if outcome == Outcome::TimedOut { Outcome::Failed } else { outcome };
        self.end_try(id, outcome, true);
    }

    /// A try ended; `sent` tells whether it had been on the wire.
    fn end_try(&mut self, id: Id, outcome: Outcome, sent: bool) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.outcome = outcome;
        let (edge, server) = (call.edge, call.server);
        let took = now - call.try_started;
        let on_wire = now.since(call.sent_at);
        let luck = call.luck;
        let tries = call.tries;
        let permitted = std::mem::take(&mut call.permitted_by_breaker);
        if sent {
            self.tell(Observation::AttemptEnded { edge, outcome, took: on_wire });
        }
        self.free_try(id);
        let site = self.plan.edges[usize::from(edge.0)].site;
        let Edge { retry, guards, .. } = &mut self.edges[usize::from(edge.0)];
        let guards = &mut guards[server as usize];
        // What would not be retried in any case costs no tokens either.
        let counts = |retry: &Retry| outcome.is_success() || retry.allows(0, failure_of(outcome));
        if let Some(budget) = &mut guards.budget
            && retry.as_ref().is_some_and(counts)
        {
            budget.on_outcome(outcome.is_success());
        }
        if let Some(breaker) = &mut guards.breaker
            && permitted
        {
            let unit = luck.draws(site.then("breaker"), tries).next_unit();
            breaker.record(now, outcome.is_success(), took, unit);
            self.follow_breaker(edge, server);
        }
        if outcome.is_success() {
            self.end_call(id, outcome);
        } else if !self.plan_retry(id) {
            self.fall_back(id);
        }
    }

    /// Gives back what a try holds and stops its timers.
    fn free_try(&mut self, id: Id) {
        let call = &mut self.calls[id];
        self.calendar.cancel(std::mem::take(&mut call.timeout));
        self.calendar.cancel(std::mem::take(&mut call.wait));
        call.gives_up_at = Time::NEVER;
        let (edge, server, stage) = (call.edge, call.server, call.stage);
        let permit = std::mem::take(&mut call.holds_permit);
        let connection = std::mem::take(&mut call.holds_connection);
        let counted = std::mem::take(&mut call.counted_by_budget);
        call.stage = Stage::Planned;
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
        if connection {
            guards.connections.release();
            if self.plan.edges[usize::from(edge.0)].connection_pool.is_some() {
                self.tell(Observation::ConnectionsChanged { edge, by: -1 });
            }
        }
        if permit {
            self.guards(edge, server).bulkhead.release();
        }
        if permit || connection {
            self.admit_waiting(edge, server);
        }
    }

    /// Calls that wait for a permit or a connection get those that are free.
    pub(super) fn admit_waiting(&mut self, edge: EdgeIndex, server: u32) {
        let guards = self.guards(edge, server);
        let nobody = guards.waiting_for_permit.is_empty();
        if nobody && guards.waiting_for_connection.is_empty() || !self.can_send(edge, server) {
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
    fn can_send(&self, edge: EdgeIndex, server: u32) -> bool {
        let owner = self.plan.edges[usize::from(edge.0)].owner;
        let Role::Station(station) = self.plan.roles[usize::from(owner.0)] else { return true };
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        machine.is_up() && !machine.is_frozen()
    }

    fn stop_wait(&mut self, id: Id) {
        let call = &mut self.calls[id];
        call.stage = Stage::Planned;
        self.calendar.cancel(std::mem::take(&mut call.wait));
    }

    /// Plans the next try, if there is to be one.
    fn plan_retry(&mut self, id: Id) -> bool {
        let call = &self.calls[id];
        let failure = failure_of(call.outcome);
        let edge = call.edge;
        let state = &mut self.edges[usize::from(edge.0)];
        let Some(retry) = &state.retry else { return false };
        if !retry.allows(call.tries, failure) {
            return false;
        }
        let site = self.plan.edges[usize::from(edge.0)].site;
        let unit = call.luck.draws(site.then("backoff"), call.tries).next_unit();
        let wait = retry.next_wait(call.tries, call.previous_wait, unit);
        // The caller's own caller will have left before another try could begin.
        if call.deadline <= self.now + wait {
            return false;
        }
        let guards = &mut state.guards[call.server as usize];
        let under_way = guards.calls;
        let granted = guards.budget.as_mut().is_none_or(|budget| budget.try_retry(under_way));
        if !granted {
            self.tell(Observation::RetryDenied { edge });
            return false;
        }
        let counted = guards.budget.is_some();
        let call = &mut self.calls[id];
        call.counted_by_budget = counted;
        call.previous_wait = wait;
        self.wait_in(id, Stage::BackingOff, wait);
        true
    }

    pub(super) fn on_backoff_done(&mut self, id: Id) {
        if self.park_if_frozen(id, Event::BackoffDone { call: id }) {
            return;
        }
        if self.calls.get(id).is_some_and(|call| call.stage == Stage::BackingOff) {
            self.begin_try(id);
        }
    }

    fn fall_back(&mut self, id: Id) {
        let call = &self.calls[id];
        let EdgePlan { fallback, site, .. } = &self.plan.edges[usize::from(call.edge.0)];
        let covered = |coverage| call.luck.draws(site.then("fallback"), 0).chance(coverage);
        match fallback {
            Some(fallback) if covered(fallback.coverage_ratio) => {
                let wait = Duration::from_ms(fallback.latency_ms);
                let edge = call.edge;
                self.tell(Observation::FallbackUsed { edge });
                self.wait_in(id, Stage::FallingBack, wait);
            }
            _ => self.end_call(id, call.outcome),
        }
    }

    pub(super) fn on_fallback_done(&mut self, id: Id) {
        if self.park_if_frozen(id, Event::FallbackDone { call: id }) {
            return;
        }
        if self.calls.get(id).is_some_and(|call| call.stage == Stage::FallingBack) {
            self.end_call(id, Outcome::Degraded);
        }
    }

    fn end_call(&mut self, id: Id, outcome: Outcome) {
        let call = &self.calls[id];
        let (edge, server, origin) = (call.edge, call.server, call.origin);
        let took = self.now - call.started;
        self.guards(edge, server).calls -= 1;
        self.tell(Observation::CallEnded { edge, outcome, took });
        match origin {
            Origin::Request(request) => {
                let call = self.calls.remove(id).expect("the call that just ended");
                self.end_request(request, call.luck, call.key, outcome);
            }
            Origin::Job(job) => {
                self.jobs[job].calls.remove(&mut self.calls, id);
                self.calls.remove(id);
                self.on_call_ended(job, outcome);
            }
        }
    }

    /// The caller is gone: the call ends without anybody to tell.
    pub(super) fn abandon_call(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        let (edge, server, stage) = (call.edge, call.server, call.stage);
        let (took, on_wire) = (now - call.started, now.since(call.sent_at));
        let permitted = std::mem::take(&mut call.permitted_by_breaker);
        if stage == Stage::OnWire {
            let cancel = self.plan.edges[usize::from(edge.0)].cancel;
            self.let_go_of_job(id, cancel);
            let outcome = Outcome::TimedOut;
            self.tell(Observation::AttemptEnded { edge, outcome, took: on_wire });
        }
        self.free_try(id);
        let guards = self.guards(edge, server);
        guards.calls -= 1;
        if let Some(breaker) = &mut guards.breaker
            && permitted
        {
            breaker.release();
            self.follow_breaker(edge, server);
        }
        self.tell(Observation::CallEnded { edge, outcome: Outcome::TimedOut, took });
        self.calls.remove(id);
    }

    /// While the calling server stands still, what concerns its calls waits.
    pub(super) fn park_if_frozen(&mut self, id: Id, event: Event) -> bool {
        if self.frozen_servers == 0 {
            return false;
        }
        let Some(call) = self.calls.get(id) else { return false };
        let Origin::Job(job) = call.origin else { return false };
        let job = &self.jobs[job];
        let server = &mut self.stations[usize::from(job.station)].servers[job.server as usize];
        if !server.is_frozen() {
            return false;
        }
        server.parked.push(event);
        true
    }
}
