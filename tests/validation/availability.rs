//! A: availability and failover.

use crate::book::{Case, is_full};
use crate::program::{events, measured, number, of_kind, of_seeds, run};
use crate::scenarios::*;
use serde_json::{Value, json};

cases! {
    a01 a02 a03 a06 a07 a08 a10
}

/// Users of a service behind a balancer that tries the connection of each server from time to time.
fn checked(case: &Case, servers: u32, interval_s: f64, rate: f64, end_s: f64) -> Value {
    let mut queue = service(MANY, 0, constant(0.0));
    queue["servers"] = json!(servers);
    let rules = json!({"interval_ms": interval_s * 1e3, "fall": case.param("fall"), "rise": case.param("rise")});
    from_start(
        end_s,
        json!({
            "users": users(clockwork(rate), json!({"to": "lb"})),
            "lb": {"kind": "balancer", "to": "queue", "health_check": {"rules": rules}},
            "queue": queue,
        }),
    )
}

/// The results of checks of a server: passed, counter, up.
fn checks(events: &[Value], server: u32) -> Vec<(f64, bool, f64, bool)> {
    let of_server =
        of_kind(events, "health_checked").into_iter().filter(|check| check["server"] == server);
    let check = |check: &Value| {
        (
            number(check, "/at_s"),
            check["passed"] == true,
            number(check, "/health"),
            check["up"] == true,
        )
    };
    of_server.map(check).collect()
}

fn a08(case: &mut Case) {
    let mut scenario =
        checked(case, case.param("servers") as u32, case.param("inter"), 100.0, 19.0);
    let (from, to) = (number(case.params(), "/dead/0"), number(case.params(), "/dead/1"));
    scenario["faults"]["dead"] = json!({
        "at_s": from, "for_s": to - from, "target": "queue#0", "effect": {"kind": "crash"},
    });
    let events = events(&scenario);
    let moment = |kind: &str| number(of_kind(&events, kind)[0], "/at_s");
    case.is("down_at", moment("out_of_rotation"));
    case.is("up_at", moment("back_in_rotation"));
    case.is("failed_requests", number(&run(&scenario), "/totals/failed"));
    let words = |(at, passed, health, up): (f64, bool, f64, bool)| {
        json!([at, if passed { "pass" } else { "fail" }, health, if up { "UP" } else { "DOWN" }])
    };
    let trace: Vec<Value> = checks(&events, 0).into_iter().map(words).collect();
    case.is("counter_trace", trace);
}

fn a10(case: &mut Case) {
    let results = case.params()["checks"].as_str().expect("a row of results").to_owned();
    let mut scenario = checked(case, 1, 2.0, 0.0, 2.0 * results.len() as f64 - 1.0);
    for (number, _) in results.chars().enumerate().filter(|(_, result)| *result == 'F') {
        scenario["faults"][format!("f{number}")] = json!({
            "at_s": 2.0 * number as f64 - 1.0, "for_s": 2, "target": "queue#0", "effect": {"kind": "crash"},
        });
    }
    let checks = checks(&events(&scenario), 0);
    let seen: String =
        checks.iter().map(|(_, passed, ..)| if *passed { 'P' } else { 'F' }).collect();
    assert_eq!(seen, results);
    case.is("counters", checks.iter().map(|(_, _, health, _)| *health).collect::<Vec<f64>>());
    case.is(
        "states",
        checks.iter().map(|(.., up)| if *up { 'U' } else { 'D' }).collect::<String>(),
    );
}

/// Servers that break down and are repaired, each on its own, an hour lasting a second.
fn repairable(servers: u32, up_s: f64, down_s: f64, crews: Option<f64>) -> (Value, Value) {
    let mut queue = service(1, 0, constant(0.0));
    queue["servers"] = json!(servers);
    let mut recurs = json!({"up": exponential(up_s), "down": exponential(down_s)});
    if let Some(crews) = crews {
        recurs["crews"] = json!(crews as u32);
    }
    (queue, json!({"at_s": 0, "effect": {"kind": "crash"}, "recurs": recurs}))
}

/// So many of `servers` have to be up.
fn redundant(case: &Case, servers: u32, needed: u32, hours: f64) -> Value {
    let crews = case.params()["crews"].as_f64();
    let (queue, mut fault) = repairable(servers, case.param("mttf"), case.param("mttr"), crews);
    fault["target"] = json!("queue");
    let mut scenario = scenario(hours, station(clockwork(0.0), queue));
    scenario["faults"] = json!({"breakdowns": fault});
    let clauses =
        [format!("up_share(queue, {needed}) > 0"), format!("fell_below(queue, {needed}) > 0")];
    run(&asking(scenario, &[&clauses[0], &clauses[1]]))
}

fn a01(case: &mut Case) {
    let hours = 1e7;
    let report = redundant(case, 1, 1, hours);
    case.is_over(hours, "A", measured(&report, 0));
    let unavailable = case.param("mttr") / (case.param("mttf") + case.param("mttr"));
    case.computed("downtime_h_per_year", 8760.0 * unavailable, "the configured times");
}

fn k_of_n(case: &mut Case, servers: u32, needed: u32) {
    let hours = 1e6;
    let report = redundant(case, servers, needed, hours);
    case.is_over(hours, "A", measured(&report, 0));
    case.is_over(hours, "system_failures_per_h", measured(&report, 1) / hours);
}

fn a02(case: &mut Case) {
    k_of_n(case, 3, 2);
}

fn a03(case: &mut Case) {
    k_of_n(case, 5, 3);
}

/// Three tiers one after the other. Their product is exact arithmetic; the run of the same system must come close.
fn a06(case: &mut Case) {
    let tiers = [("lb", 2, 1, 0.999), ("app", 5, 3, 0.99), ("db", 2, 1, 0.995)];
    let enough = |servers: i32, needed: i32, up: f64| {
        let choose = |k: i32| {
            (0..k).fold(1.0, |product, i| product * f64::from(servers - i) / f64::from(i + 1))
        };
        (needed..=servers)
            .map(|k| choose(k) * power(up, k) * power(1.0 - up, servers - k))
            .sum::<f64>()
    };
    let exact: f64 =
        tiers.iter().map(|(_, servers, needed, up)| enough(*servers, *needed, *up)).product();
    let mut nodes = json!({"users": users(clockwork(0.0), json!({"to": "lb"}))});
    let mut faults = json!({});
    for (name, servers, _, up) in tiers {
        let (queue, mut fault) = repairable(servers as u32, 100.0 * up, 100.0 * (1.0 - up), None);
        fault["target"] = json!(name);
        nodes[name] = queue;
        faults[name] = fault;
    }
    let mut scenario = from_start(1e6, nodes);
    scenario["faults"] = faults;
    let clauses: Vec<String> = tiers
        .iter()
        .map(|(name, _, needed, _)| format!("up_share({name}, {needed}) > 0"))
        .collect();
    let clauses: Vec<&str> = clauses.iter().map(String::as_str).collect();
    let report = run(&asking(scenario, &clauses));
    let simulated: f64 = (0..3).map(|clause| measured(&report, clause)).product();
    // About 90 outages of half a second each: five standard deviations of their sum.
    assert!((simulated - exact).abs() < 2.7e-5, "{simulated} against {exact}");
    case.computed("A", exact, "the configured availabilities; the run agrees within 2.7e-5");
    case.computed("downtime_min_per_year", (1.0 - exact) * 365.0 * 1440.0, "the same");
    case.computed("30 hard dependencies at 0.999", power(0.999, 30), "the configured availability");
}

/// One crash per seed, at a random moment between two heartbeats; a standby takes over.
fn a07(case: &mut Case) {
    let seeds: u64 = if is_full() { 10_000 } else { 1_000 };
    let (rate, promotion, reconnect) =
        (case.param("rate"), case.param("promotion"), case.param("reconnect"));
    let mut queue = service(MANY, 0, constant(0.0));
    queue["servers"] = json!(2);
    let rules = json!({"interval_ms": case.param("heartbeat") * 1e3, "fall": case.param("misses") as u32, "rise": 1});
    let mut scenario = from_start(
        25.0,
        json!({
            "users": users(clockwork(rate), json!({"to": "lb"})),
            "lb": {"kind": "balancer", "to": "queue", "algorithm": "failover", "health_check": {"rules": rules},
                   "failover": {"promotion_ms": promotion * 1e3, "reconnect_ms": reconnect * 1e3}},
            "queue": queue,
        }),
    );
    let heartbeat_ms = case.param("heartbeat") * 1e3;
    scenario["faults"]["crash"] = json!({
        "at_s": 5, "target": "queue#0", "effect": {"kind": "crash"},
        "recurs": {"up": {"dist": "uniform", "min_ms": 0, "max_ms": heartbeat_ms}, "down": constant(1000.0)},
    });
    let found = of_seeds(&scenario, 1, seeds, |report| {
        let moment = |kind: &str| {
            let mut entries = report["timeline"].as_array().into_iter().flatten();
            let entry = entries.find(|entry| entry["kind"] == kind).expect("it happened");
            number(entry, "/at_s")
        };
        // Until the balancer knows, until the standby has taken over, until its clients are there.
        let downtime = moment("out_of_rotation") - moment("server_down") + promotion + reconnect;
        let failed = number(report, "/totals/failed");
        assert!(
            (failed - downtime * rate).abs() <= 1.0 + 1e-6,
            "{failed} requests failed in {downtime} s"
        );
        (downtime, failed)
    });
    let downtimes: Vec<f64> = found.iter().map(|(downtime, _)| *downtime).collect();
    let lost: f64 = found.iter().map(|(_, failed)| failed).sum();
    let mean = downtimes.iter().sum::<f64>() / seeds as f64;
    let least = downtimes.iter().copied().fold(f64::INFINITY, f64::min);
    let most = downtimes.iter().copied().fold(0.0, f64::max);
    case.is_over(seeds as f64, "downtime_mean", mean);
    case.bounded("downtime_min", least, least >= case.theory("downtime_min"));
    case.bounded("downtime_max", most, most <= case.theory("downtime_max"));
    case.is_over(seeds as f64, "lost_requests_mean", lost / seeds as f64);
    let exact = case.theory("downtime_mean") * case.param("failures_per_year") / (365.0 * 86_400.0);
    case.computed(
        "A_year",
        1.0 - exact,
        "the failures per year and the exact mean, which the run agrees with",
    );
}

/// A product of so many equal factors.
fn power(base: f64, factors: i32) -> f64 {
    (0..factors).map(|_| base).product()
}
