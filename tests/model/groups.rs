//! What hangs together and what no message reaches.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{DownCause, Observation, Outcome};
use serde_json::{Value, json};

fn cut(at_s: f64, for_s: f64, target: &str) -> Value {
    let effect = json!({"kind": "unreachable"});
    json!({"f": {"at_s": at_s, "for_s": for_s, "target": target, "effect": effect}})
}

fn ended(story: &Story, wanted: Outcome) -> usize {
    story.outcomes().iter().filter(|outcome| **outcome == wanted).count()
}

#[test]
fn a_request_to_nobody_comes_when_tcp_sends_it_again_after_the_repair() {
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q", "latency_ms": 10.0})),
        "q": service(1, json!([cpu(100.0)])),
    });
    // It comes at 10 ms; again 200, 600, 1400, 3000 ms later, when the way is free again after 2 s.
    let story = run(60.0, nodes, cut(0.0, 2.0, "q"));
    assert_eq!(story.requests(), [(Outcome::Ok, 3_120.0)]);
}

#[test]
fn work_in_progress_goes_on_and_only_its_reply_is_late() {
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q"})),
        "q": service(1, json!([cpu(1_000.0)])),
    });
    for target in ["q", "q#0", "users.main"] {
        let story = run(60.0, nodes.clone(), cut(0.5, 1.0, target));
        let done = story.moments(|o| matches!(o, Observation::WorkEnded { .. }));
        assert_eq!(done, [1_000.0]);
        // Sent at 1 s, again at 1.2 s and at 1.6 s.
        assert_eq!(story.requests(), [(Outcome::Ok, 1_600.0)], "{target}");
    }
}

#[test]
fn callers_hang_until_their_timeout_and_the_rest_is_not_sent_again() {
    let nodes = json!({
        "users": clockwork(1.0, 5, json!({"to": "q", "timeout_ms": 2_900.0})),
        "q": service(1, json!([cpu(10.0)])),
    });
    let story = run(60.0, nodes, cut(0.5, 2.0, "q"));
    let response: Vec<f64> = story.requests().iter().map(|(_, ms)| *ms).collect();
    // The second comes in vain until 2.4 s, and would come again at 4 s; the third comes at 2.6 s.
    assert_eq!(story.count(|o| matches!(o, Observation::WorkArrived { .. })), 4);
    assert_eq!(ended(&story, Outcome::TimedOut), 1);
    assert_eq!(response, [10.0, 610.0, 10.0, 2_900.0, 10.0]);
}

#[test]
fn tcp_gives_up_after_a_quarter_of_an_hour() {
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q"})),
        "q": service(1, json!([cpu(10.0)])),
    });
    let faults = json!({"f": {"at_s": 0, "target": "q", "effect": {"kind": "unreachable"}}});
    let [(outcome, ms)] = run(2_000.0, nodes, faults).requests()[..] else { panic!("one request") };
    // The request came before the fault; its reply goes 0.2 + 0.4 + … + 102.4 + 6 · 120 s in vain.
    assert_eq!((outcome, ms), (Outcome::Failed, 924_610.0));
}

#[test]
fn a_server_that_is_cut_off_reaches_nobody_itself() {
    let front = with(
        service(1, json!([{"do": "call", "call": "back"}])),
        json!({"calls": {"back": {"to": "back", "timeout_ms": 500.0}}}),
    );
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "front"})),
        "front": front,
        "back": service(1, json!([{"do": "wait", "time": {"dist": "constant", "ms": 100.0}}])),
    });
    let story = run(60.0, nodes, cut(0.05, 5.0, "front"));
    // Its own call times out at 0.5 s; the error reaches the user 0.2 + 0.4 + 0.8 + … s later.
    assert_eq!(story.count(|o| matches!(o, Observation::WorkEnded { .. })), 2);
    assert_eq!(story.requests(), [(Outcome::Failed, 6_700.0)]);
}

#[test]
fn a_switch_takes_all_servers_behind_it_and_no_other() {
    let document = |effect: &str| {
        json!({
            "nodes": {
                "users": clockwork(10.0, 300, json!({"to": "lb", "timeout_ms": 300.0})),
                "lb": {
                    "kind": "balancer", "to": "q",
                    "health_check": {"rules": {
                        "interval_ms": 1000.0, "timeout_ms": 500.0, "fall": 2, "rise": 2,
                    }},
                },
                "q": with(service(10, json!([cpu(1.0)])), json!({"servers": 4, "boot_s": 0.0})),
            },
            "groups": {"switch": {"members": ["q#1", "q#2"]}},
            "faults": {"f": {
                "at_s": 5.05, "for_s": 10.0, "target": "switch", "effect": {"kind": effect},
            }},
        })
    };
    let story = run_switched(30.0, document("unreachable"), &[]);
    let out = story.told(|o| match o {
        Observation::OutOfRotation { server, .. } => Some(*server),
        _ => None,
    });
    assert_eq!(out, [1, 2]);
    // Asked in vain at 6 s and 7 s, half a second each; back after two good answers.
    assert_eq!(story.moments(|o| matches!(o, Observation::OutOfRotation { .. })), [7_500.0; 2]);
    assert_eq!(story.moments(|o| matches!(o, Observation::BackInRotation { .. })), [17_000.0; 2]);
    assert_eq!(story.count(|o| matches!(o, Observation::ServerDown { .. })), 0);
    // Half of 24 or 25 requests in the 2.45 s until then.
    let timed_out = ended(&story, Outcome::TimedOut);
    assert!((11..=13).contains(&timed_out), "{timed_out}");

    let story = run_switched(30.0, document("crash"), &[]);
    let down = |o: &Observation| {
        matches!(o, Observation::ServerDown { cause: DownCause::Fault, server: 1 | 2, .. })
    };
    assert_eq!(story.moments(down), [5_050.0, 5_050.0]);
}

#[test]
fn the_servers_of_a_group_break_down_together() {
    let document = json!({
        "nodes": {
            "users": clockwork(1.0, 1, json!({"to": "a"})),
            "a": with(service(1, json!([cpu(1.0)])), json!({"servers": 3, "boot_s": 0.0})),
            "b": with(service(1, json!([cpu(1.0)])), json!({"boot_s": 0.0})),
        },
        "groups": {"rack": {"members": ["a", "b#0"]}},
        "faults": {"f": {
            "at_s": 0, "target": "rack", "effect": {"kind": "crash"},
            "recurs": {
                "up": {"dist": "constant", "ms": 10_000.0},
                "down": {"dist": "constant", "ms": 5_000.0},
            },
        }},
    });
    let story = run_switched(30.0, document, &[]);
    let down = story.moments(|o| matches!(o, Observation::ServerDown { .. }));
    assert_eq!(down, [[10_000.0; 4], [25_000.0; 4]].concat());
    assert_eq!(
        story.moments(|o| matches!(o, Observation::ServerUp { .. })),
        [[15_000.0; 4], [30_000.0; 4]].concat()
    );
}

#[test]
fn probes_on_the_server_itself_go_on() {
    let probe = json!({"endpoint": "work", "period_ms": 500.0, "timeout_ms": 100.0});
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q"})),
        "q": with(
            service(1, json!([cpu(10.0)])),
            json!({"restart": {}, "liveness_probe": probe}),
        ),
    });
    let story = run(60.0, nodes, cut(1.0, 30.0, "q"));
    assert_eq!(story.count(|o| matches!(o, Observation::ServerDown { .. })), 0);
}
