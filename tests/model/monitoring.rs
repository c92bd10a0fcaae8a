//! Monitors: who is tested and when, what is an alarm, and who hears of it.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::Observation;
use serde_json::{Value, json};

fn fault(at_s: f64, for_s: f64, target: &str, effect: Value) -> Value {
    json!({"f": {"at_s": at_s, "for_s": for_s, "target": target, "effect": effect}})
}

/// Moments in seconds at which an alarm was raised, and at which it was sent.
fn alarms(story: &Story) -> (Vec<f64>, Vec<f64>) {
    let seconds = |moments: Vec<f64>| moments.iter().map(|ms| ms / 1e3).collect();
    let raised = story.moments(|o| matches!(o, Observation::AlarmRaised { .. }));
    let sent = story.moments(|o| matches!(o, Observation::AlarmSent { .. }));
    (seconds(raised), seconds(sent))
}

/// Tests with their moments in seconds, servers and results.
fn tests(story: &Story) -> Vec<(f64, u32, bool)> {
    let told = story.world.observer.0.iter().filter_map(|(at, observation)| match observation {
        Observation::InterfaceTested { server, passed, .. } => {
            Some((at.seconds(), *server, *passed))
        }
        _ => None,
    });
    told.collect()
}

fn quiet_users() -> Value {
    clockwork(0.001, 1, json!({"to": "q"}))
}

fn monitor(more: Value) -> Value {
    with(json!({"kind": "monitor"}), more)
}

fn watched(servers: u32) -> Value {
    let more = json!({"servers": servers, "boot_s": 5.0, "cores": 2});
    with(service(4, json!([cpu(10.0)])), more)
}

/// A monitor with one alarm on the service `q`.
fn with_alarm(alarm: Value, servers: u32) -> Value {
    json!({
        "users": quiet_users(),
        "q": watched(servers),
        "watch": monitor(json!({"alarms": {"a": alarm}})),
    })
}

#[test]
fn every_server_is_tested_at_its_start_and_each_round() {
    let nodes = json!({
        "users": quiet_users(),
        "q": watched(2),
        "watch": monitor(json!({"calls": {"t": {"to": "q"}}, "check_every_s": 10})),
    });
    let story = run(25.0, nodes, fault(12.0, 1.0, "q#1", json!({"kind": "crash"})));
    let expected = [
        (0.01, 0, true),
        (0.01, 1, true),
        (10.01, 0, true),
        (10.01, 1, true),
        // It crashes at 12 s, boots from 13 s on and sends its list at 18 s.
        (18.01, 1, true),
        (20.01, 0, true),
        (20.01, 1, true),
    ];
    assert_eq!(tests(&story), expected);
}

#[test]
fn a_server_that_never_sent_its_list_is_not_missed() {
    let nodes = json!({
        "users": quiet_users(),
        "q": watched(2),
        "watch": monitor(json!({
            "calls": {"t": {"to": "q"}}, "check_every_s": 10,
            "alarms": {"a": {"of": "t", "metric": "test_failed"}},
        })),
    });
    // From the very start nobody reaches server 1; a round after the repair its list is there.
    let faults = json!({"f": {
        "at_s": 0, "for_s": 12, "target": "q#1", "effect": {"kind": "unreachable"},
    }});
    let mut document = json!({"nodes": nodes, "faults": faults});
    document["nodes"]["watch"]["running"] = json!(false);
    let on = json!({"nodes": {"watch": {"running": true}}});
    let story = run_switched(25.0, document, &[(1.0, on)]);
    let tested: Vec<(f64, u32, bool)> = tests(&story);
    assert_eq!(tested, [(1.01, 0, true), (11.01, 0, true), (21.01, 0, true), (21.01, 1, true)]);
    assert_eq!(alarms(&story).0, [0.0; 0]);
}

#[test]
fn through_a_balancer_a_test_takes_the_way_of_the_users() {
    let nodes = json!({
        "users": quiet_users(),
        "lb": {"kind": "balancer", "to": "q"},
        "q": watched(2),
        "watch": monitor(json!({"calls": {"t": {"to": "lb"}}, "check_every_s": 1})),
    });
    let story = run(3.5, nodes, json!({}));
    assert_eq!(tests(&story).len(), 4);
    let servers = story.told(|o| match o {
        Observation::WorkArrived { server, .. } => Some(*server),
        _ => None,
    });
    // The user's request, the second, does not go through the balancer.
    assert_eq!(servers, [0, 0, 1, 0, 1]);
}

#[test]
fn a_broken_interface_is_found_within_a_round() {
    let nodes = json!({
        "users": quiet_users(),
        "q": watched(1),
        "watch": monitor(json!({
            "calls": {"t": {"to": "q", "timeout_ms": 500}}, "check_every_s": 10,
            "alarms": {"a": {"of": "t", "metric": "test_failed"}},
        })),
    });
    let effect = json!({"kind": "errors", "ratio": 1.0});
    let story = run(45.0, nodes.clone(), fault(15.0, 20.0, "q", effect));
    assert_eq!(alarms(&story), (vec![20.0, 30.0], vec![20.0, 30.0]));
    // Nobody answers: the test fails when its timeout is over.
    let story = run(45.0, nodes, fault(15.0, 10.0, "q", json!({"kind": "unreachable"})));
    assert_eq!(alarms(&story).0, [20.5]);
}

#[test]
fn each_failed_request_is_an_alarm_and_the_filter_tells_the_tenth() {
    let errors = |alarms: Value, filter: Value| {
        json!({
            "users": clockwork(0.05, 12, json!({"to": "q"})),
            "q": service(1, json!([{"do": "fail", "ratio": 1.0}])),
            "watch": monitor(json!({"alarms": alarms, "filter": filter})),
        })
    };
    let alarm = || json!({"a": {"of": "q", "metric": "api_error"}});
    let spaced = (0..12).map(|n| 20.0 * f64::from(n)).collect::<Vec<f64>>();
    let all = run(600.0, errors(alarm(), Value::Null), json!({}));
    assert_eq!(alarms(&all), (spaced.clone(), spaced.clone()));
    // Validation case S04.
    let filtered = run(600.0, errors(alarm(), json!({})), json!({}));
    assert_eq!(alarms(&filtered), (spaced, vec![180.0]));
    // Another endpoint is another matter.
    let endpoint = json!({"a": {"of": "q.work", "metric": "api_error"}});
    assert_eq!(alarms(&run(600.0, errors(endpoint, json!({})), json!({}))).1, [180.0]);
}

#[test]
fn levels_are_looked_at_for_each_server() {
    let down = json!({"of": "q", "metric": "down", "sample_every_s": 2});
    for effect in ["crash", "freeze", "unreachable"] {
        let story =
            run(12.0, with_alarm(down.clone(), 2), fault(3.0, 4.0, "q#1", json!({"kind": effect})));
        // A crashed server is not up again before it has booted.
        let until = if effect == "crash" { vec![4.0, 6.0, 8.0, 10.0] } else { vec![4.0, 6.0] };
        assert_eq!(alarms(&story).0, until, "{effect}");
        let servers = story.told(|o| match o {
            Observation::AlarmRaised { server, .. } => Some(*server),
            _ => None,
        });
        assert!(servers.iter().all(|server| *server == 1), "{effect}");
    }
}

#[test]
fn shares_of_cores_and_threads_are_exact() {
    let busy = |metric: &str, above: f64, for_s: f64| {
        let alarm = json!({"of": "q", "metric": metric, "above": above, "for_s": for_s, "sample_every_s": 1});
        let mut nodes = with_alarm(alarm, 1);
        // Four requests a second, each a quarter of a second on one of two cores: half of them.
        nodes["users"] = clockwork(4.0, 40, json!({"to": "q"}));
        nodes["q"]["endpoints"]["work"]["steps"] = json!([cpu(250.0)]);
        alarms(&run(20.0, nodes, json!({}))).0
    };
    let ten: Vec<f64> = (1..=10).map(f64::from).collect();
    assert_eq!(busy("cpu", 0.499, 0.0), ten);
    assert_eq!(busy("cpu", 0.5, 0.0), [0.0; 0]);
    assert_eq!(busy("cpu", 0.4, 5.0), [6.0, 7.0, 8.0, 9.0, 10.0]);
    // Nobody waits and nobody fails; each takes a quarter of a second.
    assert_eq!(busy("queue", 0.0, 0.0), [0.0; 0]);
    assert_eq!(busy("error_ratio", 0.0, 0.0), [0.0; 0]);
    assert_eq!(busy("response", 249.9, 0.0), ten);
    assert_eq!(busy("response", 250.0, 0.0), [0.0; 0]);
}

#[test]
fn error_ratio_memory_disk_and_queue() {
    let full = |metric: &str, above: f64, steps: Value, more: Value| {
        let alarm = json!({"of": "q", "metric": metric, "above": above, "sample_every_s": 1});
        let mut nodes = with_alarm(alarm, 1);
        nodes["users"] = clockwork(4.0, 8, json!({"to": "q"}));
        nodes["q"] = with(nodes["q"].clone(), more);
        nodes["q"]["endpoints"]["work"]["steps"] = steps;
        alarms(&run(3.5, nodes, json!({}))).0
    };
    let fails = || json!([{"do": "fail", "ratio": 1.0}]);
    assert_eq!(full("error_ratio", 0.99, fails(), json!({})), [1.0, 2.0]);
    let sleeps = || json!([{"do": "wait", "time": {"dist": "constant", "ms": 60_000.0}}]);
    // Eight requests, four threads: after 2 s all eight are there, four of them wait.
    assert_eq!(full("queue", 3.0, sleeps(), json!({})), [2.0, 3.0]);
    assert_eq!(full("threads", 0.99, sleeps(), json!({})), [1.0, 2.0, 3.0]);
    let memory = json!({"memory": {"limit_mb": 100, "base_mb": 20, "per_request_mb": 10}});
    assert_eq!(full("memory", 0.99, sleeps(), memory.clone()), [2.0, 3.0]);
    assert_eq!(full("memory", 0.59, sleeps(), memory), [1.0, 2.0, 3.0]);
    let disk = json!({"disk": {"capacity_bytes": 1000, "used_bytes": 500}});
    let logs = json!([{"do": "log", "bytes": 50}]);
    // 50 bytes each: 200 of 1000 after the first second, 400 after the second.
    assert_eq!(full("disk", 0.75, logs, disk), [2.0, 3.0]);
}

#[test]
fn who_cannot_be_reached_reports_nothing() {
    let nodes = json!({
        "users": clockwork(1.0, 10, json!({"to": "q"})),
        "q": service(1, json!([cpu(100.0), {"do": "fail", "ratio": 1.0}])),
        "watch": monitor(json!({"alarms": {"a": {"of": "q", "metric": "api_error"}}})),
    });
    let story = run(60.0, nodes, fault(2.05, 2.0, "q", json!({"kind": "unreachable"})));
    let (raised, _) = alarms(&story);
    assert!(raised.iter().all(|at| !(2.05..4.05).contains(at)), "{raised:?}");
    assert_eq!(raised.len(), 9);
}

#[test]
fn a_monitor_can_be_switched_and_retuned() {
    let nodes = json!({
        "users": quiet_users(),
        "q": watched(1),
        "watch": monitor(json!({
            "calls": {"t": {"to": "q"}}, "check_every_s": 10,
            "alarms": {"a": {"of": "q", "metric": "down", "sample_every_s": 10}},
        })),
    });
    let document = json!({
        "nodes": nodes,
        "faults": fault(0.5, 100.0, "q", json!({"kind": "freeze"})),
    });
    let off = json!({"nodes": {"watch": {"running": false}}});
    let on = json!({"nodes": {"watch": {"running": true}}});
    let faster = json!({"nodes": {"watch": {"alarms": {"a": {"sample_every_s": 2}}}}});
    let story = run_switched(40.0, document, &[(15.0, off), (22.0, on), (35.0, faster)]);
    assert_eq!(alarms(&story).0, [10.0, 32.0, 37.0, 39.0]);
}

#[test]
fn a_test_of_a_database_follows_it_to_one_with_fewer_servers() {
    let database = |more: Value| {
        let cost = json!({"dist": "constant", "ms": 1.0});
        with(json!({"kind": "database", "boot_s": 0.0, "queries": {"find": {"cost": cost}}}), more)
    };
    let nodes = json!({
        "users": clockwork(0.001, 1, json!({"to": "old"})),
        "old": database(json!({"replicas": 2, "migration": {"to": "new", "at_s": 5.0}})),
        "new": database(json!({})),
        "watch": monitor(json!({"calls": {"t": {"to": "old"}}, "check_every_s": 10})),
    });
    let story = run(15.0, nodes, json!({}));
    let passed: Vec<(u32, bool)> = tests(&story).into_iter().map(|(_, s, ok)| (s, ok)).collect();
    assert_eq!(passed, [(0, true), (1, true), (2, true)].repeat(2));
}

#[test]
fn what_is_kept_for_later_fills_the_disk_that_an_alarm_looks_at() {
    let api = with(
        service(10, json!([{"do": "spool", "call": "save"}])),
        json!({
            "calls": {"save": {"to": "db"}}, "spool": {"bytes_per_record": 1_000},
            "disk": {"capacity_bytes": 10_000},
        }),
    );
    let insert = json!({"cost": {"dist": "constant", "ms": 1.0}, "stores": "event"});
    let alarm = json!({"of": "api", "metric": "disk", "above": 0.45, "sample_every_s": 1.0});
    let nodes = json!({
        "users": clockwork(1.0, 10, json!({"to": "api"})),
        "api": api,
        "db": {"kind": "database", "running": false, "queries": {"insert": insert}},
        "watch": monitor(json!({"alarms": {"full": alarm}})),
    });
    // The fifth record is kept at 4 s.
    let story = run(7.5, nodes, json!({}));
    assert_eq!(alarms(&story).0, [4.0, 5.0, 6.0, 7.0]);
}
