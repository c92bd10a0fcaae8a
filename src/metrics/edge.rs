//! Meter of a call: attempts on the wire, what the caller refused itself, breakers, limits and
//! connections.

use super::histogram::Distribution;
use super::invariants::{Judge, Law};
use super::level::{Level, Tally};
use super::meter::{CAUSES, NO_DATA, Owner, Passage, Sink, Span, by_cause};
use crate::census::OnEdge;
use crate::observation::{BreakerState, Cause, Outcome};
use std::collections::BTreeMap;

const ATTEMPTS: usize = 0;
const RETRIES: usize = 1;
const OK: usize = 2;
const FAILED: usize = 3;
const TIMED_OUT: usize = 4;
const REFUSED: usize = 5;
const CALLS: usize = 6;
const FALLBACKS: usize = 7;
const DENIED: usize = 8;
const OPENED: usize = 9;
const HEDGES: usize = 10;
const HEDGES_DENIED: usize = 11;
const OUTRUN: usize = 12;
const SKIPPED: usize = 13;
const REJECTED: usize = 14;

/// Counts of a call since the warm-up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Calls that ended.
    pub calls: u64,
    /// Attempts on the wire.
    pub attempts: u64,
    /// Of these, retries.
    pub retries: u64,
    /// Of all attempts, hedges.
    pub hedges: u64,
    /// Attempts that were let go because another one of the same try was faster.
    pub outrun: u64,
    /// Attempts that ended well.
    pub ok: u64,
    /// Attempts that ended with an error.
    pub failed: u64,
    /// Attempts that the caller gave up.
    pub timed_out: u64,
    /// Attempts that the callee refused.
    pub refused: u64,
    /// Tries that the caller itself refused, by cause.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Calls that were not made, because the feature was switched off.
    pub skipped: u64,
    /// Calls answered by the fallback.
    pub fallbacks: u64,
    /// Retries denied by the budget.
    pub retries_denied: u64,
    /// Hedges denied by the budget, or for want of a connection.
    pub hedges_denied: u64,
    /// How often a breaker opened.
    pub breaker_opened: u64,
}

/// How many of the caller's servers have their breaker in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breakers {
    /// No call passes.
    pub open: u32,
    /// Some calls pass.
    pub half_open: u32,
}

/// Meter of a call.
#[derive(Clone, Debug, Default)]
pub struct EdgeMeter {
    tally: Tally<{ REJECTED + CAUSES }>,
    /// Attempts on the wire.
    passage: Passage,
    connections: Level,
    /// State of the breaker of each calling server that ever changed it; the others are closed.
    states: Vec<BreakerState>,
    breakers: Breakers,
    /// Two for each open breaker and one for each half-open one.
    openness: Level,
    /// Adaptive limit of each calling server that ever had one.
    limits: Vec<u32>,
    /// Their sum.
    limit: Level,
    time: Distribution,
}

impl EdgeMeter {
    /// A try was refused by the caller's own policies.
    #[inline]
    pub fn rejected(&mut self, cause: Cause) {
        self.tally.count(REJECTED + cause as usize);
    }

    /// A try went on the wire.
    #[inline]
    pub fn sent(&mut self, now: u64, retry: bool, hedge: bool) {
        self.tally.count(ATTEMPTS);
        if hedge {
            self.tally.count(HEDGES);
        }
        if retry {
            self.tally.count(RETRIES);
        }
        self.passage.enter(now);
    }

    /// An attempt ended, `took` nanoseconds after it was sent.
    #[inline]
    pub fn ended(&mut self, now: u64, outcome: Outcome, took: u64, measuring: bool) {
        self.tally.count(match outcome {
            Outcome::Ok | Outcome::Degraded => OK,
            Outcome::Failed => FAILED,
            Outcome::TimedOut => TIMED_OUT,
            Outcome::Rejected(_) => REFUSED,
        });
        self.passage.leave(now, took);
        if measuring {
            self.time.record(took);
        }
    }

    /// An attempt was let go because another one was faster. Its time says nothing.
    pub fn outrun(&mut self, now: u64, took: u64) {
        self.tally.count(OUTRUN);
        self.passage.leave(now, took);
    }

    /// A hedge was denied.
    pub fn hedge_denied(&mut self) {
        self.tally.count(HEDGES_DENIED);
    }

    /// A call ended, after all its tries.
    #[inline]
    pub fn call_ended(&mut self) {
        self.tally.count(CALLS);
    }

    /// A call was not made.
    pub fn skipped(&mut self) {
        self.tally.count(SKIPPED);
    }

    /// A fallback answered.
    #[inline]
    pub fn fell_back(&mut self) {
        self.tally.count(FALLBACKS);
    }

    /// The budget denied a retry.
    #[inline]
    pub fn retry_denied(&mut self) {
        self.tally.count(DENIED);
    }

    /// Connections were taken or given back.
    #[inline]
    pub fn connections_changed(&mut self, now: u64, by: i32) {
        self.connections.change(now, by);
    }

    /// The breaker of a calling server changed its state.
    pub fn breaker_changed(&mut self, now: u64, server: u32, state: BreakerState) {
        let server = server as usize;
        if server >= self.states.len() {
            self.states.resize(server + 1, BreakerState::Closed);
        }
        let before = std::mem::replace(&mut self.states[server], state);
        match before {
            BreakerState::Closed => {}
            BreakerState::HalfOpen => self.breakers.half_open -= 1,
            BreakerState::Open => self.breakers.open -= 1,
        }
        match state {
            BreakerState::Closed => {}
            BreakerState::HalfOpen => self.breakers.half_open += 1,
            BreakerState::Open => self.breakers.open += 1,
        }
        if state == BreakerState::Open && before != BreakerState::Open {
            self.tally.count(OPENED);
        }
        self.openness.set(now, 2 * self.breakers.open + self.breakers.half_open);
    }

    /// The adaptive limit of a calling server changed; 0 stands for none.
    pub fn limit_changed(&mut self, now: u64, server: u32, limit: u32) {
        let server = server as usize;
        if server >= self.limits.len() {
            self.limits.resize(server + 1, 0);
        }
        self.limits[server] = limit;
        let sum = self.limits.iter().fold(0u32, |sum, limit| sum.saturating_add(*limit));
        self.limit.set(now, sum);
    }

    /// Attempts under way, as the caller sees it.
    pub fn in_flight(&self) -> u32 {
        self.passage.level().value()
    }

    /// Connections in use.
    pub fn connections(&self) -> u32 {
        self.connections.value()
    }

    /// Sum of the adaptive limits of all calling servers; 0 without any.
    pub fn limit(&self) -> &Level {
        &self.limit
    }

    /// How many breakers are open and half-open.
    pub fn breakers(&self) -> Breakers {
        self.breakers
    }

    /// Times of attempts since the warm-up.
    pub fn time(&self) -> &Distribution {
        &self.time
    }

    /// Counts since the warm-up.
    pub fn measured(&self) -> Traffic {
        let count = |index| self.tally.measured(index);
        Traffic {
            calls: count(CALLS),
            attempts: count(ATTEMPTS),
            retries: count(RETRIES),
            hedges: count(HEDGES),
            outrun: count(OUTRUN),
            ok: count(OK),
            failed: count(FAILED),
            timed_out: count(TIMED_OUT),
            refused: count(REFUSED),
            rejected: by_cause(|cause| self.tally.measured(REJECTED + cause)),
            skipped: count(SKIPPED),
            fallbacks: count(FALLBACKS),
            retries_denied: count(DENIED),
            hedges_denied: count(HEDGES_DENIED),
            breaker_opened: count(OPENED),
        }
    }

    fn levels(&mut self) -> [&mut Level; 4] {
        [self.passage.level_mut(), &mut self.connections, &mut self.openness, &mut self.limit]
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.levels().into_iter().for_each(|level| level.settle(now));
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
        self.levels().into_iter().for_each(Level::start_window);
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tally.end_warmup();
        self.levels().into_iter().for_each(Level::end_warmup);
    }

    /// Fills the columns of a window; `callers` is the number of servers that have a breaker.
    pub fn columns(&self, owner: Owner, span: Span, callers: u32, sink: &mut Sink) {
        let rate = |index| span.rate(self.tally.in_window(index));
        let rejected = (REJECTED..REJECTED + CAUSES).map(|index| self.tally.in_window(index)).sum();
        let breakers = 2.0 * f64::from(callers.max(1));
        let open = span.mean(self.openness.in_window()) / breakers;
        let limit = match self.limit.in_window() {
            0.0 => NO_DATA,
            integral => span.mean(integral),
        };
        let mut put = |name, unit, value| sink(owner, name, unit, value);
        put("attempts", "per_s", rate(ATTEMPTS));
        put("retries", "per_s", rate(RETRIES));
        put("hedges", "per_s", rate(HEDGES));
        put("ok", "per_s", rate(OK));
        put("failed", "per_s", rate(FAILED));
        put("timed_out", "per_s", rate(TIMED_OUT));
        put("refused", "per_s", rate(REFUSED));
        put("rejected", "per_s", span.rate(rejected));
        put("fallbacks", "per_s", rate(FALLBACKS));
        put("skipped", "per_s", rate(SKIPPED));
        put("in_flight", "count", span.mean(self.passage.level().in_window()));
        put("breaker_open", "ratio", open.min(1.0));
        put("connections", "count", span.mean(self.connections.in_window()));
        put("concurrency_limit", "count", limit);
    }

    /// Judges the invariants.
    pub fn judge(&self, now: u64, counted: Option<OnEdge>, judge: &mut Judge) {
        let all = |index| self.tally.all(index);
        let endings = [OK, FAILED, TIMED_OUT, REFUSED, OUTRUN];
        let ended: u64 = endings.into_iter().map(all).sum();
        judge.demand(Law::Attempts, ended + u64::from(self.in_flight()) == all(ATTEMPTS));
        judge.demand(Law::Levels, !self.connections.broken());
        if let Some(counted) = counted {
            let connections = u64::from(self.connections());
            judge.demand(Law::Census, counted.connections == connections);
            let first_tries = all(ATTEMPTS).checked_sub(all(RETRIES) + all(HEDGES));
            let calls = all(CALLS) + counted.calls;
            judge.demand(Law::Tries, first_tries.is_some_and(|tries| tries <= calls));
        }
        self.passage.judge(now, counted.map(|counted| counted.attempts), judge);
    }
}
