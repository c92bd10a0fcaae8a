//! A thread pool in the report.

use super::Latency;
use super::build::ratio;
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::wiring::PoolIndex;
use serde::Serialize;
use std::collections::BTreeMap;

/// A thread pool over all servers, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PoolReport {
    /// Threads over all servers that exist at the end.
    pub threads: u32,
    /// Mean share of the threads of servers that were up that were busy.
    pub utilisation: f64,
    /// Mean number of busy threads.
    pub mean_busy: f64,
    /// Seconds that threads were busy, over all of them.
    pub busy_s: f64,
    /// Mean number of requests waiting.
    pub mean_queue: f64,
    /// Longest queue over all servers together.
    pub max_queue: u32,
    /// Share of started requests that had to wait.
    pub waited_ratio: f64,
    /// Time between arrival and start.
    pub wait: Latency,
    /// Requests that reached the pool.
    pub offered: u64,
    /// Requests that a thread took up.
    pub started: u64,
    /// Of these, after waiting.
    pub waited: u64,
    /// Work that ended well with somebody waiting for it.
    pub ok: u64,
    /// Work that ended with an error.
    pub failed: u64,
    /// Work that ended when nobody waited for it any more.
    pub wasted: u64,
    /// Refused, or dropped before a thread took it up, by cause.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Mean number of requests waiting or worked on.
    pub mean_in_system: f64,
    /// Requests waiting or worked on at the end of the run.
    pub in_system_at_end: u32,
    /// When work last ended, in seconds; none if none ever did.
    pub last_end_s: Option<f64>,
}

impl PoolReport {
    /// The pool in the report.
    pub(super) fn of(metrics: &Metrics, index: PoolIndex) -> PoolReport {
        let (meter, now) = (metrics.pool(index), metrics.now().0);
        let nanos = metrics.measured_nanos() as f64;
        let servers = metrics.station(metrics.wiring().pool(index).node).servers().value();
        let (busy, work) = (meter.busy().measured(now), meter.measured());
        PoolReport {
            threads: meter.threads_per_server().saturating_mul(servers),
            utilisation: ratio(busy, meter.threads().measured(now)).min(1.0),
            mean_busy: ratio(busy, nanos),
            busy_s: busy / 1e9,
            mean_queue: ratio(meter.queue().measured(now), nanos),
            max_queue: meter.queue().peak(),
            waited_ratio: ratio(work.waited as f64, work.started as f64),
            wait: Latency::of(meter.wait()),
            offered: work.arrived,
            started: work.started,
            waited: work.waited,
            ok: work.ok,
            failed: work.failed,
            wasted: work.wasted,
            rejected: meter.refused_by_cause(),
            mean_in_system: ratio(meter.present().measured(now), nanos),
            in_system_at_end: meter.present().value(),
            last_end_s: meter.last_end().map(|end| Time(end).seconds()),
        }
    }
}
