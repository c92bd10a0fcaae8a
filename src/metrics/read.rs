//! What can be read from metrics, at any time and without changing them.

use super::balancer::BalancerMeter;
use super::cache::CacheMeter;
use super::class::ClassMeter;
use super::edge::EdgeMeter;
use super::monitor::{AlarmMeter, MonitorMeter};
use super::pool::PoolMeter;
use super::series::Table;
use super::station::StationMeter;
use super::timeline::Timeline;
use super::{Metrics, Snapshot};
use crate::engine::Time;
use crate::wiring::{AlarmIndex, CacheIndex, ClassIndex, EdgeIndex, NodeIndex, PoolIndex, Wiring};

impl Metrics {
    /// The wiring that indices refer to.
    pub fn wiring(&self) -> &Wiring {
        &self.layout.wiring
    }

    /// The moment that has been reached.
    pub fn now(&self) -> Time {
        Time(self.now)
    }

    /// Length of the run.
    pub fn duration(&self) -> Time {
        Time(self.duration)
    }

    /// End of the warm-up.
    pub fn warmup(&self) -> Time {
        Time(self.warmup)
    }

    /// Time measured since the warm-up, in nanoseconds.
    pub fn measured_nanos(&self) -> u64 {
        self.now.saturating_sub(self.warmup)
    }

    /// Start of a window (0 to `windows`, the last being the end of the run).
    pub fn window_start(&self, window: usize) -> Time {
        if window == 0 { Time::ZERO } else { Time(self.end_of(window as u32 - 1)) }
    }

    /// Closed windows: rows, columns and keys.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The values of a column over all closed windows; empty where no column has that key.
    pub fn column(&self, key: &str) -> Vec<f64> {
        self.table.column(key).map(Iterator::collect).unwrap_or_default()
    }

    /// What happened.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The state at this moment.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self)
    }

    /// The meter of a class of users.
    pub fn class(&self, index: ClassIndex) -> &ClassMeter {
        &self.classes[usize::from(index.0)]
    }

    /// The meter of a pool.
    pub fn pool(&self, index: PoolIndex) -> &PoolMeter {
        &self.pools[usize::from(index.0)]
    }

    /// The meter of a call.
    pub fn edge(&self, index: EdgeIndex) -> &EdgeMeter {
        &self.edges[usize::from(index.0)]
    }

    /// The meter of a cache.
    pub fn cache(&self, index: CacheIndex) -> &CacheMeter {
        &self.caches[usize::from(index.0)]
    }

    /// The meter of a service or a database.
    pub fn station(&self, index: NodeIndex) -> &StationMeter {
        &self.stations[usize::from(index.0)]
    }

    /// The meter of a monitor.
    pub fn monitor(&self, index: NodeIndex) -> &MonitorMeter {
        &self.monitors[usize::from(index.0)]
    }

    /// The meter of an alarm.
    pub fn alarm(&self, index: AlarmIndex) -> &AlarmMeter {
        &self.alarms[usize::from(index.0)]
    }

    /// The meter of a balancer.
    pub fn balancer(&self, index: NodeIndex) -> &BalancerMeter {
        &self.balancers[usize::from(index.0)]
    }
}
