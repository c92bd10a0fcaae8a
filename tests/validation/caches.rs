//! C: caches.

use crate::book::Case;
use crate::program::{number, of_seeds, run};
use crate::scenarios::*;
use serde_json::{Value, json};

cases! {
    c01 c03 c05 c07
}

/// Users who ask a cache for things that are there as soon as they are missed; the share of hits.
fn hit_ratio(case: &Case, rate: f64, n: f64, cache: Value) -> f64 {
    let mut queue = steps(MANY, 0, json!([{"do": "cached", "cache": "cache", "steps": []}]));
    let keys = json!({
        "set": "things", "count": case.param("keys") as u64, "zipf_exponent": case.param("zipf"),
    });
    queue["caches"] = json!({"cache": cache});
    queue["caches"]["cache"]["keys"] = keys;
    let report = run(&scenario(n / rate, station(poisson(rate), queue)));
    number(&report, "/stations/queue/caches/cache/hit_ratio")
}

fn full(case: &Case, eviction: &str, n: f64) -> f64 {
    let size = case.param("size") as u64;
    hit_ratio(case, 1_000.0, n, json!({"max_entries": size, "eviction": eviction}))
}

fn c01(case: &mut Case) {
    let n = 1e6;
    for (metric, eviction) in [
        ("hit_lru", "lru"),
        ("hit_fifo", "fifo"),
        ("hit_random", "random"),
        ("hit_lfu_static", "lfu"),
    ] {
        case.is_over(n, metric, full(case, eviction, n));
    }
}

fn c03(case: &mut Case) {
    let n = 1e6;
    let hits = full(case, "lru", n);
    case.is_over(n, "hit_che", hits);
    case.is("hit_measured", hits);
}

fn c05(case: &mut Case) {
    let (rate, n) = (case.param("rate"), 1e6);
    for (metric, kind) in [("hit_fixed_ttl", "fixed"), ("hit_sliding_ttl", "sliding")] {
        let cache = json!({"ttl_ms": case.param("ttl") * 1e3, "ttl_kind": kind});
        case.is_over(n, metric, hit_ratio(case, rate, n, cache));
    }
}

/// How many requests reach the database each time that the one key is not there, run by run: at the
/// start, and when it has expired for the first time. Each run ends before it expires again.
fn fetches(case: &Case, single_flight: bool, seconds: f64, runs: u64) -> Vec<f64> {
    let steps = steps(
        MANY,
        0,
        json!([{"do": "cached", "cache": "cache", "steps": [{"do": "call", "call": "db"}]}]),
    );
    let mut queue = steps;
    queue["calls"] = json!({"db": {"to": "db"}});
    queue["caches"] = json!({"cache": {
        "keys": {"set": "hot", "count": 1}, "ttl_ms": 300, "single_flight": single_flight,
    }});
    let scenario = from_start(
        seconds,
        json!({
            "users": users(poisson(case.param("key_rate")), json!({"to": "queue"})),
            "queue": queue,
            "db": service(MANY, 0, constant(case.param("db_latency"))),
        }),
    );
    of_seeds(&scenario, 1, runs, |report| {
        number(report, "/stations/queue/caches/cache/fetches") / 2.0
    })
}

fn c07(case: &mut Case) {
    let runs = 5_000;
    // The last of the first herd is back 0.5 s after its first, the second herd 0.3 s later.
    let herds = fetches(case, false, 1.3, runs);
    let mean = herds.iter().sum::<f64>() / runs as f64;
    case.is_over(2.0 * runs as f64, "db_requests_per_expiry_no_coalescing", mean);
    // One is back after 0.25 s, the next begins 0.3 s later.
    let flights = fetches(case, true, 1.0, 1_000);
    assert!(flights.iter().all(|fetches| *fetches == flights[0]), "{flights:?}");
    case.is("db_requests_per_expiry_single_flight", flights[0]);
}
