//! Faults: what they hit exists and can suffer that effect, and no two collide.

use super::quantity;
use super::values::within_run;
use crate::engine::Time;
use crate::problem::{Problems, quoted};
use crate::scenario::shape::known;
use crate::scenario::{Call, Effect, Fault, Node, Scenario};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Checks every fault.
pub(super) fn check(scenario: &Scenario, problems: &mut Problems) {
    let mut seen: BTreeMap<(&str, &str, Time), &str> = BTreeMap::new();
    for (key, fault) in &scenario.faults {
        let path = format!("faults.{key}");
        within_run(scenario, fault.at_s, &format!("{path}.at_s"), problems);
        check_target(scenario, fault, &path, problems);
        check_recurrence(fault, &path, problems);
        if matches!(fault.effect, Effect::Kill | Effect::Reclaim { .. }) && fault.for_s.is_some() {
            let kind = kind_of(&fault.effect);
            problems
                .add(format!("{path}.for_s"), format!("\"{kind}\" happens at once: leave it out"));
        }
        let start = Time::from_seconds(fault.at_s);
        if let Some(other) = seen.insert((&fault.target, kind_of(&fault.effect), start), key) {
            let kind = kind_of(&fault.effect);
            let message =
                format!("faults.{other} has the same effect, \"{kind}\", on it then, too");
            problems.add(format!("{path}.target"), message);
        }
    }
}

fn check_recurrence(fault: &Fault, path: &str, problems: &mut Problems) {
    let Some(recurs) = &fault.recurs else { return };
    let path = format!("{path}.recurs");
    quantity::check_positive(&recurs.up, &format!("{path}.up"), problems);
    quantity::check_positive(&recurs.down, &format!("{path}.down"), problems);
    if let Some(for_s) = fault.for_s {
        let message = format!("the fault lasts once, for_s is {for_s} s: leave one of the two out");
        problems.add(path, message);
    }
}

/// What a fault can be aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Clients,
    Balancer,
    Monitor,
    Station,
    Database,
    Server,
    Call,
    /// Whether it holds whole nodes only.
    Group {
        whole: bool,
    },
}

fn check_target(scenario: &Scenario, fault: &Fault, path: &str, problems: &mut Problems) {
    let path = format!("{path}.target");
    match target_of(scenario, &fault.target) {
        Err(message) => problems.add(path, message),
        Ok(target) => {
            let (fits, needed) = suits(&fault.effect, target);
            if !fits {
                let (name, kind) = (quoted(&fault.target), kind_of(&fault.effect));
                problems.add(path, format!("{name} cannot suffer \"{kind}\": it hits {needed}"));
            }
        }
    }
}

fn target_of(scenario: &Scenario, target: &str) -> Result<Target, String> {
    if let Some(group) = scenario.groups.get(target) {
        let whole = !group.members.iter().any(|member| member.contains('#'));
        return Ok(Target::Group { whole });
    }
    target_of_node(scenario, target)
}

/// What is meant, if it is no group.
pub(super) fn target_of_node(scenario: &Scenario, target: &str) -> Result<Target, String> {
    if let Some((node, call)) = target.split_once('.') {
        let none = IndexMap::new();
        let calls = calls_of(node_named(scenario, node)?).unwrap_or(&none);
        let known = || known(call, calls.keys().map(String::as_str), "its calls are");
        return match calls.contains_key(call) {
            true => Ok(Target::Call),
            false => Err(format!("{} is no call of \"{node}\"{}", quoted(call), known())),
        };
    }
    if let Some((node, server)) = target.split_once('#') {
        let servers = match node_named(scenario, node)? {
            Node::Service(service) => service.most_servers(),
            Node::Database(database) => database.servers(),
            Node::Queue(_) => 1,
            Node::Clients(_) | Node::Balancer(_) | Node::Monitor(_) => {
                return Err(format!("{} has no servers", quoted(node)));
            }
        };
        // `parse` would take "+1" and "01", which are other spellings of one server.
        let number = server.parse::<u32>().ok().filter(|number| number.to_string() == server);
        return match number {
            Some(number) if number < servers => Ok(Target::Server),
            _ => Err(format!("{} is no server: from 0 to {}", quoted(server), servers - 1)),
        };
    }
    Ok(match node_named(scenario, target)? {
        Node::Clients(_) => Target::Clients,
        Node::Balancer(_) => Target::Balancer,
        Node::Monitor(_) => Target::Monitor,
        Node::Service(_) | Node::Queue(_) => Target::Station,
        Node::Database(_) => Target::Database,
    })
}

fn node_named<'s>(scenario: &'s Scenario, name: &str) -> Result<&'s Node, String> {
    scenario.nodes.get(name).ok_or_else(|| {
        let names = scenario.nodes.keys().chain(scenario.groups.keys());
        let what = if scenario.groups.is_empty() { "nodes are" } else { "nodes and groups are" };
        let known = known(name, names.map(String::as_str), what);
        format!("{} is unknown{known}", quoted(name))
    })
}

fn calls_of(node: &Node) -> Option<&IndexMap<String, Call>> {
    match node {
        Node::Clients(clients) => Some(&clients.calls),
        Node::Service(service) => Some(&service.calls),
        Node::Monitor(monitor) => Some(&monitor.calls),
        Node::Balancer(_) | Node::Database(_) | Node::Queue(_) => None,
    }
}

/// Whether the effect can hit the target, and what it can hit.
fn suits(effect: &Effect, target: Target) -> (bool, &'static str) {
    match effect {
        Effect::Spike { .. } => (target == Target::Clients, "client populations"),
        Effect::Latency { .. } | Effect::PacketLoss { .. } => {
            let whole = target == Target::Group { whole: true };
            let station = matches!(target, Target::Station | Target::Database);
            let fits = station || matches!(target, Target::Balancer | Target::Call);
            (fits || whole, "services, databases, groups of them, balancers and calls")
        }
        Effect::Unreachable => {
            let fits = !matches!(target, Target::Clients | Target::Balancer | Target::Monitor);
            (fits, "services, databases, their servers, groups of them and calls")
        }
        Effect::Misread { .. } | Effect::Stale => {
            (target == Target::Station, "services with an autoscaler")
        }
        Effect::Slow { .. }
        | Effect::Errors { .. }
        | Effect::Crash
        | Effect::Kill
        | Effect::Reclaim { .. }
        | Effect::Freeze => {
            let station = matches!(target, Target::Station | Target::Database);
            let fits = station || matches!(target, Target::Server | Target::Group { .. });
            (fits, "services, databases, their servers and groups of them")
        }
        Effect::ReplicationLag { .. } => (target == Target::Database, "databases"),
    }
}

/// The effect's name in the scenario.
fn kind_of(effect: &Effect) -> &'static str {
    match effect {
        Effect::Slow { .. } => "slow",
        Effect::Latency { .. } => "latency",
        Effect::Errors { .. } => "errors",
        Effect::Crash => "crash",
        Effect::Kill => "kill",
        Effect::Reclaim { .. } => "reclaim",
        Effect::Misread { .. } => "misread",
        Effect::Stale => "stale",
        Effect::Freeze => "freeze",
        Effect::PacketLoss { .. } => "packet_loss",
        Effect::Unreachable => "unreachable",
        Effect::Spike { .. } => "spike",
        Effect::ReplicationLag { .. } => "replication_lag",
    }
}
