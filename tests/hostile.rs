//! Input from somebody who means harm, or has made every mistake there is.
//!
//! The 34 cases of validation case H01. Each is refused with the place and the bound, or is a run
//! that is harmless because it is bounded; none may panic or take long.
#![cfg(not(target_arch = "wasm32"))]

#[path = "hostile/cases.rs"]
mod cases;

use brownout::engine::Time;
use brownout::link;
use brownout::model::{Observer, World};
use brownout::observation::Observation;
use brownout::plan::Plan;
use brownout::preset;
use brownout::run::Run;
use brownout::scenario::{check, read};
use brownout::simulation::Simulation;
use cases::{Given, Wanted, document, edited};
use serde_json::json;
use std::time::Duration;

/// Longest time in which a hostile input is answered. Wide, because tests share their machine.
const MAX_TIME: Duration = Duration::from_millis(100);

/// Most events of a run that counts as bounded here.
const MAX_EVENTS: u64 = 100_000;

#[derive(Clone, Debug)]
struct Deaf;

impl Observer for Deaf {
    fn observe(&mut self, _now: Time, _observation: Observation) {}
}

/// Hands a scenario, a run or a link in; the scenario to run, or the problems as text.
fn hand_in(given: &Given) -> Result<Plan, Vec<(String, String)>> {
    let problems = |found: Vec<brownout::problem::Problem>| {
        found.into_iter().map(|problem| (problem.path, problem.message)).collect::<Vec<_>>()
    };
    let scenario = match given {
        Given::Edit(..) => unreachable!("edits have become texts"),
        Given::Text(text) => {
            let value = read(text).map_err(problems)?;
            check(&value).map_err(problems)?
        }
        Given::Run(text) => Run::from_json(text).map_err(problems)?.scenario,
        Given::Link(text) => {
            let refused = |error: link::LinkError| {
                assert!(!error.ko.is_empty(), "a message in Korean, too");
                vec![(String::new(), error.en)]
            };
            link::decode(text).map_err(refused)?.scenario
        }
    };
    Ok(Plan::compile(&scenario))
}

fn judge(input: &str, given: Given, wanted: &Wanted) {
    let given = match given {
        Given::Edit(path, raw) => Given::Text(edited(path, &raw)),
        other => other,
    };
    // The first use of the schema reads it; that is not the input's fault.
    check(&document()).expect("the good scenario is good");
    let mut outcome = hand_in(&given);
    // Others use the machine, too: the best of three counts.
    let took = (0..3).map(|_| {
        let begin = now();
        outcome = hand_in(&given);
        now().saturating_sub(begin)
    });
    let took = took.min().expect("three times were taken");
    assert!(took <= MAX_TIME, "{input}: took {took:?}");
    match (outcome, wanted) {
        (Err(problems), Wanted::Refused(path, words)) => {
            let fits =
                |(at, message): &(String, String)| at.starts_with(path) && message.contains(words);
            assert!(
                problems.iter().any(fits),
                "{input}: wanted {path}: …{words}…, found {problems:#?}"
            );
        }
        (Ok(plan), Wanted::Runs) => {
            let end = plan.end;
            let mut world = World::new(plan, Deaf);
            while world.events() < MAX_EVENTS && world.step(end).is_some() {}
            assert!(world.events() < MAX_EVENTS, "{input}: too many events");
        }
        (Ok(_), Wanted::Refused(path, words)) => panic!("{input}: not refused: {path}: …{words}…"),
        (Err(problems), Wanted::Runs) => panic!("{input}: refused: {problems:#?}"),
    }
}

/// Time that this process has been running, by the wall clock.
#[expect(clippy::disallowed_types, reason = "this test is about the time that passes for people")]
fn now() -> Duration {
    use std::sync::LazyLock;
    static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

#[test]
fn every_hostile_input_is_refused_with_its_place_or_bounded() {
    let cases: Vec<_> = cases::all();
    assert_eq!(cases.len(), 34, "all inputs of case H01");
    for (input, attempts) in cases {
        for (given, wanted) in attempts {
            judge(input, given, &wanted);
        }
    }
}

#[test]
fn a_load_that_would_never_end_is_refused_with_estimate_and_bound() {
    let mut document = preset::PRESETS[0].document();
    document["duration_s"] = json!(31_536_000);
    document["nodes"]["users"]["arrivals"]["rate_rps"] = json!(100_000);
    let problems = check(&document).expect_err("a year of this is too much");
    assert_eq!(problems[0].path, "nodes.users.arrivals");
    assert!(problems[0].message.contains("events: at most 2.0e10"), "{}", problems[0]);
}

#[test]
fn a_run_that_multiplies_its_calls_stops_before_it_fills_the_memory() {
    let document = json!({
        "v": 1, "name": {"en": "fan-out"}, "duration_s": 1,
        "nodes": {
            "users": {
                "kind": "clients", "arrivals": {"kind": "open", "rate_rps": 200_000},
                "calls": {"main": {"to": "front"}},
            },
            "front": {
                "kind": "service", "pools": {"web": {"threads": 100_000}},
                "endpoints": {"page": {"steps": [
                    {"do": "parallel", "calls": ["back"], "times": 10_000},
                ]}},
                "calls": {"back": {"to": "back", "latency_ms": 1_000}},
            },
            "back": {
                "kind": "database",
                "queries": {"read": {"cost": {"dist": "constant", "ms": 1}}},
            },
        },
    });
    let run = Run::new(document, 1, Vec::new()).expect("every number is in its range");
    let mut simulation = Simulation::observed(run, |_| Deaf);
    simulation.run_until(Time::NEVER, u64::MAX);
    assert!(simulation.stopped_early().expect("it stopped").contains("than a run may hold"));
    let (calls, jobs) = simulation.world().alive();
    // 1.5 million, and what the events between two looks start.
    assert!(calls + jobs < 2_000_000, "{calls} calls and {jobs} jobs");
}
