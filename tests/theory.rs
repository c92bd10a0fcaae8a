//! Queueing theory through the public scenario format: M/M/1 and M/M/c against their closed forms.
//!
//! Tolerances are five standard deviations of an estimate from 10^6 completions after a warm-up of
//! 5 %, measured over 200 independent replications (validation cases Q01 and Q04).
#![cfg(not(target_arch = "wasm32"))]

use brownout::report::Report;
use brownout::run::Run;
use brownout::simulation::Simulation;
use brownout::wiring::PoolIndex;
use serde_json::{Value, json};

const COMPLETIONS: f64 = 1e6;
const WARMUP_SHARE: f64 = 0.05;

/// A station of `servers` threads with exponential service of mean 1 s, fed at `rate`.
fn station(rate: f64, servers: u32) -> Value {
    let warmup_s = COMPLETIONS * WARMUP_SHARE / rate;
    json!({
        "v": 1,
        "name": {"en": "theory"},
        "duration_s": (COMPLETIONS / rate + warmup_s).round(),
        "warmup_s": warmup_s.round(),
        "windows": 100,
        "nodes": {
            "users": {
                "kind": "clients",
                "arrivals": {"kind": "open", "rate_rps": rate},
                "calls": {"main": {"to": "queue"}},
            },
            "queue": {
                "kind": "service",
                "pools": {"threads": {"threads": servers, "queue_limit": 1_000_000}},
                "endpoints": {"serve": {"steps": [
                    {"do": "cpu", "time": {"dist": "exponential", "mean_ms": 1000.0}},
                ]}},
            },
        },
    })
}

fn run(document: Value) -> (Simulation, Report) {
    let mut simulation = Simulation::new(Run::new(document, 1, Vec::new()).expect("a valid case"));
    simulation.run_to_end();
    let broken = simulation.metrics().check_invariants();
    assert!(broken.is_empty(), "{broken:?}");
    let report = simulation.report();
    (simulation, report)
}

fn close(name: &str, measured: f64, exact: f64, tolerance: f64) {
    println!("{name:8} theory {exact:.5} simulated {measured:.5} tolerance {tolerance}");
    assert!(
        (measured - exact).abs() <= tolerance,
        "{name}: {measured} is not {exact} ± {tolerance}"
    );
}

#[test]
fn q01_mm1() {
    let (_, report) = run(station(0.8, 1));
    let (users, queue) = (&report.totals.response, &report.stations["queue"]);
    let pool = &queue.pools["threads"];
    close("rho", pool.utilisation, 0.8, 0.005_69);
    close("W", users.mean_ms / 1e3, 5.0, 0.222);
    close("Wq", pool.wait.mean_ms / 1e3, 4.0, 0.219);
    close("L", queue.mean_in_system, 4.0, 0.186);
    close("Lq", pool.mean_queue, 3.2, 0.182);
    close("W_p50", users.p50_ms / 1e3, 3.465_735_9, 0.121);
    close("W_p95", users.p95_ms / 1e3, 14.978_661_4, 0.924);
    close("W_p99", users.p99_ms / 1e3, 23.025_850_9, 2.13);
    close("Var_Wq", pool.wait.variance_ms2 / 1e6, 24.0, 3.85);
}

#[test]
fn q04_mmc() {
    let (simulation, report) = run(station(7.0, 8));
    let (users, queue) = (&report.totals.response, &report.stations["queue"]);
    let pool = &queue.pools["threads"];
    close("P_wait", pool.waited_ratio, 0.635_316_018, 0.0162);
    close("Wq", pool.wait.mean_ms / 1e3, 0.635_316_018, 0.0716);
    close("W", users.mean_ms / 1e3, 1.635_316_02, 0.0742);
    close("Lq", pool.mean_queue, 4.447_212_12, 0.512);
    let wait = simulation.metrics().pool(PoolIndex(0)).wait();
    let shorter = (1..10_000).map(|n| f64::from(n) / 1e4);
    let shorter =
        shorter.take_while(|q| wait.quantile(*q).is_some_and(|nanos| nanos <= 1_000_000_000));
    close("P(Wq>1)", 1.0 - shorter.last().unwrap_or(0.0), 0.233_719_701, 0.0241);
}
