//! Scenarios of the textbook, in the public format.

use serde_json::{Value, json};

/// Share of a run that warms up.
const WARMUP: f64 = 0.05;

/// A scenario of `seconds` measured, after a warm-up.
pub fn scenario(seconds: f64, nodes: Value) -> Value {
    let warmup = (seconds * WARMUP).round();
    let mut scenario = from_start(seconds.round() + warmup, nodes);
    scenario["warmup_s"] = json!(warmup);
    scenario
}

/// A scenario that is measured from its start.
pub fn from_start(seconds: f64, nodes: Value) -> Value {
    json!({
        "v": 1,
        "name": {"en": "validation"},
        "duration_s": seconds,
        "windows": 1,
        "max_events": 20_000_000_000_u64,
        "nodes": nodes,
    })
}

/// The scenario with clauses, whose measured values its report will hold.
pub fn asking(mut scenario: Value, clauses: &[&str]) -> Value {
    scenario["expect"] = json!({"both": clauses});
    scenario
}

/// An exponential time of so many seconds on average.
pub fn exponential(mean_s: f64) -> Value {
    json!({"dist": "exponential", "mean_ms": mean_s * 1e3})
}

/// Always the same time, in seconds.
pub fn constant(s: f64) -> Value {
    json!({"dist": "constant", "ms": s * 1e3})
}

/// Users who come at random, `rate` a second.
pub fn poisson(rate: f64) -> Value {
    json!({"kind": "open", "rate_rps": rate})
}

/// Users who come like clockwork, `rate` a second.
pub fn clockwork(rate: f64) -> Value {
    json!({"kind": "open", "rate_rps": rate, "process": "constant"})
}

/// A population that makes one call.
pub fn users(arrivals: Value, call: Value) -> Value {
    json!({"kind": "clients", "arrivals": arrivals, "calls": {"main": call}})
}

/// A service of one server with one pool and one endpoint of one step.
pub fn service(threads: u32, queue_limit: u32, time: Value) -> Value {
    steps(threads, queue_limit, json!([{"do": "cpu", "time": time}]))
}

/// A service of one server with one pool and one endpoint.
pub fn steps(threads: u32, queue_limit: u32, steps: Value) -> Value {
    json!({
        "kind": "service",
        "boot_s": 0,
        "pools": {"threads": {"threads": threads, "queue_limit": queue_limit}},
        "endpoints": {"serve": {"steps": steps}},
    })
}

/// As many as ever come.
pub const MANY: u32 = 100_000;
/// A queue that never overflows.
pub const ENDLESS: u32 = 1_000_000;

/// Users at `queue`.
pub fn station(arrivals: Value, queue: Value) -> Value {
    json!({"users": users(arrivals, json!({"to": "queue"})), "queue": queue})
}

/// Users who come at random to a queue without end.
pub fn open_queue(rate: f64, threads: u32, time: Value) -> Value {
    station(poisson(rate), service(threads, ENDLESS, time))
}
