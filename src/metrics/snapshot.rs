//! The state of the system at this moment, for the picture of its topology.

use super::Metrics;
use super::station::StationMeter;
use crate::wiring::{EdgeIndex, NodeIndex, NodeKind};
use serde::Serialize;

/// The state of the system at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Snapshot {
    /// The moment, in seconds.
    pub at_s: f64,
    /// Client populations.
    pub clients: Vec<ClientState>,
    /// Balancers.
    pub balancers: Vec<BalancerState>,
    /// Services and databases.
    pub stations: Vec<StationState>,
    /// Monitors.
    pub monitors: Vec<MonitorState>,
    /// Calls.
    pub edges: Vec<EdgeState>,
}

/// State of a client population.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientState {
    /// Its key.
    pub node: String,
    /// Requests under way.
    pub in_flight: u32,
}

/// State of a balancer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BalancerState {
    /// Its key.
    pub node: String,
    /// Servers that receive requests.
    pub in_rotation: u32,
}

/// What a monitor has come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MonitorState {
    /// Its key.
    pub node: String,
    /// Interfaces that it tests.
    pub interfaces: u32,
    /// How often its alarms have occurred.
    pub raised: u64,
    /// How often they have been told.
    pub sent: u64,
}

/// State of a service or a database.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StationState {
    /// Its key.
    pub node: String,
    /// Servers that exist.
    pub servers: u32,
    /// Servers that are up.
    pub up: u32,
    /// Cores in use over all servers.
    pub cores_busy: f64,
    /// Cores of all servers that are up, if they are limited.
    pub cores: Option<u32>,
    /// Bytes that live in the fullest memory; 0 where that is not followed.
    pub heap_used_bytes: u64,
    /// Bytes in use on the fullest disk.
    pub disk_used_bytes: u64,
    /// Whether a disk has ever been full.
    pub disk_was_full: bool,
    /// Live and dead rows of its tables, if it has any.
    pub rows: Option<(u64, u64)>,
    /// Queries that wait for a row lock.
    pub lock_waiting: u32,
    /// Records in the spools of its servers, if its programs keep any there.
    pub spooled: Option<u32>,
    /// Messages that nobody deals with, if it is a queue.
    pub queue_depth: Option<u32>,
    /// The server of a database that takes writes, if one does.
    pub primary: Option<u32>,
    /// Thread pools.
    pub pools: Vec<PoolState>,
}

/// State of a thread pool over all servers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolState {
    /// Its key in the station.
    pub pool: String,
    /// Threads of the servers that are up.
    pub threads: u32,
    /// Threads that are busy.
    pub busy: u32,
    /// Requests that wait.
    pub queue: u32,
}

/// State of a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EdgeState {
    /// The calling node.
    pub node: String,
    /// Its key in the calling node.
    pub call: String,
    /// Attempts under way, as the caller sees it.
    pub in_flight: u32,
    /// Connections in use.
    pub connections: u32,
    /// Calls that the adaptive limits of all calling servers together allow; 0 without any.
    pub concurrency_limit: u32,
    /// Breakers that let no call pass.
    pub breakers_open: u32,
    /// Breakers that let some calls pass.
    pub breakers_half_open: u32,
    /// Breakers that let calls pass, of all calling servers.
    pub breakers_closed: u32,
}

impl Snapshot {
    /// The state that the metrics have reached.
    pub fn new(metrics: &Metrics) -> Snapshot {
        let nodes = |kind: NodeKind| {
            let all = metrics.wiring().nodes();
            all.filter(move |(_, node)| node.kind == kind).map(|(index, _)| index)
        };
        Snapshot {
            at_s: metrics.now().seconds(),
            clients: nodes(NodeKind::Clients).map(|node| client(metrics, node)).collect(),
            balancers: nodes(NodeKind::Balancer).map(|node| balancer(metrics, node)).collect(),
            stations: metrics.wiring().stations().map(|node| station(metrics, node)).collect(),
            monitors: nodes(NodeKind::Monitor).map(|node| monitor(metrics, node)).collect(),
            edges: (0..metrics.wiring().edges.len())
                .map(|index| edge(metrics, EdgeIndex(index as u16)))
                .collect(),
        }
    }
}

fn key(metrics: &Metrics, node: NodeIndex) -> String {
    metrics.wiring().node(node).key.clone()
}

fn client(metrics: &Metrics, node: NodeIndex) -> ClientState {
    let classes = metrics.wiring().classes_of(node);
    let in_flight = classes.map(|class| metrics.class(class).in_flight()).sum();
    ClientState { node: key(metrics, node), in_flight }
}

fn balancer(metrics: &Metrics, node: NodeIndex) -> BalancerState {
    let in_rotation = metrics.balancer(node).in_rotation();
    BalancerState { node: key(metrics, node), in_rotation }
}

fn monitor(metrics: &Metrics, node: NodeIndex) -> MonitorState {
    let alarms = metrics.wiring().alarms_of(node).map(|alarm| metrics.alarm(alarm).all());
    let (raised, sent) = alarms.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let interfaces = metrics.monitor(node).interfaces().value();
    MonitorState { node: key(metrics, node), interfaces, raised, sent }
}

fn station(metrics: &Metrics, node: NodeIndex) -> StationState {
    let meter: &StationMeter = metrics.station(node);
    let pools = metrics.wiring().pools_of(node).map(|pool| {
        let meter = metrics.pool(pool);
        PoolState {
            pool: metrics.wiring().pool(pool).key.clone(),
            threads: meter.threads().value(),
            busy: meter.busy().value(),
            queue: meter.queue().value(),
        }
    });
    let data = meter.data();
    StationState {
        node: key(metrics, node),
        servers: meter.servers().value(),
        up: meter.up().value(),
        cores_busy: meter.cores_in_use(),
        cores: meter.cores_per_server().map(|cores| cores.saturating_mul(meter.up().value())),
        heap_used_bytes: meter.memory().heap(),
        disk_used_bytes: meter.disk(),
        disk_was_full: meter.disk_full_at().is_some(),
        rows: meter.stored().rows().map(|rows| (rows.live, rows.dead)),
        lock_waiting: meter.stored().waiting().level().value(),
        spooled: data.kinds().spool.then(|| data.spool().value()),
        queue_depth: data.kinds().queue.then(|| data.queue().value()),
        primary: meter.copies().primary(),
        pools: pools.collect(),
    }
}

fn edge(metrics: &Metrics, index: EdgeIndex) -> EdgeState {
    let edge = metrics.wiring().edge(index);
    let meter = metrics.edge(index);
    let breakers = meter.breakers();
    let callers = metrics.station(edge.owner).servers().value().max(1);
    EdgeState {
        node: key(metrics, edge.owner),
        call: edge.key.clone(),
        in_flight: meter.in_flight(),
        connections: meter.connections(),
        concurrency_limit: meter.limit().value(),
        breakers_open: breakers.open,
        breakers_half_open: breakers.half_open,
        breakers_closed: callers.saturating_sub(breakers.open + breakers.half_open),
    }
}
