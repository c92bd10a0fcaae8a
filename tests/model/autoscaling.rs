//! Autoscalers, their governors, and servers that leave.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{Observation, Outcome};
use serde_json::{Value, json};

/// Clients whose requests keep so many cores busy: 10 ms each, like clockwork.
fn load(cores: f64, seconds: f64) -> Value {
    clockwork(cores * 100.0, (cores * 100.0 * seconds) as u32, json!({"to": "q"}))
}

/// Servers with eight cores, of which one counts as a use of 1.
fn scaled(servers: u32, autoscaler: Value) -> Value {
    let rules = with(json!({"cpu_request": 1.0}), autoscaler);
    with(
        service(1_000, json!([cpu(10.0)])),
        json!({"servers": servers, "cores": 8, "boot_s": 0.0, "autoscaler": rules}),
    )
}

/// When an autoscaler acted, in seconds, from how many servers to how many.
fn actions(story: &Story) -> Vec<(f64, u32, u32)> {
    let moments = story.moments(|o| matches!(o, Observation::Scaled { .. }));
    let numbers = story.told(|o| match o {
        Observation::Scaled { from, to, .. } => Some((*from, *to)),
        _ => None,
    });
    moments.into_iter().zip(numbers).map(|(at, (from, to))| (at / 1e3, from, to)).collect()
}

fn servers(story: &Story) -> u32 {
    story.world.plan().stations[0].servers
}

#[test]
fn the_number_of_servers_follows_the_use_of_cores() {
    // Validation case E07, whose load is seen by the look that comes 15 s after its change.
    let nodes = json!({
        "users": with(clockwork(95.0, 1, json!({"to": "q"})), json!({"arrivals": {
            "kind": "open", "rate_rps": 95.0, "process": "constant",
            "profile": {"shape": "step", "at_s": 45.0, "factor": 590.0 / 95.0}, "stop_s": 585.0,
        }})),
        "few": with(clockwork(95.0, 60_000, json!({"to": "q"})), json!({"arrivals": {
            "kind": "open", "rate_rps": 95.0, "process": "constant", "start_s": 585.0,
        }})),
        "q": scaled(2, json!({"min_replicas": 2, "max_replicas": 20, "target_cpu_ratio": 0.5})),
    });
    let story = run(1_000.0, nodes, json!({}));
    assert_eq!(actions(&story), [(60.0, 2, 6), (75.0, 6, 12), (885.0, 12, 2)]);
    let failed = story.outcomes().iter().filter(|outcome| **outcome != Outcome::Ok).count();
    assert!(failed <= 1, "at most the one that was under way when ten servers went");
}

#[test]
fn servers_that_boot_do_not_make_it_ask_for_more() {
    let nodes = |boot_s: f64| {
        json!({
            "users": load(3.6, 200.0),
            "q": with(
                scaled(4, json!({"max_replicas": 20, "target_cpu_ratio": 0.5})),
                json!({"boot_s": boot_s}),
            ),
        })
    };
    let expected = [(15.0, 4, 8)];
    assert_eq!(actions(&run(200.0, nodes(0.0), json!({}))), expected);
    assert_eq!(actions(&run(200.0, nodes(60.0), json!({}))), expected);
}

#[test]
fn who_leaves_finishes_what_it_has_while_it_may() {
    let nodes = |drain_s: f64| {
        let schedule = json!({"dawn": {"from_s": 20.0, "for_s": 40.0, "max_replicas": 1}});
        let rules = json!({"min_replicas": 4, "schedule": schedule, "cpu_request": 8.0});
        let q = scaled(4, rules);
        json!({
            // One every second, which takes 5 s: each server has one or two.
            "users": clockwork(1.0, 100, json!({"to": "q"})),
            "q": with(q, json!({
                "drain_s": drain_s,
                "endpoints": {"work": {"steps": [cpu(5_000.0)]}},
            })),
        })
    };
    let story = run(120.0, nodes(0.0), json!({}));
    assert_eq!(actions(&story), [(30.0, 4, 1), (60.0, 1, 4)]);
    let failed = |story: &Story| story.outcomes().iter().filter(|o| **o == Outcome::Failed).count();
    assert_eq!(failed(&story), 4, "four of five were under way on the servers that went");
    let story = run(120.0, nodes(10.0), json!({}));
    assert_eq!(actions(&story), [(30.0, 4, 1), (60.0, 1, 4)]);
    assert_eq!(failed(&story), 0);
    let gone = story.moments(|o| matches!(o, Observation::ServerDown { .. }));
    assert_eq!(gone, [40_000.0; 3]);
}

#[test]
fn who_is_needed_again_while_it_leaves_stays() {
    let schedule = json!({"dawn": {"from_s": 20.0, "for_s": 20.0, "max_replicas": 1}});
    let nodes = json!({
        "users": clockwork(1.0, 100, json!({"to": "lb"})),
        "lb": {"kind": "balancer", "to": "q"},
        "q": with(
            scaled(3, json!({"min_replicas": 3, "schedule": schedule})),
            json!({"drain_s": 60.0}),
        ),
    });
    let story = run(120.0, nodes, json!({}));
    assert_eq!(actions(&story), [(30.0, 3, 1), (45.0, 1, 3)]);
    assert_eq!(story.count(|o| matches!(o, Observation::ServerDown { .. })), 0);
    let out = story.moments(|o| matches!(o, Observation::OutOfRotation { .. }));
    let back = story.moments(|o| matches!(o, Observation::BackInRotation { .. }));
    assert_eq!((out, back), (vec![30_000.0; 2], vec![45_000.0; 2]));
    let at = |from: f64, to: f64| {
        let all = story.world.observer.0.iter();
        let served = all.filter_map(|(at, o)| match o {
            Observation::WorkArrived { server, .. } if at.seconds() > from && at.seconds() < to => {
                Some(*server)
            }
            _ => None,
        });
        served.max()
    };
    assert_eq!([at(20.0, 29.5), at(30.5, 44.5), at(50.0, 60.0)], [Some(2), Some(0), Some(2)]);
}

#[test]
fn the_present_number_survives_what_does_not_concern_it() {
    let nodes = json!({
        "users": load(3.0, 100.0),
        "q": scaled(2, json!({"max_replicas": 20, "target_cpu_ratio": 0.5})),
    });
    let until = |patches: &[(f64, Value)]| {
        let scenario = json!({"nodes": nodes, "faults": {}});
        servers(&run_switched(60.0, scenario, patches))
    };
    let at = |at_s: f64, q: Value| (at_s, json!({"nodes": {"q": q}}));
    assert_eq!(until(&[]), 6);
    assert_eq!(until(&[at(20.0, json!({"boot_s": 5.0}))]), 6);
    // Switched off, it leaves what it has found; a new number counts, the old one once more does not.
    let off = json!({"autoscaler": {"enabled": false}});
    assert_eq!(until(&[at(20.0, off.clone())]), 6);
    assert_eq!(until(&[at(20.0, json!({"autoscaler": null}))]), 6);
    assert_eq!(until(&[at(20.0, off.clone()), at(30.0, json!({"servers": 3}))]), 3);
    assert_eq!(until(&[at(20.0, off.clone()), at(30.0, json!({"servers": 2}))]), 6);
    // Switched on late, it looks one period later.
    assert_eq!(until(&[at(10.0, off), at(50.0, json!({"autoscaler": {"enabled": true}}))]), 2);
}

/// A fleet of ten half busy servers whose autoscaler acts at once.
fn fleet() -> Value {
    let rules = json!({
        "min_replicas": 1, "max_replicas": 20, "target_cpu_ratio": 0.5,
        "scale_down": {"stabilization_window_s": 0.0},
    });
    json!({"users": load(5.0, 300.0), "q": scaled(10, rules)})
}

#[test]
fn wrong_figures_make_it_do_wrong_things() {
    let misread = json!({"f": {
        "at_s": 20.0, "for_s": 20.0, "target": "q", "effect": {"kind": "misread", "factor": 0.2},
    }});
    let story = run(60.0, fleet(), misread);
    assert_eq!(actions(&story), [(30.0, 10, 2), (45.0, 2, 6), (60.0, 6, 10)]);
}

#[test]
fn old_figures_keep_it_from_doing_anything() {
    let nodes = with(
        fleet(),
        json!({"more": with(load(5.0, 100.0), json!({"arrivals": {
            "kind": "open", "rate_rps": 500.0, "process": "constant", "start_s": 30.0,
        }}))}),
    );
    let stale = json!({"f": {
        "at_s": 20.0, "for_s": 60.0, "target": "q", "effect": {"kind": "stale"},
    }});
    assert_eq!(actions(&run(100.0, nodes.clone(), json!({}))), [(45.0, 10, 20)]);
    assert_eq!(actions(&run(100.0, nodes, stale)), [(90.0, 10, 20)]);
}

#[test]
fn a_governor_takes_its_time_and_tells_somebody() {
    let misread = json!({"f": {
        "at_s": 20.0, "target": "q", "effect": {"kind": "misread", "factor": 0.1},
    }});
    let mut nodes = fleet();
    nodes["q"]["governor"] =
        json!({"max_actions_per_window": 2, "window_s": 100.0, "max_step_ratio": 0.2});
    let story = run(200.0, nodes, misread);
    assert_eq!(
        actions(&story),
        [(30.0, 10, 8), (45.0, 8, 7), (135.0, 7, 6), (150.0, 6, 5)],
        "two actions in 100 s, a fifth of the fleet each"
    );
    let alarms = story.moments(|o| matches!(o, Observation::GovernorAlarm { .. }));
    assert_eq!(alarms, [30_000.0], "once, at the first step that was cut");
}

#[test]
fn a_new_pace_of_looks_counts_from_now_on() {
    let slow = json!({"max_replicas": 20, "target_cpu_ratio": 0.5, "sync_period_s": 3_600.0});
    let nodes = json!({"users": load(3.6, 60.0), "q": scaled(4, slow)});
    let quick = json!({"nodes": {"q": {"autoscaler": {"sync_period_s": 5.0}}}});
    let story = run_switched(60.0, json!({"nodes": nodes}), &[(10.0, quick)]);
    assert_eq!(actions(&story), [(15.0, 4, 8)]);
}
