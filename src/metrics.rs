//! Metrics: listens to observations and keeps counts, levels, distributions, windows and the timeline.
//!
//! It knows the wiring and nothing of the model. Nothing depends on how a run is chunked: windows
//! close when an observation or [`Metrics::advance_to`] passes their end, always *at* their end,
//! and levels are integrated where they change and where a window ends, not where somebody looks.
//! Observing allocates nothing once histograms have seen their largest value; closing a window may.

pub mod balancer;
pub mod class;
pub mod edge;
pub mod histogram;
pub mod level;
pub mod meter;
pub mod pool;
pub mod series;
pub mod snapshot;
pub mod spread;
pub mod station;
#[cfg(test)]
mod tests;
pub mod timeline;

pub use meter::NO_DATA;
pub use series::{Column, Series, Table};
pub use snapshot::Snapshot;

use crate::engine::Time;
use crate::observation::Observation;
use crate::wiring::{ClassIndex, EdgeIndex, NodeIndex, NodeKind, PoolIndex, Wiring};
use balancer::BalancerMeter;
use class::ClassMeter;
use edge::EdgeMeter;
use meter::{Owner, Sink, Span};
use pool::PoolMeter;
use station::StationMeter;
use std::sync::Arc;
use timeline::{Happening, Timeline};

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
}

impl Default for NodeSetup {
    fn default() -> Self {
        NodeSetup { servers: 1, up: 1, cores: None }
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
    /// By node; those of other nodes than stations only hold their number of servers.
    stations: Vec<StationMeter>,
    /// By node; only those of balancers are used.
    balancers: Vec<BalancerMeter>,
    table: Table,
    timeline: Timeline,
}

impl Metrics {
    /// Metrics of a run that is about to start.
    pub fn new(wiring: &Wiring, setup: &MetricsSetup) -> Metrics {
        let layout = Layout::new(wiring);
        let node = |index: NodeIndex| setup.nodes.get(usize::from(index.0)).copied();
        let node = |index: NodeIndex| node(index).unwrap_or_default();
        let stations = wiring.nodes().map(|(index, _)| {
            let NodeSetup { servers, up, cores } = node(index);
            StationMeter::new(servers, up, cores)
        });
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
            measuring: setup.warmup == Time::ZERO,
            window: 0,
            classes: vec![ClassMeter::default(); wiring.classes.len()],
            pools,
            edges: vec![EdgeMeter::default(); wiring.edges.len()],
            stations,
            balancers: balancers.collect(),
            table: Table::default(),
            timeline: Timeline::new(wiring.nodes.len(), wiring.edges.len()),
            layout: Arc::new(layout),
        };
        metrics.table = Table::new(metrics.describe_columns());
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
                NodeKind::Service | NodeKind::Database => {
                    let pools: Vec<_> =
                        wiring.pools_of(index).map(|pool| self.pool(pool)).collect();
                    self.station(index).columns(owner, &pools, span, sink);
                }
            }
            for pool in wiring.pools_of(index) {
                self.pool(pool).columns(Owner::Pool(pool), span, sink);
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

    /// Takes note of something that has just happened at `now`, which never goes back.
    #[inline]
    pub fn observe(&mut self, now: Time, observation: Observation) {
        if now.0 >= self.next_boundary {
            self.pass_boundaries(now.0);
        }
        self.now = now.0;
        self.dispatch(now, observation);
    }

    #[inline]
    fn dispatch(&mut self, at: Time, observation: Observation) {
        use Observation as O;
        let (now, measuring) = (at.0, self.measuring);
        match observation {
            O::RequestStarted { class, refresh, .. } => self.class_mut(class).started(now, refresh),
            O::RequestEnded { class, outcome, response } => {
                let warmup = self.warmup;
                self.class_mut(class).ended(now, outcome, response.0, warmup);
            }
            O::TryRejected { edge, cause } => self.edge_mut(edge).rejected(cause),
            O::AttemptSent { edge, retry } => self.edge_mut(edge).sent(now, retry),
            O::AttemptEnded { edge, outcome, took } => {
                self.edge_mut(edge).ended(now, outcome, took.0, measuring);
            }
            O::RetryDenied { edge } => self.edge_mut(edge).retry_denied(),
            O::FallbackUsed { edge } => self.edge_mut(edge).fell_back(),
            O::CallEnded { edge, .. } => self.edge_mut(edge).call_ended(),
            O::ConnectionsChanged { edge, by } => self.edge_mut(edge).connections_changed(now, by),
            O::WorkArrived { pool, server } => {
                self.pool_mut(pool).arrived(now);
                self.station_of(pool).arrived(server);
            }
            O::WorkRefused { pool, cause, waited } => {
                self.pool_mut(pool).refused(now, cause, waited.0);
            }
            O::Queued { pool } => self.pool_mut(pool).queued(now),
            O::Dequeued { pool } => self.pool_mut(pool).dequeued(now),
            O::WorkStarted { pool, waited } => self.pool_mut(pool).started(waited.0, measuring),
            O::ThreadTaken { pool } => self.pool_mut(pool).taken(now),
            O::ThreadFreed { pool } => self.pool_mut(pool).freed(now),
            O::WorkEnded { pool, outcome, took, wasted } => {
                self.pool_mut(pool).ended(now, outcome, took.0, wasted);
                self.station_of(pool).ended(took.0, measuring);
            }
            O::WorkDrawn { .. } => {}
            O::CoresBusy { node, cores } => self.station_mut(node).cores_busy(now, cores),
            rare => self.dispatch_rare(at, rare),
        }
    }

    /// What happens to servers, balancers, breakers and the timeline: away from the hot path.
    #[cold]
    fn dispatch_rare(&mut self, at: Time, observation: Observation) {
        use Observation as O;
        let now = at.0;
        match observation {
            O::ServersChanged { node, servers, up } => self.servers_changed(now, node, servers, up),
            O::OutOfRotation { balancer, server } => self.rotated(now, balancer, server, true),
            O::BackInRotation { balancer, server } => self.rotated(now, balancer, server, false),
            O::Shed { balancer } => self.balancers[usize::from(balancer.0)].shed(),
            O::BreakerChanged { edge, server, state } => {
                self.edge_mut(edge).breaker_changed(now, server, state);
            }
            O::ServerDown { node, server, cause } => self.station_mut(node).down(at, server, cause),
            O::DiskUsed { node, server, bytes } => self.station_mut(node).disk_used(server, bytes),
            O::DiskFull { node, .. } => self.station_mut(node).disk_full(at),
            _ => {}
        }
        if let Some((happening, server, bytes)) = told(observation) {
            self.timeline.push(at, self.window, happening, server, bytes);
        }
    }

    fn servers_changed(&mut self, now: u64, node: NodeIndex, servers: u32, up: u32) {
        self.station_mut(node).servers_changed(now, servers, up);
        let layout = Arc::clone(&self.layout);
        for pool in layout.wiring.pools_of(node) {
            let threads = self.pool(pool).threads_per_server();
            self.pool_mut(pool).resize(now, threads, up);
        }
        for balancer in &layout.balancers[usize::from(node.0)] {
            self.balancers[usize::from(balancer.0)].servers_changed(now, servers);
        }
    }

    fn rotated(&mut self, now: u64, balancer: NodeIndex, server: u32, out: bool) {
        self.balancers[usize::from(balancer.0)].rotated(now, server, out);
        if let Some(station) = self.layout.behind[usize::from(balancer.0)] {
            self.station_mut(station).rotation_changed(now);
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

    /// End of a window, as exact as whole nanoseconds allow: `duration × (window + 1) ÷ windows`,
    /// without the product, which may not fit 64 bits.
    fn end_of(&self, window: u32) -> u64 {
        let (whole, rest) =
            (self.duration / u64::from(self.windows), self.duration % u64::from(self.windows));
        let ends = u64::from(window) + 1;
        whole * ends + rest * ends / u64::from(self.windows)
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
        self.stations.iter_mut().for_each(StationMeter::start_window);
        self.balancers.iter_mut().for_each(BalancerMeter::start_window);
    }

    fn end_warmup(&mut self, now: u64) {
        self.settle(now);
        self.measuring = true;
        self.classes.iter_mut().for_each(ClassMeter::end_warmup);
        self.pools.iter_mut().for_each(PoolMeter::end_warmup);
        self.edges.iter_mut().for_each(EdgeMeter::end_warmup);
        self.stations.iter_mut().for_each(|meter| meter.end_warmup(now));
        self.balancers.iter_mut().for_each(BalancerMeter::end_warmup);
    }

    fn class_mut(&mut self, index: ClassIndex) -> &mut ClassMeter {
        &mut self.classes[usize::from(index.0)]
    }

    fn pool_mut(&mut self, index: PoolIndex) -> &mut PoolMeter {
        &mut self.pools[usize::from(index.0)]
    }

    fn edge_mut(&mut self, index: EdgeIndex) -> &mut EdgeMeter {
        &mut self.edges[usize::from(index.0)]
    }

    fn station_mut(&mut self, index: NodeIndex) -> &mut StationMeter {
        &mut self.stations[usize::from(index.0)]
    }

    fn station_of(&mut self, pool: PoolIndex) -> &mut StationMeter {
        let node = self.layout.wiring.pool(pool).node;
        self.station_mut(node)
    }
}

/// What an observation adds to the timeline, with the server and the bytes that it is about.
fn told(observation: Observation) -> Option<(Happening, u32, u64)> {
    use Observation as O;
    Some(match observation {
        O::FaultStarted { fault } => (Happening::FaultStarted(fault), 0, 0),
        O::FaultEnded { fault } => (Happening::FaultEnded(fault), 0, 0),
        O::Switched { toggle, on } => (Happening::Switched(toggle, on), 0, 0),
        O::Intervened { label } => (Happening::Intervened(label), 0, 0),
        O::ServerDown { node, server, cause } => (Happening::Down(node, cause), server, 0),
        O::ServerBooting { node, server } => (Happening::Booting(node), server, 0),
        O::ServerUp { node, server } => (Happening::Up(node), server, 0),
        O::OutOfRotation { balancer, server } => (Happening::OutOfRotation(balancer), server, 0),
        O::BackInRotation { balancer, server } => (Happening::BackInRotation(balancer), server, 0),
        O::BreakerChanged { edge, server, state } => (Happening::Breaker(edge, state), server, 0),
        O::DiskFull { node, server } => (Happening::DiskFull(node), server, 0),
        O::LogRotated { node, server, freed_bytes } => {
            (Happening::LogRotated(node), server, freed_bytes)
        }
        _ => return None,
    })
}

/// What can be read, at any time.
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

    /// The meter of a service or a database.
    pub fn station(&self, index: NodeIndex) -> &StationMeter {
        &self.stations[usize::from(index.0)]
    }

    /// The meter of a balancer.
    pub fn balancer(&self, index: NodeIndex) -> &BalancerMeter {
        &self.balancers[usize::from(index.0)]
    }

    /// What contradicts conservation of requests, work and attempts, or Little's law: empty
    /// unless model or metrics have a bug. Meant for a moment at which no event is half done.
    pub fn check_invariants(&self) -> Vec<String> {
        let (wiring, now) = (self.wiring(), self.now);
        let mut problems = Vec::new();
        let mut note = |owner: Owner, problem: Option<String>| {
            if let Some(problem) = problem {
                problems.push(format!("{}: {problem}", series::owner_name(wiring, owner).0));
            }
        };
        for (index, meter) in (0u16..).zip(&self.classes) {
            note(Owner::Class(ClassIndex(index)), meter.problem(now));
        }
        for (index, meter) in (0u16..).zip(&self.pools) {
            note(Owner::Pool(PoolIndex(index)), meter.problem(now));
        }
        for (index, meter) in (0u16..).zip(&self.edges) {
            note(Owner::Edge(EdgeIndex(index)), meter.problem());
        }
        if let Some(key) = self.table.nonsense() {
            problems.push(format!("{key}: not a number"));
        }
        problems
    }
}
