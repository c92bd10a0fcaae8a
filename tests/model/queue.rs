//! Message queues: publishing, dealing with messages, and what becomes of those that fail.

use crate::records::{fates, store};
use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{Cause, Observation, Outcome};
use serde_json::{Value, json};

fn broker(more: Value) -> Value {
    with(json!({"kind": "queue", "cost": {"dist": "constant", "ms": 0.0}, "boot_s": 0.0}), more)
}

/// A worker whose program takes messages, so many at once.
fn worker(prefetch: u32, steps: Value) -> Value {
    let consumes = json!({"events": {"queue": "q", "endpoint": "work", "prefetch": prefetch}});
    with(service(10, steps), json!({"consumes": consumes, "boot_s": 0.0}))
}

/// Requests that publish a message each, one each 10 ms.
fn publishers(count: u32) -> (Value, Value) {
    let api = with(
        service(10, json!([{"do": "publish", "call": "send"}])),
        json!({"calls": {"send": {"to": "q"}}}),
    );
    (clockwork(100.0, count, json!({"to": "api"})), api)
}

fn system(count: u32, queue: Value, worker: Value) -> Value {
    let (users, api) = publishers(count);
    json!({"users": users, "api": api, "q": broker(queue), "worker": worker})
}

/// When messages were delivered, in milliseconds.
fn deliveries(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::MessageDelivered { .. }))
}

fn fault(at_s: f64, for_s: f64, target: &str, kind: &str) -> Value {
    json!({"f": {"at_s": at_s, "for_s": for_s, "target": target, "effect": {"kind": kind}}})
}

#[test]
fn a_server_takes_as_many_messages_at_once_as_it_may() {
    let story = run(1.0, system(4, json!({}), worker(1, json!([cpu(25.0)]))), json!({}));
    assert_eq!(story.outcomes(), [Outcome::Ok; 4]);
    assert_eq!(deliveries(&story), [0.0, 25.0, 50.0, 75.0]);
    let story = run(1.0, system(4, json!({}), worker(2, json!([cpu(25.0)]))), json!({}));
    assert_eq!(deliveries(&story), [0.0, 10.0, 25.0, 35.0]);
    let depths = story.told(|o| match o {
        Observation::QueueDepth { depth, .. } => Some(*depth),
        _ => None,
    });
    assert_eq!(depths, [1, 0, 1, 0, 1, 0, 1, 0]);
}

#[test]
fn servers_take_messages_in_turn_and_a_message_travels() {
    let mut worker = with(worker(1, json!([cpu(100.0)])), json!({"servers": 3}));
    worker["consumes"]["events"]["latency_ms"] = json!(5.0);
    let story = run(1.0, system(4, json!({}), worker), json!({}));
    let servers = story.told(|o| match o {
        Observation::WorkArrived { pool, server } if pool.0 == 2 => Some(*server),
        _ => None,
    });
    assert_eq!(servers, [0, 1, 2, 0]);
    // The first is done after 105 ms; its place is free when it has left the server.
    assert_eq!(deliveries(&story), [0.0, 10.0, 20.0, 105.0]);
}

#[test]
fn a_full_queue_refuses() {
    let story =
        run(1.0, system(5, json!({"depth_limit": 1}), worker(1, json!([cpu(100.0)]))), json!({}));
    use Outcome::{Ok, Rejected};
    let full = Rejected(Cause::QueueFull);
    assert_eq!(story.outcomes(), [Ok, Ok, full, full, full]);
    assert_eq!(story.count(|o| matches!(o, Observation::MessagesRefused { .. })), 1);
    // Nobody stores anything: those refused are lost at once, the others when they have been dealt with.
    assert_eq!(fates(&story), [5, 0, 5, 0, 0]);
}

#[test]
fn a_message_that_fails_is_delivered_again_until_it_is_a_dead_letter() {
    let queue = json!({"max_deliveries": 3, "redelivery_delay_ms": 50.0});
    let failing = worker(1, json!([cpu(10.0), {"do": "fail", "ratio": 1.0}]));
    let story = run(1.0, system(1, queue, failing), json!({}));
    assert_eq!(deliveries(&story), [0.0, 60.0, 120.0]);
    assert_eq!(story.count(|o| matches!(o, Observation::MessageSetAside { .. })), 1);
    // A dead letter is not lost: somebody can look into it.
    assert_eq!(story.count(|o| matches!(o, Observation::RecordSetAside { .. })), 1);
    assert_eq!(fates(&story), [1, 0, 0, 0, 0]);
}

#[test]
fn a_message_whose_server_crashes_is_delivered_again() {
    let queue = json!({"redelivery_delay_ms": 1.0});
    let nodes = system(1, queue, worker(1, json!([cpu(100.0)])));
    let story = run(1.0, nodes, fault(0.05, 0.1, "worker", "crash"));
    // While the server is down nobody takes it.
    assert_eq!(deliveries(&story), [0.0, 150.0]);
}

#[test]
fn who_takes_too_long_works_for_nobody_and_stores_twice() {
    let queue = json!({"visibility_timeout_ms": 50.0});
    let save = with(
        worker(2, json!([{"do": "call", "call": "save"}])),
        json!({"calls": {"save": {"to": "db"}}}),
    );
    let nodes = |unique: bool| {
        let mut nodes = system(1, queue.clone(), save.clone());
        nodes["db"] = store(4.0, json!({"unique": unique}));
        nodes
    };
    let slow = json!({"f": {"at_s": 0.0, "for_s": 0.06, "target": "db",
        "effect": {"kind": "slow", "factor": 1000.0}}});
    let story = run(1.0, nodes(false), slow.clone());
    assert_eq!(deliveries(&story), [0.0, 50.0]);
    assert_eq!(fates(&story), [1, 1, 0, 1, 0]);
    assert_eq!(fates(&run(1.0, nodes(true), slow)), [1, 1, 0, 0, 1]);
}

#[test]
fn messages_survive_a_crash_of_a_durable_broker_only() {
    let nodes =
        |durable: bool| system(3, json!({"durable": durable}), worker(1, json!([cpu(40.0)])));
    let crash = fault(0.03, 0.1, "q", "crash");
    let story = run(1.0, nodes(true), crash.clone());
    // What the crash found delivered comes last, since it goes back to the end of the line.
    assert_eq!(deliveries(&story), [0.0, 130.0, 170.0, 210.0]);
    let again = story.count(|o| matches!(o, Observation::MessageDelivered { again: true, .. }));
    assert_eq!(again, 1);
    assert_eq!(deliveries(&run(1.0, nodes(false), crash)), [0.0]);
}

#[test]
fn nobody_takes_messages_from_a_broker_that_stands_still_or_cannot_be_reached() {
    for kind in ["freeze", "unreachable"] {
        let nodes = system(1, json!({}), worker(1, json!([cpu(10.0)])));
        let mut nodes = with(nodes, json!({}));
        nodes["worker"]["running"] = json!(false);
        let on = json!({"nodes": {"worker": {"running": true}}});
        let document = json!({"nodes": nodes, "faults": fault(0.05, 0.1, "q", kind)});
        let story = run_switched(1.0, document, &[(0.1, on)]);
        assert_eq!(deliveries(&story), [150.0], "{kind}");
    }
}

#[test]
fn an_answer_to_a_broker_that_stands_still_is_seen_later() {
    let nodes = system(2, json!({}), worker(1, json!([cpu(20.0)])));
    let story = run(1.0, nodes, fault(0.015, 0.1, "q", "freeze"));
    assert_eq!(deliveries(&story), [0.0, 115.0]);
    assert_eq!(story.count(|o| matches!(o, Observation::RecordLost { .. })), 2);
}

#[test]
fn clients_may_publish_too_and_more_may_be_taken_at_once_from_then_on() {
    let nodes = json!({
        "users": clockwork(100.0, 3, json!({"to": "q.publish"})),
        "q": broker(json!({})),
        "worker": worker(1, json!([cpu(500.0)])),
    });
    let more = json!({"nodes": {"worker": {"consumes": {"events": {"prefetch": 3}}}}});
    let story = run_switched(1.0, json!({"nodes": nodes}), &[(0.1, more)]);
    assert_eq!(deliveries(&story), [0.0, 100.0, 100.0]);
    assert_eq!(fates(&story), [3, 0, 3, 0, 0]);
}

#[test]
fn a_worker_without_room_gives_messages_back() {
    let queue = json!({"redelivery_delay_ms": 100.0});
    let mut worker = worker(5, json!([cpu(30.0)]));
    worker["pools"]["web"] = json!({"threads": 1, "queue_limit": 0});
    let story = run(1.0, system(2, queue, worker), json!({}));
    assert_eq!(deliveries(&story), [0.0, 10.0, 110.0]);
}

#[test]
fn a_server_that_leaves_takes_no_messages() {
    let worker = with(worker(1, json!([cpu(50.0)])), json!({"servers": 2, "drain_s": 10.0}));
    let document = json!({"nodes": system(20, json!({}), worker)});
    let fewer = json!({"nodes": {"worker": {"servers": 1}}});
    let again = json!({"nodes": {"worker": {"servers": 2}}});
    let story = run_switched(3.0, document, &[(0.162, fewer), (0.462, again)]);
    let taken = story.world.observer.0.iter().filter_map(|(at, o)| match o {
        Observation::WorkArrived { server: 1, .. } => Some(at.0 as f64 / 1e6),
        _ => None,
    });
    let taken: Vec<f64> = taken.collect();
    assert!(!taken.iter().any(|at| (162.0..462.0).contains(at)), "{taken:?}");
    assert!(taken.contains(&462.0), "it is called back and takes messages again: {taken:?}");
}

#[test]
fn the_oldest_message_is_the_one_that_was_published_first() {
    // Nobody takes any until 50 ms; then they go one by one, each in 25 ms, and the first one fails.
    let once = json!({"do": "replay", "answers": [{"ms": 25, "ok": false}], "after_last": "ok"});
    let mut worker = worker(1, json!([once, cpu(25.0)]));
    worker["running"] = json!(false);
    let queue = json!({"redelivery_delay_ms": 40.0});
    let document = json!({"nodes": system(3, queue, worker)});
    let start = json!({"nodes": {"worker": {"running": true}}});
    let story = run_switched(1.0, document, &[(0.05, start)]);
    let told = story.world.observer.0.iter().filter_map(|(at, observation)| match observation {
        Observation::QueueOldest { since, .. } => {
            Some((at.0 / 1_000_000, since.map(|since| since.0 / 1_000_000)))
        }
        _ => None,
    });
    let told: Vec<_> = told.collect();
    // The first one is back at 75 ms, just when the second has gone, rests until 115 ms, and is delivered
    // behind the third.
    let expected = [(0, Some(0)), (50, Some(10)), (75, Some(20)), (75, Some(0)), (125, None)];
    assert_eq!(told, expected);
}
