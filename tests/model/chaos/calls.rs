//! Random calls, with random policies around them.

use super::{Dice, time};
use serde_json::{Value, json};

fn breaker(dice: &mut Dice) -> Value {
    json!({
        "sliding_window_size": 4, "minimum_number_of_calls": 2,
        "wait_duration_in_open_state_ms": dice.pick(&[100.0, 500.0]),
        "permitted_number_of_calls_in_half_open_state": 2,
        "max_wait_duration_in_half_open_state_ms": dice.pick(&[0.0, 200.0]),
        "automatic_transition_from_open_to_half_open_enabled": dice.one_in(2),
    })
}

fn retry(dice: &mut Dice) -> Value {
    let mut retry = json!({
        "max_attempts": 2 + dice.roll(3), "wait_duration_ms": dice.pick(&[0.0, 50.0, 300.0]),
        "jitter": dice.pick(&["none", "full", "decorrelated"]),
    });
    match dice.roll(6) {
        4 => retry["budget"] = json!({"kind": "aws-sdk-2026", "max_tokens": 40}),
        5 => retry["budget"] = json!({"kind": "aws-sdk-legacy", "max_tokens": 40}),
        1 => retry["budget"] = json!({"kind": "ratio", "ratio": 0.1, "initial_tokens": 3}),
        2 => retry["budget"] = json!({"kind": "envoy-1.40"}),
        3 => retry["budget"] = json!({"kind": "grpc-a6"}),
        _ => {}
    }
    retry
}

fn limiter(dice: &mut Dice) -> Value {
    json!({
        "like": dice.pick(&["token_bucket", "resilience4j-2.4", "sliding_log"]),
        "limit_for_period": 5 + dice.roll(10), "limit_refresh_period_ms": 100.0,
        "timeout_duration_ms": dice.pick(&[0.0, 150.0]),
    })
}

fn bulkhead(dice: &mut Dice) -> Value {
    json!({
        "max_concurrent_calls": 1 + dice.roll(5),
        "max_wait_duration_ms": dice.pick(&[0.0, 30.0, 500.0]),
    })
}

fn connections(dice: &mut Dice) -> Value {
    json!({
        "maximum_pool_size": 1 + dice.roll(4),
        "connection_timeout_ms": dice.pick(&[250.0, 600.0]),
        "max_pending_requests": dice.pick(&[Value::Null, json!(0), json!(3)]),
    })
}

fn concurrency_limit(dice: &mut Dice) -> Value {
    let mut limit = json!({
        "like": dice.pick(&["netflix-vegas", "netflix-gradient2", "netflix-aimd"]),
        "initial_limit": 1 + dice.roll(5), "windowed": dice.one_in(3),
        "window": {"min_window_time_ms": 100.0, "max_window_time_ms": 200.0},
    });
    if limit["like"] != "netflix-vegas" {
        limit["min_limit"] = json!(1 + dice.roll(2));
    }
    limit
}

fn hedge(dice: &mut Dice) -> Value {
    let mut hedge = json!({
        "max_attempts": 2 + dice.roll(4), "hedging_delay_ms": dice.pick(&[5.0, 0.0, 30.0]),
        "non_fatal": {"failed": !dice.one_in(3), "rejected": !dice.one_in(3)},
    });
    match dice.roll(4) {
        1 => hedge["budget"] = json!({"kind": "ratio", "ratio": 0.1, "initial_tokens": 3}),
        2 => hedge["budget"] = json!({"kind": "envoy-1.40"}),
        3 => hedge["budget"] = json!({"kind": "grpc-a6"}),
        _ => {}
    }
    hedge
}

/// Makes a value up.
pub(super) type Maker = fn(&mut Dice) -> Value;

/// The policies of a call, and how to make one up.
pub(super) const POLICIES: [(&str, Maker); 8] = [
    ("retry", retry),
    ("circuit_breaker", breaker),
    ("rate_limiter", limiter),
    ("bulkhead", bulkhead),
    ("hedge", hedge),
    ("concurrency_limit", concurrency_limit),
    ("connection_pool", connections),
    ("fallback", |dice| json!({"latency_ms": dice.pick(&[0.0, 5.0]), "coverage_ratio": 0.7})),
];

pub(super) fn call(dice: &mut Dice, to: &str) -> Value {
    let mut call = json!({
        "to": to,
        "latency_ms": dice.pick(&[0.0, 1.0, 20.0]),
        "timeout_ms": dice.pick(&[50.0, 10.0, 200.0, 1_000.0]),
        "cancel": dice.pick(&["none", "queued", "running"]),
        "propagate_deadline": dice.one_in(2),
        "mode": dice.pick(&["sync", "async"]),
    });
    if dice.one_in(4) {
        call["latency_jitter"] = time(dice);
    }
    for (name, policy) in POLICIES {
        if dice.one_in(4) {
            call[name] = policy(dice);
        }
    }
    call
}
