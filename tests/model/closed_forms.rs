//! Short runs against closed forms of queueing theory, for what arrives, serves, leaves and breaks down.
//!
//! Tolerances are about five standard deviations of an estimate from so many completions. The mean
//! time of service is 1 s throughout.

use brownout::report::Report;
use brownout::run::Run;
use brownout::simulation::Simulation;
use serde_json::{Value, json};

/// Requests of a run.
const REQUESTS: f64 = 200_000.0;
/// Share of the run that is not measured.
const WARMUP: f64 = 0.05;

/// A service `queue` with that part of a definition, fed by `arrivals` of so many requests a second.
fn report(rate: f64, arrivals: Value, service: Value, faults: Value) -> Report {
    let mut queue = json!({
        "kind": "service",
        "pools": {"threads": {"threads": 1, "queue_limit": 1_000_000}},
        "endpoints": {"serve": {"steps": [
            {"do": "cpu", "time": {"dist": "exponential", "mean_ms": 1_000.0}},
        ]}},
    });
    for (key, value) in service.as_object().expect("fields") {
        queue[key] = value.clone();
    }
    let document = json!({
        "v": 1, "name": {"en": "theory"}, "windows": 10,
        "duration_s": REQUESTS / rate, "warmup_s": WARMUP * REQUESTS / rate,
        "nodes": {
            "users": {
                "kind": "clients", "arrivals": arrivals, "calls": {"main": {"to": "queue"}},
            },
            "queue": queue,
        },
        "faults": faults,
    });
    let mut simulation = Simulation::new(Run::new(document, 1, Vec::new()).expect("a valid case"));
    simulation.run_to_end();
    let broken = simulation.metrics().check_invariants();
    assert!(broken.is_empty(), "{broken:?}");
    simulation.report()
}

fn poisson(rate: f64) -> Value {
    json!({"kind": "open", "rate_rps": rate})
}

fn serving(time: Value) -> Value {
    json!({"endpoints": {"serve": {"steps": [{"do": "cpu", "time": time}]}}})
}

#[track_caller]
fn close(name: &str, measured: f64, exact: f64, tolerance: f64) {
    println!("{name:24} theory {exact:.5} simulated {measured:.5} tolerance {tolerance}");
    assert!(
        (measured - exact).abs() <= tolerance,
        "{name}: {measured} is not {exact} ± {tolerance}"
    );
}

fn wait(report: &Report) -> f64 {
    report.stations["queue"].pools["threads"].wait.mean_ms / 1e3
}

/// Pollaczek and Khinchine: Wq = λ E[S²] / 2 (1 − ρ).
#[test]
fn the_wait_depends_on_the_variance_of_the_service() {
    for (name, time, second_moment, tolerance) in [
        ("M/gamma/1", json!({"dist": "gamma", "mean_ms": 1_000.0, "scv": 0.5}), 1.5, 0.29),
        // 0.5 or 3 s, of which one in five is long.
        (
            "M/empirical/1",
            json!({"dist": "empirical", "values_ms": [3_000.0, 500.0], "weights": [1.0, 4.0]}),
            2.0,
            0.48,
        ),
        // |N| with a mean of 1 s: its second moment is π/2.
        (
            "M/|N|/1",
            json!({"dist": "normal", "mean_ms": 0.0, "sd_ms": 1_253.314_137_315_5}),
            std::f64::consts::FRAC_PI_2,
            0.31,
        ),
    ] {
        let report = report(0.8, poisson(0.8), serving(time), json!({}));
        close(name, wait(&report), 0.8 * second_moment / 0.4, tolerance);
    }
}

/// L = ρ (E[X²] + E[X]) / (2 E[X] (1 − ρ)), with Little's law for the time.
#[test]
fn batches_wait_for_each_other() {
    for (name, batch, exact, tolerance) in [
        ("M^[5]/M/1", json!({"kind": "fixed", "size": 5}), 15.0, 1.15),
        ("M^[geometric 5]/M/1", json!({"kind": "geometric", "mean": 5.0}), 25.0, 2.6),
    ] {
        let arrivals = json!({"kind": "open", "rate_rps": 0.16, "batch": batch});
        let report = report(0.8, arrivals, json!({}), json!({}));
        close(name, report.totals.response.mean_ms / 1e3, exact, tolerance);
    }
}

/// GI/M/1: Wq = σ / (1 − σ), with σ = A*(1 − σ) of the times between arrivals.
#[test]
fn regular_arrivals_wait_less() {
    for (name, gaps, exact, tolerance) in [
        ("D/M/1", json!({"dist": "constant", "ms": 1_250.0}), 1.692_730_84, 0.172),
        // σ = (2 / (2 + 1.25 (1 − σ)))².
        ("E2/M/1", json!({"dist": "erlang", "shape": 2, "mean_ms": 1_250.0}), 2.843_979_77, 0.33),
    ] {
        let arrivals = json!({"kind": "renewal", "interarrival": gaps});
        let report = report(0.8, arrivals, json!({}), json!({}));
        close(name, wait(&report), exact, tolerance);
    }
}
