//! Disciplines against their closed forms, through the public scenario format.
//!
//! Priorities, interrupting or not: A. Cobham, "Priority assignment in waiting line problems" (1954),
//! and L. Kleinrock, "Queueing Systems" II (1976), ch. 3. Shortest first: T. Phipps, "Machine repair
//! as a priority waiting-line problem" (1956). Last come, first served and random order: the mean wait
//! of any order that does not know the work is that of first come, first served; its variance is
//! larger. Last come with interruption: the response of an M/G/1 depends on the mean work alone.
//!
//! Tolerances are five standard deviations of an estimate from so many completions, measured over
//! thirty replications with other seeds (`SEED=2 cargo test --test theory_disciplines`).
#![cfg(not(target_arch = "wasm32"))]

use brownout::engine::math;
use brownout::report::Report;
use brownout::run::Run;
use brownout::simulation::Simulation;
use serde_json::{Map, Value, json};

const COMPLETIONS: f64 = 3e5;

fn exponential(mean_s: f64) -> Value {
    json!({"dist": "exponential", "mean_ms": mean_s * 1e3})
}

/// A station of one thread; each class has a rate per second and its own kind of work.
fn station(discipline: &str, classes: &[(f64, Value)]) -> Value {
    let rate: f64 = classes.iter().map(|(rate, _)| rate).sum();
    let (mut shares, mut calls, mut programs) = (Map::new(), Map::new(), Map::new());
    for (number, (own, work)) in classes.iter().enumerate() {
        let call = format!("call{number}");
        let class = json!({"share": own / rate, "call": call, "priority": number});
        shares.insert(format!("class{number}"), class);
        programs.insert(format!("serve{number}"), json!({"steps": [{"do": "cpu", "time": work}]}));
        calls.insert(call, json!({"to": format!("queue.serve{number}")}));
    }
    let warmup_s = COMPLETIONS / 20.0 / rate;
    json!({
        "v": 1, "name": {"en": "theory"}, "windows": 100, "warmup_s": warmup_s.round(),
        "duration_s": (COMPLETIONS / rate + warmup_s).round(),
        "nodes": {
            "users": {
                "kind": "clients", "arrivals": {"kind": "open", "rate_rps": rate},
                "calls": calls, "classes": shares,
            },
            "queue": {
                "kind": "service", "endpoints": programs,
                "pools": {"threads": {
                    "threads": 1, "queue_limit": 1_000_000, "discipline": discipline,
                }},
            },
        },
    })
}

fn run(document: Value) -> Report {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut simulation = Simulation::new(Run::new(document, seed, Vec::new()).expect("a case"));
    simulation.run_to_end();
    let broken = simulation.metrics().check_invariants();
    assert!(broken.is_empty(), "{broken:?}");
    assert_eq!(simulation.world().audit(), Vec::<String>::new());
    simulation.report()
}

fn close(name: &str, measured: f64, exact: f64, tolerance: f64) {
    println!("{name:24} theory {exact:.5} simulated {measured:.5} tolerance {tolerance}");
    assert!(
        (measured - exact).abs() <= tolerance,
        "{name}: {measured} is not {exact} ± {tolerance}"
    );
}

/// Mean response of each class, in seconds, against theory with a tolerance.
fn responses(name: &str, report: &Report, wanted: &[(f64, f64)]) {
    for (number, (exact, tolerance)) in wanted.iter().enumerate() {
        let mean_ms = report.classes[&format!("users.class{number}")].response.mean_ms;
        close(&format!("{name} T{}", number + 1), mean_ms / 1e3, *exact, *tolerance);
    }
}

fn three_classes() -> [(f64, Value); 3] {
    [0.3, 0.3, 0.2].map(|rate| (rate, exponential(1.0)))
}

fn two_kinds_of_work() -> [(f64, Value); 2] {
    [(0.4, json!({"dist": "constant", "ms": 500.0})), (0.2, exponential(2.0))]
}

#[test]
fn priorities_without_interruption() {
    let report = run(station("priority", &three_classes()));
    responses("Cobham", &report, &[(2.142_857, 0.065), (3.857_143, 0.24), (11.0, 1.43)]);
    let report = run(station("priority", &two_kinds_of_work()));
    responses("Cobham", &report, &[(1.5625, 0.047), (4.656_25, 0.22)]);
}

/// T_k = E[S_k]/(1 - s_(k-1)) + sum of lambda_i E[S_i^2]/2 up to k over (1 - s_(k-1))(1 - s_k).
#[test]
fn priorities_with_interruption() {
    let report = run(station("preemptive_priority", &three_classes()));
    responses("preemptive", &report, &[(1.428_571, 0.048), (3.571_429, 0.22), (12.5, 1.51)]);
    let utilisation = report.stations["queue"].pools["threads"].utilisation;
    close("preemptive rho", utilisation, 0.8, 0.013);
    let report = run(station("preemptive_priority", &two_kinds_of_work()));
    responses("preemptive", &report, &[(0.5625, 0.0016), (5.156_25, 0.23)]);
}

#[test]
fn orders_that_do_not_know_the_work_differ_in_variance_only() {
    let (rate, mean) = (0.7, 0.7 / 0.3);
    // E[W^2] of an M/M/1, first come first served; times 1/(1 - rho) for last come first served,
    // times 2/(2 - rho) for random order (J. Kingman, 1962).
    let second = 0.7 * 1.3 / 0.09 + mean * mean;
    for (discipline, second, tolerance) in
        [("fifo", second, 1.7), ("random", second * 2.0 / 1.3, 3.3), ("lifo", second / 0.3, 11.0)]
    {
        let report = run(station(discipline, &[(rate, exponential(1.0))]));
        let wait = &report.stations["queue"].pools["threads"].wait;
        close(&format!("{discipline} Wq"), wait.mean_ms / 1e3, mean, 0.18);
        let variance = second - mean * mean;
        close(&format!("{discipline} Var Wq"), wait.variance_ms2 / 1e6, variance, tolerance);
    }
}

#[test]
fn last_come_with_interruption_knows_only_the_mean_work() {
    for (work, tolerance) in [
        (json!({"dist": "constant", "ms": 1_000.0}), 0.125),
        (exponential(1.0), 0.19),
        (json!({"dist": "hyperexponential", "mean_ms": 1_000.0, "scv": 4.0}), 0.31),
    ] {
        let report = run(station("preemptive_lifo", &[(0.7, work.clone())]));
        let name = format!("LIFO, {}", work["dist"].as_str().unwrap_or_default());
        close(&name, report.totals.response.mean_ms / 1e3, 1.0 / 0.3, tolerance);
    }
}

#[test]
fn the_shortest_first() {
    // Wq(x) = lambda E[S^2]/2 / (1 - rho(x))^2, where rho(x) is the load of work shorter than x.
    let (rate, step) = (0.8_f64, 1e-3);
    let wait = |x: f64| {
        let load = rate * (1.0 - math::exp(-x) * (1.0 + x));
        rate / (1.0 - load) / (1.0 - load)
    };
    let middle = |n: u32| (f64::from(n) + 0.5) * step;
    let mean: f64 = (0..40_000).map(middle).map(|x| wait(x) * math::exp(-x) * step).sum();
    let report = run(station("shortest_first", &[(rate, exponential(1.0))]));
    let wait = &report.stations["queue"].pools["threads"].wait;
    close("shortest Wq", wait.mean_ms / 1e3, mean, 0.15);
}
