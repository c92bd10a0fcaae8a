//! The graph of programs: which endpoint calls which, without circles and not too deep.
//!
//! Everything here is iterative, because a stranger's chain of calls may be long and the stack of a
//! browser is short.

use super::references::{split, station_of};
use crate::problem::Problems;
use crate::scenario::{Call, Node, PUBLISH, Scenario, Step, walk};
use indexmap::{IndexMap, IndexSet};

/// Longest chain of programs that call one another.
const MAX_DEPTH: u32 = 64;

/// A program: an endpoint of a service or a query of a database.
pub(super) type Program<'s> = (&'s str, &'s str);

/// All programs, callees before callers.
pub(super) struct Programs<'s> {
    /// Number of a program in `order`, by node and endpoint.
    pub order: IndexSet<Program<'s>>,
}

/// Orders the programs, unless they call each other in a circle or too deep.
pub(super) fn check<'s>(scenario: &'s Scenario, problems: &mut Problems) -> Option<Programs<'s>> {
    let callees: IndexMap<Program<'_>, Vec<Program<'_>>> =
        programs(scenario).map(|program| (program, callees_of(scenario, program))).collect();
    let mut callers: IndexMap<Program<'_>, Vec<Program<'_>>> = IndexMap::new();
    let mut waiting_for: IndexMap<Program<'_>, usize> = IndexMap::new();
    for (program, callees) in &callees {
        waiting_for.insert(*program, callees.len());
        callees.iter().for_each(|callee| callers.entry(*callee).or_default().push(*program));
    }
    let leaves = waiting_for.iter().filter(|(_, count)| **count == 0);
    let mut order: IndexSet<Program<'_>> = leaves.map(|(program, _)| *program).collect();
    let mut depths: IndexMap<Program<'_>, u32> = order.iter().map(|leaf| (*leaf, 1)).collect();
    let mut next = 0;
    while let Some(&program) = order.get_index(next) {
        next += 1;
        let depth = depths[&program] + 1;
        for caller in callers.get(&program).into_iter().flatten() {
            let deepest = depths.entry(*caller).or_default();
            *deepest = depth.max(*deepest);
            let waiting = &mut waiting_for[caller];
            *waiting -= 1;
            if *waiting == 0 {
                order.insert(*caller);
            }
        }
    }
    if order.len() < callees.len() {
        report_circle(&callees, &order, problems);
        return None;
    }
    let deepest = depths.iter().max_by_key(|(_, depth)| **depth);
    if let Some(((node, endpoint), depth)) = deepest
        && *depth > MAX_DEPTH
    {
        let message = format!("starts a chain of {depth} programs: at most {MAX_DEPTH}");
        problems.add(format!("nodes.{node}.endpoints.{endpoint}"), message);
        return None;
    }
    Some(Programs { order })
}

/// The program that a call asks for. References have been checked.
pub(super) fn callee_of<'s>(scenario: &'s Scenario, call: &'s Call) -> Program<'s> {
    let (node, endpoint) = split(&call.to);
    let (key, station) = station_of(scenario, node).expect("every call leads to a station");
    let first = match station {
        Node::Service(service) => service.endpoints.keys().next(),
        Node::Database(database) => database.queries.keys().next(),
        Node::Queue(_) => return (key, PUBLISH),
        Node::Clients(_) | Node::Balancer(_) | Node::Monitor(_) => None,
    };
    let endpoint = endpoint.or(first.map(String::as_str));
    (key, endpoint.expect("every station has a program"))
}

fn programs(scenario: &Scenario) -> impl Iterator<Item = Program<'_>> {
    scenario.nodes.iter().flat_map(|(key, node)| {
        let endpoints: Vec<&str> = match node {
            Node::Service(service) => service.endpoints.keys().map(String::as_str).collect(),
            Node::Database(database) => database.queries.keys().map(String::as_str).collect(),
            Node::Queue(_) => vec![PUBLISH],
            Node::Clients(_) | Node::Balancer(_) | Node::Monitor(_) => Vec::new(),
        };
        endpoints.into_iter().map(move |endpoint| (key.as_str(), endpoint))
    })
}

fn callees_of<'s>(scenario: &'s Scenario, (node, endpoint): Program<'s>) -> Vec<Program<'s>> {
    let service = match scenario.nodes.get(node) {
        Some(Node::Service(service)) => service,
        Some(Node::Queue(_)) => return consumers_of(scenario, node).collect(),
        _ => return Vec::new(),
    };
    let steps = service.endpoints.get(endpoint).map(|endpoint| walk(&endpoint.steps));
    let calls = steps.into_iter().flatten().flat_map(|(_, step)| match step {
        Step::Call { call, .. }
        | Step::Spool { call }
        | Step::Publish { call }
        | Step::Login { call } => std::slice::from_ref(call),
        Step::Parallel { calls, .. } | Step::Shard { calls, .. } => calls.as_slice(),
        Step::Cpu { .. }
        | Step::Wait { .. }
        | Step::Replay { .. }
        | Step::Read { .. }
        | Step::Commit { .. }
        | Step::Log { .. }
        | Step::Cached { .. }
        | Step::Fail { .. } => &[],
    });
    let callees: IndexSet<Program<'_>> =
        calls.map(|call| callee_of(scenario, &service.calls[call])).collect();
    callees.into_iter().collect()
}

/// The programs that deal with the messages of a queue.
pub(super) fn consumers_of<'s>(
    scenario: &'s Scenario,
    queue: &'s str,
) -> impl Iterator<Item = Program<'s>> {
    scenario.nodes.iter().flat_map(move |(key, node)| {
        let consumers = match node {
            Node::Service(service) => Some(service.consumes.values()),
            _ => None,
        };
        let own = consumers.into_iter().flatten().filter(move |own| own.queue == queue);
        own.map(move |own| (key.as_str(), own.endpoint.as_str()))
    })
}

/// Follows calls among the programs that could not be ordered until one comes up again.
fn report_circle(
    callees: &IndexMap<Program<'_>, Vec<Program<'_>>>,
    ordered: &IndexSet<Program<'_>>,
    problems: &mut Problems,
) {
    let unordered = |program: &&Program<'_>| !ordered.contains(*program);
    let mut chain: IndexSet<Program<'_>> = IndexSet::new();
    let mut program = callees.keys().find(unordered).expect("a program is left in the circle");
    while chain.insert(*program) {
        let next = callees[program].iter().find(unordered);
        program = next.expect("a program that is left waits for another one that is left");
    }
    let start = chain.get_index_of(program).unwrap_or_default();
    let mut names: Vec<String> =
        chain.iter().skip(start).map(|(node, endpoint)| format!("{node}.{endpoint}")).collect();
    names.push(names[0].clone());
    if names.len() > 12 {
        names.splice(6..names.len() - 5, ["…".to_owned()]);
    }
    // A queue makes no calls by itself, so there is a service in the circle.
    let own = chain.iter().skip(start).find(|(_, endpoint)| *endpoint != PUBLISH);
    let (node, endpoint) = own.unwrap_or(program);
    let message = format!("calls go in a circle: {}", names.join(" → "));
    problems.add(format!("nodes.{node}.endpoints.{endpoint}"), message);
}
