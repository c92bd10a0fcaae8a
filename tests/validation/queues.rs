//! Q: single stations.

use crate::book::{Case, completions, is_full};
use crate::program::{measured, number, of_seeds, rejected, run};
use crate::scenarios::*;
use serde_json::{Value, json};

cases! {
    q01 q02 q04 q06 q07 q08 q10 q11 q12 q13 q14 q15 q17 q21 q24 q25 q26 q27
}

const POOL: &str = "/stations/queue/pools/threads";

fn pool(report: &Value, field: &str) -> f64 {
    number(report, &format!("{POOL}/{field}"))
}

/// Mean response time of users, in seconds.
fn response_s(report: &Value) -> f64 {
    number(report, "/totals/response/mean_ms") / 1e3
}

fn wait_s(report: &Value) -> f64 {
    pool(report, "wait/mean_ms") / 1e3
}

fn in_system(report: &Value) -> f64 {
    number(report, "/stations/queue/mean_in_system")
}

fn blocked(report: &Value) -> f64 {
    rejected(&report["totals"], "queue_full") / number(report, "/totals/offered")
}

/// M/M/1: all that is known of it.
fn mm1(case: &mut Case, full: f64) {
    let (rate, n) = (case.param("lambda_"), completions(full));
    let report = run(&scenario(n / rate, open_queue(rate, 1, exponential(1.0 / case.param("mu")))));
    let response = |field: &str| number(&report, &format!("/totals/response/{field}")) / 1e3;
    case.is_over(n, "rho", pool(&report, "utilisation"));
    case.is_over(n, "W", response_s(&report));
    case.is_over(n, "Wq", wait_s(&report));
    case.is_over(n, "L", in_system(&report));
    case.is_over(n, "Lq", pool(&report, "mean_queue"));
    case.is_over(n, "W_p50", response("p50_ms"));
    case.is_over(n, "W_p95", response("p95_ms"));
    case.is_over(n, "W_p99", response("p99_ms"));
    case.is_over(n, "Var_Wq", pool(&report, "wait/variance_ms2") / 1e6);
}

fn q01(case: &mut Case) {
    mm1(case, 1e6);
}

fn q02(case: &mut Case) {
    mm1(case, 1e7);
}

fn mmc(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    let queue = open_queue(rate, case.param("c") as u32, exponential(1.0 / case.param("mu")));
    let clause = format!("waited_over(queue, {}s) < 1", case.param("thr"));
    let report = run(&asking(scenario(n / rate, queue), &[&clause]));
    case.is_over(n, "P_wait", pool(&report, "waited_ratio"));
    case.is_over(n, "Wq", wait_s(&report));
    case.is_over(n, "W", response_s(&report));
    case.is_over(n, "Lq", pool(&report, "mean_queue"));
    case.is_over(n, "P(Wq>thr)", measured(&report, 0));
}

fn q04(case: &mut Case) {
    mmc(case);
}

fn q06(case: &mut Case) {
    mmc(case);
}

/// Eight servers become seven: by a balancer in turn, as one queue, and split at random.
fn q07(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    let mut shares = Vec::new();
    let mut waits = Vec::new();
    for (servers, after) in [(case.param("c_before"), "before"), (case.param("c_after"), "after")] {
        // Clockwork on clockwork: the load is exact.
        let clock =
            station(clockwork(rate), behind_balancer(servers, "round_robin", constant(1.0)));
        let report = run(&through_balancer(scenario(1e4, clock)));
        shares.push(number(&report, "/stations/queue/shares/0/share"));
        case.is(&format!("share_{after}"), shares[shares.len() - 1]);
        case.is(&format!("rho_{after}"), pool(&report, "utilisation"));

        let pooled = open_queue(rate, servers as u32, exponential(1.0));
        let report = run(&scenario(n / rate, pooled));
        waits.push(wait_s(&report));
        case.is_over(n, &format!("Wq_{after}"), wait_s(&report));
        if after == "after" {
            case.is_over(n, "P_wait_after", pool(&report, "waited_ratio"));
        }
        let split = station(poisson(rate), behind_balancer(servers, "random", exponential(1.0)));
        let report = run(&through_balancer(scenario(n / rate, split)));
        case.is(&format!("W_random_split_{after}"), response_s(&report));
    }
    case.computed(
        "load_increase_per_server",
        shares[1] / shares[0] - 1.0,
        "the two simulated shares",
    );
    case.computed("Wq_ratio", waits[1] / waits[0], "the two simulated waits");
}

/// So many servers of one thread each.
fn behind_balancer(servers: f64, algorithm: &str, time: Value) -> Value {
    let mut queue = service(1, ENDLESS, time);
    queue["servers"] = json!(servers as u32);
    queue["x-algorithm"] = json!(algorithm);
    queue
}

/// Puts the balancer between users and queue that `behind_balancer` asked for.
fn through_balancer(mut scenario: Value) -> Value {
    let queue = scenario["nodes"]["queue"].as_object_mut().expect("there is a queue");
    let algorithm = queue.remove("x-algorithm").expect("an algorithm was asked for");
    scenario["nodes"]["lb"] = json!({"kind": "balancer", "to": "queue", "algorithm": algorithm});
    scenario["nodes"]["users"]["calls"]["main"]["to"] = json!("lb");
    scenario
}

fn q08(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    let queue = service(1, case.param("K") as u32 - 1, exponential(1.0 / case.param("mu")));
    let report = run(&scenario(n / rate, station(poisson(rate), queue)));
    case.is_over(n, "P_block", blocked(&report));
    case.is_over(n, "L", in_system(&report));
    case.is_over(n, "W_accepted", response_s(&report));
    case.is_over(n, "throughput", number(&report, "/totals/goodput_rps"));
}

fn q10(case: &mut Case) {
    let (rate, servers, n) = (case.param("lambda_"), case.param("c"), 1e6);
    let room = case.param("K") - servers;
    let queue = service(servers as u32, room as u32, exponential(1.0 / case.param("mu")));
    let report = run(&scenario(n / rate, station(poisson(rate), queue)));
    case.is_over(n, "P_block", blocked(&report));
    case.is_over(n, "L", in_system(&report));
    case.is_over(n, "Lq", pool(&report, "mean_queue"));
    case.is_over(n, "W_accepted", response_s(&report));
    case.is_over(n, "throughput", number(&report, "/totals/goodput_rps"));
}

fn q11(case: &mut Case) {
    let (erlangs, servers, n) = (case.param("offered_erlangs"), case.param("c") as u32, 1e6);
    for (name, time) in [
        ("exp", exponential(1.0)),
        ("det", constant(1.0)),
        ("lognormal", json!({"dist": "lognormal", "mean_ms": 1e3, "scv": 4.0})),
    ] {
        let queue = station(poisson(erlangs), service(servers, 0, time));
        let report = run(&scenario(n / erlangs, queue));
        case.is_over(n, &format!("P_block_{name}"), blocked(&report));
    }
}

/// A bulkhead in front of a dependency that becomes slow.
fn q12(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    for state in ["normal", "slow"] {
        let time = exponential(case.param(&format!("latency_{state}_s")));
        let call = json!({"to": "queue", "bulkhead": {"max_concurrent_calls": case.param("pool")}});
        let nodes = json!({"users": users(poisson(rate), call), "queue": service(MANY, 0, time)});
        let report = run(&scenario(n / rate, nodes));
        let refused = rejected(&report["totals"], "bulkhead") / number(&report, "/totals/offered");
        case.is_over(n, &format!("P_reject_{state}"), refused);
        if state == "slow" {
            case.is("goodput_slow", number(&report, "/totals/goodput_rps"));
            case.is("busy_slots_slow", pool(&report, "mean_busy"));
        }
    }
}

/// M/G/1 by Pollaczek and Khinchine.
fn mg1(case: &mut Case, time: Value) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    let report = run(&scenario(n / rate, open_queue(rate, 1, time)));
    case.is_over(n, "Wq", wait_s(&report));
    case.is_over(n, "W", response_s(&report));
    case.is_over(n, "L", in_system(&report));
    case.is_over(n, "P_wait", pool(&report, "waited_ratio"));
    if case.name == "q13" {
        case.is_over(n, "Wq_p95", pool(&report, "wait/p95_ms") / 1e3);
        case.is_over(n, "Wq_p99", pool(&report, "wait/p99_ms") / 1e3);
    }
}

fn q13(case: &mut Case) {
    mg1(case, constant(1.0));
}

fn q14(case: &mut Case) {
    mg1(case, json!({"dist": "erlang", "shape": 4, "mean_ms": 1e3}));
}

fn q15(case: &mut Case) {
    mg1(case, json!({"dist": "hyperexponential", "mean_ms": 1e3, "scv": 4.0}));
}

fn q17(case: &mut Case) {
    mg1(case, json!({"dist": "pareto", "mean_ms": 1e3, "shape": 3.5}));
}

fn q21(case: &mut Case) {
    let (rate, n) = (1.0 / case.param("interarrival"), 1e6);
    let queue = service(1, ENDLESS, exponential(1.0 / case.param("mu")));
    let report = run(&scenario(n / rate, station(clockwork(rate), queue)));
    case.is_over(n, "P_wait", pool(&report, "waited_ratio"));
    case.is_over(n, "Wq", wait_s(&report));
    case.is_over(n, "W", response_s(&report));
}

/// How many are there at the end of a short run from empty, one run per seed.
fn transient(case: &Case) -> (f64, Vec<f64>) {
    let full = case.param("replications");
    let runs = if is_full() { full } else { full.min(2_000.0) };
    let queue = open_queue(case.param("lambda_"), 1, exponential(1.0 / case.param("mu")));
    let scenario = from_start(case.param("t"), queue);
    let present = of_seeds(&scenario, 1, runs as u64, |report| pool(report, "in_system_at_end"));
    ((full / runs).sqrt(), present)
}

fn q24(case: &mut Case) {
    let (scale, present) = transient(case);
    let empty = present.iter().filter(|present| **present == 0.0).count();
    case.is_scaled(scale, "E_N(10)", present.iter().sum::<f64>() / present.len() as f64);
    case.is_scaled(scale, "P_empty(10)", empty as f64 / present.len() as f64);
}

fn q25(case: &mut Case) {
    let (scale, present) = transient(case);
    case.is_scaled(scale, "E_N(200)", present.iter().sum::<f64>() / present.len() as f64);
}

fn q26(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    let time = json!({"dist": "lognormal", "mean_ms": 200.0, "scv": 4.0});
    let queue = station(poisson(rate), service(MANY, 0, time));
    let report = run(&asking(scenario(n / rate, queue), &["time_above(queue, 15) < 1"]));
    case.is_over(n, "L", in_system(&report));
    case.is_over(n, "P(N>15)", measured(&report, 0));
}

fn q27(case: &mut Case) {
    let (rate, size, n) = (case.param("batch_rate"), case.param("batch"), 2e5);
    let arrivals =
        json!({"kind": "open", "rate_rps": rate, "batch": {"kind": "fixed", "size": size as u64}});
    let queue = service(1, ENDLESS, exponential(1.0 / case.param("mu")));
    let report = run(&scenario(n / (rate * size), station(arrivals, queue)));
    case.is_over(n, "W", response_s(&report));
    case.is("L", in_system(&report));
}
