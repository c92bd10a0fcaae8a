//! Common luck: what a pattern does not change does not change.

use crate::story::{Recorder, cpu, run_switched, service, with};
use brownout::engine::Time;
use brownout::model::World;
use brownout::observation::Observation;
use brownout::plan::Plan;
use brownout::scenario::Scenario;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn nodes(policy: Value) -> Value {
    let exponential = |ms| json!({"do": "cpu", "time": {"dist": "exponential", "mean_ms": ms}});
    let call = with(json!({"to": "back", "latency_ms": 1.0}), policy);
    json!({
        "users": {
            "kind": "clients",
            "arrivals": {"kind": "open", "rate_rps": 50.0},
            "calls": {"main": {"to": "front", "timeout_ms": 400.0}},
        },
        "front": with(
            service(20, json!([exponential(5.0), {"do": "call", "call": "back"}, exponential(5.0)])),
            json!({"calls": {"back": call}}),
        ),
        "back": service(5, json!([exponential(80.0), cpu(1.0)])),
    })
}

fn world(policy: Value) -> World<Recorder> {
    let document =
        json!({"v": 1, "name": {"en": "luck"}, "duration_s": 60.0, "nodes": nodes(policy)});
    let scenario: Scenario = serde_json::from_value(document).expect("well told");
    World::new(Plan::compile(&scenario), Recorder::default())
}

type Arrivals = Vec<(Time, u64)>;
type Work = BTreeMap<(u16, u64, u16), u64>;

/// When each request arrived with which luck, and how much work each step of each attempt was.
fn facts(world: &World<Recorder>) -> (Arrivals, Work) {
    let mut arrivals = Vec::new();
    let mut work = BTreeMap::new();
    for (at, observation) in &world.observer.0 {
        match *observation {
            Observation::RequestStarted { luck, .. } => arrivals.push((*at, luck)),
            Observation::WorkDrawn { node, luck, step, work: drawn } => {
                work.insert((node.0, luck, step), drawn.0);
            }
            _ => {}
        }
    }
    (arrivals, work)
}

#[test]
fn a_pattern_switched_on_midway_changes_no_arrival_and_no_work() {
    let policy = json!({
        "timeout_ms": 100.0, "cancel": "running", "retry": {"max_attempts": 3, "wait_duration_ms": 10.0},
        "circuit_breaker": {"sliding_window_size": 20, "minimum_number_of_calls": 10},
        "bulkhead": {"max_concurrent_calls": 4}, "fallback": {},
    });
    let mut plain = world(json!({}));
    while plain.step(Time::NEVER).is_some() {}
    let mut switched = world(json!({}));
    let half_time = Time::from_seconds(30.0);
    while switched.step(half_time).is_some() {}
    switched.retune(world(policy).plan().clone());
    while switched.step(Time::NEVER).is_some() {}

    let (plain_arrivals, plain_work) = facts(&plain);
    let (switched_arrivals, switched_work) = facts(&switched);
    assert!(plain_arrivals.len() > 2_500);
    assert_eq!(plain_arrivals, switched_arrivals);
    let mut shared = 0;
    for (whose, drawn) in &switched_work {
        if let Some(same) = plain_work.get(whose) {
            assert_eq!(drawn, same, "the work of {whose:?} changed");
            shared += 1;
        }
    }
    // Retries are new attempts with work of their own, so not all is shared, but most is.
    assert!(shared > plain_work.len() * 6 / 10, "{shared} of {}", plain_work.len());
    assert_ne!(plain.digest(), switched.digest(), "the switch did change something");
}

#[test]
fn no_switch_moves_an_arrival_by_a_nanosecond() {
    let nodes = json!({
        "users": {
            "kind": "clients",
            "arrivals": {"kind": "open", "rate_rps": 300.0},
            "calls": {"main": {"to": "q"}},
        },
        "q": service(10, json!([cpu(1.0)])),
    });
    // With this seed, rounding afresh at this moment would move the arrival at 144.477718416 s.
    let document = json!({"seed": 10, "nodes": nodes});
    let patch = json!({"nodes": {"users": {"calls": {"main": {"timeout_ms": 100.0}}}}});
    let plain = run_switched(180.0, document.clone(), &[]);
    let switched = run_switched(180.0, document, &[(70.5, patch)]);
    assert!(facts(&plain.world).0 == facts(&switched.world).0);
}

#[test]
fn another_node_changes_nobody_elses_luck() {
    let build = |extra: bool| {
        let mut nodes = nodes(json!({}));
        if extra {
            nodes["others"] = json!({
                "kind": "clients",
                "arrivals": {"kind": "open", "rate_rps": 5.0},
                "calls": {"main": {"to": "elsewhere"}},
            });
            nodes["elsewhere"] = service(1, json!([cpu(1.0)]));
        }
        let document = json!({"v": 1, "name": {"en": "luck"}, "duration_s": 60.0, "nodes": nodes});
        let scenario: Scenario = serde_json::from_value(document).expect("well told");
        let mut world = World::new(Plan::compile(&scenario), Recorder::default());
        while world.step(Time::NEVER).is_some() {}
        world
    };
    let (_, alone) = facts(&build(false));
    let (_, together) = facts(&build(true));
    assert!(alone.iter().all(|(whose, drawn)| together.get(whose) == Some(drawn)));
}
