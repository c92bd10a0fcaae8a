//! Releases: how another one comes to the servers, and back.

use crate::story::{Story, clockwork, cpu, run_switched, service, with};
use brownout::observation::{Observation, Outcome};
use serde_json::{Value, json};

/// Four servers of release "one", and another release "two" with those faults.
fn nodes(two: Value, rollout: Value) -> Value {
    let q = with(
        service(10, json!([cpu(10.0)])),
        json!({
            "servers": 4, "boot_s": 5.0,
            "releases": {"one": {}, "two": two}, "release": "one", "rollout": rollout,
        }),
    );
    json!({
        "users": clockwork(40.0, 100_000, json!({"to": "lb"})),
        "lb": {
            "kind": "balancer", "to": "q",
            "health_check": {"rules": {"interval_ms": 1000.0, "fall": 1, "rise": 1}},
        },
        "q": q,
    })
}

fn deployed(two: Value, rollout: Value, more: &[(f64, Value)]) -> Story {
    let deploy = (10.0, json!({"nodes": {"q": {"release": "two"}}}));
    let patches: Vec<(f64, Value)> = [deploy].into_iter().chain(more.iter().cloned()).collect();
    run_switched(100.0, json!({"nodes": nodes(two, rollout), "faults": {}}), &patches)
}

fn downs(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::ServerDown { .. }))
}

fn failed_after(story: &Story, from_s: f64) -> usize {
    let failed =
        |o: &Observation| matches!(o, Observation::RequestEnded { outcome: Outcome::Failed, .. });
    story.moments(failed).into_iter().filter(|at| *at > from_s * 1e3).count()
}

#[test]
fn without_a_rollout_all_servers_boot_at_once() {
    let story = deployed(json!({}), Value::Null, &[]);
    assert_eq!(downs(&story), [10_000.0; 4]);
    let ups = story.moments(|o| matches!(o, Observation::ServerUp { .. }));
    assert_eq!(ups, [15_000.0; 4]);
    assert_eq!(failed_after(&story, 17.0), 0);
}

#[test]
fn a_rolling_release_takes_them_a_few_at_a_time() {
    let story = deployed(json!({}), json!({"max_unavailable": 2}), &[]);
    assert_eq!(downs(&story), [10_000.0, 10_000.0, 15_000.0, 15_000.0]);
    let story = deployed(json!({}), json!({}), &[]);
    assert_eq!(downs(&story), [10_000.0, 15_000.0, 20_000.0, 25_000.0]);
}

#[test]
fn a_bad_release_fails_and_takes_longer() {
    let bad = json!({"error_ratio": 0.5, "slow_factor": 3.0});
    let story = deployed(bad, Value::Null, &[]);
    let all = 40 * 80;
    let failed = failed_after(&story, 20.0);
    assert!((all * 45 / 100..all * 55 / 100).contains(&failed), "{failed} of {all}");
    let slow =
        story.requests().into_iter().filter(|(outcome, ms)| *outcome == Outcome::Ok && *ms == 30.0);
    assert!(slow.count() > all / 3);
}

#[test]
fn a_canary_that_fails_is_taken_back() {
    let canary = json!({"canary": {"servers": 1, "observe_s": 20.0, "max_error_ratio": 0.1}});
    let story = deployed(json!({"error_ratio": 0.5}), canary.clone(), &[]);
    // Down at 10 s, up at 15 s, watched until 35 s.
    assert_eq!(downs(&story), [10_000.0, 35_000.0]);
    let back = story.moments(|o| matches!(o, Observation::RolledBack { .. }));
    assert_eq!(back, [35_000.0]);
    // A quarter of half of the requests failed meanwhile, and none after.
    assert!((60..140).contains(&failed_after(&story, 17.0)));
    assert_eq!(failed_after(&story, 37.0), 0);

    let story = deployed(json!({"error_ratio": 0.05}), canary, &[]);
    assert_eq!(downs(&story), [10_000.0, 35_000.0, 40_000.0, 45_000.0]);
    assert_eq!(story.count(|o| matches!(o, Observation::RolledBack { .. })), 0);
}

#[test]
fn a_canary_that_is_not_taken_back_goes_no_further() {
    let rules = json!({
        "canary": {"servers": 2, "observe_s": 20.0, "max_error_ratio": 0.1}, "rollback": false,
    });
    let story = deployed(json!({"error_ratio": 0.5}), rules.clone(), &[]);
    assert_eq!(downs(&story), [10_000.0, 15_000.0]);
    // An operator takes it back.
    let back = (60.0, json!({"nodes": {"q": {"release": "one", "rollout": {"canary": null}}}}));
    let story = deployed(json!({"error_ratio": 0.5}), rules, &[back]);
    assert_eq!(downs(&story), [10_000.0, 15_000.0, 60_000.0, 65_000.0]);
    assert_eq!(failed_after(&story, 72.0), 0);
}

#[test]
fn servers_that_come_later_have_the_release_of_the_others() {
    let more = (60.0, json!({"nodes": {"q": {"servers": 5}}}));
    let story = deployed(json!({}), json!({}), &[more]);
    assert_eq!(downs(&story).len(), 4);
    let canary = json!({"canary": {"servers": 1, "observe_s": 1_000.0}});
    let more = (60.0, json!({"nodes": {"q": {"servers": 5}}}));
    let story = deployed(json!({"error_ratio": 1.0}), canary, &[more]);
    // One of five, not two.
    let (failed, all) = (failed_after(&story, 70.0), 30 * 40);
    assert!((all * 18 / 100..all * 22 / 100).contains(&failed), "{failed} of {all}");
}

#[test]
fn drained_servers_lose_nothing_to_a_release() {
    let story = run_switched(
        100.0,
        json!({"nodes": with(nodes(json!({}), json!({})), json!({})), "faults": {}}),
        &[(10.0, json!({"nodes": {"q": {"release": "two", "drain_s": 2.0}}}))],
    );
    assert_eq!(downs(&story), [12_000.0, 19_000.0, 26_000.0, 33_000.0]);
    // Only health checks tell the balancer that a server boots.
    assert!(failed_after(&story, 0.0) <= 4 * 10, "{}", failed_after(&story, 0.0));
}
