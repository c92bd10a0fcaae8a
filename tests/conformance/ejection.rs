//! Envoy 1.40: outlier detection, the merge window of updates, panic.

use crate::Facts;
use crate::story::{Story, clockwork, cpu, run, service, with};
use brownout::engine::Time;
use brownout::observation::{Observation, Outcome};
use brownout::pattern::outlier::{Answer, OutlierDetector, Params, Verdict};
use serde_json::{Value, json};

/// So many servers behind a balancer at 1 000 requests a second; the first ones answer that share of
/// requests with an error.
fn servers(count: u32, bad: u32, ratio: f64, seconds: f64, balancer: Value) -> Story {
    let nodes = json!({
        "users": clockwork(1_000.0, (seconds * 1e3) as u32, json!({"to": "lb"})),
        "lb": with(json!({"kind": "balancer", "to": "q"}), balancer),
        "q": with(service(100, json!([cpu(1.0)])), json!({"servers": count})),
    });
    let fault = |server: u32| {
        let effect = json!({"kind": "errors", "ratio": ratio});
        (
            format!("bad-{server}"),
            json!({"at_s": 0.0, "target": format!("q#{server}"), "effect": effect}),
        )
    };
    run(seconds, nodes, (0..bad).map(fault).collect())
}

fn out(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::OutOfRotation { .. }))
}

/// How many requests each server got from a moment on, in milliseconds.
fn shares(story: &Story, count: u32, from_ms: f64) -> Vec<usize> {
    let to = |server: u32| {
        let got = story
            .moments(|o| matches!(o, Observation::WorkArrived { server: s, .. } if *s == server));
        got.into_iter().filter(|at| *at >= from_ms).count()
    };
    (0..count).map(to).collect()
}

fn never() -> f64 {
    0.0
}

#[test]
fn conformance_envoy_1_40_ejection_gate() {
    let mut facts = Facts::of("Envoy 1.40, ejection gate");
    let ejected = |count: u32, rules: Value| {
        out(&servers(count, count, 1.0, 5.0, json!({"outlier_detection": rules}))).len()
    };
    for (count, recorded) in [(3, 0), (9, 0), (10, 1), (20, 2)] {
        facts.is("always failing hosts that are ejected", ejected(count, json!({})), recorded);
    }
    let always = json!({"always_eject_one_host": true});
    facts.is("always_eject_one_host", ejected(3, always), 1);
    facts.is("until 2022, of three", ejected(3, json!({"like": "envoy-2022"})), 1);
}

#[test]
fn conformance_envoy_1_40_consecutive_errors() {
    let mut facts = Facts::of("Envoy 1.40, consecutive errors (E01)");
    let mut detector = OutlierDetector::new(&Params::default(), 10);
    let answers = [false, true, false, false, false, false, false];
    let ejects = |ok: &bool| {
        let answer = if *ok { Answer::Success } else { Answer::ServerError };
        !detector.on_answer(0, answer, Time::ZERO, never).is_empty()
    };
    facts.is("ejected on answer", answers.iter().position(ejects), Some(6));
    let second = |_| detector.on_answer(1, Answer::ServerError, Time::ZERO, never);
    let second: Vec<Verdict> = (0..5).flat_map(second).map(|finding| finding.verdict).collect();
    facts.is("a second bad host", second, vec![Verdict::Overflow]);
    let back = [10.0, 20.0, 30.0].map(|seconds| {
        detector.sweep(Time::from_seconds(seconds), never);
        !detector.is_ejected(0)
    });
    facts.are("back at the sweeps of 10, 20, 30 s", back.to_vec(), vec![false, false, true]);
}

#[test]
fn conformance_envoy_1_40_ejection_times() {
    let mut facts = Facts::of("Envoy 1.40, growing ejection times");
    let params = Params {
        base_ejection_time_ms: 3_000.0,
        interval_ms: 2_000.0,
        always_eject_one_host: true,
        ..Params::default()
    };
    let mut detector = OutlierDetector::new(&params, 3);
    let mut sweep = 1.15;
    // Ejected at and back at, as recorded; the sweeps were at odd seconds and 0.15.
    let recorded = [
        (0.30, 5.15),
        (5.43, 13.15),
        (13.46, 23.15),
        (23.47, 37.17),
        (37.48, 53.18),
        (53.50, 73.17),
    ];
    for (ejected_at, back_at) in recorded {
        for _ in 0..5 {
            detector.on_answer(0, Answer::ServerError, Time::from_seconds(ejected_at), never);
        }
        assert!(detector.is_ejected(0));
        while detector.is_ejected(0) {
            detector.sweep(Time::from_seconds(sweep), never);
            sweep += 2.0;
        }
        facts.about("back in rotation", sweep - 2.0, back_at, 0.04);
    }
}

#[test]
fn conformance_envoy_1_40_success_rate() {
    let mut facts = Facts::of("Envoy 1.40, success rate (E03)");
    let rules = json!({"max_ejection_percent": 100, "consecutive_5xx": 0});
    for (count, recorded) in [(5, 1), (4, 0)] {
        let story = servers(count, 1, 0.5, 12.0, json!({"outlier_detection": rules}));
        facts.is("one host at 50 %", out(&story).len(), recorded);
    }
    let ejected = |rates: [u32; 5]| {
        let params = Params { consecutive_5xx: 0, max_ejection_percent: 100, ..Params::default() };
        let mut detector = OutlierDetector::new(&params, 5);
        for (server, per_mille) in rates.into_iter().enumerate() {
            for request in 0..1_000 {
                let answer =
                    if request < per_mille { Answer::Success } else { Answer::ServerError };
                detector.on_answer(server as u32, answer, Time::ZERO, never);
            }
        }
        detector.sweep(Time::from_seconds(10.0), never);
        detector.active()
    };
    const GOOD: u32 = 1_000;
    facts.is("50 % below the threshold of 52 %", ejected([500, GOOD, GOOD, GOOD, GOOD]), 1);
    facts.is("two bad of five", ejected([500, 500, GOOD, GOOD, GOOD]), 0);
    facts.is("one of five at 99.9 %", ejected([999, GOOD, GOOD, GOOD, GOOD]), 1);
}

#[test]
fn conformance_envoy_1_40_merge_window_and_panic() {
    let mut facts = Facts::of("Envoy 1.40, merge window and panic (E05)");
    let rules = json!({"max_ejection_percent": 100, "consecutive_5xx": 1});
    let story = servers(4, 3, 1.0, 3.0, json!({"outlier_detection": rules}));
    let moments = out(&story);
    facts.is("the first leaves at once", moments[0], 1.0);
    facts.are("the others a second later", moments[1..].to_vec(), vec![1_001.0, 1_001.0]);
    let panic =
        |threshold: f64| json!({"outlier_detection": rules, "panic_threshold_percent": threshold});
    let story = servers(4, 3, 1.0, 10.0, panic(50.0));
    facts.are("one of four healthy: all get as much", shares(&story, 4, 2_000.0), vec![2_000; 4]);
    for (bad, recorded) in [(5, 5), (6, 10)] {
        let story = servers(10, bad, 1.0, 10.0, panic(50.0));
        let used = shares(&story, 10, 2_000.0).into_iter().filter(|count| *count > 0).count();
        facts.is("servers that get requests", used, recorded);
        if bad == 6 {
            let failed = |o: &Observation| {
                matches!(o, Observation::RequestEnded { outcome: Outcome::Failed, .. })
            };
            let late = story.moments(failed).into_iter().filter(|at| *at >= 2_001.0).count();
            facts.about("share of failures in panic", late as f64 / 8_000.0, 0.6, 0.01);
        }
    }
}

#[test]
fn conformance_envoy_1_40_defaults_of_outlier_detection() {
    let mut facts = Facts::of("Envoy 1.40, defaults of outlier detection");
    let written = serde_json::to_value(Params::default()).expect("parameters are plain data");
    let recorded = json!({
        "consecutive_5xx": 5, "consecutive_gateway_failure": 5, "interval_ms": 10_000.0,
        "base_ejection_time_ms": 30_000.0, "max_ejection_time_jitter_ms": 0.0,
        "max_ejection_percent": 10, "always_eject_one_host": false,
        "enforcing_consecutive_5xx": 100, "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 100, "success_rate_minimum_hosts": 5,
        "success_rate_request_volume": 100, "success_rate_stdev_factor": 1_900,
        "failure_percentage_threshold": 85, "enforcing_failure_percentage": 0,
        "failure_percentage_minimum_hosts": 5, "failure_percentage_request_volume": 50,
        "split_external_local_origin_errors": false, "consecutive_local_origin_failure": 5,
        "enforcing_consecutive_local_origin_failure": 100,
        "enforcing_local_origin_success_rate": 100,
        "successful_active_health_check_uneject_host": true, "update_merge_window_ms": 1_000.0,
    });
    for (name, value) in recorded.as_object().expect("fields") {
        facts.is(name, &written[name], value);
    }
    facts.is("max_ejection_time", Params::default().longest_ejection_ms(), 300_000.0);
    let long = Params { base_ejection_time_ms: 400_000.0, ..Params::default() };
    facts.is("max_ejection_time of a long base", long.longest_ejection_ms(), 400_000.0);
}
