//! From names to indices, from milliseconds to nanoseconds.
//!
//! The checker has made sure that every name resolves, so a miss here is a bug of the checker.

mod edge;
mod monitor;
mod queue;
mod replication;
mod station;
mod table;

use super::arrivals::arrivals;
use super::quantity::sampler;
use super::*;
use crate::pattern::failover;
use crate::scenario::{Balancer, Call, Clients, HealthCheck, Node};
use crate::wiring::{
    NodeKind, WiredAlarm, WiredCache, WiredClass, WiredEdge, WiredNode, WiredPool,
};

/// Name of the only pool of a database or a broker.
const SESSIONS: &str = "sessions";
/// Name of the only class of a population without classes.
const EVERYBODY: &str = "all";

pub(super) fn compile(scenario: &Scenario) -> Plan {
    let mut compiler = Compiler { scenario, wiring: wire(scenario), roles: roles(scenario) };
    let mut plan = Plan {
        wiring: Wiring::default(),
        seed: scenario.seed,
        end: Time::from_seconds(scenario.duration_s),
        warmup: Time::from_seconds(scenario.warmup_s),
        windows: scenario.windows,
        max_events: scenario.max_events,
        roles: Vec::new(),
        populations: Vec::new(),
        balancers: Vec::new(),
        stations: Vec::new(),
        monitors: Vec::new(),
        alarms: Vec::new(),
        edges: Vec::new(),
        faults: scenario.faults.iter().map(|(key, fault)| compiler.fault(key, fault)).collect(),
    };
    for (position, (key, node)) in scenario.nodes.iter().enumerate() {
        let index = NodeIndex(position as u16);
        match node {
            Node::Clients(clients) => {
                plan.populations.push(compiler.population(index, key, clients));
            }
            Node::Balancer(balancer) => {
                plan.balancers.push(compiler.balancer(index, key, balancer));
            }
            Node::Service(service) => plan.stations.push(compiler.service(index, key, service)),
            Node::Queue(queue) => plan.stations.push(compiler.queue(index, key, queue)),
            Node::Database(database) => {
                plan.stations.push(compiler.database(index, key, database));
            }
            Node::Monitor(monitor) => {
                plan.alarms.extend(compiler.alarms(index, monitor));
                plan.monitors.push(compiler.monitor(index, key, monitor));
            }
        }
        for (name, call) in calls_of(node) {
            plan.edges.push(compiler.edge(index, key, name, call));
        }
    }
    for station in plan.alarms.iter().filter_map(|alarm| alarm.signal.station()) {
        plan.stations[usize::from(station)].watched = true;
    }
    plan.roles = std::mem::take(&mut compiler.roles);
    plan.wiring = compiler.wiring;
    plan
}

/// The calls that a node makes.
fn calls_of(node: &Node) -> impl Iterator<Item = (&String, &Call)> {
    let calls = match node {
        Node::Clients(clients) => Some(&clients.calls),
        Node::Service(service) => Some(&service.calls),
        Node::Monitor(monitor) => Some(&monitor.calls),
        Node::Balancer(_) | Node::Database(_) | Node::Queue(_) => None,
    };
    calls.into_iter().flatten()
}

fn roles(scenario: &Scenario) -> Vec<Role> {
    let (mut populations, mut balancers, mut stations, mut monitors) = (0, 0, 0, 0);
    let next = |counter: &mut u16| {
        *counter += 1;
        *counter - 1
    };
    let role = |node: &Node| match node {
        Node::Clients(_) => Role::Population(next(&mut populations)),
        Node::Balancer(_) => Role::Balancer(next(&mut balancers)),
        Node::Service(_) | Node::Database(_) | Node::Queue(_) => Role::Station(next(&mut stations)),
        Node::Monitor(_) => Role::Monitor(next(&mut monitors)),
    };
    scenario.nodes.values().map(role).collect()
}

fn wire(scenario: &Scenario) -> Wiring {
    let mut wiring = Wiring::default();
    for (position, (key, node)) in scenario.nodes.iter().enumerate() {
        let index = NodeIndex(position as u16);
        let kind = match node {
            Node::Clients(_) => NodeKind::Clients,
            Node::Balancer(_) => NodeKind::Balancer,
            Node::Service(_) => NodeKind::Service,
            Node::Database(_) => NodeKind::Database,
            Node::Queue(_) => NodeKind::Queue,
            Node::Monitor(_) => NodeKind::Monitor,
        };
        wiring.nodes.push(WiredNode { key: key.clone(), kind });
        let pool = |key: &str| WiredPool { node: index, key: key.to_owned() };
        let class = |key: &str| WiredClass { node: index, key: key.to_owned() };
        match node {
            Node::Clients(clients) if clients.classes.is_empty() => {
                wiring.classes.push(class(EVERYBODY));
            }
            Node::Clients(clients) => {
                wiring.classes.extend(clients.classes.keys().map(|key| class(key)));
            }
            Node::Service(service) => {
                wiring.pools.extend(service.pools.keys().map(|key| pool(key)));
                let cache = |key: &String| WiredCache { node: index, key: key.clone() };
                wiring.caches.extend(service.caches.keys().map(cache));
            }
            Node::Database(_) | Node::Queue(_) => wiring.pools.push(pool(SESSIONS)),
            Node::Monitor(monitor) => {
                let alarm = |key: &String| WiredAlarm { node: index, key: key.clone() };
                wiring.alarms.extend(monitor.alarms.keys().map(alarm));
            }
            Node::Balancer(_) => {}
        }
        for (key, call) in calls_of(node) {
            let callee = node_index(scenario, node_of(&call.to));
            let station = match &scenario.nodes[usize::from(callee.0)] {
                Node::Balancer(balancer) => node_index(scenario, &balancer.to),
                _ => callee,
            };
            let key = key.clone();
            wiring.edges.push(WiredEdge { owner: index, key, callee, station });
        }
    }
    wiring
}

fn node_index(scenario: &Scenario, key: &str) -> NodeIndex {
    let position = scenario.nodes.get_index_of(key).expect("the checker resolves every node");
    NodeIndex(position as u16)
}

/// The node of `node.endpoint`.
fn node_of(target: &str) -> &str {
    target.split_once('.').map_or(target, |(node, _)| node)
}

pub(super) struct Compiler<'a> {
    scenario: &'a Scenario,
    wiring: Wiring,
    roles: Vec<Role>,
}

impl Compiler<'_> {
    fn station_of(&self, node: NodeIndex) -> u16 {
        match self.roles[usize::from(node.0)] {
            Role::Station(station) => station,
            Role::Balancer(_) | Role::Population(_) | Role::Monitor(_) => {
                unreachable!("the checker lets calls end at services and databases only")
            }
        }
    }

    pub(super) fn edge_index(&self, owner: NodeIndex, call: &str) -> EdgeIndex {
        let found = |edge: &WiredEdge| edge.owner == owner && edge.key == call;
        let position = self.wiring.edges.iter().position(found);
        EdgeIndex(position.expect("the checker resolves every call") as u16)
    }

    fn first_pool(&self, node: NodeIndex) -> u16 {
        let found = self.wiring.pools.iter().position(|pool| pool.node == node);
        found.expect("services and databases have a pool") as u16
    }

    fn first_cache(&self, node: NodeIndex) -> u16 {
        let found = self.wiring.caches.iter().position(|cache| cache.node == node);
        found.unwrap_or(0) as u16
    }

    fn population(&self, node: NodeIndex, key: &str, clients: &Clients) -> PopulationPlan {
        let first_class = self.wiring.classes.iter().position(|class| class.node == node);
        let mut shares = 0.0;
        let mut classes: Vec<ClassPlan> = clients
            .classes
            .values()
            .map(|class| {
                shares += class.share;
                let edge = self.edge_index(node, &class.call);
                ClassPlan {
                    cumulative_share: shares,
                    edge,
                    priority: class.priority,
                    newcomers: class.new_users,
                }
            })
            .collect();
        if classes.is_empty() {
            let (call, _) = clients.calls.first().expect("a population has a call");
            let edge = self.edge_index(node, call);
            let newcomers = false;
            classes.push(ClassPlan { cumulative_share: 1.0, edge, priority: 0, newcomers });
        }
        PopulationPlan {
            node,
            arrivals: arrivals(clients),
            classes,
            first_class: first_class.expect("every population has a class") as u16,
            refresh: clients.refresh.as_ref().map(|refresh| RefreshPlan {
                probability: refresh.probability,
                delay: sampler(&refresh.delay),
                max_refreshes: refresh.max_refreshes,
                notice_ratio: refresh.notice_ratio,
            }),
            site: Site::named(key),
        }
    }

    fn balancer(&self, node: NodeIndex, key: &str, balancer: &Balancer) -> BalancerPlan {
        let station = node_index(self.scenario, &balancer.to);
        let check = |check: &HealthCheck| HealthCheckPlan {
            endpoint: check.endpoint.as_ref().map(|name| self.endpoint(station, Some(name))),
            initial_delay: Duration::from_ms(check.initial_delay_ms),
            rules: check.rules.clone(),
        };
        BalancerPlan {
            node,
            station: self.station_of(station),
            algorithm: balancer.algorithm,
            failover: balancer.failover.clone().unwrap_or_else(failover::Params::in_order),
            ties: balancer.ties,
            weights: balancer.weights.clone(),
            health_check: balancer.health_check.as_ref().map(check),
            passive_health: balancer.passive_health.clone(),
            outlier_detection: balancer.outlier_detection.clone(),
            panic_threshold_percent: balancer.panic_threshold_percent,
            max_in_flight: balancer.max_in_flight,
            site: Site::named(key),
        }
    }
}

/// Moments between which the load or a fault is out of the ordinary, for the verdict.
pub(super) fn triggers(plan: &Plan) -> Vec<(Time, Option<Time>)> {
    let faults = plan
        .faults
        .iter()
        .map(|fault| (fault.start, (fault.end < Time::NEVER).then_some(fault.end)));
    let load = plan.populations.iter().flat_map(|population| match &population.arrivals.source {
        Source::Stream(stream) => stream.curve.busy_spells(),
        Source::Closed { .. } => Vec::new(),
    });
    faults.chain(load).filter(|(start, _)| *start < plan.end).collect()
}
