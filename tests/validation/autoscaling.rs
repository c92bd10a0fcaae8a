//! E and S: autoscalers, on figures that are right and on figures that are not.
//!
//! Load comes like clockwork, 100 ms at a time, at servers with more cores than they need; one core counts as
//! a use of 1. The book's autoscaler sees the load of the moment; ours sees the mean since its last look, so a
//! change of load comes one period earlier here.

use crate::book::Case;
use crate::program::{events, of_kind};
use crate::scenarios::*;
use serde_json::{Value, json};

cases! {
    e06 e07 e09 s07
}

/// Core time of a request, in seconds.
const WORK: f64 = 0.1;

fn number(event: &Value, field: &str) -> f64 {
    event[field].as_f64().expect("events have numbers")
}

/// What autoscalers did: when, from how many servers, to how many. The load is `cores` busy cores, times
/// the factor at each of the points.
fn actions(
    seconds: f64,
    servers: u32,
    rules: Value,
    cores: f64,
    points: &[(f64, f64)],
) -> Vec<[f64; 3]> {
    let mut arrivals = clockwork(cores / WORK);
    arrivals["profile"] = json!({"shape": "points", "points": points});
    let mut queue = service(MANY, ENDLESS, constant(WORK));
    queue["servers"] = json!(servers);
    queue["cores"] = json!(100);
    queue["autoscaler"] = rules;
    queue["autoscaler"]["cpu_request"] = json!(1);
    let events = events(&from_start(seconds, station(arrivals, queue)));
    let action = |event: &&Value| ["at_s", "from", "to"].map(|field| number(event, field));
    of_kind(&events, "scaled").iter().map(action).collect()
}

fn e06(case: &mut Case) {
    let pods = [
        ("4 pods at 200m target 100m", 4, 0.2, 0.1),
        ("4 pods at 50m target 100m", 4, 0.05, 0.1),
        ("7 pods at 80 % target 50 %", 7, 0.8, 0.5),
        ("10 pods at 54 % target 50 %", 10, 0.54, 0.5),
        ("10 pods at 56 % target 50 %", 10, 0.56, 0.5),
        ("10 pods at 46 % target 50 %", 10, 0.46, 0.5),
        ("10 pods at 44 % target 50 %", 10, 0.44, 0.5),
    ];
    for (metric, pods, each, target) in pods {
        let rules = json!({
            "max_replicas": 100, "target_cpu_ratio": target, "tolerance": case.param("tolerance"),
            "scale_down": {"stabilization_window_s": 0},
        });
        let found = actions(20.0, pods, rules, f64::from(pods) * each, &[(0.0, 1.0)]);
        case.is(metric, found.last().map_or(pods, |action| action[2] as u32));
    }
}

fn bounds(case: &Case) -> Value {
    json!({
        "min_replicas": case.param("min") as u32, "max_replicas": case.param("max") as u32,
        "target_cpu_ratio": case.param("target"), "sync_period_s": case.param("sync_s"),
    })
}

fn e07(case: &mut Case) {
    let (few, many, sync) = (0.95, 5.9, case.param("sync_s"));
    let (up, down) = (60.0 - sync, 600.0 - sync);
    let points = [(0.0, 1.0), (up, 1.0), (up, many / few), (down, many / few), (down, 1.0)];
    let found = actions(1_200.0, case.param("start") as u32, bounds(case), few, &points);
    case.is("scale_events", json!(found));
}

fn e09(case: &mut Case) {
    let (few, many, up) = (2.8, 41.5, 60.0 - case.param("sync_s"));
    let points = [(0.0, 1.0), (up, 1.0), (up, many / few)];
    let found = actions(300.0, case.param("start") as u32, bounds(case), few, &points);
    // From the first look that sees the load to the one that has servers enough.
    let last = found.last().expect("it acted")[0];
    case.is("seconds_underprovisioned", last - found[0][0]);
    case.is("scale_events", json!(found));
}

/// Work of a request on an ordinary evening, in seconds.
const USUAL: f64 = 2.5;

/// Seconds since 15:00 PDT.
fn after_three(hours: u32, minutes: u32) -> f64 {
    f64::from((hours - 15) * 3_600 + minutes * 60)
}

/// Reddit's 11 August 2016, from 15:00 to 19:00: the autoscaler is back at 15:23 and reads a tenth of the
/// truth; 16 s after it has acted nearly all servers are gone. They are started again at 16:42 and need ten
/// minutes; then cold caches make everything slow until 18:19.
fn s07(case: &mut Case) {
    let (back, gone) = (after_three(15, 23), case.param("termination_s"));
    let mut app = service(1, 100, constant(USUAL));
    app["servers"] = json!(10);
    app["cores"] = json!(1);
    app["boot_s"] = json!(600);
    app["drain_s"] = json!(gone);
    app["autoscaler"] = json!({
        "enabled": false, "max_replicas": 40, "target_cpu_ratio": 0.5,
        "sync_period_s": 60.0 - gone, "scale_down": {"stabilization_window_s": 0},
    });
    let users = users(clockwork(2.0), json!({"to": "app", "timeout_ms": 10_000}));
    let mut scenario = from_start(after_three(19, 0), json!({"users": users, "app": app}));
    scenario["faults"] = json!({
        "half": {
            "at_s": 0, "for_s": after_three(16, 42), "target": "app",
            "effect": {"kind": "misread", "factor": 0.01},
        },
        "cold": {
            "at_s": after_three(16, 52), "for_s": 87 * 60, "target": "app",
            "effect": {"kind": "slow", "factor": 1.5},
        },
    });
    scenario["interventions"] = json!({
        "package-management": {
            "name": {"en": "package management"}, "at_s": back,
            "patch": {"nodes": {"app": {"autoscaler": {"enabled": true}}}},
        },
        "operators": {
            "name": {"en": "operators"}, "at_s": after_three(16, 42),
            "patch": {"nodes": {"app": {"servers": 11, "autoscaler": {"enabled": false}}}},
        },
    });
    // Down: less than half of a minute's requests is answered. Degraded: they are, but slower than usual.
    let mut minutes = [(0.0, 0.0, 0.0); 240];
    for event in of_kind(&events(&scenario), "request_ended") {
        let took = number(event, "took_ms") / 1e3;
        let (all, ok, time) = &mut minutes[((number(event, "at_s") - took) / 60.0) as usize];
        *all += 1.0;
        if event["outcome"] == "ok" {
            *ok += 1.0;
            *time += took;
        }
    }
    let is_down = |(all, ok, _): &&(f64, f64, f64)| *ok < all / 2.0;
    let is_slow = |(_, ok, time): &&(f64, f64, f64)| *time > 1.2 * USUAL * ok;
    let down = minutes.iter().filter(is_down).count();
    let slow = minutes.iter().filter(|minute| !is_down(minute) && is_slow(minute)).count();
    case.is("outage_min", down);
    case.is("degraded_min", slow);
    let august = 31.0 * 24.0 * 60.0;
    case.computed("availability_august", 1.0 - down as f64 / august, "the minutes without service");
    case.computed("servers_restored_by", "16:42", "the scenario");
}
