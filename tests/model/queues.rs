//! Threads, queues and cores.

use crate::story::{clockwork, cpu, run, service, with};
use brownout::observation::{Cause, Observation, Outcome};
use serde_json::json;

#[test]
fn a_server_that_is_too_slow_falls_behind_by_a_millisecond_a_request() {
    // Validation case X01: arrivals every 2 ms, service of 3 ms.
    let nodes = json!({
        "users": clockwork(500.0, 1_000, json!({"to": "q"})),
        "q": service(1, json!([cpu(3.0)])),
    });
    let story = run(10.0, nodes, json!({}));
    let requests = story.requests();
    assert_eq!(requests.len(), 1_000);
    for (k, (outcome, response)) in requests.iter().enumerate() {
        assert_eq!((*outcome, *response), (Outcome::Ok, k as f64 + 3.0));
    }
    let ended = story.moments(|o| matches!(o, Observation::RequestEnded { .. }));
    assert_eq!(ended.iter().filter(|at| **at <= 2_000.0).count(), 666);
    assert_eq!(ended.last(), Some(&3_000.0));
}

#[test]
fn a_full_queue_refuses_and_a_long_wait_is_refused_too() {
    let pools = |pool| json!({"pools": {"web": pool}});
    let nodes = |pool| {
        json!({
            "users": clockwork(100.0, 4, json!({"to": "q"})),
            "q": with(service(1, json!([cpu(100.0)])), pools(pool)),
        })
    };
    let refused = Outcome::Rejected(Cause::QueueFull);
    let full = run(1.0, nodes(json!({"threads": 1, "queue_limit": 1})), json!({}));
    assert_eq!(full.outcomes(), [refused, refused, Outcome::Ok, Outcome::Ok]);
    let slow = json!({"threads": 1, "queue_limit": 9, "queue_timeout_ms": 95.0});
    let slow = run(1.0, nodes(slow), json!({}));
    // The second gets the thread after 90 ms; the others would have to wait for longer than 95 ms.
    assert_eq!(
        slow.requests(),
        [(Outcome::Ok, 100.0), (refused, 95.0), (refused, 95.0), (Outcome::Ok, 190.0)]
    );
}

#[test]
fn who_loses_patience_leaves_unless_the_queue_timeout_is_shorter() {
    let refused = Outcome::Rejected(Cause::QueueFull);
    let requests = |pool| {
        let nodes = json!({
            "users": clockwork(100.0, 3, json!({"to": "q"})),
            "q": with(service(1, json!([cpu(100.0)])), json!({"pools": {"web": pool}})),
        });
        run(1.0, nodes, json!({})).requests()
    };
    let patience = json!({"dist": "constant", "ms": 95.0});
    // The second gets the thread after 90 ms; the third would have to wait for 180 ms.
    let expected = [(Outcome::Ok, 100.0), (refused, 95.0), (Outcome::Ok, 190.0)];
    assert_eq!(requests(json!({"threads": 1, "patience": patience})), expected);
    let timeout = json!({"threads": 1, "patience": patience, "queue_timeout_ms": 30.0});
    assert_eq!(requests(timeout), [(refused, 30.0), (refused, 30.0), (Outcome::Ok, 100.0)]);
    let none = json!({"threads": 1, "patience": {"dist": "constant", "ms": 0.0}});
    assert_eq!(requests(none), [(refused, 0.0), (refused, 0.0), (Outcome::Ok, 100.0)]);
}

#[test]
fn disciplines_choose_first_last_or_most_important() {
    let order = |discipline: &str| {
        let nodes = json!({
            "users": {
                "kind": "clients",
                "arrivals": {"kind": "open", "rate_rps": 1000.0, "process": "constant", "stop_s": 0.0195},
                "calls": {"main": {"to": "q"}},
                "classes": {
                    "gold": {"share": 0.5, "call": "main", "priority": 0},
                    "iron": {"share": 0.5, "call": "main", "priority": 1},
                },
            },
            "q": with(
                service(1, json!([cpu(100.0)])),
                json!({"pools": {"web": {"threads": 1, "discipline": discipline}}}),
            ),
        });
        let story = run(10.0, nodes, json!({}));
        let ended = story.world.observer.0.iter().filter_map(|(at, o)| match o {
            Observation::RequestEnded { class, response, .. } => {
                Some((class.0, at.0 as f64 / 1e6 - response.ms()))
            }
            _ => None,
        });
        ended.collect::<Vec<(u16, f64)>>()
    };
    let sorted = |order: &[(u16, f64)]| order.is_sorted_by_key(|(_, arrived)| *arrived);
    let fifo = order("fifo");
    assert_eq!(fifo.len(), 20);
    assert!(sorted(&fifo));
    let lifo: Vec<_> = order("lifo").into_iter().skip(1).rev().collect();
    assert!(sorted(&lifo), "{lifo:?}");
    // The first is served at once, whoever it is; then all gold in order, then all iron in order.
    let priority: Vec<_> = order("priority").into_iter().skip(1).collect();
    assert!(priority.is_sorted_by(|a, b| a.0 < b.0 || (a.0 == b.0 && a.1 <= b.1)), "{priority:?}");
    assert!(priority.iter().any(|(class, _)| *class == 0) && priority.iter().any(|c| c.0 == 1));
}

#[test]
fn threads_share_cores_evenly() {
    let nodes = |cores| {
        json!({
            "users": clockwork(1000.0, 2, json!({"to": "q"})),
            "q": with(service(2, json!([cpu(10.0)])), json!({"cores": cores})),
        })
    };
    // Together for 9 ms of work each at half speed: 1 + 18, and then 1 ms alone.
    let one = run(1.0, nodes(1), json!({})).requests();
    assert_eq!(one, [(Outcome::Ok, 19.0), (Outcome::Ok, 19.0)]);
    let two = run(1.0, nodes(2), json!({})).requests();
    assert_eq!(two, [(Outcome::Ok, 10.0), (Outcome::Ok, 10.0)]);
}

#[test]
fn closed_users_think_send_and_wait() {
    let nodes = json!({
        "users": {
            "kind": "clients",
            "arrivals": {"kind": "closed", "users": 3, "think": {"dist": "constant", "ms": 50.0}},
            "calls": {"main": {"to": "q"}},
        },
        "q": service(1, json!([cpu(30.0)])),
    });
    let story = run(1.01, nodes, json!({}));
    // Three users need 90 ms of service in a round of at least 80 ms: the server is never idle.
    let ended = story.moments(|o| matches!(o, Observation::RequestEnded { .. }));
    let expected: Vec<f64> = (1..=32).map(|n| 50.0 + 30.0 * f64::from(n)).collect();
    assert_eq!(ended, expected);
}
