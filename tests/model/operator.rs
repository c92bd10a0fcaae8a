//! What an operator does: stop a service, switch a feature off, restart, put up a notice.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::engine::Time;
use brownout::observation::{Observation, Outcome};
use brownout::preset;
use brownout::run::{Action, Change, Run};
use brownout::simulation::Simulation;
use brownout::wiring::EdgeIndex;
use serde_json::{Value, json};

/// One request a second for ten seconds to a front that asks a back in one step.
fn chain(step: Value, call: Value) -> Value {
    let calls = json!({"calls": {"back": with(json!({"to": "back"}), call)}});
    json!({
        "users": clockwork(1.0, 10, json!({"to": "front"})),
        "front": with(service(1, json!([cpu(1.0), step])), calls),
        "back": service(5, json!([cpu(200.0)])),
    })
}

fn sent(story: &Story) -> usize {
    story.count(|o| matches!(o, Observation::AttemptSent { edge: EdgeIndex(1), .. }))
}

fn skipped(story: &Story) -> usize {
    story.count(|o| matches!(o, Observation::CallSkipped { .. }))
}

#[test]
fn a_feature_that_is_switched_off_costs_nothing_and_degrades_the_answer() {
    for step in [
        json!({"do": "call", "call": "back"}),
        json!({"do": "parallel", "calls": ["back"], "times": 3, "needs": 2}),
    ] {
        for mode in ["sync", "async"] {
            let nodes = chain(step.clone(), json!({"mode": mode, "enabled": false}));
            let story = run(20.0, nodes, json!({}));
            assert_eq!(story.requests(), [(Outcome::Degraded, 1.0); 10], "{step}");
            assert_eq!(sent(&story), 0);
            assert_eq!(story.count(|o| matches!(o, Observation::Queued { .. })), 0);
        }
    }
}

#[test]
fn the_feature_switch_works_while_the_run_goes_on() {
    let nodes = chain(json!({"do": "call", "call": "back"}), json!({}));
    let enabled = |on: bool| json!({"nodes": {"front": {"calls": {"back": {"enabled": on}}}}});
    // The call of 3 s is under way, and ends as it would.
    let patches = [(3.1, enabled(false)), (6.5, enabled(true))];
    let story = run_switched(20.0, json!({"nodes": nodes}), &patches);
    let outcomes = story.outcomes();
    assert_eq!(outcomes.iter().position(|o| *o == Outcome::Degraded), Some(4));
    assert_eq!((sent(&story), skipped(&story)), (7, 3));
}

#[test]
fn a_retry_finds_its_feature_switched_off() {
    let retry = json!({"max_attempts": 3, "wait_duration_ms": 500.0});
    let call = json!({"timeout_ms": 50.0, "retry": retry});
    let nodes = chain(json!({"do": "call", "call": "back"}), call);
    let off = json!({"nodes": {"front": {"calls": {"back": {"enabled": false}}}}});
    let story = run_switched(20.0, json!({"nodes": nodes}), &[(0.3, off)]);
    // Sent at 1 ms, given up at 51 ms, skipped at 551 ms.
    assert_eq!(story.requests()[0], (Outcome::Degraded, 551.0));
    assert_eq!((sent(&story), skipped(&story)), (1, 10));
}

#[test]
fn users_whose_feature_is_switched_off_ask_nobody() {
    let mut nodes = chain(json!({"do": "call", "call": "back"}), json!({}));
    nodes["users"]["calls"]["main"]["enabled"] = json!(false);
    let story = run(20.0, nodes, json!({}));
    assert_eq!(story.requests(), [(Outcome::Degraded, 0.0); 10]);
    assert_eq!(skipped(&story), 10);
}

#[test]
fn a_restart_takes_all_servers_down_and_boots_them() {
    let document = json!({
        "nodes": {
            "users": clockwork(10.0, 100, json!({"to": "q"})),
            "q": with(service(9, json!([cpu(50.0)])), json!({"servers": 2, "boot_s": 2.0})),
        },
        // Nothing starts it again, until somebody does.
        "faults": {"crash": {"at_s": 1.0, "for_s": 0.1, "target": "q#1", "effect": {"kind": "crash"}}},
    });
    let restarts = |times: u32| json!({"nodes": {"q": {"restarts": times}}});
    // Lowering the number does nothing.
    let patches = [(5.025, restarts(1)), (8.0, restarts(0))];
    let story = run_switched(20.0, document, &patches);
    let down = |o: &Observation| matches!(o, Observation::ServerDown { .. });
    let up = |o: &Observation| matches!(o, Observation::ServerUp { .. });
    let booting = |o: &Observation| matches!(o, Observation::ServerBooting { .. });
    assert_eq!(story.moments(down), [1_000.0, 5_025.0, 5_025.0]);
    assert_eq!(story.moments(booting), [1_100.0, 5_025.0, 5_025.0]);
    assert_eq!(story.moments(up), [3_100.0, 7_025.0, 7_025.0]);
    // The one request that was in a server is lost; those that come while it boots are refused.
    let failed = story.outcomes().iter().filter(|o| **o == Outcome::Failed).count();
    let while_one_was_down = 10;
    assert_eq!(failed, while_one_was_down + 1 + 20);
}

#[test]
fn a_notice_keeps_the_same_users_from_pressing_refresh() {
    let refreshes = |notice: f64| {
        let mut users = clockwork(100.0, 1_000, json!({"to": "q"}));
        let delay = json!({"dist": "constant", "ms": 10.0});
        users["refresh"] = json!({
            "probability": 0.9, "delay": delay, "max_refreshes": 3, "notice_ratio": notice,
        });
        let fails = service(9, json!([{"do": "fail", "ratio": 1.0}]));
        let story = run(20.0, json!({"users": users, "q": fails}), json!({}));
        story.count(|o| matches!(o, Observation::RequestStarted { refresh: true, .. }))
    };
    // 0.9 + 0.81 + 0.729 presses for each of a thousand users.
    let all = refreshes(0.0);
    assert!((2_360..2_520).contains(&all), "{all}");
    // A fifth of the users are as eager as ever, rather than everybody a little less.
    let fifth = refreshes(0.8) as f64 / all as f64;
    assert!((0.16..0.24).contains(&fifth), "{fifth}");
    assert_eq!(refreshes(1.0), 0);
}

/// The runbook as a scenario: each step an intervention, and each a switch.
fn runbook() -> Value {
    let step =
        |at_s: f64, patch: &Value| json!({"name": {"en": "s"}, "at_s": at_s, "patch": patch});
    let toggle = |patch: &Value| json!({"name": {"en": "s"}, "help": {"en": "s"}, "patch": patch});
    let patches = [
        ("stop", json!({"nodes": {"back": {"running": false}}})),
        ("feature-off", json!({"nodes": {"front": {"calls": {"back": {"enabled": false}}}}})),
        ("restart", json!({"nodes": {"front": {"restarts": 1}}})),
        ("notice", json!({"nodes": {"users": {"refresh": {"notice_ratio": 1.0}}}})),
    ];
    let mut nodes = chain(json!({"do": "call", "call": "back"}), json!({}));
    nodes["users"]["arrivals"] = json!({"kind": "open", "rate_rps": 10.0, "process": "constant"});
    nodes["front"]["boot_s"] = json!(1.0);
    nodes["front"]["pools"]["web"]["threads"] = json!(50);
    let delay = json!({"dist": "constant", "ms": 10.0});
    nodes["users"]["refresh"] = json!({"probability": 1.0, "delay": delay, "max_refreshes": 1});
    let mut document =
        json!({"v": 1, "name": {"en": "runbook"}, "duration_s": 50.0, "nodes": nodes});
    for (number, (key, patch)) in patches.iter().enumerate() {
        let at_s = 10.0 * (number + 1) as f64;
        document["toggles"][*key] = toggle(patch);
        document["interventions"][format!("at-{key}")] = step(at_s, patch);
    }
    document
}

/// What a run of the runbook shows: skipped calls, refreshes, and the timeline's kinds.
fn shown(document: Value, actions: Vec<Action>) -> (u64, u64, Vec<&'static str>) {
    let mut simulation = Simulation::new(Run::new(document, 1, actions).expect("a runbook"));
    simulation.run_to_end();
    let report = simulation.report();
    let kinds = report.timeline.iter().map(|entry| entry.kind);
    let kinds = kinds.filter(|kind| kind.starts_with("server")).collect();
    (report.edges["front.back"].skipped, report.totals.refreshes, kinds)
}

#[test]
fn each_step_of_a_runbook_is_an_intervention_or_a_switch_at_a_time() {
    let by_itself = shown(runbook(), Vec::new());
    let (skipped, refreshes, kinds) = &by_itself;
    assert_eq!(*kinds, ["server_stopped", "server_stopped", "server_booting", "server_up"]);
    // From 20 s on, without the second in which the front boots.
    assert!((285..300).contains(skipped), "{skipped}");
    // While the back is stopped and the feature on; then while the front boots.
    assert!((105..130).contains(refreshes), "{refreshes}");
    let mut document = runbook();
    let keys = ["stop", "feature-off", "restart", "notice"];
    document.as_object_mut().expect("a scenario").remove("interventions");
    let flip = |(number, key): (usize, &&str)| Action {
        at: Time::from_seconds(10.0 * (number + 1) as f64),
        change: Change::Toggle { id: (*key).to_owned(), on: true },
    };
    let by_hand = shown(document, keys.iter().enumerate().map(flip).collect());
    assert_eq!(by_hand, by_itself);
}

#[test]
fn the_notice_of_the_preset_can_be_put_up_late() {
    let base = Run::of_preset(preset::find("static-notice").expect("a preset"));
    let at = Time::from_seconds(100.0);
    let change = Change::Toggle { id: "notice".to_owned(), on: true };
    let run = Run::new(base.document, base.seed, vec![Action { at, change }]).expect("a switch");
    let mut simulation = Simulation::new(run);
    simulation.run_to_end();
    let report = simulation.report();
    assert!(!report.verdict.metastable, "{}", report.verdict.en);
}
