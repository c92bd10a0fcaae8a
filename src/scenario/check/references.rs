//! Names that stand for something else: they must exist, and be of the right kind.

use crate::problem::{Problems, quoted};
use crate::scenario::shape::known;
use crate::scenario::{
    Alarm, Arrivals, Balancer, Call, Clients, Database, Metric, Monitor, Node, PUBLISH, Scenario,
    Service, Step,
};
use indexmap::{IndexMap, IndexSet};

/// Checks every reference between nodes and within them.
pub(super) fn check(scenario: &Scenario, problems: &mut Problems) {
    let mut references = References { scenario, problems };
    for (key, node) in &scenario.nodes {
        let path = format!("nodes.{key}");
        match node {
            Node::Clients(clients) => references.clients(clients, &path),
            Node::Balancer(balancer) => references.balancer(balancer, &path),
            Node::Service(service) => references.service(service, &path),
            Node::Database(database) => references.database(database, &path),
            Node::Queue(_) => {}
            Node::Monitor(monitor) => references.monitor(monitor, &path),
        }
    }
}

/// The node and the endpoint of `node.endpoint`.
pub(super) fn split(target: &str) -> (&str, Option<&str>) {
    match target.split_once('.') {
        Some((node, endpoint)) => (node, Some(endpoint)),
        None => (target, None),
    }
}

/// The node that does the work of calls to `node`: itself, or what is behind the balancer.
pub(super) fn station_of<'s>(scenario: &'s Scenario, node: &'s str) -> Option<(&'s str, &'s Node)> {
    match scenario.nodes.get(node)? {
        Node::Balancer(balancer) => {
            let service = scenario.nodes.get(&balancer.to)?;
            matches!(service, Node::Service(_)).then_some((balancer.to.as_str(), service))
        }
        Node::Clients(_) | Node::Monitor(_) => None,
        station => Some((node, station)),
    }
}

struct References<'a> {
    scenario: &'a Scenario,
    problems: &'a mut Problems,
}

impl References<'_> {
    fn clients(&mut self, clients: &Clients, path: &str) {
        self.calls(&clients.calls, path);
        for (key, class) in &clients.classes {
            if clients.calls.contains_key(key) {
                let message = format!("\"{key}\" is the name of a call, too: figures go by names");
                self.problems.add(format!("{path}.classes.{key}"), message);
            }
            self.own(&class.call, &clients.calls, &format!("{path}.classes.{key}.call"));
        }
        if let Arrivals::Trace { class, .. } = &clients.arrivals {
            for (number, name) in class.iter().enumerate() {
                self.own(name, &clients.classes, &format!("{path}.arrivals.class.{number}"));
            }
        }
    }

    fn balancer(&mut self, balancer: &Balancer, path: &str) {
        let to = format!("{path}.to");
        let service = match self.scenario.nodes.get(&balancer.to) {
            Some(Node::Service(service)) => service,
            Some(_) => {
                let message = format!("{} is not a service", quoted(&balancer.to));
                return self.problems.add(to, message);
            }
            None => {
                let services = self.scenario.nodes.iter();
                let services = services.filter(|(_, node)| matches!(node, Node::Service(_)));
                let known =
                    known(&balancer.to, services.map(|(key, _)| key.as_str()), "services are");
                let message = format!("{} is unknown{known}", quoted(&balancer.to));
                return self.problems.add(to, message);
            }
        };
        let endpoint = balancer.health_check.as_ref().and_then(|check| check.endpoint.as_ref());
        if let Some(endpoint) = endpoint {
            self.own(endpoint, &service.endpoints, &format!("{path}.health_check.endpoint"));
        }
    }

    fn monitor(&mut self, monitor: &Monitor, path: &str) {
        self.calls(&monitor.calls, path);
        for (key, alarm) in &monitor.alarms {
            if monitor.calls.contains_key(key) {
                let message = format!("\"{key}\" is the name of a call, too: figures go by names");
                self.problems.add(format!("{path}.alarms.{key}"), message);
            }
            let path = format!("{path}.alarms.{key}.of");
            if alarm.metric == Metric::TestFailed {
                self.own(&alarm.of, &monitor.calls, &path);
            } else {
                self.watched(alarm, &path);
            }
        }
    }

    /// What an alarm looks at.
    fn watched(&mut self, alarm: &Alarm, path: &str) {
        let (key, part) = split(&alarm.of);
        let node = self.scenario.nodes.get(key);
        let parts = match (node, alarm.metric) {
            (None, _) => {
                let nodes = self.scenario.nodes.keys().map(String::as_str);
                let known = known(key, nodes, "nodes are");
                return self.problems.add(path, format!("{} is unknown{known}", quoted(key)));
            }
            (Some(Node::Service(service)), Metric::ApiError) => {
                service.endpoints.keys().map(String::as_str).collect()
            }
            (Some(Node::Database(database)), Metric::ApiError) => {
                database.queries.keys().map(String::as_str).collect()
            }
            (Some(Node::Service(service)), Metric::Threads | Metric::Queue) => {
                service.pools.keys().map(String::as_str).collect()
            }
            (Some(Node::Service(_) | Node::Database(_) | Node::Queue(_)), _) => Vec::new(),
            (Some(_), _) => {
                let message = format!("{} is no service, database or queue", quoted(key));
                return self.problems.add(path, message);
            }
        };
        match part {
            Some(part) if parts.is_empty() => {
                let message = format!("{} names a part, but the metric has none", quoted(part));
                self.problems.add(path, message);
            }
            Some(part) if !parts.contains(&part) => {
                let known = known(part, parts.into_iter(), "there are");
                self.problems.add(path, format!("{} is unknown{known}", quoted(part)));
            }
            _ => {}
        }
    }

    fn service(&mut self, service: &Service, path: &str) {
        self.calls(&service.calls, path);
        self.consumers(service, path);
        self.boot_needs(service, path);
        if let Some(release) = &service.release {
            self.own(release, &service.releases, &format!("{path}.release"));
        }
        if let Some(probe) = &service.liveness_probe {
            if let Some(endpoint) = &probe.endpoint {
                self.own(endpoint, &service.endpoints, &format!("{path}.liveness_probe.endpoint"));
            }
            if service.restart.is_none() {
                let message = "kills servers, but there is no restart that starts them again";
                self.problems.add(format!("{path}.liveness_probe"), message);
            }
        }
        for (key, endpoint) in &service.endpoints {
            let path = format!("{path}.endpoints.{key}");
            if let Some(pool) = &endpoint.pool {
                self.own(pool, &service.pools, &format!("{path}.pool"));
            }
            self.steps(service, &endpoint.steps, IndexSet::new(), &path);
        }
    }

    /// Steps of a program; `read` are the rows that have surely been read before.
    fn steps<'s>(
        &mut self,
        service: &Service,
        steps: &'s [Step],
        mut read: IndexSet<&'s str>,
        path: &str,
    ) {
        for (number, step) in steps.iter().enumerate() {
            let path = format!("{path}.steps.{number}");
            self.step(service, step, &path);
            if let Step::Commit { row } = step {
                self.row(row, &read, &path);
            }
            // What is read inside of a step may be skipped, so it counts only there.
            self.steps(service, step.inner(), read.clone(), &path);
            read.extend(step.row());
        }
    }

    /// What a server needs to boot is a station, and not itself.
    fn boot_needs(&mut self, service: &Service, path: &str) {
        for (number, needed) in service.boot_needs.iter().enumerate() {
            let path_of_it = format!("{path}.boot_needs.{number}");
            match self.scenario.nodes.get(needed) {
                _ if path.strip_prefix("nodes.") == Some(needed) => {
                    self.problems.add(path_of_it, "a service cannot need itself to boot");
                }
                Some(Node::Service(_) | Node::Database(_)) => {}
                Some(_) => {
                    let message = format!("{} is no service or database", quoted(needed));
                    self.problems.add(path_of_it, message);
                }
                None => {
                    let nodes = self.scenario.nodes.keys().map(String::as_str);
                    let known = known(needed, nodes, "nodes are");
                    let message = format!("{} is unknown{known}", quoted(needed));
                    self.problems.add(path_of_it, message);
                }
            }
        }
    }

    /// A database moves to another one that knows its queries.
    fn migration(&mut self, database: &Database, path: &str) {
        let Some(migration) = &database.migration else { return };
        let to = format!("{path}.migration.to");
        let key = path.strip_prefix("nodes.").unwrap_or(path);
        let target = match self.scenario.nodes.get(&migration.to) {
            _ if migration.to == key => {
                return self.problems.add(to, "a database cannot move to itself");
            }
            Some(Node::Database(target)) => target,
            Some(_) => {
                let message = format!("{} is not a database", quoted(&migration.to));
                return self.problems.add(to, message);
            }
            None => {
                let nodes = self.scenario.nodes.iter();
                let nodes = nodes.filter(|(_, node)| matches!(node, Node::Database(_)));
                let names = nodes.map(|(name, _)| name.as_str()).filter(|name| *name != key);
                let known = known(&migration.to, names, "databases are");
                let message = format!("{} is unknown{known}", quoted(&migration.to));
                return self.problems.add(to, message);
            }
        };
        for query in database.queries.keys().filter(|name| !target.queries.contains_key(*name)) {
            let message = format!("{} has no query {}", quoted(&migration.to), quoted(query));
            self.problems.add(to.clone(), message);
        }
    }

    fn database(&mut self, database: &Database, path: &str) {
        self.migration(database, path);
        for (key, query) in &database.queries {
            let path = format!("{path}.queries.{key}");
            if let Some(table) = &query.table {
                self.own(table, &database.tables, &format!("{path}.table"));
            }
            if query.locks && query.keys.is_none() {
                let message = "locks a row, but no keys say which";
                self.problems.add(format!("{path}.locks"), message);
            }
        }
    }

    fn step(&mut self, service: &Service, step: &Step, path: &str) {
        match step {
            Step::Call { call, .. } | Step::Spool { call } => {
                self.own(call, &service.calls, &format!("{path}.call"));
            }
            Step::Publish { call } => self.publish(call, &service.calls, &format!("{path}.call")),
            Step::Parallel { calls, .. } | Step::Shard { calls, .. } => {
                for (number, call) in calls.iter().enumerate() {
                    self.own(call, &service.calls, &format!("{path}.calls.{number}"));
                }
            }
            Step::Login { call } => {
                self.own(call, &service.calls, &format!("{path}.call"));
                if service.identity.is_none() {
                    self.problems.add(path, "logs users in, but the service has no identity");
                }
            }
            Step::Log { .. } if service.disk.is_none() => {
                self.problems.add(path, "writes to a log, but the service has no disk");
            }
            Step::Cached { cache, .. } => {
                self.own(cache, &service.caches, &format!("{path}.cache"));
            }
            Step::Log { .. }
            | Step::Cpu { .. }
            | Step::Wait { .. }
            | Step::Replay { .. }
            | Step::Read { .. }
            | Step::Commit { .. }
            | Step::Fail { .. } => {}
        }
    }

    /// A row that is written must have been read: its version decides.
    fn row(&mut self, row: &str, rows: &IndexSet<&str>, path: &str) {
        if !rows.contains(row) {
            let message = if rows.is_empty() {
                format!("{} is read by no earlier step", quoted(row))
            } else {
                let known = known(row, rows.iter().copied(), "earlier steps read");
                format!("{} is read by no earlier step{known}", quoted(row))
            };
            self.problems.add(format!("{path}.row"), message);
        }
    }

    /// A call that leads to a queue.
    fn publish(&mut self, call: &str, calls: &IndexMap<String, Call>, path: &str) {
        self.own(call, calls, path);
        let station = calls.get(call).and_then(|call| station_of(self.scenario, split(&call.to).0));
        if station.is_some_and(|(_, node)| !matches!(node, Node::Queue(_))) {
            self.problems.add(path, format!("{} does not lead to a queue", quoted(call)));
        }
    }

    fn consumers(&mut self, service: &Service, path: &str) {
        for (key, consumer) in &service.consumes {
            let path = format!("{path}.consumes.{key}");
            self.own(&consumer.endpoint, &service.endpoints, &format!("{path}.endpoint"));
            let node = self.scenario.nodes.get(&consumer.queue);
            if !matches!(node, Some(Node::Queue(_))) {
                let queues = self.scenario.nodes.iter();
                let queues = queues.filter(|(_, node)| matches!(node, Node::Queue(_)));
                let known =
                    known(&consumer.queue, queues.map(|(key, _)| key.as_str()), "queues are");
                let message = format!("{} is no queue{known}", quoted(&consumer.queue));
                self.problems.add(format!("{path}.queue"), message);
            }
        }
    }

    /// A name of something in the same node.
    fn own<T>(&mut self, name: &str, there: &IndexMap<String, T>, path: &str) {
        if !there.contains_key(name) {
            let known = known(name, there.keys().map(String::as_str), "there are");
            self.problems.add(path, format!("{} is unknown{known}", quoted(name)));
        }
    }

    fn calls(&mut self, calls: &IndexMap<String, Call>, path: &str) {
        for (key, call) in calls {
            self.callee(&call.to, &format!("{path}.calls.{key}.to"));
        }
    }

    /// Where a call goes.
    fn callee(&mut self, to: &str, path: &str) {
        let (node, endpoint) = split(to);
        match self.scenario.nodes.get(node) {
            Some(Node::Clients(_)) => {
                let message =
                    format!("{} is a client population, which nobody calls", quoted(node));
                return self.problems.add(path, message);
            }
            Some(Node::Monitor(_)) => {
                let message = format!("{} is a monitor, which nobody calls", quoted(node));
                return self.problems.add(path, message);
            }
            Some(_) => {}
            None => {
                let nodes = self.scenario.nodes.keys().map(String::as_str);
                let known = known(node, nodes, "nodes are");
                return self.problems.add(path, format!("{} is unknown{known}", quoted(node)));
            }
        }
        // A balancer that leads nowhere is reported where it stands.
        let (Some(endpoint), Some((_, station))) = (endpoint, station_of(self.scenario, node))
        else {
            return;
        };
        match station {
            Node::Service(service) => self.own(endpoint, &service.endpoints, path),
            Node::Database(database) => self.own(endpoint, &database.queries, path),
            Node::Queue(_) => {
                if endpoint != PUBLISH {
                    let message =
                        format!("{} is unknown: queues know {PUBLISH:?}", quoted(endpoint));
                    self.problems.add(path, message);
                }
            }
            Node::Clients(_) | Node::Balancer(_) | Node::Monitor(_) => {}
        }
    }
}
