//! I: what holds in every run: conservation, Little's law, determinism, scaling.
//!
//! The scenarios are those of all other cases, shortened to some thousands of events and measured from their
//! start. Every report that any case reads is checked as well, see `program`.

use crate::book::{Case, outcome};
use crate::program::{events, number, output, scenarios};
use crate::tests;
use brownout::engine::Time;
use brownout::run::Run;
use brownout::simulation::Simulation;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

cases! {
    i01 i02 i03 i04 i05 i06 i08
}

/// Events of a shortened run.
const EVENTS: u64 = 10_000;

/// Everything that the other cases ran, shortened, by a name of its own.
fn shortened() -> &'static BTreeMap<String, Value> {
    static SHORT: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    SHORT.get_or_init(|| {
        let others =
            tests().into_iter().filter(|(name, _)| !name.starts_with('i') && *name != "h01");
        for (name, _) in others {
            outcome(name);
        }
        let all = scenarios();
        assert!(all.len() > 100, "the suite runs many scenarios");
        all.into_iter().map(|(name, scenario)| (name, shorten(scenario))).collect()
    })
}

fn shorten(mut scenario: Value) -> Value {
    let fields = scenario.as_object_mut().expect("a scenario is an object");
    fields.remove("expect");
    fields.insert("warmup_s".to_owned(), json!(0));
    fields.insert("windows".to_owned(), json!(20));
    fields.insert("max_events".to_owned(), json!(EVENTS));
    scenario
}

/// The report of a run that may stop early.
fn report(scenario: &Value) -> Value {
    let output = output(&["run", "-", "--format", "json"], &scenario.to_string());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}{scenario:#}");
    serde_json::from_slice(&output.stdout).expect("a report")
}

/// The reports of all shortened scenarios.
fn reports() -> &'static BTreeMap<String, Value> {
    static REPORTS: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    REPORTS.get_or_init(|| {
        shortened().iter().map(|(name, scenario)| (name.clone(), report(scenario))).collect()
    })
}

/// The shortened scenarios with a length at which they end by themselves, and the reports of that.
fn whole() -> Vec<(&'static str, Value, Value)> {
    let short = |(name, scenario): (&'static String, &Value)| {
        let mut scenario = scenario.clone();
        let reached = number(&reports()[name], "/simulated_s");
        if reports()[name]["stopped_early"] != Value::Null {
            // A millisecond is the shortest run there is.
            let whole = if reached > 1.0 {
                reached.floor()
            } else {
                (reached * 1e3).floor().max(1.0) / 1e3
            };
            scenario["duration_s"] = json!(whole);
            // What would come later is refused, since it could never happen.
            for what in ["faults", "interventions"] {
                if let Some(planned) = scenario.get_mut(what).and_then(Value::as_object_mut) {
                    planned.retain(|_, planned| number(planned, "/at_s") <= whole);
                }
            }
        }
        scenario["max_events"] = json!(10 * EVENTS);
        let report = report(&scenario);
        (name.as_str(), scenario, report)
    };
    shortened()
        .iter()
        .map(short)
        .filter(|(.., report)| report["stopped_early"] == Value::Null)
        .collect()
}

fn count(of: &Value, key: &str) -> f64 {
    of[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", of[key]))
}

fn refused(of: &Value) -> f64 {
    of["rejected"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_f64()).sum()
}

fn pools(report: &Value) -> impl Iterator<Item = (String, &Value)> {
    let stations = report["stations"].as_object().into_iter().flatten();
    stations.flat_map(|(name, station)| {
        let pools = station["pools"].as_object().into_iter().flatten();
        pools.map(move |(key, pool)| (format!("{name}.{key}"), pool))
    })
}

fn i01(case: &mut Case) {
    let mut unaccounted = 0.0;
    for report in reports().values() {
        for (_, class) in report["classes"].as_object().into_iter().flatten() {
            let ended: f64 =
                ["ok", "degraded", "failed", "timed_out"].iter().map(|key| count(class, key)).sum();
            unaccounted +=
                (count(class, "offered") - ended - refused(class) - count(class, "abandoned"))
                    .abs();
        }
        for (_, pool) in pools(report) {
            let ended: f64 = ["ok", "failed", "wasted"].iter().map(|key| count(pool, key)).sum();
            let present = count(pool, "in_system_at_end");
            unaccounted += (count(pool, "offered") - ended - refused(pool) - present).abs();
        }
    }
    // The same and more, from inside, between two events.
    for scenario in shortened().values() {
        let mut simulation = simulation(scenario, 1);
        simulation.advance(Time::NEVER, EVENTS / 2);
        unaccounted += simulation.metrics().check_invariants().len() as f64;
        simulation.run_to_end();
        unaccounted += simulation.metrics().check_invariants().len() as f64;
    }
    case.is("arrivals - (completed+failed+timed_out+shed+in_flight)", unaccounted);
}

/// Sums of the moments of a pool's events of one kind, and their number.
fn sums(events: &[Value], pool: &str, kinds: &[&str]) -> (f64, f64) {
    let of =
        |event: &&Value| event["pool"] == pool && kinds.iter().any(|kind| event["event"] == *kind);
    events
        .iter()
        .filter(of)
        .fold((0.0, 0.0), |(sum, n), event| (sum + number(event, "/at_s"), n + 1.0))
}

/// The worst relative difference between an integral of the report and the sum of stays in the events.
fn worst(
    begin: &[&str],
    end: &[&str],
    integral: impl Fn(&Value, f64) -> f64,
    skip: impl Fn(&Value) -> bool,
) -> f64 {
    let mut worst: f64 = 0.0;
    for (name, scenario, report) in whole() {
        if skip(&scenario) {
            continue;
        }
        let (events, until) = (events(&scenario), count(&report, "simulated_s"));
        for (pool_name, pool) in pools(&report) {
            let ((came, n), (left, gone)) =
                (sums(&events, &pool_name, begin), sums(&events, &pool_name, end));
            let stays = left - came + until * (n - gone);
            let integral = integral(pool, until);
            if integral > 0.0 {
                let apart = (integral - stays).abs() / integral;
                // The sums of moments are only as exact as doubles of their size.
                let rounding = 1e-15 * (came + left + until * n) / integral;
                assert!(apart <= 1e-9 + rounding, "{name} {pool_name}: {integral} against {stays}");
                worst = worst.max((apart - rounding).max(0.0));
            }
        }
    }
    worst
}

fn i02(case: &mut Case) {
    let integral = |pool: &Value, until: f64| count(pool, "mean_in_system") * until;
    let worst = worst(&["work_arrived"], &["work_ended", "work_refused"], integral, |_| false);
    case.is("|integral N dt - sum(min(d_i,T)-a_i)| / integral", worst);
}

fn i03(case: &mut Case) {
    // The end of work that a crash took from the queue looks like the end of work that had begun; a thread that is
    // taken away, or a caller that calls on, does not work all the time.
    let skip = |scenario: &Value| {
        let text = scenario.to_string();
        ["\"crash\"", "\"memory\"", "\"preemptive", "\"async\"", "\"liveness_probe\""]
            .iter()
            .any(|word| text.contains(word))
    };
    let busy = |pool: &Value, _| count(pool, "busy_s");
    let worst = worst(&["work_started"], &["work_ended"], busy, skip);
    case.is("|busy_time - sum of service delivered|/busy_time", worst);
    let fits = reports().values().all(|report| {
        let until = count(report, "simulated_s");
        pools(report).all(|(_, pool)| {
            count(pool, "busy_s") <= count(pool, "threads") * until * (1.0 + 1e-12)
        })
    });
    case.is("busy_time <= c*T", fits);
}

fn i04(case: &mut Case) {
    let mut fits = true;
    for report in reports().values() {
        let edges = report["edges"].as_object().expect("a map of calls");
        let callers = report["classes"].as_object().expect("a map of classes").keys();
        let of_users = edges.iter().filter(|(name, _)| name.starts_with("users."));
        // One population with one call, to which its own policies refuse nothing: each first try goes on the
        // wire at once.
        if let [(_, edge)] = of_users.collect::<Vec<_>>()[..]
            && callers.into_iter().all(|class| class.starts_with("users."))
            && refused(edge) == 0.0
        {
            let again = count(edge, "retries") + count(edge, "hedges");
            fits &= count(edge, "attempts") == count(&report["totals"], "offered") + again;
        }
    }
    case.is("attempts = requests + retries + hedges", fits);
    let add_up = reports().values().all(|report| {
        ["offered", "ok", "degraded", "failed", "timed_out", "abandoned"].iter().all(|key| {
            let classes = report["classes"].as_object().into_iter().flatten();
            classes.map(|(_, class)| count(class, key)).sum::<f64>()
                == count(&report["totals"], key)
        })
    });
    case.is("sum over classes = total", add_up);
}

fn i05(case: &mut Case) {
    let mut violations = 0;
    for (_, scenario, report) in whole() {
        violations += nonsense(&report);
        let moments: Vec<f64> =
            events(&scenario).iter().map(|event| number(event, "/at_s")).collect();
        violations += moments.windows(2).filter(|pair| pair[1] < pair[0]).count();
    }
    case.is("violations", violations);
}

/// Numbers of a report that are negative; JSON has neither NaN nor infinity.
fn nonsense(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(nonsense).sum(),
        Value::Array(items) => items.iter().map(nonsense).sum(),
        Value::Number(number) => usize::from(number.as_f64().is_none_or(|number| number < 0.0)),
        _ => 0,
    }
}

fn simulation(scenario: &Value, seed: u64) -> Simulation {
    Simulation::new(
        Run::new(scenario.clone(), seed, Vec::new()).expect("a scenario that ran before"),
    )
}

/// Digests of a run taken in steps of so many events, and from copies made on the way.
fn digest_in_steps(scenario: &Value, seed: u64, step: u64) -> u64 {
    let mut run = simulation(scenario, seed);
    while !run.is_done() {
        run.advance(Time::NEVER, step);
        // A copy goes on, and the original is forgotten: a checkpoint that was loaded.
        run = run.clone();
    }
    run.digest().value()
}

fn i06(case: &mut Case) {
    let mut most = 1;
    for (name, scenario) in shortened() {
        for seed in 1..=5 {
            let mut whole = simulation(scenario, seed);
            whole.run_to_end();
            let mut digests = BTreeSet::from([whole.digest().value()]);
            digests.extend([997, 1_777].map(|step| digest_in_steps(scenario, seed, step)));
            let mut by_time = simulation(scenario, seed);
            let end = by_time.metrics().duration().0;
            for part in 1..=13 {
                by_time.advance(Time(end / 13 * part), u64::MAX);
            }
            by_time.run_to_end();
            digests.insert(by_time.digest().value());
            if seed == 1 {
                let told = reports()[name]["digest"].as_str().expect("a digest").to_owned();
                digests.insert(u64::from_str_radix(&told, 16).expect("sixteen digits"));
            }
            assert_eq!(digests.len(), 1, "{name} seed {seed}");
            most = most.max(digests.len());
        }
    }
    case.is("distinct_hashes_per_(scenario,seed)", most);
}

/// All rates times `k`, all times divided by it.
fn scaled(value: &Value, key: &str, k: f64) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), scaled(value, key, k)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| scaled(item, key, k)).collect(),
        Value::Number(number) => {
            let number = number.as_f64().expect("numbers of scenarios are doubles");
            match key {
                "rate_rps" => json!(number * k),
                "ms" => json!(number / k),
                _ if key.ends_with("_ms") || key.ends_with("_s") => json!(number / k),
                _ => value.clone(),
            }
        }
        _ => value.clone(),
    }
}

fn i08(case: &mut Case) {
    let mut equal = true;
    let mut compared = 0;
    for (name, scenario, plain) in whole() {
        // Products count in whole milliseconds or seconds; those rules do not scale. An autoscaler's
        // windows and periods are defaults that stand nowhere in the scenario.
        let text = scenario.to_string();
        let has_grid = [
            "circuit_breaker",
            "retry",
            "passive_health",
            "logrotate",
            "outlier",
            "packet_loss",
            "autoscaler",
        ];
        if has_grid.iter().any(|word| text.contains(word)) {
            continue;
        }
        for k in [2.0, 1e3, 1e-3] {
            let scaled = scaled(&scenario, "", k);
            let output = output(&["run", "-", "--format", "json"], &scaled.to_string());
            let Ok(other) = serde_json::from_slice::<Value>(&output.stdout) else { continue };
            compared += 1;
            equal &= is_scaled(name, &plain, &other, k);
        }
    }
    assert!(compared > 100, "{compared} pairs");
    case.is("dimensionless results equal", equal);
}

/// Whether two reports agree: counts and shares are the same, times are those divided by `k`.
fn is_scaled(name: &str, plain: &Value, other: &Value, k: f64) -> bool {
    // A nanosecond is the grain of time: a thousandth of a microsecond's run is coarser.
    let close =
        |one: f64, other: f64| (one - other).abs() <= 1e-4 * one.abs().max(other.abs()) + 1e-9;
    let same = |pointer: &str, factor: f64| {
        let (one, other) = (number(plain, pointer), number(other, pointer) * factor);
        let close = close(one, other);
        if !close {
            println!("{name} × {k}: {pointer} {one} {other}");
        }
        close
    };
    let counts = ["offered", "ok", "failed", "timed_out", "goodput_ratio", "mean_in_flight"];
    let mut all = counts.iter().all(|field| same(&format!("/totals/{field}"), 1.0));
    all &= same("/totals/response/mean_ms", k);
    for (station, report) in plain["stations"].as_object().into_iter().flatten() {
        for pool in report["pools"].as_object().into_iter().flatten().map(|(key, _)| key) {
            let at = format!("/stations/{station}/pools/{pool}");
            all &= ["utilisation", "waited_ratio", "mean_queue"]
                .iter()
                .all(|field| same(&format!("{at}/{field}"), 1.0));
            all &= same(&format!("{at}/wait/mean_ms"), k);
        }
    }
    all
}
