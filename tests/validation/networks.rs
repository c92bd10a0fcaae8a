//! N: networks of stations.

use crate::book::{Case, completions, is_full};
use crate::program::{measured, number, run};
use crate::scenarios::*;
use brownout::engine::math;
use brownout::pattern::sharding::Sharding;
use serde_json::{Value, json};

cases! {
    n01 n02 n05 n06 n09 n10 n11 n12 n13
}

fn in_system(report: &Value, node: &str) -> f64 {
    number(report, &format!("/stations/{node}/mean_in_system"))
}

fn utilisation(report: &Value, node: &str) -> f64 {
    number(report, &format!("/stations/{node}/pools/threads/utilisation"))
}

fn response_s(report: &Value) -> f64 {
    number(report, "/totals/response/mean_ms") / 1e3
}

fn closed(users: f64, think_s: f64) -> Value {
    json!({"kind": "closed", "users": users as u32, "think": exponential(think_s)})
}

/// A program that visits stations in turn without holding any of their threads.
fn tour(stations: &[(&str, Value)]) -> Value {
    let calls: Vec<Value> =
        stations.iter().map(|(name, _)| json!({"do": "call", "call": name})).collect();
    let mut nodes = json!({"tour": steps(MANY, 0, json!(calls))});
    for (name, service) in stations {
        nodes["tour"]["calls"][name] = json!({"to": name});
        nodes[name] = service.clone();
    }
    nodes
}

fn n01(case: &mut Case) {
    let n = 1e6;
    let (users_count, think) = (case.param("N"), case.param("Z"));
    let queue = service(1, ENDLESS, exponential(case.param("S")));
    let report = run(&scenario(n / case.theory("X"), station(closed(users_count, think), queue)));
    let rate = number(&report, "/totals/goodput_rps");
    case.is_over(n, "X", rate);
    case.is_over(n, "R", response_s(&report));
    case.is_over(n, "util", utilisation(&report, "queue"));
    // Little's law at both ends: those who wait at the station and those who think, as the clients' own
    // meter counts them, make up all users at any time.
    let waiting = in_system(&report, "queue") / rate;
    let thinking = (users_count - number(&report, "/totals/mean_in_flight")) / rate;
    let apart = (waiting + thinking - users_count / rate) / (users_count / rate);
    case.computed(
        "R+Z=N/X",
        case.theory("R+Z=N/X") * (1.0 + apart),
        "N/X, with the relative difference measured between R+Z and N/X",
    );
}

fn n02(case: &mut Case) {
    let n = 1e6;
    let demands = case.params()["demands"].as_array().expect("demands").clone();
    let demand =
        |index: usize| service(1, ENDLESS, exponential(demands[index].as_f64().expect("seconds")));
    let mut nodes = tour(&[("q1", demand(0)), ("q2", demand(1)), ("q3", demand(2))]);
    nodes["users"] = users(closed(case.param("N"), case.param("Z")), json!({"to": "tour"}));
    let report = run(&scenario(n / case.theory("X"), nodes));
    case.is_over(n, "X", number(&report, "/totals/goodput_rps"));
    case.is_over(n, "R", response_s(&report));
    for queue in 1..=3 {
        case.is_over(n, &format!("Q{queue}"), in_system(&report, &format!("q{queue}")));
    }
    case.is_over(n, "U3", utilisation(&report, "q3"));
}

/// Users who visit balancer, application, cache and, when that misses, the database.
fn n05(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    let many = |name: &str| {
        let field = |field: &str| number(case.params(), &format!("/{name}/{field}"));
        service(field("c") as u32, ENDLESS, exponential(1.0 / field("mu")))
    };
    let one = |name: &str| service(1, ENDLESS, exponential(1.0 / case.param(name)));
    let mut nodes = tour(&[
        ("lb", one("mu_lb")),
        ("app", many("app")),
        ("cache", one("mu_cache")),
        ("db", many("db")),
    ]);
    nodes["tour"]["endpoints"]["serve"]["steps"][3]["ratio"] = json!(case.param("p_miss"));
    nodes["users"] = users(poisson(rate), json!({"to": "tour"}));
    let report = run(&scenario(n / rate, nodes));
    case.is_over(n, "R_total", response_s(&report));
    for node in ["lb", "app", "cache", "db"] {
        case.is_over(n, &format!("L_{node}"), in_system(&report, node));
    }
    for node in ["app", "db"] {
        case.is_over(n, &format!("U_{node}"), utilisation(&report, node));
    }
}

/// Failures are tried again at once, for ever.
fn n06(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    // After 20 failures in a row even the most patient gives up; that happens once in 10^12.
    let call = json!({"to": "queue", "retry": {"max_attempts": 20, "wait_duration_ms": 0}});
    let queue = steps(
        1,
        ENDLESS,
        json!([
            {"do": "cpu", "time": exponential(1.0 / case.param("mu"))},
            {"do": "fail", "ratio": case.param("p_fail")},
        ]),
    );
    let report =
        run(&scenario(n / rate, json!({"users": users(poisson(rate), call), "queue": queue})));
    case.is_over(n, "rho", utilisation(&report, "queue"));
    case.is_over(n, "W_total", response_s(&report));
    case.is_over(n, "attempts", number(&report, "/edges/users.main/amplification"));
}

/// All leaves at once, and none ever waits.
fn fan_out(leaves: usize, requests: f64) -> Value {
    let fan = json!([{"do": "parallel", "calls": vec!["leaf"; leaves]}]);
    let mut nodes = json!({
        "users": users(poisson(1.0), json!({"to": "fan"})),
        "fan": steps(MANY, 0, fan),
        "leaf": service(MANY, 0, exponential(1.0)),
    });
    nodes["fan"]["calls"] = json!({"leaf": {"to": "leaf"}});
    scenario(requests, nodes)
}

fn n09(case: &mut Case) {
    let n = if is_full() { 1e6 } else { completions(1e5) };
    let report = run(&fan_out(case.param("fan_out") as usize, n));
    case.is_over(n, "E_max", response_s(&report));
    // One leaf in a hundred takes longer than ln 100 times its mean.
    let slowest = format!("slower_ratio(users, {}ms) < 1", math::ln(100.0) * 1e3);
    let report = run(&asking(fan_out(100, n), &[&slowest]));
    case.is_over(n, "P(any of 100 leaves slower than its p99)", measured(&report, 0));
}

/// A second attempt goes out when the first one takes too long; the first answer counts.
fn hedged(case: &mut Case) {
    let n = 1e6;
    let hedge = json!({"max_attempts": 2, "hedging_delay_ms": case.param("hedge_after") * 1e3});
    let nodes = json!({
        "users": users(poisson(100.0), json!({"to": "queue", "hedge": hedge})),
        "queue": service(MANY, 0, exponential(1.0)),
    });
    let report = run(&scenario(n / 100.0, nodes));
    case.is_over(n, "mean", response_s(&report));
    let edge = |field: &str| number(&report, &format!("/edges/users.main/{field}"));
    case.is_over(n, "extra_load", edge("hedges") / edge("calls"));
    case.is_over(n, "p99", number(&report, "/totals/response/p99_ms") / 1e3);
}

fn n10(case: &mut Case) {
    hedged(case);
}

fn n11(case: &mut Case) {
    hedged(case);
}

/// Share of all keys that live elsewhere when there are other shards.
fn moved_by_modulo(before: u32, after: u32) -> f64 {
    // Every pair of residues modulo 7, 8 and 9 comes up equally often.
    const KEYS: u64 = 504;
    let shard = |key, shards| Sharding::Modulo.shard_of(key, KEYS, shards);
    let moves = |key: &u64| shard(*key, before) != shard(*key, after);
    (0..KEYS).filter(moves).count() as f64 / KEYS as f64
}

/// Share of requests whose key lives elsewhere when there are other shards: each asks the shard of the
/// old scheme, which passes it on by the new one.
fn moved(by: &str, before: usize, after: usize) -> f64 {
    const REQUESTS: f64 = 20_000.0;
    let step = |shards: usize| {
        let calls: Vec<String> = (0..shards).map(|shard| format!("to-{shard}")).collect();
        json!([{
            "do": "shard", "calls": calls, "by": by,
            "keys": {"set": "keys", "count": 1_000_000_000},
        }])
    };
    let router = |shards: usize, to: &dyn Fn(usize) -> String| {
        let mut router = steps(MANY, 0, step(shards));
        for shard in 0..shards {
            router["calls"][format!("to-{shard}")] = json!({"to": to(shard)});
        }
        router
    };
    let mut nodes = json!({
        "users": users(clockwork(1_000.0), json!({"to": "old"})),
        "old": router(before, &|shard| format!("old-{shard}")),
        "sink": steps(MANY, 0, json!([])),
    });
    for shard in 0..before {
        nodes[format!("old-{shard}")] = router(after, &|_| "sink".to_owned());
    }
    let report = run(&scenario(REQUESTS / 1_000.0, nodes));
    let attempts =
        |shard: usize| number(&report, &format!("/edges/old-{shard}.to-{shard}/attempts"));
    let stays: f64 = (0..before.min(after)).map(attempts).sum();
    1.0 - stays / number(&report, "/totals/offered")
}

/// Reads spread over all servers of a database, writes at every one of them: each session serves both.
fn n12(case: &mut Case) {
    let (writes, reads) = (case.param("writes"), case.param("reads"));
    let (write_s, read_s) = (1e-3, 0.5e-3);
    let n = completions(1e6);
    for nodes in [3.0, 2.0] {
        let database = json!({
            "kind": "database", "connections": 1, "queue_limit": ENDLESS,
            "replicas": nodes as u32 - 1, "reads": "any", "apply_workers": 1_024,
            "queries": {
                "read": {"cost": exponential(read_s)},
                "write": {"cost": exponential(write_s), "writes": true},
            },
        });
        let report = run(&scenario(
            n / (reads + nodes * writes),
            json!({
                "readers": users(poisson(reads), json!({"to": "db.read"})),
                "writers": users(poisson(writes), json!({"to": "db.write"})),
                "db": database,
            }),
        ));
        let pool = |field: &str| number(&report, &format!("/stations/db/pools/sessions/{field}"));
        let suffix = if nodes == 3.0 { "3_nodes" } else { "2_nodes" };
        case.is_over(n, &format!("util_{suffix}"), pool("utilisation"));
        case.is_over(n, &format!("Wq_ms_{suffix}"), pool("wait/mean_ms"));
    }
    let offered = writes * write_s + reads * read_s;
    case.computed("util_1_node", offered, "the configured rates and times");
}

fn n13(case: &mut Case) {
    let source = "the scheme, asked for 504 keys";
    case.computed("mod_8_to_9", moved_by_modulo(8, 9), source);
    case.computed("mod_8_to_7", moved_by_modulo(8, 7), source);
    case.is("consistent_8_to_9", moved("consistent", 8, 9));
    case.is("consistent_8_to_7", moved("consistent", 8, 7));
}
