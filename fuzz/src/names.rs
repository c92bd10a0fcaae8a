//! Who is called what in a random scenario: all that a schema cannot say.
//!
//! Calls go from earlier to later stations only, so no circle can come about. Names of programs are
//! the same everywhere, so that `node.program` exists more often than not.

use crate::dice::Dice;
use serde_json::Value;

/// Kinds of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A population.
    Clients,
    /// A balancer.
    Balancer,
    /// A service.
    Service,
    /// A database.
    Database,
    /// A message broker.
    Queue,
    /// A monitor.
    Monitor,
}

impl Kind {
    /// The word in the field `kind`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Clients => "clients",
            Kind::Balancer => "balancer",
            Kind::Service => "service",
            Kind::Database => "database",
            Kind::Queue => "queue",
            Kind::Monitor => "monitor",
        }
    }
}

/// A node, and the names inside it.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its key.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// Its pools.
    pub pools: Vec<String>,
    /// Its programs: endpoints or queries.
    pub programs: Vec<String>,
    /// Its calls, with whom they are to.
    pub calls: Vec<(String, String)>,
    /// Its caches.
    pub caches: Vec<String>,
    /// Its classes.
    pub classes: Vec<String>,
    /// The service behind it.
    pub behind: Option<String>,
}

impl Named {
    fn new(key: String, kind: Kind) -> Named {
        let (pools, programs, calls, caches, classes) = Default::default();
        Named { key, kind, pools, programs, calls, caches, classes, behind: None }
    }
}

/// The nodes of a scenario.
#[derive(Clone, Debug)]
pub struct Names {
    /// In their order.
    pub nodes: Vec<Named>,
}

fn some(names: &[&str], count: u64) -> Vec<String> {
    names.iter().take(count as usize).map(|&name| name.to_owned()).collect()
}

impl Names {
    /// Makes names up.
    pub fn draw(dice: &mut Dice) -> Names {
        let mut nodes = Vec::new();
        for key in some(&["users", "fans", "robots"], 1 + dice.roll(5) / 2) {
            let mut node = Named::new(key, Kind::Clients);
            node.classes = some(&["a", "b", "c"], dice.roll(4));
            nodes.push(node);
        }
        let services = some(&["web", "shop", "stock", "mail"], dice.between(1, 4));
        for key in services {
            // Those behind it may take messages from it, so that no circle can come about.
            if dice.percent(15) && nodes.iter().all(|node| node.kind != Kind::Queue) {
                let mut queue = Named::new("queue".to_owned(), Kind::Queue);
                queue.programs = some(&["publish"], 1);
                nodes.push(queue);
            }
            let mut node = Named::new(key, Kind::Service);
            node.pools = some(&["fast", "slow"], dice.between(1, 2));
            node.programs = some(&["page", "item", "list"], dice.between(1, 3));
            node.caches = some(&["near", "far"], dice.roll(3));
            nodes.push(node);
        }
        for key in some(&["db", "log"], dice.roll(3)) {
            let mut node = Named::new(key, Kind::Database);
            node.programs = some(&["page", "item"], dice.between(1, 2));
            nodes.push(node);
        }
        let of_service = |node: &Named| node.kind == Kind::Service;
        let services: Vec<Named> = nodes.iter().filter(|node| of_service(node)).cloned().collect();
        for key in some(&["lb", "gate"], dice.roll(3)) {
            let mut node = Named::new(key, Kind::Balancer);
            let behind = dice.pick(&services);
            node.programs = behind.programs.clone();
            node.behind = Some(behind.key.clone());
            nodes.push(node);
        }
        for key in some(&["watch"], dice.roll(3) / 2) {
            nodes.insert(0, Named::new(key, Kind::Monitor));
        }
        let mut names = Names { nodes };
        for caller in 0..names.nodes.len() {
            names.draw_calls(dice, caller);
        }
        names
    }

    /// The names that a document has.
    pub fn of(document: &Value) -> Names {
        let named = |(key, node): (&String, &Value)| {
            let kinds = [
                Kind::Clients,
                Kind::Balancer,
                Kind::Service,
                Kind::Database,
                Kind::Queue,
                Kind::Monitor,
            ];
            let kind = kinds.into_iter().find(|kind| node["kind"] == kind.word())?;
            let entries = |part: &str| node[part].as_object().into_iter().flatten();
            let keys = |part: &str| entries(part).map(|(key, _)| key.clone());
            let to = |call: &Value| call["to"].as_str().unwrap_or_default().to_owned();
            Some(Named {
                key: key.clone(),
                kind,
                pools: keys("pools").collect(),
                programs: keys("endpoints").chain(keys("queries")).collect(),
                calls: entries("calls").map(|(key, call)| (key.clone(), to(call))).collect(),
                caches: keys("caches").collect(),
                classes: keys("classes").collect(),
                behind: node["to"].as_str().map(str::to_owned),
            })
        };
        let nodes = document["nodes"].as_object().into_iter().flatten();
        Names { nodes: nodes.filter_map(named).collect() }
    }

    fn draw_calls(&mut self, dice: &mut Dice, caller: usize) {
        let kind = self.nodes[caller].kind;
        let count = match kind {
            Kind::Clients => dice.between(1, 3),
            Kind::Service | Kind::Monitor => dice.roll(4),
            Kind::Balancer | Kind::Database | Kind::Queue => 0,
        };
        let position = |key: &str| self.nodes.iter().position(|node| node.key == key);
        // What a node leads to in the end: itself, or the service behind it.
        let leads_to = |node: &Named| position(node.behind.as_deref().unwrap_or(&node.key));
        let callees: Vec<&Named> = self
            .nodes
            .iter()
            .filter(|node| !matches!(node.kind, Kind::Clients | Kind::Monitor))
            .filter(|node| leads_to(node) > Some(caller))
            .collect();
        let mut calls = Vec::new();
        for key in some(&["one", "two", "three"], count) {
            let Some(last) = callees.len().checked_sub(1) else { break };
            let callee = callees[dice.between(0, last as u64) as usize];
            let program = dice.pick(&callee.programs);
            let to = if dice.percent(60) {
                format!("{}.{program}", callee.key)
            } else {
                callee.key.clone()
            };
            calls.push((key, to));
        }
        self.nodes[caller].calls = calls;
    }

    /// The queues in front of a node: it may take messages from them.
    pub fn queues_before(&self, node: usize) -> Vec<String> {
        let queues = self.nodes[..node].iter().filter(|node| node.kind == Kind::Queue);
        queues.map(|queue| queue.key.clone()).collect()
    }

    /// The node of that key.
    pub fn node(&self, key: &str) -> Option<&Named> {
        self.nodes.iter().find(|node| node.key == key)
    }

    /// What a fault with that effect may hit.
    pub fn targets(&self, effect: &str) -> Vec<String> {
        let of = |kinds: &'static [Kind]| {
            self.nodes.iter().filter(move |node| kinds.contains(&node.kind))
        };
        let stations = || {
            of(&[Kind::Service, Kind::Database, Kind::Queue])
                .flat_map(|node| [node.key.clone(), format!("{}#0", node.key)])
        };
        let ways = || {
            let calls = self.nodes.iter().flat_map(|node| {
                node.calls.iter().map(move |(call, _)| format!("{}.{call}", node.key))
            });
            calls.chain(
                of(&[Kind::Service, Kind::Database, Kind::Queue, Kind::Balancer])
                    .map(|n| n.key.clone()),
            )
        };
        match effect {
            "spike" => of(&[Kind::Clients]).map(|node| node.key.clone()).collect(),
            "latency" | "packet_loss" => ways().collect(),
            "misread" | "stale" => of(&[Kind::Service]).map(|node| node.key.clone()).collect(),
            _ => stations().collect(),
        }
    }
}
