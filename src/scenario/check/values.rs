//! Values that only make sense together: sums, orders, one bound below another.

use super::quantity;
use super::references::split;
use crate::engine::Time;
use crate::pattern::autoscaler;
use crate::pattern::balance::Algorithm;
use crate::pattern::health::active::{ActiveParams, Like};
use crate::problem::Problems;
use crate::scenario::{
    Arrivals, Balancer, Clients, Database, MAX_PARALLEL, Metric, Monitor, Node, Profile, Scenario,
    Service, Step, walk,
};
use indexmap::IndexSet;

/// Most names under which records are stored, over all databases.
const MAX_STORES: usize = 64;

/// Most steps of a program, with those inside of others.
const MAX_STEPS: usize = 1_000;

/// Most steps around a step.
const MAX_NESTING: usize = 4;

/// The shares of classes may miss 1 by this much, for sums of thirds and sevenths.
const SHARE_TOLERANCE: f64 = 1e-9;

/// Most users whose tokens a service keeps in mind: eight bytes each.
const MAX_USERS: u64 = 1_000_000;

/// Checks the values of every node, and the times of the run.
pub(super) fn check(scenario: &Scenario, problems: &mut Problems) {
    let (warmup, duration) = (scenario.warmup_s, scenario.duration_s);
    if warmup >= duration {
        let message = format!("{warmup} s is not before the end of the run at {duration} s");
        problems.add("warmup_s", message);
    }
    check_stores(scenario, problems);
    for (key, node) in &scenario.nodes {
        let path = format!("nodes.{key}");
        check_calls(node, &path, problems);
        match node {
            Node::Clients(clients) => check_clients(clients, &path, problems),
            Node::Service(service) => check_service(service, &path, problems),
            Node::Database(database) => check_database(database, &path, problems),
            Node::Queue(queue) => quantity::check(&queue.cost, &format!("{path}.cost"), problems),
            Node::Balancer(balancer) => check_balancer(balancer, &path, problems),
            Node::Monitor(monitor) => check_monitor(scenario, monitor, &path, problems),
        }
    }
}

/// The values of the calls that a node makes.
fn check_calls(node: &Node, path: &str, problems: &mut Problems) {
    let calls = match node {
        Node::Clients(clients) => &clients.calls,
        Node::Service(service) => &service.calls,
        Node::Monitor(monitor) => &monitor.calls,
        Node::Balancer(_) | Node::Database(_) | Node::Queue(_) => return,
    };
    for (key, call) in calls {
        if let Some(jitter) = &call.latency_jitter {
            quantity::check(jitter, &format!("{path}.calls.{key}.latency_jitter"), problems);
        }
    }
}

/// Interventions happen within the run.
pub(super) fn check_interventions(scenario: &Scenario, problems: &mut Problems) {
    for (key, intervention) in &scenario.interventions {
        within_run(scenario, intervention.at_s, &format!("interventions.{key}.at_s"), problems);
    }
}

/// A moment must not lie behind the end of the run.
pub(super) fn within_run(scenario: &Scenario, at_s: f64, path: &str, problems: &mut Problems) {
    if Time::from_seconds(at_s) > Time::from_seconds(scenario.duration_s) {
        let duration = scenario.duration_s;
        problems.add(path, format!("{at_s} s is behind the end of the run at {duration} s"));
    }
}

fn check_clients(clients: &Clients, path: &str, problems: &mut Problems) {
    check_arrivals(&clients.arrivals, &format!("{path}.arrivals"), problems);
    let sum: f64 = clients.classes.values().map(|class| class.share).sum();
    if !clients.classes.is_empty() && (sum - 1.0).abs() > SHARE_TOLERANCE {
        problems.add(format!("{path}.classes"), format!("the shares make {sum}, not 1"));
    }
    if let Some(refresh) = &clients.refresh {
        quantity::check(&refresh.delay, &format!("{path}.refresh.delay"), problems);
    }
}

fn check_arrivals(arrivals: &Arrivals, path: &str, problems: &mut Problems) {
    match arrivals {
        Arrivals::Open { profile, start_s, stop_s, .. } => {
            check_profile(profile, &format!("{path}.profile"), problems);
            if let Some(stop_s) = stop_s
                && stop_s <= start_s
            {
                let message = format!("{stop_s} s is not after start_s, {start_s} s");
                problems.add(format!("{path}.stop_s"), message);
            }
        }
        Arrivals::Closed { think, .. } => {
            quantity::check(think, &format!("{path}.think"), problems);
        }
        Arrivals::Renewal { interarrival, .. } => {
            quantity::check_positive(interarrival, &format!("{path}.interarrival"), problems);
        }
        Arrivals::Modulated { .. } => {}
        Arrivals::Trace { at_s, class, .. } => {
            for (number, pair) in at_s.windows(2).enumerate() {
                if pair[1] < pair[0] {
                    let message = format!("{} s is before the last moment, {} s", pair[1], pair[0]);
                    problems.add(format!("{path}.at_s.{}", number + 1), message);
                }
            }
            if !class.is_empty() && class.len() != at_s.len() {
                let message = format!("{} classes for {} moments in at_s", class.len(), at_s.len());
                problems.add(format!("{path}.class"), message);
            }
        }
    }
}

fn check_profile(profile: &Profile, path: &str, problems: &mut Problems) {
    match profile {
        Profile::Ramp { from_s, to_s, .. } => {
            if Time::from_seconds(*to_s) <= Time::from_seconds(*from_s) {
                let message = format!("{to_s} s is not after from_s, {from_s} s");
                problems.add(format!("{path}.to_s"), message);
            }
        }
        Profile::Points { points } => {
            for (number, pair) in points.windows(2).enumerate() {
                let [(before, _), (at, _)] = [pair[0], pair[1]];
                if at < before {
                    let path = format!("{path}.points.{}.0", number + 1);
                    problems.add(path, format!("{at} s is before the last point at {before} s"));
                }
            }
        }
        Profile::Constant
        | Profile::Step { .. }
        | Profile::Spike { .. }
        | Profile::Daily { .. } => {}
    }
}

fn check_balancer(balancer: &Balancer, path: &str, problems: &mut Problems) {
    if let Some(check) = &balancer.health_check {
        check_health_rules(&check.rules, &format!("{path}.health_check.rules"), problems);
    }
    if balancer.failover.is_some() && balancer.algorithm != Algorithm::Failover {
        problems.add(format!("{path}.failover"), "needs the algorithm \"failover\"");
    }
    if let Some(rules) = &balancer.outlier_detection
        && rules.longest_ejection_ms() < rules.base_ejection_time_ms
    {
        let (longest, base) = (rules.longest_ejection_ms(), rules.base_ejection_time_ms);
        let message = format!("{longest} ms is below base_ejection_time_ms, {base} ms");
        problems.add(format!("{path}.outlier_detection.max_ejection_time_ms"), message);
    }
}

/// Envoy has no defaults, and only HAProxy changes its pace.
fn check_health_rules(rules: &ActiveParams, path: &str, problems: &mut Problems) {
    if rules.like == Like::Envoy140 {
        let given = [
            ("interval_ms", rules.interval_ms.is_some()),
            ("timeout_ms", rules.timeout_ms.is_some()),
            ("fall", rules.fall.is_some()),
            ("rise", rules.rise.is_some()),
        ];
        for (name, _) in given.into_iter().filter(|(_, given)| !given) {
            problems.add(format!("{path}.{name}"), "is missing: Envoy has no default for it");
        }
    }
    let paces = [("fastinter_ms", rules.fastinter_ms), ("downinter_ms", rules.downinter_ms)];
    for (name, pace) in paces {
        if pace.is_some() && rules.like != Like::Haproxy35 {
            problems.add(format!("{path}.{name}"), "exists only like \"haproxy-3.5\"");
        }
    }
}

fn check_service(service: &Service, path: &str, problems: &mut Problems) {
    for (key, pool) in &service.pools {
        if let Some(patience) = &pool.patience {
            quantity::check(patience, &format!("{path}.pools.{key}.patience"), problems);
        }
    }
    if let Some(pause) = &service.pause_when_idle {
        quantity::check_positive(pause, &format!("{path}.pause_when_idle"), problems);
    }
    if let Some(autoscaler) = &service.autoscaler {
        check_autoscaler(autoscaler, service, &format!("{path}.autoscaler"), problems);
    }
    for (key, endpoint) in &service.endpoints {
        let path = format!("{path}.endpoints.{key}.steps");
        check_nesting(&endpoint.steps, &path, problems);
        for (place, step) in walk(&endpoint.steps) {
            check_step(step, &format!("{path}.{place}"), problems);
        }
    }
    if let Some(identity) = &service.identity
        && identity.users.count > MAX_USERS
    {
        let message = format!("{} users are too many: at most {MAX_USERS}", identity.users.count);
        problems.add(format!("{path}.identity.users.count"), message);
    }
    if let Some(memory) = &service.memory
        && memory.base_mb >= memory.limit_mb
    {
        let message =
            format!("{} MB is not below limit_mb, {} MB", memory.base_mb, memory.limit_mb);
        problems.add(format!("{path}.memory.base_mb"), message);
    }
    if let Some(disk) = &service.disk
        && disk.used_bytes > disk.capacity_bytes
    {
        let (used, capacity) = (disk.used_bytes, disk.capacity_bytes);
        let message = format!("{used} bytes is more than capacity_bytes, {capacity} bytes");
        problems.add(format!("{path}.disk.used_bytes"), message);
    }
}

/// Steps within steps: not too many, not too deep.
fn check_nesting(steps: &[Step], path: &str, problems: &mut Problems) {
    let all = walk(steps);
    if all.len() > MAX_STEPS {
        let message = format!("{} steps with those inside: at most {MAX_STEPS}", all.len());
        problems.add(path, message);
    }
    let depth = |place: &String| place.matches(".steps.").count();
    if let Some((place, _)) = all.iter().find(|(place, _)| depth(place) > MAX_NESTING) {
        let message = format!("is inside of more than {MAX_NESTING} steps");
        problems.add(format!("{path}.{place}"), message);
    }
}

fn check_autoscaler(
    params: &autoscaler::Params,
    service: &Service,
    path: &str,
    problems: &mut Problems,
) {
    let (least, most) = (params.min_replicas, params.max_replicas);
    if least > most {
        let message = format!("{least} servers are more than max_replicas, {most} servers");
        problems.add(format!("{path}.min_replicas"), message);
    }
    if service.cores.is_none() {
        problems.add(path, "goes by the use of cores, but the service has no number of cores");
    }
    for (name, window) in &params.schedule {
        let path = format!("{path}.schedule.{name}");
        if let (Some(least), Some(most)) = (window.min_replicas, window.max_replicas)
            && least > most
        {
            let message = format!("{least} servers are more than max_replicas, {most} servers");
            problems.add(format!("{path}.min_replicas"), message);
        }
        if let Some(every_s) = window.every_s
            && every_s < window.for_s
        {
            let message = format!("{every_s} s is below for_s, {} s", window.for_s);
            problems.add(format!("{path}.every_s"), message);
        }
    }
}

fn check_step(step: &Step, path: &str, problems: &mut Problems) {
    match step {
        Step::Cpu { time } | Step::Wait { time } => {
            quantity::check(time, &format!("{path}.time"), problems);
        }
        Step::Parallel { calls, times, needs } => {
            // At most a thousand names, each at most ten thousand times.
            let count = calls.len() as u32 * times;
            if count > MAX_PARALLEL {
                let message = format!("{count} calls at once are too many: at most {MAX_PARALLEL}");
                problems.add(format!("{path}.times"), message);
            } else if let Some(needs) = needs.filter(|needs| *needs > count) {
                let message = format!("{needs} is more than the {count} calls of the step");
                problems.add(format!("{path}.needs"), message);
            }
        }
        Step::Shard { calls, shards_in_use: Some(in_use), .. } if *in_use > calls.len() as u32 => {
            let message = format!("{in_use} is more than the {} shards", calls.len());
            problems.add(format!("{path}.shards_in_use"), message);
        }
        Step::Call { .. }
        | Step::Spool { .. }
        | Step::Login { .. }
        | Step::Publish { .. }
        | Step::Shard { .. }
        | Step::Replay { .. }
        | Step::Read { .. }
        | Step::Commit { .. }
        | Step::Log { .. }
        | Step::Cached { .. }
        | Step::Fail { .. } => {}
    }
}

fn check_database(database: &Database, path: &str, problems: &mut Problems) {
    if let Some(lag) = &database.replication_lag {
        quantity::check(lag, &format!("{path}.replication_lag"), problems);
    }
    let (primary, servers) = (database.primary, database.servers());
    if primary >= servers {
        let message = format!("{primary} is no server: from 0 to {}", servers - 1);
        problems.add(format!("{path}.primary"), message);
    }
    for (key, query) in &database.queries {
        quantity::check(&query.cost, &format!("{path}.queries.{key}.cost"), problems);
        if query.unique && query.stores.is_none() {
            let message = "is about what a query stores, but this one stores nothing";
            problems.add(format!("{path}.queries.{key}.unique"), message);
        }
    }
}

/// Whether a record has been stored under a name is noted in one bit for each.
fn check_stores(scenario: &Scenario, problems: &mut Problems) {
    let mut known = IndexSet::new();
    for (key, node) in &scenario.nodes {
        let Node::Database(database) = node else { continue };
        for (query, rules) in &database.queries {
            let Some(name) = &rules.stores else { continue };
            if known.insert((key, name)) && known.len() == MAX_STORES + 1 {
                let message = format!("{name:?} is one name too many: at most {MAX_STORES}");
                problems.add(format!("nodes.{key}.queries.{query}.stores"), message);
            }
        }
    }
}

/// What an alarm looks at is there to be looked at.
fn check_monitor(scenario: &Scenario, monitor: &Monitor, path: &str, problems: &mut Problems) {
    for (key, alarm) in &monitor.alarms {
        let (node, _) = split(&alarm.of);
        let (cores, memory, disk) = match scenario.nodes.get(node) {
            Some(Node::Service(service)) => {
                (service.cores.is_some(), service.memory.is_some(), service.disk.is_some())
            }
            Some(Node::Database(database)) => (database.cores.is_some(), false, false),
            _ => continue,
        };
        let missing = match alarm.metric {
            Metric::Cpu if !cores => "limit of cores",
            Metric::Memory if !memory => "memory",
            Metric::Disk if !disk => "disk",
            _ => continue,
        };
        let message = format!("\"{node}\" has no {missing} to look at");
        problems.add(format!("{path}.alarms.{key}.metric"), message);
    }
}
