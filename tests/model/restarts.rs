//! Processes that die and machines that are taken back, and who starts them again.

use crate::story::{Story, clockwork, cpu, run, service, with};
use brownout::observation::{DownCause, Observation, Outcome};
use serde_json::{Value, json};

fn nodes(of_service: Value) -> Value {
    let q = with(service(10, json!([cpu(100.0)])), json!({"boot_s": 5.0}));
    json!({"users": clockwork(2.0, 400, json!({"to": "q"})), "q": with(q, of_service)})
}

fn fault(at_s: f64, effect: Value) -> Value {
    json!({"at_s": at_s, "target": "q", "effect": effect})
}

fn ups(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::ServerUp { .. }))
}

fn failed(story: &Story) -> usize {
    story.outcomes().iter().filter(|outcome| **outcome == Outcome::Failed).count()
}

#[test]
fn a_killed_process_stays_dead_unless_somebody_restarts_it() {
    let kill = json!({"f": fault(10.0, json!({"kind": "kill"}))});
    let story = run(60.0, nodes(json!({})), kill.clone());
    assert_eq!(ups(&story), [0.0; 0]);
    // The one of 10.0 s dies with it: faults come after arrivals.
    assert_eq!(failed(&story), 101);
    let story = run(60.0, nodes(json!({"restart": {}})), kill);
    assert_eq!(ups(&story), [15_000.0]);
    assert_eq!(failed(&story), 10);
}

#[test]
fn who_dies_again_and_again_waits_longer_each_time() {
    // Kubernetes: at once, then after 10 s, 20 s, 40 s …
    let deaths = [10.0, 20.0, 40.0, 80.0];
    let faults: serde_json::Map<String, Value> = deaths
        .iter()
        .map(|at_s| (format!("f{at_s}"), fault(*at_s, json!({"kind": "kill"}))))
        .collect();
    let story = run(200.0, nodes(json!({"restart": {}})), faults.into());
    assert_eq!(ups(&story), [15_000.0, 35_000.0, 65_000.0, 125_000.0]);
}

#[test]
fn a_machine_that_is_taken_back_finishes_its_work_and_is_replaced() {
    let reclaim = |notice_s: f64| {
        json!({"f": {
            "at_s": 10.0, "target": "q#0", "effect": {"kind": "reclaim", "notice_s": notice_s},
        }})
    };
    let two = |restart: Value| nodes(json!({"servers": 2, "restart": restart}));
    // The other server takes everything until the end; then the new one boots, in its turn of the round.
    let story = run(60.0, two(json!({})), reclaim(30.0));
    assert_eq!(failed(&story), 5);
    let refused =
        |o: &Observation| matches!(o, Observation::RequestEnded { outcome: Outcome::Failed, .. });
    assert!(story.moments(refused).iter().all(|at| (40_000.0..45_000.0).contains(at)));
    let down =
        |o: &Observation| matches!(o, Observation::ServerDown { cause: DownCause::Reclaimed, .. });
    assert_eq!((story.moments(down), ups(&story)), (vec![40_000.0], vec![45_000.0]));
    // Without a notice the work in progress is lost.
    let story = run(60.0, two(json!({})), reclaim(0.0));
    assert_eq!(ups(&story), [15_000.0]);
    assert_eq!(failed(&story), 5);
    // And nobody replaces it where nobody is there to do so.
    let story = run(60.0, two(Value::Null), reclaim(0.0));
    assert_eq!(ups(&story), [0.0; 0]);
}

#[test]
fn the_only_server_leaves_and_still_takes_what_comes() {
    let reclaim = json!({"f": fault(10.0, json!({"kind": "reclaim", "notice_s": 30.0}))});
    let story = run(60.0, nodes(json!({"restart": {}})), reclaim);
    // From 40 s to 45 s nobody is there.
    assert_eq!(failed(&story), 10);
}

#[test]
fn blows_that_recur_strike_each_server_by_a_clock_of_its_own() {
    let constant = |ms: f64| json!({"dist": "constant", "ms": ms});
    let recurs = json!({"up": constant(20_000.0), "down": constant(1_000.0)});
    let mut kill = fault(0.0, json!({"kind": "kill"}));
    kill["recurs"] = recurs;
    let quick = json!({"servers": 2, "restart": {"initial_delay_ms": 0.0}, "boot_s": 0.0});
    let story = run(60.0, nodes(quick), json!({"f": kill}));
    let down = story.moments(|o| matches!(o, Observation::ServerDown { .. }));
    assert_eq!(down, [20_000.0, 20_000.0, 41_000.0, 41_000.0]);
    assert_eq!(ups(&story), down);
}

#[test]
fn the_time_before_a_boot_is_no_part_of_how_long_a_process_has_run() {
    // It dies once after a long time, which counts as the first death; then each time while it boots.
    let kills = [700.0, 702.0, 714.0, 736.0];
    let faults: serde_json::Map<String, Value> = kills
        .iter()
        .map(|at_s| (format!("f{at_s}"), fault(*at_s, json!({"kind": "kill"}))))
        .collect();
    let story = run(900.0, nodes(json!({"restart": {}})), faults.into());
    let boots = story.moments(|o| matches!(o, Observation::ServerBooting { .. }));
    assert_eq!(boots, [700_000.0, 712_000.0, 734_000.0, 776_000.0]);
}
