//! Metrics: listens to observations and keeps counts, levels, distributions, windows and the
//! timeline.
//!
//! It knows the wiring and nothing of the model. Nothing depends on how a run is chunked: windows
//! close when an observation or [`Metrics::advance_to`] passes their end, always *at* their end,
//! and levels are integrated where they change and where a window ends, not where somebody looks.
//! Observing allocates nothing once histograms have seen their largest value; closing a window may.

pub mod balancer;
pub mod cache;
pub mod class;
pub mod data;
pub mod edge;
pub mod histogram;
pub mod identity;
mod integral;
mod invariants;
pub mod level;
pub mod memory;
pub mod meter;
pub mod monitor;
mod observe;
pub mod pool;
mod read;
pub mod replication;
#[cfg(test)]
pub mod script;
pub mod series;
pub mod snapshot;
pub mod spread;
pub mod station;
pub mod stored;
#[cfg(test)]
mod tests;
pub mod timeline;

pub use meter::NO_DATA;
pub use series::{Column, Series, Table};
pub use snapshot::Snapshot;

use crate::engine::Time;
use crate::wiring::{
    AlarmIndex, CacheIndex, ClassIndex, DataKinds, EdgeIndex, NodeIndex, NodeKind, PoolIndex,
    Wiring,
};
use balancer::BalancerMeter;
use cache::CacheMeter;
use class::ClassMeter;
use edge::EdgeMeter;
use invariants::Judge;
use meter::{Owner, Sink, Span};
use monitor::{AlarmMeter, MonitorMeter};
use pool::PoolMeter;
use station::StationMeter;
use std::sync::Arc;
use timeline::Timeline;

/// What a run starts with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsSetup {
    /// Length of the run.
    pub duration: Time,
    /// Number of equal windows, at least 1.
    pub windows: u32,
    /// Totals and percentiles leave out what was before this moment; windows do not.
    pub warmup: Time,
    /// By [`NodeIndex`].
    pub nodes: Vec<NodeSetup>,
    /// Threads per server, by [`PoolIndex`].
    pub pools: Vec<u32>,
}

/// What a node starts with. A population and a balancer count as one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeSetup {
    /// Servers that exist.
    pub servers: u32,
    /// Servers that are up.
    pub up: u32,
    /// Cores of each server; none without a limit.
    pub cores: Option<u32>,
    /// What it has to do with data.
    pub data: DataKinds,
    /// Whether its users log in.
    pub logins: bool,
}

impl Default for NodeSetup {
    fn default() -> Self {
        NodeSetup { servers: 1, up: 1, cores: None, data: DataKinds::default(), logins: false }
    }
}

/// Which balancers stand before a station: found once, so that observing needs no search.
#[derive(Debug)]
struct Layout {
    wiring: Wiring,
    /// By [`NodeIndex`] of the station.
    balancers: Vec<Vec<NodeIndex>>,
    /// By [`NodeIndex`] of the balancer.
    behind: Vec<Option<NodeIndex>>,
}

impl Layout {
    fn new(wiring: &Wiring) -> Layout {
        let mut balancers = vec![Vec::new(); wiring.nodes.len()];
        let mut behind = vec![None; wiring.nodes.len()];
        for edge in &wiring.edges {
            let slot = &mut behind[usize::from(edge.callee.0)];
            if wiring.node(edge.callee).kind == NodeKind::Balancer && slot.is_none() {
                *slot = Some(edge.station);
                balancers[usize::from(edge.station.0)].push(edge.callee);
            }
        }
        Layout { wiring: wiring.clone(), balancers, behind }
    }
}

/// Everything measured so far. `Clone` is part of a checkpoint.
#[derive(Clone, Debug)]
pub struct Metrics {
    layout: Arc<Layout>,
    duration: u64,
    windows: u32,
    warmup: u64,
    now: u64,
    /// The next moment at which a window or the warm-up ends.
    next_boundary: u64,
    /// Whether the warm-up is over.
    measuring: bool,
    /// Index of the open window.
    window: u32,
    classes: Vec<ClassMeter>,
    pools: Vec<PoolMeter>,
    edges: Vec<EdgeMeter>,
    caches: Vec<CacheMeter>,
    /// By node; those of other nodes than stations only hold their number of servers.
    stations: Vec<StationMeter>,
    /// By node; only those of balancers are used.
    balancers: Vec<BalancerMeter>,
    /// By node; only those of monitors are used.
    monitors: Vec<MonitorMeter>,
    alarms: Vec<AlarmMeter>,
    table: Table,
    timeline: Timeline,
    /// Something was observed before what had been observed already.
    went_back: bool,
    judge: Judge,
}

impl Metrics {
    /// Metrics of a run that is about to start.
    pub fn new(wiring: &Wiring, setup: &MetricsSetup) -> Metrics {
        let layout = Layout::new(wiring);
        let node = |index: NodeIndex| setup.nodes.get(usize::from(index.0)).copied();
        let node = |index: NodeIndex| node(index).unwrap_or_default();
        let stations = wiring.nodes().map(|(index, _)| StationMeter::new(node(index)));
        let stations = stations.collect();
        let pools = wiring.pools.iter().enumerate().map(|(index, pool)| {
            let threads = setup.pools.get(index).copied().unwrap_or(1);
            PoolMeter::new(threads, node(pool.node).up)
        });
        let pools = pools.collect();
        let balancers = layout.behind.iter();
        let balancers = balancers
            .map(|station| BalancerMeter::new(station.map_or(0, |station| node(station).servers)));
        let mut metrics = Metrics {
            duration: setup.duration.0,
            windows: setup.windows.max(1),
            warmup: setup.warmup.0,
            now: 0,
            next_boundary: 0,
            measuring: false,
            window: 0,
            classes: vec![ClassMeter::default(); wiring.classes.len()],
            pools,
            edges: vec![EdgeMeter::default(); wiring.edges.len()],
            caches: vec![CacheMeter::default(); wiring.caches.len()],
            stations,
            balancers: balancers.collect(),
            monitors: vec![MonitorMeter::default(); wiring.nodes.len()],
            alarms: vec![AlarmMeter::default(); wiring.alarms.len()],
            table: Table::default(),
            timeline: Timeline::new(wiring),
            went_back: false,
            judge: Judge::default(),
            layout: Arc::new(layout),
        };
        metrics.table = Table::new(metrics.describe_columns());
        if setup.warmup == Time::ZERO {
            metrics.end_warmup(0);
        }
        metrics.next_boundary = metrics.boundary();
        metrics
    }

    fn describe_columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        self.fill(Span { nanos: 1.0 }, &mut |owner, name, unit, _| {
            let (prefix, node) = series::owner_name(self.wiring(), owner);
            columns.push(Column { key: format!("{prefix}/{name}"), node, unit });
        });
        columns
    }

    /// Fills a row: the one place that decides which columns exist, and their order.
    fn fill(&self, span: Span, sink: &mut Sink) {
        let wiring = self.wiring();
        for (index, node) in wiring.nodes() {
            let owner = Owner::Node(index);
            match node.kind {
                NodeKind::Clients => self.fill_population(index, span, sink),
                NodeKind::Balancer => self.balancer(index).columns(owner, span, sink),
                NodeKind::Service | NodeKind::Database | NodeKind::Queue => {
                    let pools: Vec<_> =
                        wiring.pools_of(index).map(|pool| self.pool(pool)).collect();
                    self.station(index).columns(owner, &pools, span, sink);
                    if node.kind == NodeKind::Database {
                        self.station(index).stored().columns(owner, span, sink);
                        self.station(index).copies().columns(owner, span, sink);
                    }
                }
                NodeKind::Monitor => self.fill_monitor(index, span, sink),
            }
            for pool in wiring.pools_of(index) {
                self.pool(pool).columns(Owner::Pool(pool), span, sink);
            }
            for cache in wiring.caches_of(index) {
                self.cache(cache).columns(Owner::Cache(cache), span, sink);
            }
            let callers = self.station(index).servers().value();
            for edge in wiring.edges_of(index) {
                self.edge(edge).columns(Owner::Edge(edge), span, callers, sink);
            }
        }
    }

    fn fill_population(&self, node: NodeIndex, span: Span, sink: &mut Sink) {
        let indices: Vec<_> = self.wiring().classes_of(node).collect();
        let classes: Vec<_> = indices.iter().map(|&class| self.class(class)).collect();
        class::columns(Owner::Node(node), &classes, span, sink);
        if classes.len() > 1 {
            for (&index, class) in indices.iter().zip(&classes) {
                class::columns(Owner::Class(index), &[class], span, sink);
            }
        }
    }

    fn fill_monitor(&self, node: NodeIndex, span: Span, sink: &mut Sink) {
        let indices: Vec<AlarmIndex> = self.wiring().alarms_of(node).collect();
        let alarms: Vec<_> = indices.iter().map(|&alarm| self.alarm(alarm)).collect();
        self.monitor(node).columns(Owner::Node(node), &alarms, span, sink);
        for (&index, alarm) in indices.iter().zip(&alarms) {
            alarm.columns(Owner::Alarm(index), span, sink);
        }
    }

    /// The number of threads per server of a pool changed while the run goes on.
    pub fn retune_threads(&mut self, now: Time, pool: PoolIndex, threads_per_server: u32) {
        self.advance_to(now);
        let up = self.station(self.wiring().pool(pool).node).up().value();
        self.pool_mut(pool).resize(now.0, threads_per_server, up);
    }

    /// The number of cores per server of a node changed while the run goes on.
    pub fn retune_cores(&mut self, now: Time, node: NodeIndex, cores_per_server: Option<u32>) {
        self.advance_to(now);
        self.station_mut(node).resize_cores(now.0, cores_per_server);
    }

    /// Everything that happens up to and including `now` has been observed. May be called at any
    /// moment, as often as one likes, without changing a result.
    ///
    /// The last window closes here and not in [`Metrics::observe`], because something may still
    /// happen in the very last nanosecond.
    pub fn advance_to(&mut self, now: Time) {
        if now.0 >= self.next_boundary {
            self.pass_boundaries(now.0);
        }
        self.now = self.now.max(now.0);
        let last_is_open = self.window + 1 == self.windows;
        if self.now >= self.duration && last_is_open {
            self.close_window(self.duration);
        }
    }

    fn end_of(&self, window: u32) -> u64 {
        Time(self.duration).part(window + 1, self.windows).0
    }

    fn boundary(&self) -> u64 {
        let window_ends =
            if self.window + 1 < self.windows { self.end_of(self.window) } else { u64::MAX };
        if self.measuring { window_ends } else { window_ends.min(self.warmup) }
    }

    #[cold]
    fn pass_boundaries(&mut self, now: u64) {
        while self.next_boundary <= now {
            let boundary = self.next_boundary;
            if !self.measuring && boundary == self.warmup {
                self.end_warmup(boundary);
            }
            if self.window + 1 < self.windows && boundary == self.end_of(self.window) {
                self.close_window(boundary);
            }
            self.next_boundary = self.boundary();
        }
    }

    fn settle(&mut self, now: u64) {
        self.classes.iter_mut().for_each(|meter| meter.settle(now));
        self.pools.iter_mut().for_each(|meter| meter.settle(now));
        self.edges.iter_mut().for_each(|meter| meter.settle(now));
        self.stations.iter_mut().for_each(|meter| meter.settle(now));
        self.balancers.iter_mut().for_each(|meter| meter.settle(now));
        self.monitors.iter_mut().for_each(|meter| meter.settle(now));
    }

    fn close_window(&mut self, end: u64) {
        self.settle(end);
        let start = if self.window == 0 { 0 } else { self.end_of(self.window - 1) };
        // A window of no length (more windows than nanoseconds) holds nothing; any length will do.
        let span = Span { nanos: (end - start).max(1) as f64 };
        let mut table = std::mem::take(&mut self.table);
        self.fill(span, &mut |_, _, _, value| table.push(value));
        table.end_row();
        self.table = table;
        self.window += 1;
        self.classes.iter_mut().for_each(ClassMeter::start_window);
        self.pools.iter_mut().for_each(PoolMeter::start_window);
        self.edges.iter_mut().for_each(EdgeMeter::start_window);
        self.caches.iter_mut().for_each(CacheMeter::start_window);
        self.stations.iter_mut().for_each(StationMeter::start_window);
        self.balancers.iter_mut().for_each(BalancerMeter::start_window);
        self.monitors.iter_mut().for_each(MonitorMeter::start_window);
        self.alarms.iter_mut().for_each(AlarmMeter::start_window);
    }

    fn end_warmup(&mut self, now: u64) {
        self.settle(now);
        self.measuring = true;
        self.classes.iter_mut().for_each(ClassMeter::end_warmup);
        self.pools.iter_mut().for_each(|meter| meter.end_warmup(now));
        self.edges.iter_mut().for_each(EdgeMeter::end_warmup);
        self.caches.iter_mut().for_each(CacheMeter::end_warmup);
        self.stations.iter_mut().for_each(|meter| meter.end_warmup(now));
        self.balancers.iter_mut().for_each(BalancerMeter::end_warmup);
        self.monitors.iter_mut().for_each(MonitorMeter::end_warmup);
        self.alarms.iter_mut().for_each(AlarmMeter::end_warmup);
    }

    #[inline]
    fn class_mut(&mut self, index: ClassIndex) -> &mut ClassMeter {
        &mut self.classes[usize::from(index.0)]
    }

    #[inline]
    fn pool_mut(&mut self, index: PoolIndex) -> &mut PoolMeter {
        &mut self.pools[usize::from(index.0)]
    }

    #[inline]
    fn edge_mut(&mut self, index: EdgeIndex) -> &mut EdgeMeter {
        &mut self.edges[usize::from(index.0)]
    }

    #[inline]
    fn cache_mut(&mut self, index: CacheIndex) -> &mut CacheMeter {
        &mut self.caches[usize::from(index.0)]
    }

    #[inline]
    fn station_mut(&mut self, index: NodeIndex) -> &mut StationMeter {
        &mut self.stations[usize::from(index.0)]
    }

    #[inline]
    fn station_of(&mut self, pool: PoolIndex) -> &mut StationMeter {
        let node = self.layout.wiring.pool(pool).node;
        self.station_mut(node)
    }
}
