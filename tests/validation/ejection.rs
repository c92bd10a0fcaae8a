//! E: servers that are taken out, ignored, or started again.

use crate::book::Case;
use crate::program::{events, moments, number, of_kind, run};
use crate::scenarios::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

cases! {
    e01 e03 e05 e10
}

/// Requests that come at scripted moments to servers in turn, with an answer for each; Envoy's detector looks on.
fn watched(
    hosts: usize,
    moments: Vec<f64>,
    ok: impl Fn(usize) -> bool,
    detector: Value,
) -> Vec<Value> {
    let answers: Vec<Value> =
        (0..moments.len()).map(|request| json!({"ms": 0, "ok": ok(request)})).collect();
    let mut queue =
        steps(MANY, 0, json!([{"do": "replay", "answers": answers, "after_last": "ok"}]));
    queue["servers"] = json!(hosts);
    events(&from_start(
        61.0,
        json!({
            "users": users(json!({"kind": "trace", "at_s": moments}), json!({"to": "lb"})),
            "lb": {"kind": "balancer", "to": "queue", "outlier_detection": detector},
            "queue": queue,
        }),
    ))
}

fn servers_out(events: &[Value]) -> BTreeSet<u64> {
    let out = of_kind(events, "out_of_rotation").into_iter();
    out.filter_map(|event| event["server"].as_u64()).collect()
}

fn e01(case: &mut Case) {
    let detector = json!({
        "consecutive_5xx": case.param("consecutive_5xx") as u32,
        "base_ejection_time_ms": case.param("base_ejection_s") * 1e3,
        "max_ejection_time_ms": case.param("max_ejection_s") * 1e3,
        "interval_ms": case.param("interval_s") * 1e3,
        "max_ejection_percent": case.param("max_ejection_percent") as u32,
        "enforcing_success_rate": 0,
    });
    let hosts = case.param("hosts") as usize;
    // The responses of host 0: an error, a success, errors. Servers take turns, so every tenth request is its.
    let events = watched(
        hosts,
        vec![0.0; 7 * hosts],
        |request| request % hosts != 0 || request / hosts == 1,
        detector.clone(),
    );
    let out =
        events.iter().position(|event| event["event"] == "out_of_rotation").expect("an ejection");
    let arrived = of_kind(&events[..out], "work_arrived");
    case.is(
        "ejected_on_response_index",
        arrived.iter().filter(|event| event["server"] == 0).count(),
    );
    case.is("uneject_at_tick_s", moments(&events, "back_in_rotation")[0]);
    let two_bad = |hosts: usize| {
        let moments = (0..20 * hosts).map(|request| request as f64 / 1e3).collect();
        servers_out(&watched(hosts, moments, move |request| request % hosts > 1, detector.clone()))
    };
    case.is("second_bad_host_ejected", two_bad(hosts).len() > 1);
    case.is("with_9_hosts_any_ejected", !two_bad(9).is_empty());
}

/// Five servers that answered so many of a thousand requests well within one interval.
fn success_rates(case: &Case, well: [usize; 5]) -> Vec<Value> {
    let detector = json!({
        "success_rate_stdev_factor": (case.param("stdev_factor") * 1e3).round() as u32,
        "success_rate_minimum_hosts": case.param("min_hosts") as u32,
        "success_rate_request_volume": case.param("volume") as u32,
        "max_ejection_percent": 100,
        "enforcing_consecutive_5xx": 0,
    });
    let moments = (0..5000).map(|request| request as f64 / 1e3).collect();
    watched(
        5,
        moments,
        move |request| {
            // Spread evenly over the thousand.
            let (server, number) = (request % 5, request / 5);
            (number + 1) * well[server] / 1000 > number * well[server] / 1000
        },
        detector,
    )
}

fn e03(case: &mut Case) {
    let events = success_rates(case, [500, 1000, 1000, 1000, 1000]);
    // What each server answered, as the run's events tell it.
    let mut rates = [0.0; 5];
    for (arrived, ended) in
        of_kind(&events, "work_arrived").iter().zip(of_kind(&events, "work_ended"))
    {
        let server = arrived["server"].as_u64().expect("a server") as usize;
        rates[server] += if ended["outcome"] == "ok" { 0.1 } else { 0.0 };
    }
    let mean = rates.iter().sum::<f64>() / 5.0;
    let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / 5.0;
    let threshold = mean - case.param("stdev_factor") * variance.sqrt();
    case.computed(
        "threshold {50,100,100,100,100}",
        (threshold * 1e9).round() / 1e9,
        "the success rates of the run's servers",
    );
    case.is("ejects_50", servers_out(&events) == BTreeSet::from([0]));
    let two = servers_out(&success_rates(case, [500, 500, 1000, 1000, 1000]));
    case.is("two_bad_of_five {50,50,100,100,100} ejected", two.len());
    let slight = servers_out(&success_rates(case, [999, 1000, 1000, 1000, 1000]));
    case.is("one_bad_of_five at 99.9", slight == BTreeSet::from([0]));
}

/// Ten servers of which so many are down, behind a balancer that knows it after a second.
fn half_dead(case: &Case, healthy: u32) -> Value {
    let hosts = case.param("hosts") as u32;
    let mut queue = service(MANY, 0, constant(0.0));
    queue["servers"] = json!(hosts);
    let rules = json!({"interval_ms": 500, "fall": 1, "rise": 1});
    let mut scenario = from_start(
        21.0,
        json!({
            "users": users(clockwork(1000.0), json!({"to": "lb"})),
            "lb": {"kind": "balancer", "to": "queue", "health_check": {"rules": rules},
                   "panic_threshold_percent": case.param("panic_threshold")},
            "queue": queue,
        }),
    );
    scenario["warmup_s"] = json!(1);
    for server in healthy..hosts {
        scenario["faults"][format!("dead{server}")] =
            json!({"at_s": 0, "target": format!("queue#{server}"), "effect": {"kind": "crash"}});
    }
    run(&scenario)
}

fn e05(case: &mut Case) {
    let hosts = |report: &Value, healthy: f64| {
        let failed = number(report, "/totals/failed") / number(report, "/totals/offered");
        (failed, (healthy / (1.0 - failed)).round())
    };
    let from = "servers that answered ÷ share of requests that were answered, in turn";
    let (failed, routed) = hosts(&half_dead(case, 5), 5.0);
    assert_eq!(failed, 0.0, "while half of the servers are well, no request goes to another");
    case.computed("healthy=5: routed to", routed, from);
    let (failed, routed) = hosts(&half_dead(case, 4), 4.0);
    case.computed("healthy=4: routed to", routed, from);
    case.is("failure_fraction_healthy=4", failed);
}

/// A server whose every request is too much for its memory: it crashes when one comes, and boots at once.
fn crash_loop(case: &Case, moments: Vec<f64>) -> Vec<f64> {
    let mut queue = service(1, 0, constant(0.0));
    queue["memory"] = json!({"limit_mb": 2, "base_mb": 1, "per_request_mb": 2});
    queue["restart"] = json!({
        "initial_delay_ms": case.param("base_s") * 1e3, "max_delay_ms": case.param("cap_s") * 1e3,
        "reset_after_ms": case.param("reset_after_s") * 1e3,
    });
    let end_s = moments.last().expect("a moment") + 1e3;
    let arrivals = json!({"kind": "trace", "at_s": moments});
    let events = events(&from_start(end_s, station(arrivals, queue)));
    let (down, up) = (
        crate::program::moments(&events, "server_down"),
        crate::program::moments(&events, "server_up"),
    );
    down.iter().zip(&up).map(|(down, up)| up - down).collect()
}

fn e10(case: &mut Case) {
    // Every second a request, for half an hour: each restart is followed by the next crash.
    let waits = crash_loop(case, (0..1800).map(f64::from).collect());
    // Kubelet starts it again at once after the first crash.
    assert_eq!(waits[0], 0.0);
    let delays: Vec<f64> = waits[1..8].iter().map(|wait| wait.round()).collect();
    let mut sum = 0.0;
    let sums = delays.iter().map(|delay| {
        sum += delay;
        sum
    });
    let sums: Vec<f64> = sums.collect();
    case.is("delays", delays);
    case.is("cumulative_wait", sums);
    // Up again at 1 s + 10 s; the third crash comes after running for exactly as long, or a moment longer.
    let third = |ran_s: f64| crash_loop(case, vec![0.0, 1.0, 11.0 + ran_s])[2];
    let bound = case.param("reset_after_s");
    assert_eq!((third(bound), third(bound + 0.001)), (20.0, 0.0));
    case.is("reset_if_ran_longer_than_s", bound);
}
