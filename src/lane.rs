//! One lane of the page: a simulation, and the documents in which the page reads it.
//!
//! Knows nothing of the browser; `wasm` hands these documents over. The formats are described where
//! they are made, in the order in which a page needs them.

use crate::engine::Time;
use crate::metrics::snapshot::Snapshot;
use crate::plan::{Plan, Role};
use crate::problem::Problem;
use crate::report::words;
use crate::run::{Action, Run};
use crate::scenario::{Node, Text};
use crate::simulation::Simulation;
use crate::wiring::NodeKind;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One lane of the page.
#[derive(Clone, Debug)]
pub struct Lane {
    simulation: Simulation,
}

impl Lane {
    /// A lane at its start.
    ///
    /// # Errors
    /// The problems of the scenario or of the actions.
    pub fn new(run: Run) -> Lane {
        Lane { simulation: Simulation::new(run) }
    }

    /// What exists and what it is called: `{name, story, look_at, they_did, covers, duration_s, window_s,
    /// windows, nodes, edges, pools, classes, toggles, series, scenario}`. The scenario is the one in force now.
    pub fn describe(&self) -> Value {
        let scenario = &self.simulation.run().scenario;
        let plan = self.simulation.world().plan();
        let wiring = &plan.wiring;
        let node_key = |index: crate::wiring::NodeIndex| wiring.node(index).key.as_str();
        let toggles = scenario
            .toggles
            .iter()
            .map(|(key, toggle)| json!({"key": key, "name": toggle.name, "help": toggle.help}));
        let pools = wiring.pools.iter().map(|pool| {
            let node = node_key(pool.node);
            json!({"key": format!("{node}.{}", pool.key), "node": node, "pool": pool.key})
        });
        let classes = wiring.classes.iter().map(|class| {
            let node = node_key(class.node);
            json!({"key": format!("{node}.{}", class.key), "node": node, "class": class.key,
                "name": class_name(scenario.nodes.get(node), &class.key)})
        });
        let columns = self.simulation.metrics().table().columns().iter();
        let series = columns.map(
            |column| json!({"key": column.key, "node": node_key(column.node), "unit": column.unit}),
        );
        json!({
            "name": scenario.name,
            "story": scenario.story,
            "look_at": scenario.look_at,
            "they_did": scenario.they_did,
            "covers": scenario.covers,
            "seed": self.simulation.run().seed,
            "duration_s": plan.end.seconds(),
            "window_s": plan.end.seconds() / f64::from(plan.windows),
            "windows": plan.windows,
            "nodes": nodes(plan, scenario),
            "edges": edges(plan),
            "pools": pools.collect::<Vec<Value>>(),
            "classes": classes.collect::<Vec<Value>>(),
            "toggles": toggles.collect::<Vec<Value>>(),
            "series": series.collect::<Vec<Value>>(),
            "scenario": self.simulation.scenario_now(),
        })
    }

    /// Goes on until a moment, or until so many events have been handled; returns the moment reached,
    /// in seconds.
    pub fn advance(&mut self, until_s: f64, most_events: u64) -> f64 {
        self.simulation.advance(Time::from_seconds(until_s), most_events).seconds()
    }

    /// The rows of finished windows from `first` on, one value for each series; −1 is no data.
    pub fn frame(&self, first: usize) -> Vec<f64> {
        let table = self.simulation.metrics().table();
        (first..table.rows()).flat_map(|window| table.row(window).iter().copied()).collect()
    }

    /// The levels at this moment: `{at_s, clients, balancers, stations, monitors, edges}`, each by key.
    pub fn snapshot(&self) -> Value {
        let snapshot = self.simulation.metrics().snapshot();
        levels(&snapshot, self.simulation.world().plan())
    }

    /// The entries of the timeline from `first` on.
    pub fn timeline(&self, first: usize) -> Value {
        let metrics = self.simulation.metrics();
        let names = self.simulation.names();
        let entries = metrics.timeline().entries().iter().skip(first);
        let entries = entries.map(|entry| words::timeline::entry(metrics.wiring(), &names, entry));
        json!(entries.collect::<Vec<_>>())
    }

    /// Does something now.
    ///
    /// # Errors
    /// The problems of the scenario that would come of it; then nothing has changed.
    pub fn act(&mut self, action: &Action) -> Result<(), Vec<Problem>> {
        self.simulation.act(action.change.clone())
    }

    /// The simulation.
    pub fn simulation(&self) -> &Simulation {
        &self.simulation
    }
}

fn class_name<'a>(node: Option<&'a Node>, class: &str) -> Option<&'a Text> {
    match node {
        Some(Node::Clients(clients)) => clients.classes.get(class)?.name.as_ref(),
        _ => None,
    }
}

fn nodes(plan: &Plan, scenario: &crate::scenario::Scenario) -> Vec<Value> {
    let wired = plan.wiring.nodes.iter().enumerate();
    let node = |(index, node): (usize, &crate::wiring::WiredNode)| {
        let kind = match node.kind {
            NodeKind::Clients => "clients",
            NodeKind::Balancer => "balancer",
            NodeKind::Service => "service",
            NodeKind::Database => "database",
            NodeKind::Queue => "queue",
            NodeKind::Monitor => "monitor",
        };
        let name = scenario.nodes[index].name();
        let mut callees: Vec<Value> = Vec::new();
        for edge in plan.wiring.edges.iter().filter(|edge| usize::from(edge.owner.0) == index) {
            let to = &plan.wiring.node(edge.callee).key;
            callees.push(json!({"edge": format!("{}.{}", node.key, edge.key), "to": to}));
        }
        if let Role::Balancer(balancer) = plan.roles[index] {
            let station = plan.balancers[usize::from(balancer)].station;
            let to = plan.stations[usize::from(station)].node;
            callees.push(json!({"edge": null, "to": plan.wiring.node(to).key}));
        }
        if let Role::Station(station) = plan.roles[index] {
            let queue = plan.stations[usize::from(station)].queue.as_ref();
            let consumers = queue.into_iter().flat_map(|queue| &queue.consumers);
            let stations: BTreeSet<u16> = consumers.map(|(station, _)| *station).collect();
            for station in stations {
                let to = plan.stations[usize::from(station)].node;
                callees.push(json!({"edge": null, "to": plan.wiring.node(to).key}));
            }
        }
        let fallback = Text { en: node.key.clone(), ko: None };
        let name = name.unwrap_or(&fallback);
        json!({"key": node.key, "kind": kind, "name": name, "callees": callees})
    };
    wired.map(node).collect()
}

fn edges(plan: &Plan) -> Vec<Value> {
    let edge = |edge: &crate::wiring::WiredEdge| {
        let from = &plan.wiring.node(edge.owner).key;
        json!({
            "key": format!("{from}.{}", edge.key),
            "from": from,
            "to": plan.wiring.node(edge.callee).key,
            "station": plan.wiring.node(edge.station).key,
        })
    };
    plan.wiring.edges.iter().map(edge).collect()
}

/// The snapshot by key, with the limits that belong to the levels.
fn levels(snapshot: &Snapshot, plan: &Plan) -> Value {
    let mut document = json!({
        "at_s": snapshot.at_s, "clients": {}, "balancers": {}, "stations": {}, "monitors": {},
        "edges": {},
    });
    for client in &snapshot.clients {
        document["clients"][&client.node] = json!({"in_flight": client.in_flight});
    }
    for (balancer, state) in plan.balancers.iter().zip(&snapshot.balancers) {
        let servers = plan.stations[usize::from(balancer.station)].servers;
        document["balancers"][&state.node] =
            json!({"in_rotation": state.in_rotation, "servers": servers});
    }
    for (station, state) in plan.stations.iter().zip(&snapshot.stations) {
        let mut pools = json!({});
        for pool in &state.pools {
            pools[&pool.pool] =
                json!({"busy": pool.busy, "threads": pool.threads, "queue": pool.queue});
        }
        let mut entry = json!({"servers": state.servers, "up": state.up, "pools": pools});
        if let Some(cores) = state.cores {
            entry["cores"] = json!(cores);
            entry["cores_busy"] = json!(state.cores_busy);
        }
        if let Some(disk) = &station.disk {
            entry["disk_used"] = json!(state.disk_used_bytes.max(disk.used));
            entry["disk_capacity"] = json!(disk.capacity);
        }
        if station.replication.is_some() {
            entry["primary"] = json!(state.primary);
        }
        if let Some(heap) = station.memory.and_then(|memory| memory.heap) {
            entry["heap_used"] = json!(state.heap_used_bytes);
            entry["heap_limit"] = json!(heap.limit);
        }
        if let Some((rows, dead)) = state.rows {
            entry["rows"] = json!(rows);
            entry["dead_rows"] = json!(dead);
        }
        if let Some(spooled) = state.spooled {
            let most = station.spool.as_ref().map_or(0, |spool| spool.max_records);
            entry["spooled"] = json!(spooled);
            entry["spool_limit"] = json!(u64::from(most) * u64::from(state.servers));
        }
        if let Some(depth) = state.queue_depth {
            entry["queue_depth"] = json!(depth);
            entry["depth_limit"] =
                json!(station.queue.as_ref().and_then(|queue| queue.depth_limit));
        }
        document["stations"][&state.node] = entry;
    }
    for monitor in &snapshot.monitors {
        document["monitors"][&monitor.node] = json!({
            "interfaces": monitor.interfaces, "raised": monitor.raised, "sent": monitor.sent,
        });
    }
    for edge in &snapshot.edges {
        document["edges"][format!("{}.{}", edge.node, edge.call)] = json!({
            "in_flight": edge.in_flight,
            "limit": edge.concurrency_limit,
            "open": edge.breakers_open,
            "half_open": edge.breakers_half_open,
            "closed": edge.breakers_closed,
        });
    }
    document
}
