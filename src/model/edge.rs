//! The caller's side of a call's policies: one set of guards per calling server.
//!
//! Breakers, limiters, bulkheads, budgets and connections live in the memory of a process, so each
//! server of the calling node has its own, and loses it when it crashes.

use super::data::migration::Redirect;
use super::list::List;
use super::{Event, Observer, World, call};
use crate::engine::{Draws, Duration, Time, Timer};
use crate::observation::{BreakerState, Observation};
use crate::pattern::bulkhead::Semaphore;
use crate::pattern::circuit_breaker::{CircuitBreaker, State};
use crate::pattern::concurrency_limit::ConcurrencyLimit;
use crate::pattern::hedge::Hedge;
use crate::pattern::rate_limiter::RateLimiter;
use crate::pattern::retry::Retry;
use crate::pattern::retry_budget::RetryBudget;
use crate::plan::{EdgePlan, Plan, Role};
use crate::wiring::EdgeIndex;

/// Linux doubles TCP's retransmission timeout from 200 ms to at most 120 s and gives up after 15
/// retransmissions (`tcp_retries2`).
const FIRST_RETRANSMISSION: Duration = Duration(200_000_000);
const LONGEST_RETRANSMISSION: Duration = Duration(120_000_000_000);
pub(super) const MOST_RETRANSMISSIONS: u32 = 15;

/// A call's state, over all calling servers.
#[derive(Clone, Debug)]
pub struct Edge {
    /// By calling server; a population has one.
    pub guards: Vec<Guards>,
    /// Retry rule.
    pub retry: Option<Retry>,
    /// Hedging rule.
    pub hedge: Option<Hedge>,
    /// What faults add to a message's way to the callee.
    pub added_latency: Duration,
    /// Share of messages that faults lose.
    pub loss: f64,
    /// A fault lets no message come or go.
    pub cut: bool,
    /// Where attempts go since the database behind it has moved.
    pub redirect: Option<Box<Redirect>>,
    /// Whose turn it is when the callee has several servers and no balancer.
    pub turn: u32,
}

/// One calling server's policies for one call.
///
/// Invariant: permits in use = calls that hold them; the waiting lists hold calls of this server.
#[derive(Clone, Debug)]
pub struct Guards {
    /// Circuit breaker.
    pub breaker: Option<Box<CircuitBreaker>>,
    /// What observers were last told of the breaker.
    pub shown: BreakerState,
    /// The breaker's own timer, and when it fires.
    pub breaker_timer: (Timer, Option<Time>),
    /// Rate limiter.
    pub limiter: Option<Box<RateLimiter>>,
    /// Adaptive limit of the calls that hold a permit.
    pub limit: Option<Box<ConcurrencyLimit>>,
    /// What observers were last told of it; 0 without one.
    pub shown_limit: u32,
    /// Permits for calls at once; without a bulkhead, as many as anybody wants.
    pub bulkhead: Semaphore,
    /// Connections; without a pool, as many as anybody wants.
    pub connections: Semaphore,
    /// Budget of retries and hedges.
    pub budget: Option<Box<RetryBudget>>,
    /// Calls that wait for a permit.
    pub waiting_for_permit: List<{ call::WAITING }>,
    /// Calls that wait for a connection.
    pub waiting_for_connection: List<{ call::WAITING }>,
    /// Calls under way, in whatever stage.
    pub calls: u32,
    /// The call is enabled and has no policy, so no try can be skipped, refused or held up.
    pub open: bool,
}

impl Edge {
    /// The state of a call before anybody has made it.
    pub fn new(plan: &EdgePlan, whole: &Plan) -> Edge {
        let servers = match whole.roles[usize::from(plan.owner.0)] {
            Role::Station(station) => whole.stations[usize::from(station)].servers,
            Role::Population(_) | Role::Balancer(_) | Role::Monitor(_) => 1,
        };
        Edge {
            guards: (0..servers).map(|server| Guards::new(plan, Time::ZERO, server)).collect(),
            retry: plan.retry.as_ref().map(Retry::new),
            hedge: plan.hedge.as_ref().map(Hedge::new),
            added_latency: Duration::ZERO,
            loss: 0.0,
            cut: false,
            redirect: None,
            turn: 0,
        }
    }
}

impl Guards {
    /// The guards of a process that has just started.
    pub fn new(plan: &EdgePlan, now: Time, server: u32) -> Guards {
        let unit = || guard_unit(plan, server, now);
        let breaker = |params| Box::new(CircuitBreaker::new(params, now, unit()));
        let limiter = |params| Box::new(RateLimiter::new(params, now));
        let mut guards = Guards {
            breaker: plan.circuit_breaker.as_ref().map(breaker),
            shown: BreakerState::Closed,
            breaker_timer: (Timer::NONE, None),
            limiter: plan.rate_limiter.as_ref().map(limiter),
            limit: None,
            shown_limit: 0,
            bulkhead: Semaphore::new(u32::MAX),
            connections: Semaphore::new(u32::MAX),
            budget: None,
            waiting_for_permit: List::default(),
            waiting_for_connection: List::default(),
            calls: 0,
            open: false,
        };
        guards.set_limits(plan, now, server);
        guards
    }

    /// Requests that are active or pending, as Envoy counts them: not those that wait for a retry.
    pub fn requests_in_flight(&self) -> u32 {
        self.bulkhead.in_use() + self.waiting_for_permit.len()
    }

    /// Whether no call waits for a permit or a connection.
    #[inline]
    pub fn nobody_waits(&self) -> bool {
        self.waiting_for_permit.is_empty() && self.waiting_for_connection.is_empty()
    }

    /// Takes over new parameters; calls under way keep what they hold.
    pub fn retune(&mut self, plan: &EdgePlan, now: Time, server: u32) {
        let unit = guard_unit(plan, server, now);
        self.breaker = match (self.breaker.take(), &plan.circuit_breaker) {
            (Some(mut breaker), Some(params)) => {
                breaker.retune(params, now, unit);
                Some(breaker)
            }
            (None, Some(params)) => Some(Box::new(CircuitBreaker::new(params, now, unit))),
            (_, None) => None,
        };
        self.limiter = match (self.limiter.take(), &plan.rate_limiter) {
            (Some(mut limiter), Some(params)) => {
                limiter.retune(params, now);
                Some(limiter)
            }
            (None, Some(params)) => Some(Box::new(RateLimiter::new(params, now))),
            (_, None) => None,
        };
        self.set_limits(plan, now, server);
    }

    fn set_limits(&mut self, plan: &EdgePlan, now: Time, server: u32) {
        let unit = guard_unit(plan, server, now);
        self.limit = match (self.limit.take(), &plan.concurrency_limit) {
            (Some(mut limit), Some(params)) => {
                limit.retune(params, unit);
                Some(limit)
            }
            (None, Some(params)) => Some(Box::new(ConcurrencyLimit::new(params, unit))),
            (_, None) => None,
        };
        let bulkhead = plan.bulkhead.as_ref().map(|params| params.max_concurrent_calls);
        self.bulkhead.set_limit(bulkhead.unwrap_or(u32::MAX));
        let connections = plan.connection_pool.as_ref().map(|params| params.maximum_pool_size);
        self.connections.set_limit(connections.unwrap_or(u32::MAX));
        let of_retries = plan.retry.as_ref().and_then(|retry| retry.budget.as_ref());
        let of_hedges = || plan.hedge.as_ref().and_then(|hedge| hedge.budget.as_ref());
        let budget = of_retries.or_else(of_hedges);
        self.budget = match (self.budget.take(), budget) {
            (Some(mut budget), Some(params)) => {
                budget.retune(params);
                Some(budget)
            }
            (None, Some(params)) => Some(Box::new(RetryBudget::new(params))),
            (_, None) => None,
        };
        let unlimited = bulkhead.is_none() && connections.is_none();
        self.open = plan.enabled && unlimited && !self.has_machinery();
    }

    /// Whether there is a policy that must be told how tries go.
    fn has_machinery(&self) -> bool {
        let Guards { breaker, limiter, limit, budget, .. } = self;
        breaker.is_some() || limiter.is_some() || limit.is_some() || budget.is_some()
    }
}

/// A random number that belongs to no request: for a breaker's wait or a limit's first probe.
fn guard_unit(plan: &EdgePlan, server: u32, now: Time) -> f64 {
    Draws::seeded(plan.site.then("guard").index(u64::from(server)).index(now.0).0).next_unit()
}

/// How long a message is under way, and whether it arrives at all.
pub struct Journey {
    /// Time until it arrives, or until the sender's system gives up on the connection.
    pub takes: Duration,
    /// Whether it arrives.
    pub arrives: bool,
}

/// The way of a message where a share of all messages is lost and TCP sends them again. Most faults
/// lose none, so `draws` is asked only where some are lost.
#[inline]
pub fn journey(latency: Duration, loss: f64, draws: impl FnOnce() -> Draws) -> Journey {
    if loss <= 0.0 {
        return Journey { takes: latency, arrives: true };
    }
    lossy_journey(latency, loss, draws())
}

#[cold]
fn lossy_journey(latency: Duration, loss: f64, mut draws: Draws) -> Journey {
    let mut takes = latency;
    for number in 0..=MOST_RETRANSMISSIONS {
        if !draws.chance(loss) {
            return Journey { takes, arrives: true };
        }
        takes = takes + retransmission(number);
    }
    Journey { takes, arrives: false }
}

/// How long TCP waits for an answer to a message that it has sent again `number` times.
pub(super) fn retransmission(number: u32) -> Duration {
    Duration(FIRST_RETRANSMISSION.0 << number).min(LONGEST_RETRANSMISSION)
}

impl<O: Observer> World<O> {
    /// The guards of the calling server of a call.
    #[inline(always)]
    pub(super) fn guards(&mut self, edge: EdgeIndex, server: u32) -> &mut Guards {
        &mut self.edges[usize::from(edge.0)].guards[server as usize]
    }

    /// Tokens in the retry budgets of each call, over all calling servers; none without a budget.
    pub fn retry_tokens(&self) -> Vec<Option<f64>> {
        let of = |edge: &Edge| {
            let budgets = edge.guards.iter().filter_map(|guards| guards.budget.as_ref());
            budgets.map(|budget| budget.tokens()).reduce(|sum, tokens| sum + tokens)
        };
        self.edges.iter().map(of).collect()
    }

    /// Tells observers of a breaker's new state and sets its timer anew. To be called after
    /// everything that a breaker was told.
    pub(super) fn follow_breaker(&mut self, edge: EdgeIndex, server: u32) {
        let guards = &mut self.edges[usize::from(edge.0)].guards[server as usize];
        let (state, deadline) = match &guards.breaker {
            Some(breaker) => (shown_state(breaker.state()), breaker.deadline()),
            None => (BreakerState::Closed, None),
        };
        if guards.breaker_timer.1 != deadline {
            self.calendar.cancel(guards.breaker_timer.0);
            let event = Event::BreakerDue { edge: edge.0, server };
            let now = self.now;
            let timer = deadline
                .map(|at| self.calendar.schedule(at.max(now), event.rank(), event))
                .unwrap_or(Timer::NONE);
            guards.breaker_timer = (timer, deadline);
        }
        if guards.shown != state {
            guards.shown = state;
            self.tell(Observation::BreakerChanged { edge, server, state });
        }
    }

    /// Tells observers of an adaptive limit that has changed. To be called after everything that a
    /// limit was told, and whenever its server goes up or down.
    pub(super) fn follow_limit(&mut self, edge: EdgeIndex, server: u32) {
        let is_up = self.caller_is_up(edge, server);
        let guards = &mut self.edges[usize::from(edge.0)].guards[server as usize];
        let limit = guards.limit.as_ref().filter(|_| is_up).map_or(0, |limit| limit.limit());
        if guards.shown_limit != limit {
            guards.shown_limit = limit;
            self.tell(Observation::LimitChanged { edge, server, limit });
        }
    }

    fn caller_is_up(&self, edge: EdgeIndex, server: u32) -> bool {
        let owner = self.plan.edges[usize::from(edge.0)].owner;
        let Role::Station(station) = self.plan.roles[usize::from(owner.0)] else { return true };
        self.stations[usize::from(station)].servers[server as usize].is_up()
    }

    pub(super) fn on_breaker_due(&mut self, edge: u16, server: u32) {
        let edge = EdgeIndex(edge);
        let now = self.now;
        let unit = guard_unit(&self.plan.edges[usize::from(edge.0)], server, now);
        let guards = self.guards(edge, server);
        guards.breaker_timer = (Timer::NONE, None);
        if let Some(breaker) = &mut guards.breaker {
            breaker.on_deadline(now, unit);
        }
        self.follow_breaker(edge, server);
    }
}

fn shown_state(state: State) -> BreakerState {
    match state {
        State::Closed | State::Disabled | State::MetricsOnly => BreakerState::Closed,
        State::HalfOpen => BreakerState::HalfOpen,
        State::Open | State::ForcedOpen => BreakerState::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Luck, Site};

    #[test]
    fn lost_messages_come_late_and_all_lost_means_a_broken_connection() {
        let draws = || Luck(7).draws(Site::named("edge"), 1);
        let clear = journey(Duration(5), 0.0, draws);
        assert!(clear.arrives && clear.takes == Duration(5));
        let cut = journey(Duration(5), 1.0, draws);
        assert!(!cut.arrives);
        // 0.2 + 0.4 + … + 102.4 = 204.6 s, then six times 120 s.
        assert_eq!(cut.takes.seconds().round(), 925.0);
        let late = (0..1_000)
            .filter(|n| {
                journey(Duration(5), 0.1, || Luck(*n).draws(Site::named("e"), 1)).takes.0 > 5
            })
            .count();
        assert!((60..140).contains(&late), "{late} of 1000 messages were late");
    }
}
