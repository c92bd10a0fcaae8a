//! Hedging: several attempts of one try, the first good answer counts.

use crate::story::{Story, clockwork, run, service, with};
use brownout::observation::{BreakerState, Observation, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A service that answers as it is told: so many milliseconds, and whether well.
fn answering(answers: &[(f64, bool)]) -> Value {
    let answers: Vec<Value> = answers.iter().map(|(ms, ok)| json!({"ms": ms, "ok": ok})).collect();
    service(10, json!([{"do": "replay", "answers": answers, "after_last": "last"}]))
}

fn hedged(call: Value) -> Value {
    with(json!({"to": "q", "hedge": {"max_attempts": 3, "hedging_delay_ms": 20.0}}), call)
}

/// One request through a hedged call.
fn one(call: Value, answers: &[(f64, bool)]) -> Story {
    let nodes = json!({"users": clockwork(1.0, 1, hedged(call)), "q": answering(answers)});
    run(1.0, nodes, json!({}))
}

fn sent(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::AttemptSent { .. }))
}

fn outrun(story: &Story) -> usize {
    story.count(|o| matches!(o, Observation::AttemptOutrun { .. }))
}

fn denied(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::HedgeDenied { .. }))
}

/// When work that nobody waited for ended.
fn wasted(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::WorkEnded { wasted: true, .. }))
}

#[test]
fn the_first_good_answer_counts_and_the_others_work_is_wasted() {
    let story = one(json!({}), &[(100.0, true), (60.0, true), (5.0, true)]);
    assert_eq!(sent(&story), [0.0, 20.0, 40.0]);
    assert_eq!(story.requests(), [(Outcome::Ok, 45.0)]);
    assert_eq!((outrun(&story), wasted(&story)), (2, vec![80.0, 100.0]));
    let cancelled = one(json!({"cancel": "running"}), &[(100.0, true), (60.0, true), (5.0, true)]);
    assert_eq!(wasted(&cancelled), [45.0, 45.0]);
    let quick = one(json!({}), &[(20.0, true)]);
    assert_eq!(sent(&quick), [0.0], "an answer just in time needs no hedge");
}

#[test]
fn an_answer_on_its_way_makes_the_work_of_the_others_waste() {
    let story = one(json!({"latency_ms": 4.0}), &[(50.0, true), (29.0, true)]);
    // The second is done at 53 ms and its answer is back at 57 ms; the first is done at 54 ms.
    assert_eq!(story.requests(), [(Outcome::Ok, 57.0)]);
    assert_eq!(wasted(&story).first(), Some(&54.0));
}

#[test]
fn a_failure_sends_the_next_one_at_once_and_only_all_failures_are_one() {
    let story = one(json!({}), &[(10.0, false), (30.0, false), (15.0, false)]);
    // The failure at 10 ms sends the second; the third follows 20 ms later.
    assert_eq!(sent(&story), [0.0, 10.0, 30.0]);
    assert_eq!(story.requests(), [(Outcome::Failed, 45.0)]);
    assert_eq!(outrun(&story), 0);
    let saved = one(json!({}), &[(10.0, false), (10.0, false), (10.0, true)]);
    assert_eq!(saved.requests(), [(Outcome::Ok, 30.0)]);
}

#[test]
fn a_fatal_failure_ends_the_try() {
    let hedge = json!({"hedging_delay_ms": 20.0, "non_fatal": {"failed": false}});
    let story = one(json!({"hedge": hedge}), &[(100.0, true), (10.0, false)]);
    assert_eq!(story.requests(), [(Outcome::Failed, 30.0)]);
    assert_eq!(outrun(&story), 1);
}

#[test]
fn a_timeout_covers_the_whole_try() {
    let story = one(json!({"timeout_ms": 50.0, "cancel": "running"}), &[(100.0, true)]);
    assert_eq!(sent(&story), [0.0, 20.0, 40.0]);
    assert_eq!(story.requests(), [(Outcome::TimedOut, 50.0)]);
    let given_up =
        |o: &Observation| matches!(o, Observation::AttemptEnded { outcome: Outcome::TimedOut, .. });
    assert_eq!(story.moments(given_up), [50.0; 3]);
    assert_eq!(wasted(&story), [50.0; 3]);
}

#[test]
fn a_hedge_needs_a_connection_of_its_own_and_calls_that_wait_come_first() {
    let pool = json!({"connection_pool": {"maximum_pool_size": 2}});
    let story = one(pool.clone(), &[(100.0, true)]);
    assert_eq!((sent(&story), denied(&story)), (vec![0.0, 20.0], vec![40.0]));
    let nodes =
        json!({"users": clockwork(100.0, 2, hedged(pool)), "q": answering(&[(100.0, true)])});
    let story = run(1.0, nodes, json!({}));
    assert_eq!(sent(&story), [0.0, 10.0], "both connections are taken by first attempts");
    assert_eq!(denied(&story), [20.0, 30.0, 40.0, 50.0]);
}

#[test]
fn tokens_that_are_not_more_than_half_stop_hedges() {
    // A6: a failure costs a token before the next attempt is asked for.
    let budget = json!({"kind": "grpc-a6", "max_tokens": 4, "token_ratio": 0.1});
    let hedge = json!({"max_attempts": 5, "hedging_delay_ms": 20.0, "budget": budget});
    let story = one(json!({"hedge": hedge}), &[(10.0, false)]);
    assert_eq!((sent(&story), denied(&story)), (vec![0.0, 10.0], vec![20.0]));
    assert_eq!(story.requests(), [(Outcome::Failed, 20.0)]);
}

#[test]
fn a_hedge_goes_to_a_server_that_has_not_been_tried() {
    let call = with(hedged(json!({})), json!({"to": "lb"}));
    let nodes = json!({
        "users": clockwork(1.0, 1, call),
        "lb": {"kind": "balancer", "to": "q", "algorithm": "hash"},
        "q": with(answering(&[(100.0, true)]), json!({"servers": 2})),
    });
    let story = run(1.0, nodes, json!({}));
    let servers = story.world.observer.0.iter().filter_map(|(_, o)| match o {
        Observation::WorkArrived { server, .. } => Some(*server),
        _ => None,
    });
    let servers: Vec<u32> = servers.collect();
    // By its hash the request would always go to the same one; the third has no other choice.
    assert_eq!((servers[1], servers[2]), (1 - servers[0], servers[0]));
}

#[test]
fn for_breaker_and_retry_a_hedged_try_is_one() {
    let call = json!({
        "circuit_breaker": {"sliding_window_size": 2, "minimum_number_of_calls": 2},
        "retry": {"max_attempts": 3, "wait_duration_ms": 0.0, "retry_on": {"rejected": false}},
    });
    let story = one(call, &[(10.0, false)]);
    assert_eq!(sent(&story), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
    let retries = |o: &Observation| matches!(o, Observation::AttemptSent { retry: true, .. });
    let hedges = |o: &Observation| matches!(o, Observation::AttemptSent { hedge: true, .. });
    assert_eq!((story.count(retries), story.count(hedges)), (1, 4));
    let open = |o: &Observation| {
        matches!(o, Observation::BreakerChanged { state: BreakerState::Open, .. })
    };
    assert_eq!(story.moments(open), [60.0]);
}

#[test]
fn a_caller_that_stands_still_hedges_late_and_one_that_crashes_lets_all_go() {
    let story = |effect: &str| {
        let front = json!([{"do": "call", "call": "q"}]);
        let call = hedged(json!({"cancel": "running"}));
        let nodes = json!({
            "users": clockwork(1.0, 1, json!({"to": "front"})),
            "front": with(service(1, front), json!({"calls": {"q": call}})),
            "q": answering(&[(100.0, true)]),
        });
        let fault = json!({"fault": {
            "at_s": 0.03, "for_s": 0.02, "target": "front", "effect": {"kind": effect},
        }});
        run(1.0, nodes, fault)
    };
    let attempts = |story: &Story| {
        story.moments(|o| matches!(o, Observation::AttemptSent { edge, .. } if edge.0 == 1))
    };
    let frozen = story("freeze");
    assert_eq!(attempts(&frozen), [0.0, 20.0, 50.0]);
    assert_eq!(frozen.requests(), [(Outcome::Ok, 100.0)]);
    let crashed = story("crash");
    assert_eq!(attempts(&crashed), [0.0, 20.0]);
    assert_eq!(crashed.requests(), [(Outcome::Failed, 30.0)]);
    assert_eq!(wasted(&crashed), [30.0, 30.0]);
}

#[test]
fn hedges_move_nobody_elses_luck() {
    let work = |policy| {
        let step = json!({"do": "wait", "time": {"dist": "exponential", "mean_ms": 20.0}});
        let retry = json!({"to": "q", "timeout_ms": 50.0, "retry": {"wait_duration_ms": 1.0}});
        let call = with(retry, policy);
        let nodes = json!({"users": clockwork(50.0, 100, call), "q": service(100, json!([step]))});
        let story = run(5.0, nodes, json!({}));
        let drawn = story.world.observer.0.iter().filter_map(|(_, o)| match o {
            Observation::WorkDrawn { luck, work, .. } => Some((*luck, work.0)),
            _ => None,
        });
        drawn.collect::<BTreeMap<u64, u64>>()
    };
    let plain = work(json!({}));
    let hedged = work(json!({"hedge": {"hedging_delay_ms": 10.0}}));
    let shared = plain.iter().filter(|(luck, _)| hedged.contains_key(luck)).count();
    // What a hedge saves from a retry needs no second try; every first try is there.
    assert!(shared >= 100 && hedged.len() > plain.len(), "{shared}");
    assert!(hedged.iter().all(|(luck, work)| plain.get(luck).is_none_or(|plain| plain == work)));
}
