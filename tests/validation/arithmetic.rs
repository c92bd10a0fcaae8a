//! S: arithmetic of incidents.

use crate::book::Case;
use crate::program::{events, number, of_kind, run};
use crate::scenarios::*;
use serde_json::json;

cases! {
    s01 s03 s04 s05 s06
}

fn s01(case: &mut Case) {
    // A thousandth of the requests, each of which logs a thousand times as much.
    let (rate, bytes) = (case.param("rps") / 1e3, case.param("bytes_per_log") * 1e3);
    let mut queue = steps(MANY, 0, json!([{"do": "log", "bytes": bytes as u64}]));
    queue["disk"] = json!({"capacity_bytes": case.param("disk_bytes") as u64});
    let report = run(&from_start(210_000.0, station(clockwork(rate), queue)));
    let full = number(&report, "/stations/queue/disk_full_at_s");
    case.is("seconds_to_full", full);
    case.computed("hours", full / 3600.0, "the simulated seconds");
}

/// Logins while the identity provider is down, of whom a share has a session that answers in its place.
fn logins(new_users: f64, with_fallback: bool, n: f64) -> f64 {
    let mut call = json!({"to": "idp"});
    if with_fallback {
        call["fallback"] = json!({"coverage_ratio": 1.0 - new_users});
    }
    let mut login = steps(MANY, 0, json!([{"do": "call", "call": "idp"}]));
    login["calls"] = json!({"idp": call});
    let mut scenario = scenario(
        n / 100.0,
        json!({
            "users": users(poisson(100.0), json!({"to": "login"})),
            "login": login,
            "idp": service(MANY, 0, exponential(0.01)),
        }),
    );
    scenario["faults"] =
        json!({"outage": {"at_s": 0, "target": "idp", "effect": {"kind": "crash"}}});
    number(&run(&scenario), "/totals/goodput_ratio")
}

fn s03(case: &mut Case) {
    let n = 1e6;
    case.is_over(n, "login_success", logins(case.param("new_user_fraction"), true, n));
    case.is_over(n, "success_if_new_3%", logins(0.03, true, n));
    case.is("success_without_fallback", logins(case.param("new_user_fraction"), false, 1e4));
}

/// When failures at that pace are told, as (their number, the moment in seconds); `services` of them, each
/// with an alarm of its own, take turns.
fn told(case: &Case, spacing_s: f64, failures: usize, services: usize) -> Option<(usize, f64)> {
    let at_s: Vec<f64> = (0..failures).map(|number| spacing_s * number as f64).collect();
    let mut scenario = from_start(spacing_s * failures as f64, json!({}));
    let alarms = (0..services).map(|number| {
        (format!("errors{number}"), json!({"of": format!("queue{number}"), "metric": "api_error"}))
    });
    let watch = json!({
        "kind": "monitor",
        "alarms": alarms.collect::<serde_json::Map<_, _>>(),
        "filter": {"threshold": case.param("threshold"), "window_s": case.param("window_s")},
    });
    for number in 0..services {
        let own: Vec<f64> = at_s.iter().copied().skip(number).step_by(services).collect();
        let arrivals = json!({"kind": "trace", "at_s": own});
        let name = format!("queue{number}");
        scenario["nodes"][format!("users{number}")] = users(arrivals, json!({"to": &name}));
        scenario["nodes"][name] = steps(MANY, 0, json!([{"do": "fail", "ratio": 1}]));
    }
    scenario["nodes"]["watch"] = watch;
    let events = events(&scenario);
    assert_eq!(of_kind(&events, "alarm_raised").len(), failures);
    let sent = of_kind(&events, "alarm_sent");
    // It goes on, so it is told once.
    assert!(sent.len() <= 1);
    let at = number(sent.first()?, "/at_s");
    Some((at_s.iter().filter(|moment| **moment <= at).count(), at))
}

fn s04(case: &mut Case) {
    let (event, at) = told(case, 20.0, 30, 1).expect("ten in three minutes");
    case.is("spacing 20 s: fires at event", event as f64);
    case.is("spacing 20 s: fires at t", at);
    let close = told(case, 33.0, 30, 1);
    case.is("spacing 33 s: fires", close.is_some());
    case.is("spacing 33 s: fires at t", close.map(|(_, at)| at));
    case.is("spacing 34 s: fires", told(case, 34.0, 100, 1).is_some());
    case.is("two keys 9 events each: fires", told(case, 10.0, 18, 2).is_some());
}

fn s05(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    let mut responses = Vec::new();
    for when in ["before", "after"] {
        let time = exponential(case.param(&format!("service_{when}")));
        let report = run(&scenario(n / rate, open_queue(rate, 1, time)));
        let response = number(&report, "/totals/response/mean_ms") / 1e3;
        let busy = number(&report, "/stations/queue/pools/threads/utilisation");
        case.is_over(n, &format!("rho_{when}"), busy);
        case.is_over(n, &format!("W_{when}"), response);
        responses.push(response);
    }
    case.computed("speedup_seen_by_users", responses[0] / responses[1], "the two simulated means");
}

/// A batch, a pause, the next batch, until nothing is left.
fn s06(case: &mut Case) {
    let batches = (case.param("documents") / case.param("batch")).ceil();
    let purge = |every_s: f64| {
        let arrivals = json!({
            "kind": "closed", "users": 1, "think": constant(every_s), "max_requests": batches as u64,
        });
        run(&from_start(1e4, station(arrivals, service(1, 0, constant(0.0)))))
    };
    let usual = purge(case.param("batch_every_s"));
    case.is("batches", number(&usual, "/totals/ok"));
    case.is("duration_s", number(&usual, "/totals/last_end_s"));
    case.is("at 500 ms per batch", number(&purge(0.5), "/totals/last_end_s"));
}
