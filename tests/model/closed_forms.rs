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

/// Erlang-A, M/M/n+M: ten servers, twelve requests a second, patience of 2 s on average; from the
/// birth and death process (validation case T01).
#[test]
fn the_impatient_leave_as_often_as_erlang_a_says() {
    let service = json!({"pools": {"threads": {
        "threads": 10, "queue_limit": 1_000_000,
        "patience": {"dist": "exponential", "mean_ms": 2_000.0},
    }}});
    let report = report(12.0, poisson(12.0), service, json!({}));
    let pool = &report.stations["queue"].pools["threads"];
    close("Erlang-A queue", pool.mean_queue, 4.695_742_66, 0.35);
    close("Erlang-A utilisation", pool.utilisation, 0.965_212_867, 0.005);
    let left = 1.0 - report.totals.goodput_ratio;
    close("Erlang-A abandonment", left, 0.195_655_944, 0.0115);
}

/// M/M/1 with multiple vacations: Wq = λ E[S²] / 2 (1 − ρ) + E[V²] / 2 E[V] (validation case D06).
#[test]
fn pauses_add_their_residual_length_to_the_wait() {
    for (name, pause, extra, tolerance) in [
        ("vacations of 2 s", json!({"dist": "constant", "ms": 2_000.0}), 1.0, 0.06),
        ("exponential vacations", json!({"dist": "exponential", "mean_ms": 2_000.0}), 2.0, 0.09),
    ] {
        let service = json!({"pause_when_idle": pause});
        let report = report(0.5, poisson(0.5), service, json!({}));
        close(name, wait(&report), 1.0 + extra, tolerance);
    }
}

/// M/M/1 whose server breaks down at rate ξ, busy or idle, is repaired at rate η, and resumes its work:
/// L = λ ((ξ + η)² + μ ξ) / ((ξ + η) (η μ − λ (ξ + η))), from the generating function. Source:
/// H. White and L. S. Christie, "Queuing with preemptive priorities or with breakdown", Operations
/// Research 6 (1958), 79–95.
#[test]
fn work_waits_for_the_repair_of_a_server_that_stands_still() {
    let (arrivals, breaks, repairs) = (0.5, 0.1, 0.4);
    let faults = json!({"f": {
        "at_s": 0.0, "target": "queue", "effect": {"kind": "freeze"},
        "recurs": {
            "up": {"dist": "exponential", "mean_ms": 1_000.0 / breaks},
            "down": {"dist": "exponential", "mean_ms": 1_000.0 / repairs},
        },
    }});
    let report = report(arrivals, poisson(arrivals), json!({}), faults);
    let both: f64 = breaks + repairs;
    let exact = arrivals * (both * both + breaks) / (both * (repairs - arrivals * both));
    close("M/M/1 with breakdowns", report.stations["queue"].mean_in_system, exact, 0.15);
}

/// Availability MTTF / (MTTF + MTTR) of each server; with one crew for three machines that of the
/// machine repair model, whose mean number broken is that of a closed queue.
#[test]
fn servers_are_up_for_their_share_of_the_time() {
    let (mttf, mttr) = (10.0, 2.0);
    let up = |crews: Value| {
        let fault = json!({"f": {
            "at_s": 0.0, "target": "queue", "effect": {"kind": "crash"},
            "recurs": {
                "up": {"dist": "exponential", "mean_ms": mttf * 1e3},
                "down": {"dist": "exponential", "mean_ms": mttr * 1e3}, "crews": crews,
            },
        }});
        let service = json!({"servers": 3, "boot_s": 0.0});
        let report = report(1.0, poisson(1.0), service, fault);
        // The report leaves out how many are always up.
        let up = &report.stations["queue"].up;
        let always = 3.0 - up.len() as f64;
        always + up.iter().map(|level| level.share).sum::<f64>()
    };
    close("independent repair", up(Value::Null), 3.0 * mttf / (mttf + mttr), 0.035);
    // p(n broken) ~ 3! / (3 − n)! r^n with r = MTTR / MTTF.
    let r = mttr / mttf;
    let weights = [1.0, 3.0 * r, 6.0 * r * r, 6.0 * r * r * r];
    let broken: f64 = weights.iter().zip(0..).map(|(weight, n)| weight * f64::from(n)).sum();
    close("one crew", up(json!(1)), 3.0 - broken / weights.iter().sum::<f64>(), 0.06);
}
