//! Kubernetes, gRPC, the AWS SDKs and AWS' load balancer.

use crate::Facts;
use crate::story::{clockwork, cpu, run, service, with};
use brownout::engine::Duration;
use brownout::observation::Observation;
use brownout::pattern::health::active::Like;
use brownout::pattern::health::{ActiveCheck, ActiveParams, CheckResult};
use brownout::pattern::liveness;
use brownout::pattern::restart::{self, RestartBackoff};
use brownout::pattern::retry::{self, Backoff, Failure, Jitter, Retry};
use brownout::pattern::retry_budget::{AwsParams, GrpcParams, Params, RetryBudget};
use serde_json::json;

#[test]
fn conformance_kubernetes() {
    let mut facts = Facts::of("Kubernetes 1.3x");
    // Case E10: a container that fails its first probe, and again a second after each start.
    let q = json!({
        "endpoints": {"work": {"steps": [cpu(1.0)]}, "live": {"steps": [{"do": "fail", "ratio": 1.0}]}},
        "boot_s": 0.0, "restart": {},
        "liveness_probe": {"endpoint": "live", "period_ms": 1_000.0, "failure_threshold": 1},
    });
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q.work"})), "q": with(service(2, json!([])), q),
    });
    let story = run(950.0, nodes, json!({}));
    let ups = story.moments(|o| matches!(o, Observation::ServerUp { .. }));
    let downs = story.moments(|o| matches!(o, Observation::ServerDown { .. }));
    let delays = downs.iter().zip(&ups).map(|(down, up)| (up - down) / 1e3).collect();
    facts.are("delays", delays, vec![0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]);
    facts.are("restarts", ups, vec![0.0, 11e3, 32e3, 73e3, 154e3, 315e3, 616e3, 917e3]);
    let mut backoff = RestartBackoff::new(&restart::Params::default());
    let delays = [1.0, 1.0, 600.0, 600.1, 1.0]
        .map(|ran_for| backoff.on_crash(Duration::from_seconds(ran_for)).seconds());
    facts.are("reset after more than 600 s", delays.to_vec(), vec![0.0, 10.0, 20.0, 0.0, 10.0]);

    let params = ActiveParams { like: Like::Kubernetes13x, ..ActiveParams::default() };
    let mut check = ActiveCheck::new(&params, params.starts_up());
    facts.is("initial readiness", check.is_up(), false);
    facts.is("periodSeconds", check.interval(&params).seconds(), 10.0);
    facts.is("timeoutSeconds", params.timeout().seconds(), 1.0);
    facts.are("thresholds", vec![params.rise(), params.fall()], vec![1, 3]);
    let ready = [true, false, false, false, true]
        .map(|passed| check.record(if passed { CheckResult::Passed } else { CheckResult::Failed }));
    facts.are("readiness", ready.to_vec(), vec![true, true, true, false, true]);
    let probe = liveness::Params::default();
    let defaults = vec![probe.initial_delay_ms, probe.period_ms, probe.timeout_ms];
    facts.are("liveness defaults", defaults, vec![0.0, 10_000.0, 1_000.0]);
    facts.is("failureThreshold", probe.failure_threshold, 3);
}

#[test]
fn conformance_grpc_a6() {
    let mut facts = Facts::of("gRPC A6");
    let mut budget = RetryBudget::new(&Params::GrpcA6(GrpcParams::default()));
    let (mut tokens, mut allowed) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        budget.on_outcome(false, None);
        tokens.push(budget.tokens());
        let granted = budget.try_retry(0, Failure::Failed);
        if granted {
            budget.on_retry_done();
        }
        allowed.push(granted);
    }
    facts.are("tokens after failures", tokens, vec![9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0]);
    facts.are("retry allowed", allowed, vec![true, true, true, true, false, false, false]);

    // Case R12 through the format: 20 calls, one at a time, to a server that always fails.
    let retry = json!({
        "like": "grpc-a6", "max_attempts": 4, "wait_duration_ms": 1.0,
        "budget": {"kind": "grpc-a6", "max_tokens": 10, "token_ratio": 0.1},
    });
    let nodes = json!({
        "users": clockwork(1.0, 20, json!({"to": "q", "retry": retry})),
        "q": service(10, json!([{"do": "fail", "ratio": 1.0}])),
    });
    let story = run(30.0, nodes, json!({}));
    let sent = story.moments(|o| matches!(o, Observation::AttemptSent { .. }));
    facts.is("attempts", sent.len(), 23);
    let per_call = |call: u32| {
        let second = f64::from(call) * 1e3;
        sent.iter().filter(|at| (second..second + 1e3).contains(*at)).count()
    };
    facts.are("attempts of the first five", (0..5).map(per_call).collect(), vec![4, 1, 1, 1, 1]);
    facts.is("tokens after", story.world.retry_tokens()[0], Some(0.0));
    let mut budget = RetryBudget::new(&Params::GrpcA6(GrpcParams::default()));
    (0..10).for_each(|_| budget.on_outcome(false, None));
    let needed = (1..100).find(|_| {
        budget.on_outcome(true, None);
        budget.try_retry(0, Failure::Failed)
    });
    facts.is("successes needed", needed, Some(51));

    let retry = Retry::new(&retry::Params {
        like: retry::Like::GrpcA6,
        max_attempts: 9,
        backoff: Backoff::Exponential,
        wait_duration_ms: 100.0,
        exponential_backoff_multiplier: 2.0,
        exponential_max_wait_duration_ms: Some(300.0),
        ..retry::Params::default()
    });
    let wait = |attempts, unit| {
        retry.next_wait(attempts, Failure::Failed, Duration::ZERO, unit).ms().round()
    };
    let waits = |unit| (1..=4).map(|attempts| wait(attempts, unit)).collect::<Vec<f64>>();
    facts.are("shortest waits", waits(0.0), vec![80.0, 160.0, 240.0, 240.0]);
    facts.are("longest waits", waits(1.0), vec![120.0, 240.0, 360.0, 360.0]);
    facts.is("attempts are capped", retry.allows(4, Failure::Failed), true);
    facts.is("at five", retry.allows(5, Failure::Failed), false);
}

fn aws(like: retry::Like, base_ms: f64) -> Retry {
    Retry::new(&retry::Params {
        like,
        max_attempts: 5,
        backoff: Backoff::Exponential,
        wait_duration_ms: base_ms,
        exponential_backoff_multiplier: 2.0,
        // The vectors are written for the upper end of the jitter.
        jitter: Jitter::None,
        ..retry::Params::default()
    })
}

#[test]
fn conformance_aws_sdk() {
    let mut facts = Facts::of("AWS SDK 2026 and legacy");
    let retry = aws(retry::Like::AwsSdk2026, 50.0);
    let wait = |attempts, failure| retry.next_wait(attempts, failure, Duration::ZERO, 0.0).ms();
    let mut budget = RetryBudget::new(&Params::AwsSdk2026(AwsParams::default()));
    facts.is("bucket", budget.tokens(), 500.0);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        assert!(budget.try_retry(0, Failure::Failed));
        tokens.push(budget.tokens());
    }
    budget.on_outcome(true, Some(Failure::Failed));
    tokens.push(budget.tokens());
    facts.are("500, 500, 200", tokens, vec![486.0, 472.0, 486.0]);
    let waits = (1..=4).map(|attempts| wait(attempts, Failure::Failed)).collect();
    facts.are("waits of five attempts", waits, vec![50.0, 100.0, 200.0, 400.0]);
    let mut budget = RetryBudget::new(&Params::AwsSdk2026(AwsParams::default()));
    facts.is("throttled once", budget.try_retry(0, Failure::Rejected), true);
    facts.is("tokens", budget.tokens(), 495.0);
    facts.is("wait", wait(1, Failure::Rejected), 1_000.0);
    budget.on_outcome(true, Some(Failure::Rejected));
    facts.is("tokens after success", budget.tokens(), 500.0);
    let poor = AwsParams { max_tokens: 20, ..AwsParams::default() };
    let mut poor = RetryBudget::new(&Params::AwsSdk2026(poor));
    let granted = (0..2).map(|_| poor.try_retry(0, Failure::Failed)).collect();
    facts.are("bucket of 20", granted, vec![true, false]);
    facts.is("tokens left", poor.tokens(), 6.0);
    poor.on_outcome(true, None);
    facts.is("a success at the first try", poor.tokens(), 7.0);
    facts.is("longest wait", wait(20, Failure::Failed), 20_000.0);

    let mut legacy = RetryBudget::new(&Params::AwsSdkLegacy(AwsParams::default()));
    let costs = [Failure::Failed, Failure::TimedOut, Failure::Rejected].map(|failure| {
        let before = legacy.tokens();
        assert!(legacy.try_retry(0, failure));
        before - legacy.tokens()
    });
    facts.are("legacy costs", costs.to_vec(), vec![5.0, 10.0, 5.0]);
    let retry = aws(retry::Like::AwsSdkLegacy, 1_000.0);
    let waits = (1..=6).map(|attempts| {
        retry.next_wait(attempts, Failure::Rejected, Duration::ZERO, 0.0).seconds()
    });
    facts.are("legacy waits", waits.collect(), vec![1.0, 2.0, 4.0, 8.0, 16.0, 20.0]);

    // 500, 500, 200 through the format: two waits, and 486 tokens in the end.
    let answers =
        json!([{"ms": 0.0, "ok": false}, {"ms": 0.0, "ok": false}, {"ms": 0.0, "ok": true}]);
    let retry = json!({
        "like": "aws-sdk-2026", "max_attempts": 3, "backoff": "exponential",
        "wait_duration_ms": 50.0, "exponential_backoff_multiplier": 2.0, "jitter": "none",
        "budget": {"kind": "aws-sdk-2026"},
    });
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q", "retry": retry})),
        "q": service(10, json!([{"do": "replay", "answers": answers}])),
    });
    let story = run(5.0, nodes, json!({}));
    facts.is("response time", story.requests()[0].1, 150.0);
    facts.is("tokens of the run", story.world.retry_tokens()[0], Some(486.0));
}

#[test]
fn conformance_aws_load_balancer() {
    let mut facts = Facts::of("AWS Application Load Balancer");
    let params = ActiveParams { like: Like::AwsAlb, ..ActiveParams::default() };
    facts.is("interval", params.shortest_interval_ms(), 30_000.0);
    facts.is("timeout", params.timeout().seconds(), 5.0);
    facts.are("unhealthy and healthy", vec![params.fall(), params.rise()], vec![2, 5]);
}
