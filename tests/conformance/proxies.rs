//! nginx and HAProxy.

use crate::Facts;
use crate::story::{Story, clockwork, cpu, run, service, with};
use brownout::observation::{Observation, Outcome};
use brownout::pattern::health::{ActiveCheck, ActiveParams, CheckResult, PassiveParams};
use serde_json::{Value, json};

fn behind(count: u32, seconds: f64, rate: f64, balancer: Value, faults: Value) -> Story {
    let nodes = json!({
        "users": clockwork(rate, (seconds * rate) as u32, json!({"to": "lb"})),
        "lb": with(json!({"kind": "balancer", "to": "q"}), balancer),
        "q": with(service(100, json!([cpu(0.001)])), json!({"servers": count, "boot_s": 0.0})),
    });
    run(seconds, nodes, faults)
}

fn failures(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::RequestEnded { outcome: Outcome::Failed, .. }))
}

fn dead(server: &str, from_s: f64) -> Value {
    json!({"dead": {"at_s": from_s, "target": server, "effect": {"kind": "crash"}}})
}

#[test]
fn conformance_nginx() {
    let mut facts = Facts::of("nginx 1.22 and 1.31");
    let weighted = json!({"algorithm": "weighted_round_robin", "weights": [5, 1, 1]});
    let story = behind(3, 1.4, 10.0, weighted, json!({}));
    let order = story.world.observer.0.iter().filter_map(|(_, observation)| match observation {
        Observation::WorkArrived { server, .. } => Some(server + 1),
        _ => None,
    });
    let recorded = vec![1, 1, 2, 1, 3, 1, 1, 1, 1, 2, 1, 3, 1, 1];
    facts.are("weights 5, 1, 1", order.collect(), recorded);

    let passive = json!({"passive_health": {"max_fails": 1, "fail_timeout_ms": 3_000.0}});
    let story = behind(2, 60.0, 19.0, passive.clone(), dead("q#1", 0.01));
    let trials = failures(&story);
    // The first failure comes at any moment, all further ones with the first requests of a second.
    let spacings: Vec<f64> = trials[1..].windows(2).map(|pair| (pair[1] - pair[0]) / 1e3).collect();
    // Recorded: 4.07 to 4.13 s, with the time that requests took.
    facts.is("spacing of trials", spacings.iter().all(|s| (3.94..=4.13).contains(s)), true);
    let mean = spacings.iter().sum::<f64>() / spacings.len() as f64;
    facts.about("mean spacing of trials", mean, 4.07, 0.1);
    let story = behind(1, 10.0, 20.0, passive, dead("q", 0.01));
    facts.is("failures of the only server", failures(&story).len(), 199);
    let defaults = PassiveParams::default();
    facts.is("max_fails", defaults.max_fails, 1);
    facts.is("fail_timeout", defaults.fail_timeout_ms, 10_000.0);
}

#[test]
fn conformance_haproxy() {
    let mut facts = Facts::of("HAProxy 3.5");
    let params = ActiveParams::default();
    facts.is("inter", params.shortest_interval_ms(), 2_000.0);
    facts.is("timeout check", params.timeout().ms(), 2_000.0);
    facts.are("fall and rise", vec![params.fall(), params.rise()], vec![3, 2]);

    // Case A10.
    let mut check = ActiveCheck::new(&params, true);
    let results = "PFPFFPFFFPFPPFP"
        .chars()
        .map(|result| if result == 'P' { CheckResult::Passed } else { CheckResult::Unanswered });
    let (counters, states): (Vec<u32>, Vec<bool>) =
        results.map(|result| (check.record(result), check.health())).map(|(up, h)| (h, up)).unzip();
    facts.are("counters", counters, vec![4, 3, 4, 3, 2, 4, 3, 2, 0, 1, 0, 1, 4, 3, 4]);
    let recorded = "UUUUUUUUDDDDUUU".chars().map(|state| state == 'U').collect();
    facts.are("states", states, recorded);

    // Case A08: dead in [3, 11) s.
    let check = json!({"health_check": {"rules": {}}});
    let mut faults = dead("q#1", 3.0);
    faults["dead"]["for_s"] = json!(8.0);
    let story = behind(4, 19.0, 100.0, check, faults);
    let moments = |out: bool| {
        story.moments(|o| match o {
            Observation::OutOfRotation { .. } => out,
            Observation::BackInRotation { .. } => !out,
            _ => false,
        })
    };
    facts.are("down at", moments(true), vec![8_000.0]);
    facts.are("up at", moments(false), vec![14_000.0]);
    facts.is("failed requests", failures(&story).len(), 125);
    let trace = story.world.observer.0.iter().filter_map(|(_, observation)| match observation {
        Observation::HealthChecked { server: 1, health, .. } => Some(*health),
        _ => None,
    });
    facts.are("trace of the counter", trace.collect(), vec![4, 4, 3, 2, 0, 0, 1, 4, 4, 4]);
}
