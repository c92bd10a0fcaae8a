//! What became of the copies of a database: the part of the report that is about replication.

use super::Latency;
use crate::metrics::Metrics;
use crate::wiring::{NodeIndex, NodeKind};
use serde::Serialize;

/// The copies of a database, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Copies {
    /// Writes that were committed.
    pub writes: u64,
    /// Queries answered that write nothing.
    pub reads: u64,
    /// Of these, answered by a server that lacked a committed write of the same row.
    pub stale_reads: u64,
    /// Committed writes that are gone.
    pub lost_writes: u64,
    /// How often a server took the place of a dead primary.
    pub promotions: u64,
    /// How often roles were swapped as planned.
    pub role_swaps: u64,
    /// Seconds in which no server took writes.
    pub no_primary_s: f64,
    /// From the commit of a write until another server had applied it.
    pub lag: Latency,
}

impl Copies {
    /// Those of a database, if it ever had several or was without a primary.
    pub fn of(metrics: &Metrics, node: NodeIndex) -> Option<Copies> {
        let (station, meter) = (metrics.station(node), metrics.station(node).copies());
        let copies = Copies {
            writes: meter.writes(),
            reads: meter.reads(),
            stale_reads: meter.stale_reads(),
            lost_writes: meter.lost_writes(),
            promotions: meter.promotions(),
            role_swaps: meter.swaps(),
            no_primary_s: no_primary_s(metrics, node),
            lag: Latency::of(meter.lag()),
        };
        let database = metrics.wiring().node(node).kind == NodeKind::Database;
        let several = station.servers().peak() > 1 || copies.writes + copies.reads > 0;
        (database && (several || copies.no_primary_s > 0.0)).then_some(copies)
    }
}

/// Seconds since the warm-up in which no server of a database took writes.
pub fn no_primary_s(metrics: &Metrics, node: NodeIndex) -> f64 {
    let with_primary = metrics.station(node).copies().with_primary(metrics.now().0);
    (metrics.measured_nanos() as f64 - with_primary).max(0.0) / 1e9
}
