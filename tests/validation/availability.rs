//! A: availability and failover.

use crate::book::Case;
use crate::program::{events, number, of_kind, run};
use crate::scenarios::*;
use serde_json::{Value, json};

cases! {
    a08 a10
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
