//! Balancers: who gets the next request, and who is taken out of rotation.

use crate::story::{Story, clockwork, cpu, run, service, with};
use brownout::observation::{Observation, Outcome};
use serde_json::{Value, json};

fn out(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::OutOfRotation { .. }))
}

fn back(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::BackInRotation { .. }))
}

/// How many requests each server got.
fn shares(story: &Story, servers: u32) -> Vec<usize> {
    let got = |server: u32| {
        story.count(|o| matches!(o, Observation::WorkArrived { server: s, .. } if *s == server))
    };
    (0..servers).map(got).collect()
}

/// So many servers of which the first ones answer every request with an error.
fn failing(servers: u32, bad: u32, seconds: f64, balancer: Value) -> Story {
    let nodes = json!({
        "users": clockwork(1_000.0, (seconds * 1e3) as u32, json!({"to": "lb"})),
        "lb": with(json!({"kind": "balancer", "to": "q"}), balancer),
        "q": with(service(100, json!([cpu(1.0)])), json!({"servers": servers})),
    });
    let fault = |server: u32| {
        let effect = json!({"kind": "errors", "ratio": 1.0});
        (
            format!("bad-{server}"),
            json!({"at_s": 0.0, "target": format!("q#{server}"), "effect": effect}),
        )
    };
    run(seconds, nodes, (0..bad).map(fault).collect())
}

#[test]
fn envoy_ejects_a_failing_server_and_takes_it_back_on_a_sweep() {
    let story = failing(10, 2, 45.0, json!({"outlier_detection": {}}));
    // In turn, each server gets every tenth of 1 000 requests a second. The arrival at the very start
    // comes before the faults of the same instant, so it is the second server that fails first.
    assert_eq!(out(&story)[0], 41.0);
    assert_eq!(back(&story), [40_000.0]);
    // Two of ten were more than 10 %.
    let refused = |o: &Observation| matches!(o, Observation::EjectionRefused { server: 0, .. });
    assert_eq!(story.moments(refused)[0], 50.0);
    // The sweep that brings it back finds the success rate of the other one too low.
    assert_eq!(out(&story)[1..], [40_000.0]);
    let ejected = |o: &Observation| matches!(o, Observation::Ejected { .. });
    assert_eq!(story.moments(ejected), [41.0, 40_000.0]);
    let levels = |o: &Observation| matches!(o, Observation::EjectionsChanged { .. });
    assert_eq!(story.moments(levels), [41.0], "one is ejected all the time");
    let nine = failing(9, 1, 5.0, json!({"outlier_detection": {}}));
    assert_eq!(out(&nine), [0.0; 0]);
}

#[test]
fn a_balancer_that_merges_updates_notices_the_first_ejection_only() {
    let rules = json!({"max_ejection_percent": 100, "consecutive_5xx": 1});
    let story = failing(4, 3, 3.0, json!({"outlier_detection": rules}));
    assert_eq!(out(&story), [1.0, 1_001.0, 1_001.0]);
    let at_once = with(rules, json!({"update_merge_window_ms": 0.0}));
    let story = failing(4, 3, 3.0, json!({"outlier_detection": at_once}));
    assert_eq!(out(&story), [1.0, 2.0, 4.0]);
}

#[test]
fn below_the_panic_threshold_everybody_gets_requests_again() {
    let rules = json!({
        "max_ejection_percent": 100, "consecutive_5xx": 1, "update_merge_window_ms": 0.0,
    });
    let outlier =
        |threshold: f64| json!({"outlier_detection": rules, "panic_threshold_percent": threshold});
    for (bad, threshold, routed_to) in [(5, 50.0, 5), (6, 50.0, 10), (6, 0.0, 4)] {
        let story = failing(10, bad, 9.0, outlier(threshold));
        let busy = shares(&story, 10).into_iter().filter(|count| *count > 500).count();
        assert_eq!(busy, routed_to, "{bad} bad servers, threshold {threshold}");
        if threshold > 0.0 && bad == 6 {
            let failed = story.outcomes().iter().filter(|o| **o == Outcome::Failed).count();
            assert!((5_350..=5_450).contains(&failed), "{failed}: 60 % of 9 000");
        }
    }
}

/// One of two servers is down in [3, 11) s; the balancer's health check as given.
fn checked(seconds: f64, check: Value) -> Story {
    let nodes = json!({
        "users": clockwork(10.0, (seconds * 10.0) as u32, json!({"to": "lb"})),
        "lb": {"kind": "balancer", "to": "q", "health_check": check},
        "q": with(service(100, json!([cpu(1.0)])), json!({"servers": 2, "boot_s": 0.0})),
    });
    let crash = json!({"at_s": 3.0, "for_s": 8.0, "target": "q#1", "effect": {"kind": "crash"}});
    run(seconds, nodes, json!({"crash": crash}))
}

#[test]
fn the_first_check_may_come_later_and_haproxy_changes_its_pace() {
    let rules = json!({"interval_ms": 2_000.0, "fastinter_ms": 500.0, "downinter_ms": 4_000.0});
    let story = checked(25.0, json!({"initial_delay_ms": 1_000.0, "rules": rules}));
    // Checks at 1 and, just before the crash, at 3; failed at 5, 5.5 and 6; down at 10, and good at 14
    // and 14.5.
    assert_eq!((out(&story), back(&story)), (vec![6_000.0], vec![14_500.0]));
}

#[test]
fn a_kubernetes_pod_gets_requests_when_its_probe_has_passed() {
    let rules = json!({"like": "kubernetes-1.3x", "interval_ms": 2_000.0});
    let story = checked(25.0, json!({"initial_delay_ms": 1_500.0, "rules": rules}));
    // Not ready until the first probe at 1.5 s. Probes at 3.5, 5.5 and 7.5 fail; the new container
    // starts at 11 s, and the probe at 11.5 s comes before its delay is over.
    assert_eq!(out(&story), [0.0, 0.0, 7_500.0]);
    assert_eq!(back(&story), [1_500.0, 1_500.0, 13_500.0]);
}

#[test]
fn aws_and_envoy_judge_the_same_crash_by_their_own_counts() {
    let aws = json!({"rules": {"like": "aws-alb", "interval_ms": 1_000.0}});
    let story = checked(25.0, aws);
    // Two failed checks, and five that pass after the one at the instant of the start.
    assert_eq!((out(&story), back(&story)), (vec![5_000.0], vec![16_000.0]));
    let envoy = json!({"rules": {
        "like": "envoy-1.40", "interval_ms": 1_000.0, "timeout_ms": 500.0, "fall": 2, "rise": 3,
    }});
    let story = checked(25.0, envoy);
    assert_eq!(out(&story), [0.0, 0.0, 5_000.0]);
    assert_eq!(back(&story), [0.0, 0.0, 14_000.0], "the first success counts at once");
}

/// Validation case A07: a heartbeat of 1 s, three misses, 5 s to promote, 2 s to reconnect.
#[test]
fn a_failover_takes_detection_promotion_and_reconnection() {
    const CRASHES: u32 = 40;
    // Crashes of the server in charge, evenly spread over the phases of the heartbeat.
    let crash = |number: u32| {
        let at_s = f64::from(number) * 60.0 + 20.0 + (f64::from(number) + 0.5) / f64::from(CRASHES);
        let target = format!("db#{}", number % 2);
        let effect = json!({"kind": "crash"});
        (
            format!("crash-{number}"),
            json!({"at_s": at_s, "for_s": 20.0, "target": target, "effect": effect}),
        )
    };
    let seconds = f64::from(CRASHES) * 60.0;
    let nodes = json!({
        "users": clockwork(200.0, (seconds * 200.0) as u32, json!({"to": "vip"})),
        "vip": {
            "kind": "balancer", "to": "db", "algorithm": "failover",
            "failover": {"promotion_ms": 5_000.0, "reconnect_ms": 2_000.0},
            "health_check": {"rules": {"interval_ms": 1_000.0, "fall": 3, "rise": 2}},
        },
        "db": with(service(100, json!([cpu(0.001)])), json!({"servers": 2, "boot_s": 0.0})),
    });
    let story = run(seconds, nodes, (0..CRASHES).map(crash).collect());
    let failed =
        story.moments(|o| matches!(o, Observation::RequestEnded { outcome: Outcome::Failed, .. }));
    let lost = failed.len() as f64 / f64::from(CRASHES);
    // On average 9.5 s at 200 a second; each crash comes half-way between two arrivals.
    assert_eq!(lost, 1_900.0 - 0.5);
    let mut spells: Vec<(f64, f64)> = Vec::new();
    for at in failed {
        match spells.last_mut() {
            Some((_, end)) if at - *end < 10.0 => *end = at,
            _ => spells.push((at, at)),
        }
    }
    assert_eq!(spells.len(), CRASHES as usize);
    let lengths: Vec<f64> = spells.iter().map(|(start, end)| end - start + 7.5).collect();
    assert!(lengths.iter().all(|length| (9_000.0..=10_000.0).contains(length)), "{lengths:?}");
    let mean = lengths.iter().sum::<f64>() / f64::from(CRASHES);
    assert!((mean - 9_500.0).abs() < 1e-6, "{mean}");
    assert_eq!(story.count(|o| matches!(o, Observation::TakesOver { .. })), CRASHES as usize);
}

#[test]
fn without_a_failover_rule_the_first_that_is_well_takes_everything() {
    let nodes = json!({
        "users": clockwork(10.0, 200, json!({"to": "lb"})),
        "lb": {
            "kind": "balancer", "to": "q", "algorithm": "failover",
            "health_check": {"rules": {"interval_ms": 1_000.0, "fall": 1, "rise": 1}},
        },
        "q": with(service(100, json!([cpu(1.0)])), json!({"servers": 3, "boot_s": 0.0})),
    });
    let crash = json!({"at_s": 4.5, "for_s": 5.0, "target": "q#0", "effect": {"kind": "crash"}});
    let story = run(20.0, nodes, json!({"crash": crash}));
    let takes_over = |o: &Observation| matches!(o, Observation::TakesOver { .. });
    assert_eq!(story.moments(takes_over), [5_000.0, 10_000.0]);
    // The arrivals of the very instant of a check come before it.
    assert_eq!(shares(&story, 3), [145, 50, 0]);
}

/// Two servers of which the first takes ten times as long, behind a balancer of that algorithm.
fn lame(algorithm: &str, call: Value) -> Story {
    let nodes = json!({
        "users": clockwork(100.0, 3_000, with(json!({"to": "lb"}), call)),
        "lb": {"kind": "balancer", "to": "q", "algorithm": algorithm},
        "q": with(service(1, json!([cpu(8.0)])), json!({"servers": 2})),
    });
    let slow = json!({"kind": "slow", "factor": 10.0});
    run(60.0, nodes, json!({"slow": {"at_s": 0.0, "target": "q#0", "effect": slow}}))
}

#[test]
fn the_fastest_response_wins_and_the_slow_one_is_tried_again() {
    let story = lame("fastest_response", json!({}));
    let got = shares(&story, 2);
    // 80 ms against 8 ms and a queue: only now and then, when the average is forgotten.
    assert!(got[0] >= 2 && got[0] <= 60, "{got:?}");
}

#[test]
fn the_adaptive_balancer_knows_of_work_that_nobody_waits_for() {
    // Whoever takes 80 ms is given up after 20 ms: to the balancer its connection is free again.
    let impatient = json!({"timeout_ms": 20.0});
    let by_connections = shares(&lame("least_connections", impatient.clone()), 2);
    let by_reports = shares(&lame("adaptive", impatient), 2);
    assert!(by_connections[0] > 2 * by_reports[0], "{by_connections:?} {by_reports:?}");
}

#[test]
fn a_server_that_is_down_reports_nothing() {
    let nodes = json!({
        "users": clockwork(100.0, 100, json!({"to": "lb"})),
        "lb": {"kind": "balancer", "to": "q", "algorithm": "adaptive"},
        "q": with(service(1, json!([cpu(1.0)])), json!({"servers": 2})),
    });
    let crash = json!({"at_s": 0.005, "target": "q#0", "effect": {"kind": "crash"}});
    let story = run(10.0, nodes, json!({"crash": crash}));
    assert_eq!(shares(&story, 2), [1, 99]);
    assert!(story.outcomes().iter().all(|outcome| *outcome == Outcome::Ok));
}
