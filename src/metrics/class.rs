//! Meter of a class of users: what became of their wishes.

use super::histogram::{Buckets, Distribution, WindowedBuckets};
use super::invariants::{Judge, Law};
use super::level::Tally;
use super::meter::{CAUSES, Owner, Passage, Sink, Span, by_cause, quantile_ms};
use crate::census::Present;
use crate::observation::Outcome;
use std::collections::BTreeMap;

const OK: usize = 0;
const DEGRADED: usize = 1;
const FAILED: usize = 2;
const TIMED_OUT: usize = 3;
const REJECTED: usize = 4;
const OUTCOMES: usize = REJECTED + CAUSES;
const OFFERED: usize = OUTCOMES;
const REFRESHES: usize = OUTCOMES + 1;

#[inline]
fn index_of(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Ok => OK,
        Outcome::Degraded => DEGRADED,
        Outcome::Failed => FAILED,
        Outcome::TimedOut => TIMED_OUT,
        Outcome::Rejected(cause) => REJECTED + cause as usize,
    }
}

/// What became of the requests that arrived after the warm-up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// Requests that arrived.
    pub offered: u64,
    /// Of these, presses of the refresh button.
    pub refreshes: u64,
    /// Answered in full.
    pub ok: u64,
    /// Answered in part.
    pub degraded: u64,
    /// Ended with an error.
    pub failed: u64,
    /// Given up by the user.
    pub timed_out: u64,
    /// Refused, by cause.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Times of those that were answered.
    pub response: Distribution,
    /// When a request last ended, in nanoseconds; none if none ever did.
    pub last_end: Option<u64>,
    /// Integral of the requests under way since the warm-up, in nanoseconds.
    pub in_flight: f64,
}

impl Wishes {
    /// Adds those of another class.
    pub fn merge(&mut self, other: &Wishes) {
        self.offered += other.offered;
        self.refreshes += other.refreshes;
        self.ok += other.ok;
        self.degraded += other.degraded;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        for (cause, count) in &other.rejected {
            *self.rejected.entry(cause).or_default() += count;
        }
        self.response.merge(&other.response);
        self.last_end = self.last_end.max(other.last_end);
        self.in_flight += other.in_flight;
    }
}

/// Meter of a class of users.
#[derive(Clone, Debug, Default)]
pub struct ClassMeter {
    tally: Tally<{ OUTCOMES + 2 }>,
    /// Outcomes of the requests that arrived after the warm-up, whenever they ended.
    measured: [u64; OUTCOMES],
    passage: Passage,
    response: Distribution,
    /// When a request last ended.
    last_end: u64,
    window: Buckets,
    spells: WindowedBuckets,
}

impl ClassMeter {
    /// A user sent a request.
    #[inline]
    pub fn started(&mut self, now: u64, refresh: bool) {
        self.tally.count(OFFERED);
        if refresh {
            self.tally.count(REFRESHES);
        }
        self.passage.enter(now);
    }

    /// A request ended, `response` nanoseconds after its arrival.
    #[inline]
    pub fn ended(&mut self, now: u64, outcome: Outcome, response: u64, warmup: u64) {
        let index = index_of(outcome);
        self.tally.count(index);
        self.last_end = now;
        self.passage.leave(now, response);
        let arrived_after_warmup = now.saturating_sub(response) >= warmup;
        if arrived_after_warmup {
            self.measured[index] += 1;
        }
        if outcome.is_success() {
            self.window.record(response);
            if arrived_after_warmup {
                self.response.record(response);
            }
        }
    }

    /// What became of the requests that arrived after the warm-up.
    pub fn wishes(&self, now: u64) -> Wishes {
        Wishes {
            offered: self.tally.measured(OFFERED),
            refreshes: self.tally.measured(REFRESHES),
            ok: self.measured[OK],
            degraded: self.measured[DEGRADED],
            failed: self.measured[FAILED],
            timed_out: self.measured[TIMED_OUT],
            rejected: by_cause(|cause| self.measured[REJECTED + cause]),
            response: self.response.clone(),
            last_end: (0..OUTCOMES).any(|i| self.tally.all(i) > 0).then_some(self.last_end),
            in_flight: self.passage.level().measured(now),
        }
    }

    /// Requests under way.
    pub fn in_flight(&self) -> u32 {
        self.passage.level().value()
    }

    /// Times of answered requests in closed windows.
    pub fn spells(&self) -> &WindowedBuckets {
        &self.spells
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.passage.level_mut().settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
        self.passage.level_mut().start_window();
        self.spells.push(&self.window);
        self.window.clear();
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tally.end_warmup();
        self.passage.level_mut().end_warmup();
    }

    /// Judges the invariants.
    pub fn judge(&self, now: u64, counted: Option<Present>, judge: &mut Judge) {
        let ended: u64 = (0..OUTCOMES).map(|index| self.tally.all(index)).sum();
        let offered = self.tally.all(OFFERED);
        judge.demand(Law::Requests, ended + u64::from(self.in_flight()) == offered);
        self.passage.judge(now, counted, judge);
    }
}

/// Fills the columns of a population or of one class of it.
pub fn columns(owner: Owner, classes: &[&ClassMeter], span: Span, sink: &mut Sink) {
    let count =
        |index: usize| classes.iter().map(|class| class.tally.in_window(index)).sum::<u64>();
    let rejected: u64 = (REJECTED..OUTCOMES).map(count).sum();
    let mut put = |name, unit, value| sink(owner, name, unit, value);
    put("offered", "per_s", span.rate(count(OFFERED)));
    put("ok", "per_s", span.rate(count(OK)));
    put("degraded", "per_s", span.rate(count(DEGRADED)));
    put("failed", "per_s", span.rate(count(FAILED)));
    put("rejected", "per_s", span.rate(rejected));
    put("timed_out", "per_s", span.rate(count(TIMED_OUT)));
    put("goodput", "per_s", span.rate(count(OK) + count(DEGRADED)));
    put("refreshes", "per_s", span.rate(count(REFRESHES)));
    let mut merged = Buckets::default();
    let window = match classes {
        [only] => &only.window,
        several => {
            several.iter().for_each(|class| merged.merge(&class.window));
            &merged
        }
    };
    let [p50, p95, p99] = window.quantiles([0.50, 0.95, 0.99]).map(quantile_ms);
    put("p50_ms", "ms", p50);
    put("p95_ms", "ms", p95);
    put("p99_ms", "ms", p99);
    let in_flight: f64 = classes.iter().map(|class| class.passage.level().in_window()).sum();
    put("in_flight", "count", span.mean(in_flight));
}
