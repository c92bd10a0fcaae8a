//! What callers hold while they wait, and what happens to work that nobody waits for.

use crate::story::{clockwork, cpu, run, service, with};
use brownout::observation::{Cause, Observation, Outcome};
use brownout::wiring::PoolIndex;
use serde_json::{Value, json};

fn front(threads: u32, call: Value) -> Value {
    with(
        service(threads, json!([{"do": "call", "call": "back"}, cpu(1.0)])),
        json!({"calls": {"back": call}}),
    )
}

#[test]
fn one_request_three_attempts_no_success() {
    // Validation case X03: service 1 s, timeout 0.5 s, 2 retries, no cancellation.
    let retry = json!({"max_attempts": 3, "wait_duration_ms": 0.0});
    let call = json!({"to": "q", "timeout_ms": 500.0, "retry": retry});
    let nodes = json!({
        "users": clockwork(1.0, 1, call),
        "q": service(1, json!([cpu(1000.0)])),
    });
    let story = run(10.0, nodes, json!({}));
    assert_eq!(
        story.moments(|o| matches!(o, Observation::AttemptSent { .. })),
        [0.0, 500.0, 1000.0]
    );
    assert_eq!(story.requests(), [(Outcome::TimedOut, 1500.0)]);
    let wasted = story.moments(|o| matches!(o, Observation::WorkEnded { wasted: true, .. }));
    assert_eq!(wasted, [1000.0, 2000.0, 3000.0]);
}

#[test]
fn a_synchronous_caller_holds_its_thread_and_an_asynchronous_one_does_not() {
    let story = |mode: &str| {
        let nodes = json!({
            "users": clockwork(100.0, 2, json!({"to": "front"})),
            "front": front(1, json!({"to": "back", "mode": mode})),
            "back": service(10, json!([cpu(100.0)])),
        });
        run(1.0, nodes, json!({})).requests()
    };
    // One thread: the second request waits until the first is back from its call …
    assert_eq!(story("sync"), [(Outcome::Ok, 101.0), (Outcome::Ok, 192.0)]);
    // … or uses the thread while the first one's call is under way.
    assert_eq!(story("async"), [(Outcome::Ok, 101.0), (Outcome::Ok, 101.0)]);
}

#[test]
fn work_goes_on_without_a_caller_unless_it_is_cancelled() {
    let story = |cancel: &str| {
        let call = json!({"to": "q", "timeout_ms": 50.0, "cancel": cancel});
        let nodes = json!({
            "users": clockwork(50.0, 3, call),
            "q": service(1, json!([cpu(100.0)])),
        });
        run(1.0, nodes, json!({}))
    };
    let started = |o: &Observation| matches!(o, Observation::WorkStarted { .. });
    let ended = |o: &Observation| matches!(o, Observation::WorkEnded { .. });
    assert_eq!(story("none").moments(started), [0.0, 100.0, 200.0]);
    assert_eq!(story("none").moments(ended), [100.0, 200.0, 300.0]);
    // Queued work is dropped when the thread would take it up; running work goes on.
    assert_eq!(story("queued").moments(started), [0.0]);
    assert_eq!(story("queued").moments(ended), [100.0]);
    // Running work stops with its caller's patience, and the next one starts.
    assert_eq!(story("running").moments(started), [0.0, 50.0, 70.0]);
    assert_eq!(story("running").moments(ended), [50.0, 70.0, 90.0]);
    for cancel in ["none", "queued", "running"] {
        assert_eq!(story(cancel).outcomes(), [Outcome::TimedOut; 3], "{cancel}");
    }
}

#[test]
fn work_for_a_caller_whose_own_caller_has_left_is_wasted_too() {
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "front", "timeout_ms": 50.0})),
        "front": front(1, json!({"to": "back"})),
        "back": service(1, json!([cpu(100.0)])),
    });
    let story = run(1.0, nodes, json!({}));
    let wasted = story.moments(|o| matches!(o, Observation::WorkEnded { wasted: true, .. }));
    assert_eq!(wasted, [100.0, 101.0]);
}

#[test]
fn cancellation_reaches_through_to_the_callee_of_the_callee() {
    let call = json!({"to": "front", "timeout_ms": 50.0, "cancel": "running"});
    let nodes = json!({
        "users": clockwork(1.0, 1, call),
        "front": front(1, json!({"to": "back", "cancel": "running"})),
        "back": service(1, json!([cpu(100.0)])),
    });
    let story = run(1.0, nodes, json!({}));
    let freed = story.moments(|o| matches!(o, Observation::ThreadFreed { .. }));
    assert_eq!(freed, [50.0, 50.0]);
    assert_eq!(story.world.alive(), (0, 0));
}

#[test]
fn a_propagated_deadline_spares_work_for_callers_who_have_left() {
    let story = |propagate: bool| {
        let call = json!({"to": "front", "timeout_ms": 50.0, "propagate_deadline": propagate});
        let nodes = json!({
            "users": clockwork(50.0, 2, call),
            "front": front(1, json!({"to": "back", "propagate_deadline": propagate})),
            "back": service(1, json!([cpu(40.0), cpu(40.0)])),
        });
        run(1.0, nodes, json!({}))
    };
    let back = PoolIndex(1);
    let work =
        |o: &Observation| matches!(o, Observation::WorkStarted { pool, .. } if *pool == back);
    assert_eq!(story(false).count(work), 2);
    // The first expires at 50 ms and the back stops after the step during which it did. The second
    // expires at 70 ms while it waits for the back's only thread, and never starts.
    let told = story(true);
    assert_eq!(told.count(work), 1);
    let ended = |o: &Observation| {
        matches!(o, Observation::WorkEnded { pool, outcome: Outcome::Rejected(Cause::Expired), .. }
            if *pool == back)
    };
    assert_eq!(told.moments(ended), [80.0]);
    let frees = |o: &Observation| matches!(o, Observation::ThreadFreed { pool } if pool.0 == 0);
    assert_eq!(told.moments(frees), [50.0, 70.0]);
}

#[test]
fn retries_of_three_layers_multiply() {
    // Validation case R06: three layers with three retries each make 64 attempts of one request.
    let call = |to: &str| json!({"to": to, "retry": {"max_attempts": 4, "wait_duration_ms": 0.0}});
    let nodes = json!({
        "users": clockwork(1.0, 1, call("a")),
        "a": front(10, call("b")),
        "b": front(10, call("c")),
        "c": service(10, json!([{"do": "fail", "ratio": 1.0}])),
    });
    let nodes = {
        let mut nodes = nodes;
        nodes["b"]["calls"]["back"] = call("c");
        nodes
    };
    let story = run(1.0, nodes, json!({}));
    let leaf = story.count(|o| matches!(o, Observation::WorkArrived { pool, .. } if pool.0 == 2));
    assert_eq!(leaf, 64);
    assert_eq!(story.outcomes(), [Outcome::Failed]);
}

#[test]
fn latency_is_paid_in_both_directions_and_an_optional_call_may_fail() {
    let steps = json!([{"do": "call", "call": "back", "optional": true}, cpu(1.0)]);
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "front", "latency_ms": 10.0})),
        "front": with(service(1, steps), json!({"calls": {"back": {"to": "back"}}})),
        "back": service(1, json!([{"do": "fail", "ratio": 1.0}])),
    });
    assert_eq!(run(1.0, nodes, json!({})).requests(), [(Outcome::Degraded, 21.0)]);
}

#[test]
fn parallel_calls_take_as_long_as_the_longest() {
    let steps = json!([{"do": "parallel", "calls": ["a", "b", "a"]}]);
    let calls = json!({"a": {"to": "quick"}, "b": {"to": "slow"}});
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "front"})),
        "front": with(service(1, steps), json!({"calls": calls})),
        "quick": service(2, json!([cpu(5.0)])),
        "slow": service(1, json!([cpu(30.0)])),
    });
    let story = run(1.0, nodes, json!({}));
    assert_eq!(story.requests(), [(Outcome::Ok, 30.0)]);
    assert_eq!(story.count(|o| matches!(o, Observation::AttemptSent { .. })), 4);
}

#[test]
fn a_reply_at_the_very_deadline_is_in_time_whether_or_not_the_callee_knows_it() {
    for propagate in [false, true] {
        let call = json!({"to": "q", "timeout_ms": 100.0, "propagate_deadline": propagate});
        let nodes = json!({
            "users": clockwork(1.0, 1, call),
            "q": service(1, json!([cpu(60.0), cpu(40.0)])),
        });
        assert_eq!(run(1.0, nodes, json!({})).requests(), [(Outcome::Ok, 100.0)], "{propagate}");
    }
}

#[test]
fn nobody_waits_for_a_retry_or_the_limiter_longer_than_his_own_caller_waits() {
    let story = |policy: Value| {
        let call = json!({"to": "front", "timeout_ms": 100.0, "propagate_deadline": true});
        let nodes = json!({
            "users": clockwork(200.0, 2, call),
            "front": front(2, with(json!({"to": "back"}), policy)),
            "back": service(1, json!([{"do": "fail", "ratio": 1.0}])),
        });
        run(9.0, nodes, json!({}))
            .moments(|o| matches!(o, Observation::ThreadFreed { pool } if pool.0 == 0))
    };
    // A retry after the deadline would be of no use.
    let retry = json!({"retry": {"max_attempts": 3, "wait_duration_ms": 1_000.0}});
    assert_eq!(story(retry), [0.0, 5.0]);
    // The second would be refused after 5 s; its caller leaves at 105 ms.
    let limiter =
        json!({"rate_limiter": {"limit_for_period": 1, "limit_refresh_period_ms": 60_000.0}});
    assert_eq!(story(limiter), [0.0, 105.0]);
}

#[test]
fn a_request_that_arrives_after_its_caller_has_left_does_not_count_at_the_balancer() {
    let call = json!({"to": "lb", "latency_ms": 20.0, "timeout_ms": 10.0});
    let nodes = json!({
        "users": clockwork(100.0, 3, call),
        "lb": {"kind": "balancer", "to": "q", "max_in_flight": 1},
        "q": service(10, json!([cpu(1.0)])),
    });
    let story = run(1.0, nodes, json!({}));
    assert_eq!(story.count(|o| matches!(o, Observation::Shed { .. })), 0);
    assert_eq!(story.count(|o| matches!(o, Observation::WorkStarted { .. })), 3);
}

#[test]
fn who_is_cancelled_when_a_server_moves_again_takes_its_own_work_along() {
    let inner = json!([{"do": "wait", "time": {"dist": "constant", "ms": 10_000.0}}]);
    let mut api = with(
        service(10, json!([{"do": "call", "call": "inner"}])),
        json!({"calls": {"inner": {"to": "api.inner", "cancel": "running"}}}),
    );
    api["endpoints"]["inner"] = json!({"steps": inner});
    let call = json!({"to": "api.work", "timeout_ms": 500.0, "cancel": "running"});
    let nodes = json!({"users": clockwork(10.0, 1, call), "api": api});
    let faults = json!({"f": {
        "at_s": 0.2, "for_s": 1.0, "target": "api", "effect": {"kind": "freeze"},
    }});
    let story = run(5.0, nodes, faults);
    assert_eq!(story.outcomes(), [Outcome::TimedOut]);
    let ended = story.moments(|o| matches!(o, Observation::WorkEnded { .. }));
    assert_eq!(ended, [1_200.0, 1_200.0]);
}
