//! R: rate limits, retries and backoff.

use crate::book::{Case, is_full};
use crate::program::{events, number, of_kind, of_seeds, rejected, run};
use crate::scenarios::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

cases! {
    r01 r03 r05 r06 r07 r09 r10 r11 r12 r14 r15
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

/// Two bursts around the edge of a window, and users who ask every tenth of a second later on.
fn r05(case: &mut Case) {
    let (limit, window_s) = (case.param("limit"), case.param("window_s"));
    let mut moments = Vec::new();
    for burst in case.params()["bursts"].as_array().expect("bursts") {
        moments.extend(vec![number(burst, "/0"); number(burst, "/1") as usize]);
    }
    let bursts = moments.len();
    moments.extend((0..600).map(|tenth| 119.0 + f64::from(tenth) / 10.0));
    let admitted = |like: &str| {
        let limiter = json!({
            "like": like, "limit_for_period": limit as u64, "limit_refresh_period_ms": window_s * 1e3,
            "timeout_duration_ms": 0,
        });
        let call = json!({"to": "queue", "rate_limiter": limiter});
        let arrivals = json!({"kind": "trace", "at_s": moments});
        let events = events(&from_start(200.0, calls(arrivals, call, 0.0)));
        let ended = of_kind(&events, "request_ended");
        let passed = |event: &&&Value| event["outcome"] == "ok";
        let of_bursts = ended[..bursts].iter().filter(passed).count();
        let next = ended[bursts..].iter().find(passed).map(|event| number(event, "/at_s"));
        (of_bursts, next)
    };
    case.is("fixed_window_admitted", admitted("resilience4j-2.4").0);
    let (of_bursts, next) = admitted("sliding_log");
    case.is("sliding_log_admitted", of_bursts);
    case.is("sliding_log_next_admit_at", next.expect("somebody is admitted again"));
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

/// One call at a time: all fail, then all succeed.
fn r12(case: &mut Case) {
    let rpcs = case.param("rpcs");
    let budget = json!({"kind": "grpc-a6", "max_tokens": case.param("maxTokens") as u64, "token_ratio": case.param("tokenRatio")});
    let retry = json!({
        "like": "grpc-a6", "max_attempts": case.param("maxAttempts") as u64, "wait_duration_ms": 0, "budget": budget,
    });
    let system = |requests: u64, failures: usize| {
        let arrivals =
            json!({"kind": "closed", "users": 1, "think": constant(1.0), "max_requests": requests});
        let answers = vec![json!({"ms": 0, "ok": false}); failures];
        let replay = json!([{"do": "replay", "answers": answers, "after_last": "ok"}]);
        from_start(
            1e3,
            json!({
                "users": users(arrivals, json!({"to": "queue", "retry": retry})),
                "queue": steps(MANY, 0, replay),
            }),
        )
    };
    let failing = system(rpcs as u64, 100);
    let (report, events) = (run(&failing), events(&failing));
    let attempts = number(&report, "/edges/users.main/attempts");
    case.is("attempts_total", attempts);
    case.is("tokens_after", number(&report, "/edges/users.main/retry_tokens"));
    let mut per_rpc: Vec<u64> = Vec::new();
    for event in &events {
        match event["event"].as_str() {
            Some("request_started") => per_rpc.push(0),
            Some("attempt_sent") => *per_rpc.last_mut().expect("attempts belong to a request") += 1,
            _ => {}
        }
    }
    case.is("attempts_per_rpc_first5", per_rpc[..5].to_vec());
    // Successes until the tokens exceed half of their maximum again.
    let events = crate::program::events(&system(rpcs as u64 + 100, attempts as usize));
    let tokens = of_kind(&events, "retry_budget").into_iter().map(|event| number(event, "/tokens"));
    let after: Vec<f64> = tokens.skip(attempts as usize).collect();
    let enough = after.iter().position(|tokens| *tokens > case.param("maxTokens") / 2.0);
    case.is("successes_needed_to_reenable", enough.expect("the tokens grow again") + 1);
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

/// Clients that all want to write one row under optimistic locking: a try reads it, and writes it a journey there
/// and back later, if nobody else has written it meanwhile.
fn r15(case: &mut Case) {
    let seeds: u64 = if is_full() { 100 } else { 40 };
    let scale = (case.param("replications") / seeds as f64).sqrt();
    let (base, cap) = (case.param("base"), case.param("cap"));
    // The simulator's k-th backoff starts from twice the base; decorrelated jitter starts from the base itself.
    let growing = |jitter: &str| {
        json!({
            "max_attempts": 1000, "backoff": "exponential", "exponential_backoff_multiplier": 2, "jitter": jitter,
            "wait_duration_ms": if jitter == "decorrelated" { base } else { 2.0 * base },
            "exponential_max_wait_duration_ms": cap,
        })
    };
    let kinds = [
        ("none", json!({"max_attempts": 1000, "wait_duration_ms": 0})),
        ("expo", growing("none")),
        ("equal", growing("equal")),
        ("full", growing("full")),
        ("decorr", growing("decorrelated")),
    ];
    let hop = json!({"dist": "normal", "mean_ms": 10, "sd_ms": 2});
    let mut at_100 = BTreeMap::new();
    for clients in case.params()["clients"].as_array().expect("numbers of clients") {
        let clients = clients.as_u64().expect("a number of clients");
        for (kind, retry) in &kinds {
            let wait = json!({"do": "wait", "time": hop});
            let write =
                json!([{"do": "read", "row": "row"}, wait, wait, {"do": "commit", "row": "row"}]);
            let arrivals = json!({"kind": "trace", "at_s": vec![0.0; clients as usize]});
            let call = json!({"to": "queue", "latency_jitter": hop, "retry": retry});
            let nodes = json!({"users": users(arrivals, call), "queue": steps(MANY, 0, write)});
            let found = of_seeds(&from_start(1000.0, nodes), 1, seeds, |report| {
                assert_eq!(number(report, "/totals/ok"), clients as f64);
                (
                    number(report, "/totals/last_end_s") * 1e3,
                    number(report, "/edges/users.main/attempts"),
                )
            });
            let time = found.iter().map(|(time, _)| time).sum::<f64>() / seeds as f64;
            let calls = found.iter().map(|(_, calls)| calls).sum::<f64>() / seeds as f64;
            case.is_scaled(scale, &format!("time_ms {kind} n={clients}"), time);
            case.is_scaled(scale, &format!("calls {kind} n={clients}"), calls);
            if clients == 100 {
                at_100.insert(*kind, (time, calls));
            }
        }
    }
    let rising = |order: [&str; 5], of: fn(&(f64, f64)) -> f64| {
        order.windows(2).all(|pair| of(&at_100[pair[0]]) < of(&at_100[pair[1]]))
    };
    assert!(rising(["full", "equal", "decorr", "expo", "none"], |(_, calls)| *calls));
    assert!(rising(["none", "decorr", "full", "equal", "expo"], |(time, _)| *time));
}
