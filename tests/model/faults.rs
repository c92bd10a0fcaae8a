//! Faults, crashes, health checks and disks.

use crate::story::{clockwork, cpu, run, service, with};
use brownout::observation::{DownCause, Observation, Outcome};
use serde_json::{Value, json};

fn fault(at_s: f64, for_s: f64, target: &str, effect: Value) -> Value {
    json!({"f": {"at_s": at_s, "for_s": for_s, "target": target, "effect": effect}})
}

fn one_request(steps: Value, faults: Value) -> Vec<(Outcome, f64)> {
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q"})),
        "q": service(1, steps),
    });
    run(60.0, nodes, faults).requests()
}

#[test]
fn slowness_and_standstill_stretch_work_in_progress() {
    let wait = json!({"do": "wait", "time": {"dist": "constant", "ms": 100.0}});
    for step in [cpu(100.0), wait] {
        let slow = fault(0.04, 10.0, "q", json!({"kind": "slow", "factor": 3.0}));
        assert_eq!(one_request(json!([step]), slow), [(Outcome::Ok, 220.0)]);
        let freeze = fault(0.04, 2.0, "q", json!({"kind": "freeze"}));
        assert_eq!(one_request(json!([step]), freeze), [(Outcome::Ok, 2_100.0)]);
    }
}

#[test]
fn a_server_that_stands_still_reads_its_replies_later() {
    let front = with(
        service(1, json!([{"do": "call", "call": "back"}])),
        json!({"calls": {"back": {"to": "back", "timeout_ms": 500.0}}}),
    );
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "front"})),
        "front": front,
        "back": service(1, json!([cpu(100.0)])),
    });
    // The reply came before the timeout; both lie there when the front moves again.
    let story = run(60.0, nodes, fault(0.05, 2.0, "front", json!({"kind": "freeze"})));
    assert_eq!(story.requests(), [(Outcome::Ok, 2_050.0)]);
}

#[test]
fn a_crash_loses_all_work_and_the_server_boots_when_the_fault_ends() {
    let service = with(service(1, json!([cpu(1_000.0)])), json!({"boot_s": 5.0}));
    let nodes = json!({
        "users": clockwork(2.0, 40, json!({"to": "q"})),
        "q": service,
    });
    let story = run(30.0, nodes, fault(0.7, 1.1, "q#0", json!({"kind": "crash"})));
    let down =
        |o: &Observation| matches!(o, Observation::ServerDown { cause: DownCause::Fault, .. });
    assert_eq!(story.moments(down), [700.0]);
    assert_eq!(story.moments(|o| matches!(o, Observation::ServerUp { .. })), [6_800.0]);
    // One in progress and one in the queue; then everybody is refused until the server is up.
    let failed: Vec<f64> =
        story.moments(|o| matches!(o, Observation::RequestEnded { outcome: Outcome::Failed, .. }));
    let refused = (2..14).map(|n| 500.0 * f64::from(n));
    let expected: Vec<f64> = [700.0, 700.0].into_iter().chain(refused).collect();
    assert_eq!(failed, expected);
}

#[test]
fn a_queue_that_outgrows_memory_kills_the_server() {
    let memory = json!({"limit_mb": 100.0, "base_mb": 50.0, "per_request_mb": 10.0});
    let nodes = json!({
        "users": clockwork(10.0, 10, json!({"to": "q"})),
        "q": with(service(1, json!([cpu(10_000.0)])), json!({"memory": memory})),
    });
    let story = run(5.0, nodes.clone(), json!({}));
    let down = |o: &Observation| {
        matches!(o, Observation::ServerDown { cause: DownCause::OutOfMemory, .. })
    };
    assert_eq!(story.moments(down), [500.0]);
    assert_eq!(story.outcomes(), [Outcome::Failed; 10]);

    // Kubernetes restarts the first crash at once and the second after ten seconds.
    let mut nodes = nodes;
    nodes["users"] = clockwork(10.0, 1_000, json!({"to": "q"}));
    nodes["q"]["restart"] = json!({});
    nodes["q"]["boot_s"] = json!(1.0);
    let story = run(20.0, nodes, json!({}));
    let up = story.moments(|o| matches!(o, Observation::ServerUp { .. }));
    assert_eq!(up, [1_500.0, 13_000.0]);
}

#[test]
fn haproxy_takes_a_dead_server_out_and_back() {
    // Validation case A08: inter 2 s, fall 3, rise 2; the server is dead in [3, 11).
    let nodes = json!({
        "users": clockwork(100.0, 2_000, json!({"to": "lb"})),
        "lb": {
            "kind": "balancer", "to": "q",
            "health_check": {"rules": {"interval_ms": 2000.0, "fall": 3, "rise": 2}},
        },
        "q": with(service(100, json!([cpu(1.0)])), json!({"servers": 4, "boot_s": 0.0})),
    });
    let story = run(20.0, nodes, fault(3.0, 8.0, "q#1", json!({"kind": "crash"})));
    assert_eq!(story.moments(|o| matches!(o, Observation::OutOfRotation { .. })), [8_000.0]);
    assert_eq!(story.moments(|o| matches!(o, Observation::BackInRotation { .. })), [14_000.0]);
    let failed = story.outcomes().iter().filter(|outcome| **outcome == Outcome::Failed).count();
    assert_eq!(failed, 125);
}

#[test]
fn a_full_disk_fails_every_request_and_logrotate_prevents_it() {
    let story = |logrotate: Value| {
        let disk =
            json!({"capacity_bytes": 1_000_000, "used_bytes": 500_000, "logrotate": logrotate});
        let service =
            with(service(10, json!([{"do": "log", "bytes": 1_000}])), json!({"disk": disk}));
        let nodes = json!({"users": clockwork(10.0, 1_000, json!({"to": "q"})), "q": service});
        run(100.0, nodes, json!({}))
    };
    let off = story(Value::Null);
    // 500 kB of room at 10 kB a second: the 501st request finds no room, after 50 s.
    assert_eq!(off.moments(|o| matches!(o, Observation::DiskFull { .. })), [50_000.0]);
    assert_eq!(off.outcomes().iter().filter(|o| **o == Outcome::Failed).count(), 500);
    let on = story(json!({"size_bytes": 100_000, "rotate": 1, "timer_interval_s": 10.0}));
    assert_eq!(on.count(|o| matches!(o, Observation::DiskFull { .. })), 0);
    assert!(on.count(|o| matches!(o, Observation::LogRotated { .. })) >= 8);
}

#[test]
fn lost_messages_are_late_and_latency_adds_up() {
    let nodes = json!({
        "users": clockwork(100.0, 1_000, json!({"to": "q", "latency_ms": 1.0})),
        "q": service(100, json!([cpu(1.0)])),
    });
    let late = run(
        60.0,
        nodes.clone(),
        fault(0.0, 60.0, "q", json!({"kind": "packet_loss", "ratio": 0.1})),
    );
    let late = late.requests().iter().filter(|(_, ms)| *ms > 200.0).count();
    // One of two messages lost: 1 - 0.9² = 19 %, give or take four standard deviations.
    assert!((140..240).contains(&late), "{late}");
    let latency = json!({"kind": "latency", "added_ms": 20.0});
    let added = run(60.0, nodes, fault(0.0, 60.0, "users.main", latency));
    // The first arrival comes before the fault of the same instant.
    assert!(added.requests()[1..].iter().all(|request| *request == (Outcome::Ok, 23.0)));
}

#[test]
fn a_spike_multiplies_the_arrivals() {
    let users = json!({
        "kind": "clients",
        "arrivals": {"kind": "open", "rate_rps": 10.0, "process": "constant"},
        "calls": {"main": {"to": "q"}},
    });
    let nodes = json!({"users": users, "q": service(100, json!([cpu(1.0)]))});
    let story =
        run(30.0, nodes, fault(10.0, 10.0, "users", json!({"kind": "spike", "factor": 3.0})));
    let started = story.moments(|o| matches!(o, Observation::RequestStarted { .. }));
    let within = |from: f64, to: f64| started.iter().filter(|at| from <= **at && **at < to).count();
    assert_eq!((within(0.0, 1e4), within(1e4, 2e4), within(2e4, 3e4)), (100, 300, 100));
}

#[test]
fn after_a_standstill_of_the_load_users_come_again_at_once() {
    let profile = json!({"shape": "step", "at_s": 20.0, "factor": 2.0});
    let users = json!({
        "kind": "clients",
        "arrivals": {
            "kind": "open", "rate_rps": 10.0, "process": "constant", "profile": profile,
        },
        "calls": {"main": {"to": "q"}},
    });
    let nodes = json!({"users": users, "q": service(100, json!([cpu(1.0)]))});
    let story =
        run(30.0, nodes, fault(5.05, 5.0, "users", json!({"kind": "spike", "factor": 0.0})));
    let started = story.moments(|o| matches!(o, Observation::RequestStarted { .. }));
    let within = |from: f64, to: f64| started.iter().filter(|at| from <= **at && **at < to).count();
    assert_eq!((within(0.0, 5_050.0), within(5_050.0, 10_050.0)), (51, 0));
    assert_eq!((within(10_050.0, 20_010.0), within(20_010.0, 30_010.0)), (100, 200));
}

#[test]
fn a_server_that_crashes_sends_nothing_more_and_blames_no_other() {
    let pool = json!({"maximum_pool_size": 2, "connection_timeout_ms": 30_000.0});
    let front = with(
        service(10, json!([{"do": "call", "call": "back"}])),
        json!({"calls": {"back": {"to": "lb", "connection_pool": pool}}}),
    );
    let nodes = json!({
        "users": clockwork(100.0, 5, json!({"to": "front"})),
        "front": front,
        "lb": {"kind": "balancer", "to": "back", "passive_health": {"max_fails": 1}},
        "back": with(service(10, json!([cpu(1_000.0)])), json!({"servers": 2})),
    });
    let story = run(9.0, nodes, fault(0.5, 1.0, "front", json!({"kind": "crash"})));
    let sent = |o: &Observation| matches!(o, Observation::AttemptSent { edge, .. } if edge.0 == 1);
    assert_eq!(story.moments(sent), [0.0, 10.0]);
    assert_eq!(story.count(|o| matches!(o, Observation::OutOfRotation { .. })), 0);
}

fn probed(probe: Value, steps: Value) -> Value {
    let endpoints = json!({"work": {"steps": [cpu(1.0)]}, "live": {"steps": steps}});
    with(
        service(2, json!([])),
        json!({
            "endpoints": endpoints, "boot_s": 0.0, "restart": {},
            "liveness_probe": with(json!({"endpoint": "live"}), probe),
        }),
    )
}

fn unwell(o: &Observation) -> bool {
    matches!(o, Observation::ServerDown { cause: DownCause::Unwell, .. })
}

#[test]
fn a_container_that_never_lives_is_restarted_with_growing_delays() {
    // Validation case E10: the first restart at once, then after 10, 20, 40, 80, 160, 300, 300 s.
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q.work"})),
        "q": probed(
            json!({"period_ms": 1_000.0, "failure_threshold": 1}),
            json!([{"do": "fail", "ratio": 1.0}]),
        ),
    });
    let story = run(1_000.0, nodes, json!({}));
    let (mut now, mut downs, mut ups) = (0.0, Vec::new(), Vec::new());
    for delay in [0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0] {
        downs.push(now);
        ups.push(now + delay * 1e3);
        // The next probe of the pod comes a second later.
        now += delay * 1e3 + 1_000.0;
    }
    downs.push(now);
    assert_eq!(story.moments(unwell), downs);
    assert_eq!(story.moments(|o| matches!(o, Observation::ServerUp { .. })), ups);
}

#[test]
fn a_server_that_hangs_is_killed_when_probes_of_its_program_time_out() {
    let freeze = fault(12.0, 60.0, "q", json!({"kind": "freeze"}));
    let story = |probe: Value| {
        let nodes = json!({
            "users": clockwork(1.0, 1, json!({"to": "q.work"})), "q": probed(probe, json!([cpu(1.0)])),
        });
        run(60.0, nodes, freeze.clone())
    };
    // Probes at 20, 30 and 40 s get no answer for a second each. The new container hangs, too.
    let kills = story(json!({})).moments(unwell);
    assert_eq!(kills[0], 41_000.0);
    // A connection is all that a probe without an endpoint asks for.
    assert_eq!(story(json!({"endpoint": null})).count(unwell), 0);
}
