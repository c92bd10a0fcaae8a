//! R: rate limits, retries and backoff.

use crate::book::Case;
use crate::program::{events, number, of_kind, rejected, run};
use crate::scenarios::*;
use serde_json::{Value, json};

cases! {
    r01 r03 r06 r07 r09 r10 r11 r14
}

/// A callee that answers, or fails, in no time at all.
fn instant(fail_ratio: f64) -> Value {
    steps(MANY, ENDLESS, json!([{"do": "fail", "ratio": fail_ratio}]))
}

/// Users of an instant callee.
fn calls(arrivals: Value, call: Value, fail_ratio: f64) -> Value {
    json!({"users": users(arrivals, call), "queue": instant(fail_ratio)})
}

fn token_bucket(case: &Case) -> Value {
    json!({"to": "queue", "rate_limiter": {
        "like": "token_bucket", "limit_for_period": case.param("rate"), "limit_refresh_period_ms": 1000,
        "burst": case.param("burst"), "timeout_duration_ms": 0,
    }})
}

fn r01(case: &mut Case) {
    let mut arrivals = clockwork(15.0);
    arrivals["stop_s"] = json!(60);
    let scenario = from_start(61.0, calls(arrivals, token_bucket(case), 0.0));
    let report = run(&scenario);
    assert_eq!(number(&report, "/totals/offered"), 900.0);
    case.is("admitted", number(&report, "/edges/users.main/attempts"));
    let events = events(&scenario);
    let ended = of_kind(&events, "request_ended");
    let first = ended.iter().position(|event| event["outcome"] == "rejected").expect("a refusal");
    case.is("first_rejected_index", first);
}

fn r03(case: &mut Case) {
    let n = 1e6;
    for rate in case.params()["lambda_"].as_array().expect("rates").clone() {
        let rate = rate.as_f64().expect("a rate");
        let report = run(&scenario(n / rate, calls(poisson(rate), token_bucket(case), 0.0)));
        let admitted =
            number(&report, "/edges/users.main/attempts") / number(&report, "/totals/offered");
        let refused =
            rejected(&report["totals"], "rate_limiter") / number(&report, "/totals/offered");
        assert!((admitted + refused - 1.0).abs() < 1e-9, "whatever is not admitted is refused");
        case.is_over(n, &format!("admit_lambda{rate}"), admitted);
    }
}

/// A chain of so many layers, each of which tries so often; the last one always fails.
fn r06(case: &mut Case) {
    for (layers, retries, metric) in [
        (3, 3, "3 layers x 3 retries"),
        (5, 2, "5 layers x 2 retries (3 attempts)"),
        (4, 1, "4 layers x 1 retry"),
    ] {
        let retry = json!({"max_attempts": retries + 1, "wait_duration_ms": 0});
        let mut nodes = json!({"layer1": instant(1.0)});
        for layer in 2..=layers {
            let mut service = steps(MANY, 0, json!([{"do": "call", "call": "next"}]));
            service["calls"]["next"] = json!({"to": format!("layer{}", layer - 1), "retry": retry});
            nodes[format!("layer{layer}")] = service;
        }
        let mut arrivals = clockwork(1.0);
        arrivals["stop_s"] = json!(1);
        nodes["users"] = users(arrivals, json!({"to": format!("layer{layers}"), "retry": retry}));
        let report = run(&from_start(10.0, nodes));
        assert_eq!(number(&report, "/totals/offered"), 1.0);
        case.is(metric, number(&report, "/stations/layer1/offered"));
    }
}

fn r07(case: &mut Case) {
    let n = 1e6;
    for pair in case.params()["pr"].as_array().expect("pairs").clone() {
        let (p, retries) = (number(&pair, "/0"), number(&pair, "/1"));
        let call =
            json!({"to": "queue", "retry": {"max_attempts": retries + 1.0, "wait_duration_ms": 0}});
        let report = run(&scenario(n / 100.0, calls(poisson(100.0), call, p)));
        let name = format!("({},{retries})", p.to_string().trim_start_matches('0'));
        case.is_over(
            n,
            &format!("attempts{name}"),
            number(&report, "/edges/users.main/amplification"),
        );
        case.is_over(n, &format!("success{name}"), number(&report, "/totals/goodput_ratio"));
    }
}

/// One request that always fails.
fn one_failing(retry: Value) -> Value {
    let mut arrivals = clockwork(1.0);
    arrivals["stop_s"] = json!(1);
    calls(arrivals, json!({"to": "queue", "retry": retry}), 1.0)
}

fn r09(case: &mut Case) {
    let retry = json!({
        "max_attempts": case.param("retries") + 1.0, "backoff": "exponential", "jitter": "none",
        "wait_duration_ms": case.param("base_ms"), "exponential_backoff_multiplier": case.param("factor"),
        "exponential_max_wait_duration_ms": case.param("cap_ms"),
    });
    let events = events(&from_start(60.0, one_failing(retry)));
    let sent = of_kind(&events, "attempt_sent");
    let moments: Vec<f64> = sent.iter().map(|event| number(event, "/at_s") * 1e3).collect();
    case.is("attempt_times_ms", moments);
}

/// Requests that fail at once and wait between their tries; the fallback answers at the end, so the response
/// time is the sum of the waits.
fn sleeping(retry: Value, requests: f64, rate: f64) -> Value {
    let call = json!({"to": "queue", "retry": retry, "fallback": {}});
    let mut arrivals = poisson(rate);
    arrivals["stop_s"] = json!(requests / rate);
    // Whoever sleeps for longest is not to be left out.
    let report = run(&from_start(requests / rate + 1e4, calls(arrivals, call, 1.0)));
    assert_eq!(number(&report, "/totals/abandoned"), 0.0);
    report
}

fn r10(case: &mut Case) {
    let n = 1e5;
    let retry = json!({
        "max_attempts": case.param("retries") + 1.0, "backoff": "exponential", "jitter": "full",
        "wait_duration_ms": case.param("base_ms"), "exponential_backoff_multiplier": 2,
        "exponential_max_wait_duration_ms": case.param("cap_ms"),
    });
    let report = sleeping(retry, n, 100.0);
    case.is_over(n, "mean_ms", number(&report, "/totals/response/mean_ms"));
    case.is_over(n, "sd_ms", number(&report, "/totals/response/sd_ms"));
}

/// The mean of the n-th sleep is what the n-th retry adds to the response time of the same users.
fn r11(case: &mut Case) {
    let n = 1e5;
    let total = |retries: u32| {
        let retry = json!({
            "max_attempts": retries + 1, "backoff": "exponential", "jitter": "decorrelated",
            "wait_duration_ms": 1000, "exponential_max_wait_duration_ms": 3_600_000,
        });
        number(&sleeping(retry, n, 100.0), "/totals/response/mean_ms") / 1e3
    };
    let totals: Vec<f64> = (0..=6).map(total).collect();
    let means: Vec<f64> = totals.windows(2).map(|pair| pair[1] - pair[0]).collect();
    case.is_each(n, "means", &means);
}

fn r14(case: &mut Case) {
    let rate = case.param("lambda_");
    let attempts = |budget: Value| {
        let retry = json!({
            "max_attempts": case.param("retries") + 1.0, "wait_duration_ms": 0, "budget": budget,
        });
        let call = json!({"to": "queue", "retry": retry});
        let report = run(&scenario(1e3, calls(poisson(rate), call, 1.0)));
        number(&report, "/edges/users.main/attempts") / 1e3
    };
    let budget = json!({"kind": "ratio", "ratio": case.param("budget"), "initial_tokens": 0});
    let (with, without) = (attempts(budget), attempts(Value::Null));
    case.is("max_offered", with);
    case.is("unbudgeted_offered", without);
}
