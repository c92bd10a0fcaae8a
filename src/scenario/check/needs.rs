//! Parts that mean nothing without another: a queue that nobody empties, a governor of nothing. Each such
//! scenario would run, and show something else than its author believes.

use super::graph::consumers_of;
use crate::problem::{Problems, quoted};
use crate::scenario::{Database, Effect, Metric, Monitor, Node, Scenario, Service};
use indexmap::IndexMap;

/// Checks every node and fault. References have been checked.
pub(super) fn check(scenario: &Scenario, problems: &mut Problems) {
    for (key, node) in &scenario.nodes {
        let path = format!("nodes.{key}");
        match node {
            Node::Queue(_) if consumers_of(scenario, key).next().is_none() => {
                problems.add(path, "nobody takes messages from it: a service does by `consumes`");
            }
            Node::Service(service) => check_service(service, &path, problems),
            Node::Database(database) => check_database(database, &path, problems),
            Node::Monitor(monitor) => check_monitor(monitor, &path, problems),
            Node::Queue(_) | Node::Clients(_) | Node::Balancer(_) => {}
        }
    }
    check_migrations(scenario, problems);
    check_faults(scenario, problems);
}

fn check_service(service: &Service, path: &str, problems: &mut Problems) {
    if service.governor.is_some() && service.autoscaler.is_none() {
        problems.add(format!("{path}.governor"), "slows an autoscaler down, but there is none");
    }
    let canary = service.rollout.as_ref().and_then(|rollout| rollout.canary.as_ref());
    if let Some(canary) = canary
        && canary.servers >= service.most_servers()
    {
        let (few, all) = (canary.servers, service.most_servers());
        let message = format!("{few} would be all servers: there are {all}, and some are to wait");
        problems.add(format!("{path}.rollout.canary.servers"), message);
    }
}

fn check_database(database: &Database, path: &str, problems: &mut Problems) {
    if database.failover.is_some() && database.servers() == 1 {
        let message = "there is 1 server, and nobody to promote: add replicas or a standby";
        problems.add(format!("{path}.failover"), message);
    }
}

/// What can never be too much is never told.
fn check_monitor(monitor: &Monitor, path: &str, problems: &mut Problems) {
    for (key, alarm) in &monitor.alarms {
        let bounded = match alarm.metric {
            Metric::Cpu
            | Metric::Threads
            | Metric::Memory
            | Metric::Disk
            | Metric::ErrorRatio
            | Metric::Down => true,
            Metric::Queue
            | Metric::Response
            | Metric::ApiError
            | Metric::TestFailed
            | Metric::RecoveryFailed => false,
        };
        if bounded && alarm.above >= 1.0 {
            let message = format!("{} is never exceeded: it goes from 0 to 1", alarm.above);
            problems.add(format!("{path}.alarms.{key}.above"), message);
        }
    }
}

/// A new database stays where it is meanwhile, and gets each table from one old database only.
fn check_migrations(scenario: &Scenario, problems: &mut Problems) {
    let mut taken: IndexMap<(&str, &str), &str> = IndexMap::new();
    for (key, node) in &scenario.nodes {
        let Node::Database(database) = node else { continue };
        let Some(to) = database.migration.as_ref().map(|migration| migration.to.as_str()) else {
            continue;
        };
        let Some(Node::Database(target)) = scenario.nodes.get(to) else { continue };
        let path = format!("nodes.{key}.migration.to");
        if target.migration.is_some() {
            let message = format!("{} moves, too: let one of them end first", quoted(to));
            problems.add(path.clone(), message);
        }
        for table in database.tables.keys().filter(|table| target.tables.contains_key(*table)) {
            if let Some(other) = taken.insert((to, table), key) {
                let (to, table, other) = (quoted(to), quoted(table), quoted(other));
                let message = format!("{to} gets the table {table} from {other} already");
                problems.add(path.clone(), message);
            }
        }
    }
}

fn check_faults(scenario: &Scenario, problems: &mut Problems) {
    for (key, fault) in &scenario.faults {
        let reads = matches!(fault.effect, Effect::Misread { .. } | Effect::Stale);
        let scaled = match scenario.nodes.get(&fault.target) {
            Some(Node::Service(service)) => service.autoscaler.is_some(),
            _ => false,
        };
        if reads && !scaled {
            let message = format!("{} has no autoscaler that could misread", quoted(&fault.target));
            problems.add(format!("faults.{key}.target"), message);
        }
    }
}
