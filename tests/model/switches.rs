//! What is switched while the run goes on takes effect on everything that is under way.

use crate::story::{Story, clockwork, cpu, run_switched, service, with};
use brownout::observation::{Observation, Outcome};
use brownout::wiring::{EdgeIndex, PoolIndex};
use serde_json::{Value, json};

/// Clients of a service, in front of a slow one.
fn chain(count: u32, call: Value, front: Value, back: Value) -> Value {
    let calls = json!({"calls": {"back": with(json!({"to": "back"}), call)}});
    let steps = json!([{"do": "call", "call": "back"}]);
    json!({
        "users": clockwork(100.0, count, json!({"to": "front"})),
        "front": with(with(service(10, steps), calls), front),
        "back": back,
    })
}

/// When the front sent attempts to the back.
fn sent(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::AttemptSent { edge: EdgeIndex(1), .. }))
}

fn last_servers(story: &Story) -> Option<(u32, u32)> {
    let servers = |(_, o): &(_, Observation)| match o {
        Observation::ServersChanged { servers, up, .. } => Some((*servers, *up)),
        _ => None,
    };
    story.world.observer.0.iter().rev().find_map(servers)
}

#[test]
fn cores_that_are_limited_later_are_in_use_from_then_on() {
    let document = json!({"nodes": {
        "users": clockwork(1.0, 1, json!({"to": "q"})),
        "q": service(1, json!([cpu(4_000.0)])),
    }});
    let limit = |cores| json!({"nodes": {"q": {"cores": cores}}});
    let patches = [(1.0, limit(json!(2))), (2.0, limit(Value::Null)), (3.0, limit(json!(1)))];
    let story = run_switched(9.0, document, &patches);
    let mut busy: Vec<(f64, f64)> = story
        .world
        .observer
        .0
        .iter()
        .filter_map(|(at, o)| match o {
            Observation::CoresBusy { cores, .. } => Some((at.seconds(), *cores)),
            _ => None,
        })
        .collect();
    busy.dedup();
    assert_eq!(busy, [(1.0, 1.0), (2.0, 0.0), (3.0, 1.0), (4.0, 0.0)]);
}

#[test]
fn a_crash_that_vanishes_or_aims_elsewhere_lets_its_servers_boot() {
    let document = json!({
        "nodes": {
            "users": clockwork(1.0, 1, json!({"to": "q"})),
            "q": with(service(1, json!([cpu(1.0)])), json!({"servers": 2, "boot_s": 1.0})),
        },
        "faults": {"f": {"at_s": 1.0, "target": "q#0", "effect": {"kind": "crash"}}},
    });
    let moments = |patch| {
        let story = run_switched(9.0, document.clone(), &[(3.0, patch)]);
        let over = story.moments(|o| matches!(o, Observation::FaultEnded { .. }));
        let down = story.moments(|o| matches!(o, Observation::ServerDown { .. }));
        let up = story.moments(|o| matches!(o, Observation::ServerUp { .. }));
        (down, over, up)
    };
    let taken_back = json!({"faults": {"f": null}});
    assert_eq!(moments(taken_back), (vec![1_000.0], vec![3_000.0], vec![4_000.0]));
    let elsewhere = json!({"faults": {"f": {"target": "q#1"}}});
    assert_eq!(moments(elsewhere), (vec![1_000.0, 3_000.0], vec![], vec![4_000.0]));
}

#[test]
fn a_server_that_was_taken_away_does_not_come_back_after_a_crash() {
    let document = json!({
        "nodes": {
            "users": clockwork(1.0, 1, json!({"to": "q"})),
            "q": with(service(1, json!([cpu(1.0)])), json!({"servers": 3, "boot_s": 1.0})),
        },
        "faults": {"f": {"at_s": 2.0, "for_s": 1.0, "target": "q", "effect": {"kind": "crash"}}},
    });
    let story = run_switched(9.0, document, &[(1.0, json!({"nodes": {"q": {"servers": 1}}}))]);
    assert_eq!(last_servers(&story), Some((1, 1)));
    assert_eq!(story.count(|o| matches!(o, Observation::ServerUp { .. })), 1);
}

#[test]
fn a_server_that_was_away_has_the_cores_of_the_others() {
    let q = json!({"servers": 2, "boot_s": 0.0, "cores": 1});
    let document = json!({"nodes": {
        "users": with(
            clockwork(1000.0, 4, json!({"to": "q"})),
            json!({"arrivals": {
                "kind": "open", "rate_rps": 1000.0, "process": "constant",
                "start_s": 4.0, "stop_s": 4.0035,
            }}),
        ),
        "q": with(service(9, json!([cpu(100.0)])), q),
    }});
    let q = |patch| json!({"nodes": {"q": patch}});
    let patches = [
        (1.0, q(json!({"servers": 1}))),
        (2.0, q(json!({"cores": 4}))),
        (3.0, q(json!({"servers": 2}))),
    ];
    let story = run_switched(9.0, document, &patches);
    assert_eq!(story.requests(), [(Outcome::Ok, 100.0); 4]);
}

#[test]
fn a_connection_pool_may_come_and_go_while_connections_are_in_use() {
    let pool = json!({"maximum_pool_size": 10, "connection_timeout_ms": 1_000.0});
    let patch =
        |pool: Value| json!({"nodes": {"front": {"calls": {"back": {"connection_pool": pool}}}}});
    let nodes = chain(5, json!({}), json!({}), service(10, json!([cpu(1_000.0)])));
    let patches = [(0.5, patch(pool.clone())), (0.6, patch(Value::Null)), (0.7, patch(pool))];
    let story = run_switched(9.0, json!({"nodes": nodes}), &patches);
    let mut level = 0;
    let mut levels = Vec::new();
    for (_, observation) in &story.world.observer.0 {
        if let Observation::ConnectionsChanged { by, .. } = observation {
            level += by;
            levels.push(level);
        }
    }
    assert_eq!(levels, [5, 0, 5, 4, 3, 2, 1, 0]);
}

#[test]
fn users_who_are_no_longer_there_send_nothing() {
    let think = json!({"dist": "constant", "ms": 1_000.0});
    let nodes = json!({
        "users": {
            "kind": "clients",
            "arrivals": {"kind": "closed", "users": 10, "think": think},
            "calls": {"main": {"to": "q"}},
        },
        "q": service(10, json!([cpu(1.0)])),
    });
    let fewer = json!({"nodes": {"users": {"arrivals": {"users": 1}}}});
    let story = run_switched(1.5, json!({"nodes": nodes}), &[(0.5, fewer)]);
    assert_eq!(story.requests().len(), 1);
}

#[test]
fn a_server_that_stands_still_sends_and_cancels_nothing() {
    let freeze = json!({"f": {
        "at_s": 0.3, "for_s": 2.7, "target": "front", "effect": {"kind": "freeze"},
    }});
    let pool = json!({"maximum_pool_size": 1, "connection_timeout_ms": 30_000.0});
    let back = service(10, json!([cpu(10_000.0)]));
    let nodes = chain(3, json!({"connection_pool": pool}), json!({}), back.clone());
    let larger = json!({"nodes": {"front": {"calls": {"back": {"connection_pool": {
        "maximum_pool_size": 2,
    }}}}}});
    let document = json!({"nodes": nodes, "faults": freeze});
    let story = run_switched(5.0, document, &[(1.0, larger)]);
    assert_eq!(sent(&story), [0.0, 3_000.0]);

    let mut nodes = chain(1, json!({"cancel": "running"}), json!({}), back);
    nodes["users"]["calls"]["main"] =
        json!({"to": "front", "timeout_ms": 500.0, "cancel": "running"});
    let story = run_switched(5.0, json!({"nodes": nodes, "faults": freeze}), &[]);
    let freed = story.moments(|o| matches!(o, Observation::ThreadFreed { .. }));
    assert_eq!(freed, [3_000.0, 3_000.0]);
    assert_eq!(story.requests(), [(Outcome::TimedOut, 500.0)]);
}

#[test]
fn a_server_that_stands_still_refuses_late_in_the_queue_when_it_moves_again() {
    let pools = json!({"pools": {"web": {"threads": 1, "queue_timeout_ms": 100.0}}});
    let nodes = json!({
        "users": clockwork(100.0, 2, json!({"to": "q"})),
        "q": with(service(1, json!([cpu(50.0)])), pools),
    });
    let freeze = json!({"f": {
        "at_s": 0.02, "for_s": 1.0, "target": "q", "effect": {"kind": "freeze"},
    }});
    let story = run_switched(5.0, json!({"nodes": nodes, "faults": freeze}), &[]);
    let refused = story.moments(|o| matches!(o, Observation::WorkRefused { .. }));
    assert_eq!(refused, [1_020.0]);
}

#[test]
fn an_intact_balancer_keeps_its_turns_when_something_else_changes() {
    let story = |patches: &[(f64, Value)]| {
        let nodes = json!({
            "users": clockwork(100.0, 100, json!({"to": "lb"})),
            "lb": {
                "kind": "balancer", "to": "q", "algorithm": "weighted_round_robin",
                "weights": [2, 5],
            },
            "q": with(service(10, json!([cpu(1.0)])), json!({"servers": 3})),
        });
        let story = run_switched(2.0, json!({"nodes": nodes}), patches);
        let mut servers = Vec::new();
        for (_, observation) in &story.world.observer.0 {
            if let Observation::WorkArrived { pool: PoolIndex(0), server } = observation {
                servers.push(*server);
            }
        }
        servers
    };
    let plain = story(&[]);
    // A server without a weight has the weight 1.
    assert_eq!(plain.iter().filter(|server| **server == 2).count(), 12);
    let other = json!({"nodes": {"users": {"calls": {"main": {"timeout_ms": 500.0}}}}});
    assert_eq!(story(&[(0.025, other)]), plain);
}
