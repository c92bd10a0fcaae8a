//! A call: what a caller wants from a callee, with all its tries.
//!
//! Each try passes the policies from the outside in: breaker, limiter, timeout, bulkhead,
//! connection. (A breaker, a limiter and a limit refuse; a bulkhead and a pool may let it
//! wait.) Only then does it go on the wire as a job (see [`super::job`]). The caller's thread
//! and its connection stay held until the try ends.

mod attempt;
mod ending;
mod hedge;

pub(super) use hedge::Avoided;
pub use hedge::Hedges;
pub(super) use hedge::LetGo;

use super::list::{Linked, Links};
use super::slab::Id;
use super::{Event, Observer, World};
use crate::engine::{Duration, Luck, Time, Timer};
use crate::observation::{Observation, Outcome};
use crate::pattern::retry::Failure;
use crate::plan::EdgePlan;
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
    /// A recovery batch.
    Recovery {
        /// The service.
        station: u16,
        /// The server whose spool it empties.
        server: u32,
    },
    /// A monitor, which asks that server; 0 where a balancer chooses.
    Test {
        /// The server.
        server: u32,
    },
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
    /// The luck of the user's request: what it is about, on whatever server and in whatever try.
    pub wish: Luck,
    /// Rank in pools that serve by priority.
    pub priority: u8,
    /// The user has no account yet.
    pub newcomer: bool,
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
    pub(super) sent_at: Time,
    /// When the caller gives up on the present try.
    pub gives_up_at: Time,
    /// Fires then.
    timeout: Timer,
    /// Ends the stage that waits for a time.
    wait: Timer,
    /// The last pause before a retry.
    previous_wait: Duration,
    /// When it passed the adaptive concurrency limit.
    admitted_at: Time,
    /// Calls under way then, itself included; 0 if there was no such limit.
    in_flight_then: u32,
    /// The job of the present try, while it is on the wire; of its main attempt, if it is hedged.
    pub job: Id,
    /// What the present try has beside it, if it is hedged.
    pub hedges: Id,
    /// Attempts of the present try that have had their turn.
    turns: u8,
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
    /// A call that has not begun, of a request of its own.
    #[inline]
    pub fn new(origin: Origin, edge: EdgeIndex, server: u32, luck: Luck, key: u64) -> Call {
        Call {
            origin,
            edge,
            server,
            luck,
            key,
            wish: luck,
            priority: 0,
            newcomer: false,
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
            admitted_at: Time::ZERO,
            in_flight_then: 0,
            job: Id::NONE,
            hedges: Id::NONE,
            turns: 0,
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
    #[inline(never)]
    pub(super) fn begin_call(&mut self, id: Id) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.started = now;
        if let Origin::Request(Request { class, refreshes, .. }) = call.origin {
            let (luck, refresh) = (call.luck.0, refreshes > 0);
            self.observer.observe(now, Observation::RequestStarted { class, luck, refresh });
        }
        let guards = &mut self.edges[usize::from(call.edge.0)].guards[call.server as usize];
        guards.calls += 1;
        if let Some(budget) = &mut guards.budget {
            budget.on_request();
        }
        self.begin_try(id);
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
        let wait = retry.next_wait(call.tries, failure, call.previous_wait, unit);
        // The caller's own caller will have left before another try could begin.
        if call.deadline <= self.now + wait {
            return false;
        }
        let guards = &mut state.guards[call.server as usize];
        let in_flight = guards.requests_in_flight();
        let budget = guards.budget.as_mut();
        let granted = budget.is_none_or(|budget| budget.try_retry(in_flight, failure));
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
            _ => self.end_failed_call(id, call.outcome),
        }
    }

    pub(super) fn on_fallback_done(&mut self, id: Id) {
        if self.park_if_frozen(id, Event::FallbackDone { call: id }) {
            return;
        }
        if self.calls.get(id).is_some_and(|call| call.stage == Stage::FallingBack) {
            self.end_failed_call(id, Outcome::Degraded);
        }
    }

    /// All tries have failed: there is another answer, or none.
    #[inline(never)]
    pub(super) fn end_failed_call(&mut self, id: Id, outcome: Outcome) {
        self.end_call(id, outcome);
    }

    /// A call ends, and whoever wanted it hears of it.
    #[inline(always)]
    fn end_call(&mut self, id: Id, outcome: Outcome) {
        let call = &self.calls[id];
        let (edge, server, origin) = (call.edge, call.server, call.origin);
        let (luck, key, wish) = (call.luck, call.key, call.wish);
        let took = self.now - call.started;
        self.guards(edge, server).calls -= 1;
        self.tell(Observation::CallEnded { edge, outcome, took });
        match origin {
            Origin::Request(request) => {
                self.calls.remove(id);
                self.end_request(request, luck, key, wish, outcome);
            }
            Origin::Job(job) => {
                self.jobs[job].calls.remove(&mut self.calls, id);
                self.calls.remove(id);
                self.on_call_ended(job, outcome);
            }
            Origin::Recovery { station, server } => {
                self.calls.remove(id);
                self.end_replay((station, server), id, outcome);
            }
            Origin::Test { server } => {
                self.calls.remove(id);
                self.on_tested(edge, server, outcome);
            }
        }
    }

    /// The caller is gone or needs it no more: the call ends without anybody to tell.
    pub(super) fn abandon_call(&mut self, id: Id, how: LetGo) {
        let now = self.now;
        let call = &mut self.calls[id];
        let (edge, server, stage) = (call.edge, call.server, call.stage);
        let (took, on_wire) = (now - call.started, now.since(call.sent_at));
        let permitted = std::mem::take(&mut call.permitted_by_breaker);
        if stage == Stage::OnWire {
            let cancel = self.plan.edges[usize::from(edge.0)].cancel;
            self.let_go_of_hedges(id, how);
            self.let_go_of_job(id, cancel);
            self.tell(how.told(edge, on_wire));
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
    #[inline(always)]
    pub(super) fn park_if_frozen(&mut self, id: Id, event: Event) -> bool {
        self.frozen_servers > 0 && self.park(id, event)
    }

    #[inline(never)]
    fn park(&mut self, id: Id, event: Event) -> bool {
        let Some(call) = self.calls.get(id) else { return false };
        let (station, server) = match call.origin {
            Origin::Request(_) | Origin::Test { .. } => return false,
            Origin::Job(job) => (self.jobs[job].station, self.jobs[job].server),
            Origin::Recovery { station, server } => (station, server),
        };
        let server = &mut self.stations[usize::from(station)].servers[server as usize];
        if !server.is_frozen() {
            return false;
        }
        server.parked.push(event);
        true
    }
}
