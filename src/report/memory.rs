//! What a server keeps in memory, in the report: its heap and its caches.

use super::build::ratio;
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::wiring::{CacheIndex, NodeIndex};
use serde::Serialize;

/// Memory of the servers of a service, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MemoryReport {
    /// Bytes that live in the fullest server at the end, garbage left out.
    pub heap_used_bytes: u64,
    /// Collections of garbage.
    pub collections: u64,
    /// Seconds that servers stood still for them, over all servers.
    pub gc_s: f64,
    /// Share of the time of servers that were up.
    pub gc_share: f64,
    /// How often a server went out of memory.
    pub out_of_memory: u64,
    /// When the first one did, in seconds, warm-up included; none if none did.
    pub first_out_of_memory_s: Option<f64>,
}

/// A cache over all servers of its service, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CacheReport {
    /// Requests that found what they looked for.
    pub hits: u64,
    /// Requests that did not, or found it expired.
    pub misses: u64,
    /// hits ÷ (hits + misses); absent if nobody looked.
    pub hit_ratio: Option<f64>,
    /// Misses that began to fetch; the others waited for a fetch that was under way.
    pub fetches: u64,
    /// Answers by expired entries, because fetching had failed.
    pub stale: u64,
    /// Entries that had to go for others.
    pub evictions: u64,
    /// Entries at the end.
    pub entries: u64,
    /// Bytes at the end.
    pub bytes: u64,
}

impl MemoryReport {
    /// That of a station, if it was followed or ever ran out.
    pub(super) fn of(metrics: &Metrics, node: NodeIndex) -> Option<MemoryReport> {
        let (station, now) = (metrics.station(node), metrics.now().0);
        let memory = station.memory();
        let collecting = memory.collecting().measured(now);
        let first = memory.first_out_of_memory();
        (memory.has_heap() || first.is_some()).then(|| MemoryReport {
            heap_used_bytes: memory.heap(),
            collections: memory.collections(),
            gc_s: collecting / 1e9,
            gc_share: ratio(collecting, station.up().measured(now)),
            out_of_memory: memory.out_of_memory(),
            first_out_of_memory_s: first.map(Time::seconds),
        })
    }
}

impl CacheReport {
    /// The cache in the report.
    pub(super) fn of(metrics: &Metrics, index: CacheIndex) -> CacheReport {
        let meter = metrics.cache(index);
        let askings = meter.measured();
        CacheReport {
            hits: askings.hits,
            misses: askings.misses,
            hit_ratio: askings.hit_ratio(),
            fetches: askings.misses - askings.shared,
            stale: askings.stale,
            evictions: meter.evictions(),
            entries: meter.entries(),
            bytes: meter.bytes(),
        }
    }
}
