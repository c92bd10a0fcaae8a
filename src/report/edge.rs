//! A call in the report.

use super::build::ratio;
use super::{Latency, ReportContext};
use crate::metrics::Metrics;
use crate::wiring::EdgeIndex;
use serde::Serialize;
use std::collections::BTreeMap;

/// A call, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Edge {
    /// Calls that ended.
    pub calls: u64,
    /// Attempts on the wire.
    pub attempts: u64,
    /// Of these, retries.
    pub retries: u64,
    /// Of these, hedges; attempts = first tries + retries + hedges.
    pub hedges: u64,
    /// Attempts on the wire ÷ calls.
    pub amplification: f64,
    /// Attempts that ended well.
    pub ok: u64,
    /// Attempts that ended with an error.
    pub failed: u64,
    /// Attempts that the caller gave up.
    pub timed_out: u64,
    /// Attempts that the callee refused.
    pub refused: u64,
    /// Attempts that were let go because another one of the same try was faster.
    pub outrun: u64,
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
    /// How often the breaker opened, over all calling servers.
    pub breaker_opened: u64,
    /// Adaptive concurrency limit over all calling servers together; absent without one.
    pub concurrency_limit: Option<ConcurrencyLimit>,
    /// Tokens in the retry budgets of all calling servers at the end; absent without a budget.
    pub retry_tokens: Option<f64>,
    /// Time of an attempt, as the caller saw it.
    pub attempt_time: Latency,
}

/// An adaptive concurrency limit over time, summed over the calling servers that are up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ConcurrencyLimit {
    /// Mean.
    pub mean: f64,
    /// Largest.
    pub highest: u32,
    /// At the end.
    pub last: u32,
}

impl Edge {
    /// The call in the report.
    pub(super) fn of(metrics: &Metrics, index: EdgeIndex, context: &ReportContext) -> Edge {
        let meter = metrics.edge(index);
        let traffic = meter.measured();
        Edge {
            calls: traffic.calls,
            attempts: traffic.attempts,
            retries: traffic.retries,
            hedges: traffic.hedges,
            amplification: ratio(traffic.attempts as f64, traffic.calls as f64),
            ok: traffic.ok,
            failed: traffic.failed,
            timed_out: traffic.timed_out,
            refused: traffic.refused,
            outrun: traffic.outrun,
            rejected: traffic.rejected,
            skipped: traffic.skipped,
            fallbacks: traffic.fallbacks,
            retries_denied: traffic.retries_denied,
            hedges_denied: traffic.hedges_denied,
            breaker_opened: traffic.breaker_opened,
            concurrency_limit: ConcurrencyLimit::of(metrics, index),
            retry_tokens: context.retry_tokens.get(usize::from(index.0)).copied().flatten(),
            attempt_time: Latency::of(meter.time()),
        }
    }
}

impl ConcurrencyLimit {
    /// That of a call, if it ever had one since the warm-up.
    pub(super) fn of(metrics: &Metrics, index: EdgeIndex) -> Option<ConcurrencyLimit> {
        let limit = metrics.edge(index).limit();
        let mean = ratio(limit.measured(metrics.now().0), metrics.measured_nanos() as f64);
        let limit = ConcurrencyLimit { mean, highest: limit.peak(), last: limit.value() };
        (limit.highest > 0).then_some(limit)
    }
}
