//! Envoy 1.40: retries, their budgets, pending requests, health checks.

use crate::Facts;
use crate::story::{Story, clockwork, cpu, run, service};
use brownout::engine::Duration;
use brownout::observation::{Observation, Outcome};
use brownout::pattern::health::active::Like;
use brownout::pattern::health::{ActiveCheck, ActiveParams, CheckResult};
use brownout::pattern::retry::{self, Backoff, Failure, Retry};
use serde_json::{Value, json};

#[test]
fn conformance_envoy_1_40_retry_back_off() {
    let mut facts = Facts::of("Envoy 1.40, retry back-off");
    let retry = Retry::new(&retry::Params {
        like: retry::Like::Envoy140,
        max_attempts: 8,
        backoff: Backoff::Exponential,
        wait_duration_ms: 25.0,
        exponential_backoff_multiplier: 2.0,
        ..retry::Params::default()
    });
    let wait =
        |attempts, unit| retry.next_wait(attempts, Failure::Failed, Duration::ZERO, unit).ms();
    let bounds = (1..=7).map(|attempts| wait(attempts, 1.0)).collect();
    facts.are("upper bounds", bounds, vec![25.0, 50.0, 100.0, 200.0, 250.0, 250.0, 250.0]);
    facts.is("lower bound", wait(7, 0.0), 0.0);
    // The means of 120 requests, by a clock on the wall: three deviations and 2 ms for the machine.
    for (retry, recorded) in [13.7, 28.0, 51.0, 101.0, 123.0, 127.0, 132.0].into_iter().enumerate()
    {
        let bound = wait(retry as u32 + 1, 1.0);
        let deviation = bound / f64::from(12_u32).sqrt() / f64::from(120_u32).sqrt();
        facts.about("mean wait", bound / 2.0, recorded, 3.0 * deviation + 2.0);
    }
}

/// So many requests at once, each of which fails after a second; retries wait for long.
fn failing(count: u32, budget: Value) -> Story {
    let retry = json!({
        "like": "envoy-1.40", "max_attempts": 2, "wait_duration_ms": 10_000.0, "jitter": "none",
        "budget": budget,
    });
    let steps = json!([
        {"do": "wait", "time": {"dist": "constant", "ms": 1_000.0}}, {"do": "fail", "ratio": 1.0},
    ]);
    let nodes = json!({
        "users": clockwork(1e5, count, json!({"to": "q", "retry": retry})),
        "q": service(1_000, steps),
    });
    run(30.0, nodes, json!({}))
}

#[test]
fn conformance_envoy_1_40_retry_limits() {
    let mut facts = Facts::of("Envoy 1.40, max_retries and retry_budget");
    let retries =
        |story: &Story| story.count(|o| matches!(o, Observation::AttemptSent { retry: true, .. }));
    let denied = |story: &Story| story.count(|o| matches!(o, Observation::RetryDenied { .. }));
    // max_retries is a budget of no share.
    let rule = json!({"kind": "envoy-1.40", "budget_percent": 0.0, "min_retry_concurrency": 3});
    let story = failing(10, rule);
    facts.is("retried of ten", retries(&story), 3);
    facts.is("upstream_rq_retry_overflow", denied(&story), 7);
    let hits = story.count(|o| matches!(o, Observation::WorkStarted { .. }));
    facts.is("hits at the backend", hits, 13);
    let story = failing(40, json!({"kind": "envoy-1.40"}));
    facts.is("retried of forty under the default budget", retries(&story), 6);
    facts.is("overflow", denied(&story), 34);
}

#[test]
fn conformance_envoy_1_40_pending_overflow() {
    let mut facts = Facts::of("Envoy 1.40, max_pending_requests");
    let pool = json!({"maximum_pool_size": 2, "max_pending_requests": 3});
    let nodes = json!({
        "users": clockwork(1e5, 10, json!({"to": "q", "connection_pool": pool})),
        "q": service(100, json!([cpu(1_000.0)])),
    });
    let story = run(30.0, nodes, json!({}));
    let ok = story.outcomes().into_iter().filter(|outcome| *outcome == Outcome::Ok).count();
    facts.is("answers 200", ok, 5);
    let rejected = story.outcomes().into_iter().filter(|o| matches!(o, Outcome::Rejected(_)));
    facts.is("answers 503, upstream_rq_pending_overflow", rejected.count(), 5);
}

#[test]
fn conformance_envoy_1_40_health_checks() {
    let mut facts = Facts::of("Envoy 1.40, active health checks");
    let params = ActiveParams {
        like: Like::Envoy140,
        interval_ms: Some(1_000.0),
        timeout_ms: Some(1_000.0),
        fall: Some(3),
        rise: Some(2),
        ..ActiveParams::default()
    };
    let mut check = ActiveCheck::new(&params, params.starts_up());
    facts.is("unhealthy before its first check", check.is_up(), false);
    facts.is("the first success counts at once", check.record(CheckResult::Passed), true);
    let silent = (0..3).map(|_| check.record(CheckResult::Unanswered)).collect();
    facts.are("silence counts to the threshold", silent, vec![true, true, false]);
    let passed = (0..2).map(|_| check.record(CheckResult::Passed)).collect();
    facts.are("later successes too", passed, vec![false, true]);
    facts.is("an unexpected status counts at once", check.record(CheckResult::Failed), false);
}
