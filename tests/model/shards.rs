//! Shards: which of several calls a request makes; and servers that need others to boot.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{Observation, Outcome};
use brownout::wiring::EdgeIndex;
use serde_json::{Value, json};

fn keys(more: Value) -> Value {
    with(json!({"set": "users", "count": 1_000}), more)
}

/// A router before three shards.
fn nodes(step: Value) -> Value {
    let step =
        with(json!({"do": "shard", "calls": ["a", "b", "c"], "keys": keys(json!({}))}), step);
    let shard = || service(100, json!([cpu(1.0)]));
    json!({
        "users": clockwork(1_000.0, 3_000, json!({"to": "router"})),
        "router": with(
            service(100, json!([step])),
            json!({"calls": {"a": {"to": "a"}, "b": {"to": "b"}, "c": {"to": "c"}}}),
        ),
        "a": shard(), "b": shard(), "c": shard(),
    })
}

/// Attempts to each of the shards.
fn attempts(story: &Story) -> [usize; 3] {
    let to = |edge: u16| {
        story.count(|observation| {
            matches!(observation, Observation::AttemptSent { edge: e, .. } if *e == EdgeIndex(edge))
        })
    };
    [to(1), to(2), to(3)]
}

#[test]
fn every_request_asks_the_one_shard_of_its_key() {
    for by in ["hash", "consistent", "range"] {
        let counts = attempts(&run(4.0, nodes(json!({"by": by})), json!({})));
        assert_eq!(counts.iter().sum::<usize>(), 3_000);
        // Five standard deviations of a binomial count, and of a third of a thousand keys.
        assert!(counts.iter().all(|count| count.abs_diff(1_000) < 250), "{by}: {counts:?}");
    }
}

#[test]
fn with_ranges_popular_keys_make_a_hot_shard() {
    let popular = json!({"by": "range", "keys": keys(json!({"zipf_exponent": 1.0}))});
    let [first, second, third] = attempts(&run(4.0, nodes(popular), json!({})));
    // ln(333) ÷ ln(1000) of all requests are about the first third of the keys.
    assert!(first > 2_400 && second < 400 && third < 300, "{first} {second} {third}");
}

#[test]
fn a_hot_key_goes_to_one_shard_whatever_the_scheme() {
    let hot = json!({"keys": keys(json!({"hot_ratio": 1.0}))});
    let mut counts = attempts(&run(4.0, nodes(hot), json!({})));
    counts.sort_unstable();
    assert_eq!(counts, [0, 0, 3_000]);
}

#[test]
fn shards_come_into_use_while_the_run_goes_on() {
    let nodes = nodes(json!({"shards_in_use": 1}));
    let step = |in_use: u32| json!({"do": "shard", "calls": ["a", "b", "c"], "keys": keys(json!({})), "shards_in_use": in_use});
    let patch = json!({"nodes": {"router": {"endpoints": {"work": {"steps": [step(3)]}}}}});
    let [first, second, third] =
        attempts(&run_switched(4.0, json!({"nodes": nodes}), &[(1.5, patch)]));
    assert!(first.abs_diff(2_000) < 150, "{first}");
    assert!(second.abs_diff(500) < 150 && third.abs_diff(500) < 150, "{second} {third}");
}

#[test]
fn a_shard_that_is_down_costs_its_own_keys_and_no_others() {
    let crash = json!({"crash": {"at_s": 0.0, "target": "b", "effect": {"kind": "crash"}}});
    let story = run(4.0, nodes(json!({})), crash);
    let failed = story.outcomes().iter().filter(|outcome| **outcome == Outcome::Failed).count();
    assert_eq!(failed, attempts(&story)[1]);
    assert!(failed.abs_diff(1_000) < 250, "{failed}");
}

/// A router that needs its configuration to boot, and what happens to both.
fn router(faults: Value) -> Story {
    let nodes = json!({
        "users": clockwork(10.0, 100, json!({"to": "router"})),
        "router": with(
            service(10, json!([cpu(1.0)])),
            json!({"boot_s": 0.5, "boot_needs": ["config"]}),
        ),
        "config": {
            "kind": "database", "boot_s": 0.2,
            "queries": {"read": {"cost": {"dist": "constant", "ms": 1.0}}},
        },
    });
    run(10.0, nodes, faults)
}

fn crash(target: &str, at_s: f64, for_s: f64) -> Value {
    json!({"at_s": at_s, "for_s": for_s, "target": target, "effect": {"kind": "crash"}})
}

#[test]
fn a_router_that_runs_does_without_its_configuration() {
    let story = router(json!({"config": crash("config", 1.0, 5.0)}));
    assert!(story.outcomes().iter().all(|outcome| *outcome == Outcome::Ok));
}

#[test]
fn a_router_that_starts_again_waits_for_its_configuration() {
    let faults = json!({"config": crash("config", 1.0, 5.0), "router": crash("router", 2.0, 0.1)});
    let story = router(faults);
    let held = story.moments(|observation| matches!(observation, Observation::BootHeldUp { .. }));
    assert_eq!(held, [2_600.0]);
    // The configuration is up at 6.2 s; the router looks at 2.6 s, 3.6 s and so on.
    let up = story.moments(|observation| matches!(observation, Observation::ServerUp { .. }));
    assert_eq!(up, [6_200.0, 6_600.0]);
    let with_config = router(json!({"router": crash("router", 2.0, 0.1)}));
    let up = with_config.moments(|o| matches!(o, Observation::ServerUp { .. }));
    assert_eq!(up, [2_600.0]);
}

#[test]
fn what_nobody_can_reach_or_stands_still_is_no_help_to_who_boots() {
    for effect in ["unreachable", "freeze"] {
        let nodes = json!({
            "users": clockwork(1.0, 1, json!({"to": "router"})),
            "router": with(service(1, json!([cpu(1.0)])), json!({
                "boot_s": 1.0, "boot_needs": ["config"],
            })),
            "config": service(1, json!([cpu(1.0)])),
        });
        let faults = json!({
            "gone": {"at_s": 1.0, "for_s": 9.5, "target": "config", "effect": {"kind": effect}},
            "crash": {
                "at_s": 2.0, "for_s": 1.0, "target": "router", "effect": {"kind": "crash"},
            },
        });
        let story = run(20.0, nodes, faults);
        let ups = story.moments(|o| matches!(o, Observation::ServerUp { .. }));
        assert_eq!(ups, [11_000.0], "{effect}");
    }
}
