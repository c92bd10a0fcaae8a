//! Policies on the caller's side.

use crate::story::{clockwork, cpu, run, service, with};
use brownout::observation::{BreakerState, Cause, Observation, Outcome};
use serde_json::json;

#[test]
fn an_open_breaker_keeps_calls_off_the_wire_and_the_fallback_answers() {
    let breaker = json!({
        "sliding_window_size": 4, "minimum_number_of_calls": 4,
        "wait_duration_in_open_state_ms": 500.0, "permitted_number_of_calls_in_half_open_state": 2,
    });
    let call = json!({"to": "q", "circuit_breaker": breaker, "fallback": {"latency_ms": 2.0}});
    let nodes = json!({
        "users": clockwork(100.0, 100, call),
        "q": service(10, json!([cpu(1.0)])),
    });
    let errors = json!({"errors": {
        "at_s": 0.0, "for_s": 0.3, "target": "q", "effect": {"kind": "errors", "ratio": 1.0},
    }});
    let story = run(2.0, nodes, errors);
    let states = story.world.observer.0.iter().filter_map(|(at, o)| match o {
        Observation::BreakerChanged { state, .. } => Some((at.0 as f64 / 1e6, *state)),
        _ => None,
    });
    // The first arrival comes before the fault of the same instant. Then three failures in four
    // calls, 500 ms of rest, two calls that find the service well again. A call at the very
    // end of the wait is still refused.
    assert_eq!(
        states.collect::<Vec<_>>(),
        [
            (30.0, BreakerState::Open),
            (540.0, BreakerState::HalfOpen),
            (551.0, BreakerState::Closed)
        ]
    );
    assert_eq!(story.count(|o| matches!(o, Observation::AttemptSent { .. })), 4 + 46);
    let refused = |o: &Observation| {
        matches!(o, Observation::TryRejected { cause: Cause::CircuitBreaker, .. })
    };
    assert_eq!(story.count(refused), 50);
    let outcomes = story.outcomes();
    assert_eq!(outcomes.iter().filter(|o| **o == Outcome::Degraded).count(), 53);
    assert_eq!(outcomes.iter().filter(|o| **o == Outcome::Ok).count(), 47);
}

#[test]
fn a_bulkhead_refuses_and_connections_make_calls_wait() {
    let story = |policy| {
        let call = with(json!({"to": "q"}), policy);
        let nodes = json!({
            "users": clockwork(1000.0, 3, call),
            "q": service(10, json!([cpu(10.0)])),
        });
        run(1.0, nodes, json!({})).requests()
    };
    let refused = Outcome::Rejected(Cause::Bulkhead);
    let bulkhead = story(json!({"bulkhead": {"max_concurrent_calls": 2}}));
    assert_eq!(bulkhead, [(refused, 0.0), (Outcome::Ok, 10.0), (Outcome::Ok, 10.0)]);
    let waiting = json!({"bulkhead": {"max_concurrent_calls": 1, "max_wait_duration_ms": 15.0}});
    // The third would get its permit at 20 ms and gives up at 17 ms.
    assert_eq!(story(waiting), [(Outcome::Ok, 10.0), (refused, 15.0), (Outcome::Ok, 19.0)]);
    let pool =
        json!({"connection_pool": {"maximum_pool_size": 1, "connection_timeout_ms": 30000.0}});
    assert_eq!(story(pool), [(Outcome::Ok, 10.0), (Outcome::Ok, 19.0), (Outcome::Ok, 28.0)]);
    let timeout = json!({
        "connection_pool": {"maximum_pool_size": 1, "connection_timeout_ms": 30000.0},
        "timeout_ms": 12.0,
    });
    // The timeout covers the wait for a connection; one that is given back serves the next call.
    assert_eq!(
        story(timeout),
        [(Outcome::Ok, 10.0), (Outcome::TimedOut, 12.0), (Outcome::TimedOut, 12.0)]
    );
}

#[test]
fn a_rate_limiter_makes_calls_wait_for_the_next_period() {
    let limiter = json!({
        "limit_for_period": 2, "limit_refresh_period_ms": 100.0, "timeout_duration_ms": 150.0,
    });
    let nodes = json!({
        "users": clockwork(100.0, 7, json!({"to": "q", "rate_limiter": limiter})),
        "q": service(10, json!([cpu(1.0)])),
    });
    // The recorded trace of Resilience4j: waits 0, 0, 80, 70, refused, 150, 140.
    let sent = run(1.0, nodes, json!({}));
    let sent = sent.moments(|o| matches!(o, Observation::AttemptSent { .. }));
    assert_eq!(sent, [0.0, 10.0, 100.0, 100.0, 200.0, 200.0]);
}

#[test]
fn backoff_doubles_up_to_its_cap() {
    // Validation case R09.
    let retry = json!({
        "max_attempts": 7, "backoff": "exponential", "wait_duration_ms": 100.0,
        "exponential_backoff_multiplier": 2.0, "exponential_max_wait_duration_ms": 1000.0,
        "jitter": "none",
    });
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q", "retry": retry})),
        "q": service(1, json!([{"do": "fail", "ratio": 1.0}])),
    });
    let story = run(10.0, nodes, json!({}));
    let sent = story.moments(|o| matches!(o, Observation::AttemptSent { .. }));
    assert_eq!(sent, [0.0, 100.0, 300.0, 700.0, 1500.0, 2500.0, 3500.0]);
}

#[test]
fn a_budget_bounds_retries() {
    let budget = json!({"kind": "ratio", "ratio": 0.1, "max_tokens": 100, "initial_tokens": 0});
    let retry = json!({"max_attempts": 3, "wait_duration_ms": 0.0, "budget": budget});
    let nodes = json!({
        "users": clockwork(100.0, 1000, json!({"to": "q", "retry": retry})),
        "q": service(10, json!([{"do": "fail", "ratio": 1.0}])),
    });
    let story = run(20.0, nodes, json!({}));
    let retries = story.count(|o| matches!(o, Observation::AttemptSent { retry: true, .. }));
    assert!((99..=100).contains(&retries), "{retries}");
}

#[test]
fn users_press_refresh_until_they_give_up() {
    let users = with(
        clockwork(1.0, 1, json!({"to": "q"})),
        json!({"refresh": {
            "probability": 1.0, "delay": {"dist": "constant", "ms": 100.0}, "max_refreshes": 3,
        }}),
    );
    let nodes = json!({"users": users, "q": service(1, json!([{"do": "fail", "ratio": 1.0}]))});
    let story = run(10.0, nodes, json!({}));
    let started = story.moments(|o| matches!(o, Observation::RequestStarted { .. }));
    assert_eq!(started, [0.0, 100.0, 200.0, 300.0]);
    let refreshes =
        |o: &Observation| matches!(o, Observation::RequestStarted { refresh: true, .. });
    assert_eq!(story.count(refreshes), 3);
}

#[test]
fn a_balancer_sheds_what_is_too_much() {
    let nodes = json!({
        "users": clockwork(1000.0, 3, json!({"to": "lb"})),
        "lb": {"kind": "balancer", "to": "q", "max_in_flight": 2},
        "q": service(10, json!([cpu(10.0)])),
    });
    let outcomes = run(1.0, nodes, json!({})).outcomes();
    assert_eq!(outcomes, [Outcome::Rejected(Cause::Shed), Outcome::Ok, Outcome::Ok]);
}

#[test]
fn a_breaker_that_starts_open_shows_it_from_the_start() {
    let breaker = json!({
        "initial_state": "open", "wait_duration_in_open_state_ms": 500.0,
        "automatic_transition_from_open_to_half_open_enabled": true,
    });
    let nodes = json!({
        "users": clockwork(1.0, 0, json!({"to": "q", "circuit_breaker": breaker})),
        "q": service(1, json!([cpu(1.0)])),
    });
    let story = run(1.0, nodes, json!({}));
    assert_eq!(story.moments(|o| matches!(o, Observation::BreakerChanged { .. })), [0.0, 500.0]);
}

#[test]
fn failures_that_nobody_retries_cost_no_tokens() {
    let budget = json!({"kind": "grpc-a6", "max_tokens": 10, "token_ratio": 0.1});
    let retry = json!({
        "max_attempts": 2, "wait_duration_ms": 0.0, "budget": budget,
        "retry_on": {"failed": false, "rejected": false},
    });
    let call = json!({"to": "q", "retry": retry, "timeout_ms": 5.0});
    let nodes = json!({
        "users": clockwork(100.0, 12, call),
        "q": service(10, json!([cpu(10.0)])),
    });
    let errors = json!({"errors": {
        "at_s": 0.0, "for_s": 0.095, "target": "q", "effect": {"kind": "errors", "ratio": 1.0},
    }});
    // The first and the last two are too slow. Ten errors in between do not use up the budget.
    let story = run(1.0, nodes, errors);
    let retries = story.moments(|o| matches!(o, Observation::AttemptSent { retry: true, .. }));
    assert_eq!(retries, [5.0, 105.0, 115.0]);
}

#[test]
fn a_long_program_that_is_refused_everything_does_not_recurse() {
    let steps: Vec<_> =
        (0..6_000).map(|_| json!({"do": "call", "call": "back", "optional": true})).collect();
    let breaker = json!({"initial_state": "forced_open"});
    for mode in ["sync", "async"] {
        let call = json!({"to": "back", "circuit_breaker": breaker, "mode": mode});
        let nodes = json!({
            "users": clockwork(1.0, 1, json!({"to": "front"})),
            "front": with(service(1, json!(steps)), json!({"calls": {"back": call}})),
            "back": service(1, json!([cpu(1.0)])),
        });
        assert_eq!(run(1.0, nodes, json!({})).requests(), [(Outcome::Degraded, 0.0)]);
    }
}
