//! How much work and memory a run may take: a rough estimate from above, and bounds on it.
//!
//! The estimate counts events as if every try were made and nothing were ever refused: requests ×
//! programs along the calls × tries. It exists to refuse what could never end, not to predict.

mod arrivals;
mod unasked;

use super::graph::{Program, Programs, callee_of, consumers_of};
use super::quantity::mean_s;
use crate::problem::Problems;
use crate::scenario::{
    AfterLast, Arrivals, Call, Clients, Effect, Node, Queue, RecordedAnswer, Refresh, Scenario,
    Step, walk,
};

/// Most events that a run may be expected to need. At several million events per second that is
/// about an hour.
pub const MAX_EVENTS: f64 = 2e10;

/// Most servers over all services.
pub const MAX_SERVERS: u64 = 10_000;

/// Most users over all closed populations.
const MAX_USERS: u64 = 1_000_000;

/// Most pools and calls over all servers; each has its own state.
const MAX_PLACES: u64 = 200_000;

/// Most entries in the windows of circuit breakers over all servers.
const MAX_WINDOW_ENTRIES: u64 = 20_000_000;

/// Events of a request apart from its call: arrival and end.
const EVENTS_PER_REQUEST: f64 = 2.0;

/// Events of a try apart from the program: on the way, timeout, on the way back, retry.
const EVENTS_PER_TRY: f64 = 4.0;

/// Events of a garbage collection: due, over.
const EVENTS_PER_COLLECTION: f64 = 2.0;
/// Events of a write at another server: arrived, applied, noted.
const EVENTS_PER_COPY: f64 = 4.0;

/// Checks the size of a scenario whose programs have been put in order.
pub(super) fn check(scenario: &Scenario, programs: &Programs<'_>, problems: &mut Problems) {
    check_size(scenario, problems);
    let mut estimate = Estimate { scenario, programs, costs: Vec::new() };
    for program in &programs.order {
        let cost = estimate.cost_of_program(*program);
        estimate.costs.push(cost);
    }
    let mut total = 0.0;
    for (path, events) in estimate.events() {
        let before = total;
        total += events;
        // Reported once, where the bound is crossed.
        if total > MAX_EVENTS && before <= MAX_EVENTS {
            let message = format!(
                "the run would need about {total:.1e} events: at most {MAX_EVENTS:.1e} \
                 (shorten it, lower the rate or the number of tries)"
            );
            problems.add(path, message);
        }
    }
}

/// Servers of a node; what is no service or database has none.
fn servers_of(node: Option<&Node>) -> u64 {
    match node {
        Some(Node::Service(service)) => service.most_servers().into(),
        Some(Node::Database(database)) => database.servers().into(),
        Some(Node::Queue(_)) => 1,
        Some(Node::Clients(_) | Node::Balancer(_) | Node::Monitor(_)) | None => 0,
    }
}

/// Everything that takes memory by its mere number.
fn check_size(scenario: &Scenario, problems: &mut Problems) {
    let (mut servers, mut places, mut entries, mut users) = (0, 0, 0, 0);
    for node in scenario.nodes.values() {
        let own = servers_of(Some(node));
        servers += own;
        let (owners, pools, calls) = match node {
            Node::Clients(clients) => {
                if let Arrivals::Closed { users: own, .. } = clients.arrivals {
                    users += u64::from(own);
                }
                (1, 0, Some(&clients.calls))
            }
            Node::Service(service) => (own, service.pools.len(), Some(&service.calls)),
            Node::Queue(_) => (1, 1, None),
            Node::Database(_) => (own, 1, None),
            Node::Balancer(_) => (0, 0, None),
            Node::Monitor(monitor) => (1, 0, Some(&monitor.calls)),
        };
        let calls = || calls.into_iter().flat_map(|calls| calls.values());
        places += owners * (pools + calls().count()) as u64;
        let windows = calls().filter_map(|call| call.circuit_breaker.as_ref()).map(|breaker| {
            let half_open = breaker.permitted_number_of_calls_in_half_open_state;
            u64::from(breaker.sliding_window_size) + u64::from(half_open)
        });
        entries += owners * windows.sum::<u64>();
    }
    for (count, most, what) in [
        (servers, MAX_SERVERS, "servers"),
        (places, MAX_PLACES, "pools and calls over all servers"),
        (entries, MAX_WINDOW_ENTRIES, "entries of breakers' windows over all servers"),
        (users, MAX_USERS, "users of closed populations"),
    ] {
        if count > most {
            problems.add("nodes", format!("{count} {what} are too many: at most {most}"));
        }
    }
}

/// What a program or a call costs.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// Events from above.
    events: f64,
    /// Mean time without any waiting, in seconds.
    seconds: f64,
}

struct Estimate<'a> {
    scenario: &'a Scenario,
    programs: &'a Programs<'a>,
    /// Costs of the programs, in their order, as far as they are known.
    costs: Vec<Cost>,
}

impl Estimate<'_> {
    /// Everything that makes events, by the path of the parameter that does.
    fn events(&self) -> Vec<(String, f64)> {
        let nodes = self.scenario.nodes.iter().map(|(key, node)| {
            let (events, part) = match node {
                Node::Clients(clients) => (self.population(key, clients), "arrivals"),
                Node::Balancer(balancer) => (self.health_checks(balancer), "health_check"),
                Node::Service(service) => self.by_itself(service),
                Node::Queue(_) => (0.0, "kind"),
                Node::Monitor(monitor) => (self.tests_and_looks(monitor), "check_every_s"),
                Node::Database(database) => self.by_database(database),
            };
            (format!("nodes.{key}.{part}"), events)
        });
        let faults = self.scenario.faults.iter();
        let faults =
            faults.map(|(key, fault)| (format!("faults.{key}.recurs"), self.breakdowns(fault)));
        nodes.chain(faults).collect()
    }

    /// The cost of a program whose callees are known.
    fn cost_of_program(&self, (node, endpoint): Program<'_>) -> Cost {
        let service = match &self.scenario.nodes[node] {
            Node::Service(service) => service,
            Node::Database(database) => {
                let query = &database.queries[endpoint];
                let copies = if query.changes_data() { database.servers() - 1 } else { 0 };
                let events = 2.0 + f64::from(copies) * EVENTS_PER_COPY;
                return Cost { events, seconds: mean_s(&query.cost) };
            }
            Node::Queue(queue) => return self.cost_of_message(node, queue),
            Node::Clients(_) | Node::Balancer(_) | Node::Monitor(_) => return Cost::default(),
        };
        // Each request may leave the last bit of garbage that its server has room for.
        let collects = service.memory.as_ref().is_some_and(|memory| memory.gc.is_some());
        let events = if collects { EVENTS_PER_COLLECTION } else { 0.0 };
        let mut total = Cost { events, seconds: 0.0 };
        for (_, step) in walk(&service.endpoints[endpoint].steps) {
            let call = |call: &String| self.cost_of_call(&service.calls[call]);
            let cost = match step {
                Step::Cpu { time } => Cost { events: 2.0, seconds: mean_s(time) },
                Step::Wait { time } => Cost { events: 1.0, seconds: mean_s(time) },
                Step::Call { call: name, ratio, .. } => {
                    let Cost { events, seconds } = call(name);
                    Cost { events: ratio * events, seconds: ratio * seconds }
                }
                // As if every token had expired.
                Step::Login { call: name } => call(name),
                Step::Spool { call: name } | Step::Publish { call: name } => call(name),
                Step::Parallel { calls, times, needs } => {
                    parallel(calls.iter().map(call), *times, needs.is_some())
                }
                Step::Shard { calls, .. } => dearest(calls.iter().map(call)),
                Step::Replay { answers, after_last } => {
                    Cost { events: 1.0, seconds: mean_answer_ms(answers, *after_last) / 1e3 }
                }
                // As if nothing were ever in a cache; who waits for another's fetch needs an event.
                Step::Read { .. }
                | Step::Commit { .. }
                | Step::Log { .. }
                | Step::Cached { .. }
                | Step::Fail { .. } => Cost { events: 1.0, seconds: 0.0 },
            };
            total.events += cost.events;
            total.seconds += cost.seconds;
        }
        total
    }

    /// The cost of accepting a message, with the events of all its deliveries.
    fn cost_of_message(&self, key: &str, queue: &Queue) -> Cost {
        let programs = consumers_of(self.scenario, key).map(|program| {
            let number = self.programs.order.get_index_of(&program);
            self.costs[number.expect("consumers come before their queues")].events
        });
        let dearest = programs.fold(0.0, f64::max);
        let deliveries = f64::from(queue.max_deliveries.unwrap_or(1));
        let events = 3.0 + deliveries * (EVENTS_PER_TRY + dearest);
        Cost { events, seconds: mean_s(&queue.cost) }
    }

    /// The cost of a call with all its tries; the time is that of one.
    fn cost_of_call(&self, call: &Call) -> Cost {
        let callee = self.programs.order.get_index_of(&callee_of(self.scenario, call));
        let program = self.costs[callee.expect("callees come before callers")];
        let jitter = call.latency_jitter.as_ref().map_or(0.0, mean_s);
        let tries = call.retry.as_ref().map_or(1.0, |retry| f64::from(retry.max_attempts));
        let attempts = call.hedge.as_ref().map_or(1.0, |hedge| f64::from(hedge.max_attempts));
        Cost {
            events: tries * attempts * (EVENTS_PER_TRY + program.events),
            seconds: 2.0 * (call.latency_ms / 1e3 + jitter) + program.seconds,
        }
    }

    /// Events of all requests of a population.
    fn population(&self, key: &str, clients: &Clients) -> f64 {
        let calls: Vec<Cost> = clients.calls.values().map(|call| self.cost_of_call(call)).collect();
        let dearest = calls.iter().map(|cost| cost.events).fold(0.0, f64::max);
        let fastest = calls.iter().map(|cost| cost.seconds).fold(f64::INFINITY, f64::min);
        let duration = self.scenario.duration_s;
        let requests = arrivals::requests(clients, duration, self.spikes(key), fastest);
        let tries = clients.refresh.as_ref().map_or(1.0, requests_per_wish);
        requests * tries * (EVENTS_PER_REQUEST + dearest)
            + arrivals::changes_of_rate(&clients.arrivals, duration)
    }

    /// Additional seconds at the usual rate that spike faults are worth.
    fn spikes(&self, population: &str) -> f64 {
        let faults = self.scenario.faults.values().filter(|fault| fault.target == population);
        let seconds = faults.map(|fault| match fault.effect {
            Effect::Spike { factor } => {
                let rest = self.scenario.duration_s - fault.at_s;
                (factor - 1.0).max(0.0) * fault.for_s.unwrap_or(rest).min(rest)
            }
            _ => 0.0,
        });
        seconds.sum()
    }
}

/// Calls at once, each of them so many times; where a few answers are enough, the fastest decides.
fn parallel(calls: impl Iterator<Item = Cost>, times: u32, some_are_enough: bool) -> Cost {
    let (mut events, mut fastest, mut slowest) = (0.0, f64::INFINITY, 0.0_f64);
    for call in calls {
        events += f64::from(times) * call.events;
        fastest = fastest.min(call.seconds);
        slowest = slowest.max(call.seconds);
    }
    Cost { events, seconds: if some_are_enough { fastest } else { slowest } }
}

/// One of several calls: the most events and the least time of any.
fn dearest(calls: impl Iterator<Item = Cost>) -> Cost {
    let (mut events, mut seconds) = (0.0_f64, f64::INFINITY);
    for call in calls {
        events = events.max(call.events);
        seconds = seconds.min(call.seconds);
    }
    Cost { events, seconds }
}

/// What a recorded answer takes in the long run.
fn mean_answer_ms(answers: &[RecordedAnswer], after_last: AfterLast) -> f64 {
    match after_last {
        AfterLast::Repeat => {
            answers.iter().map(|answer| answer.ms).sum::<f64>() / answers.len() as f64
        }
        AfterLast::Last => answers.last().map_or(0.0, |answer| answer.ms),
        AfterLast::Ok => 0.0,
    }
}

/// The request itself and the presses of refresh that may follow: 1 + p + p² + …
fn requests_per_wish(refresh: &Refresh) -> f64 {
    let presses = (0..=refresh.max_refreshes).scan(1.0, |chance, _| {
        let now = *chance;
        *chance *= refresh.probability;
        Some(now)
    });
    presses.sum()
}
