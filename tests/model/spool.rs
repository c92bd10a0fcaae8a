//! Spools and the recovery batch.

use crate::records::{fates, sender, store};
use crate::story::{Story, clockwork, cpu, run, run_switched, with};
use brownout::observation::{Observation, Outcome};
use brownout::run::Run;
use brownout::simulation::Simulation;
use serde_json::{Value, json};

/// One request each 10 ms, ten of them, to a database that is down from 15 ms to 55 ms.
fn outage(spool: Value) -> (Value, Value) {
    let nodes = json!({
        "users": clockwork(100.0, 10, json!({"to": "api"})),
        "api": sender(json!({"to": "db"}), json!({"spool": spool, "boot_s": 0.0})),
        "db": with(store(1.0, json!({})), json!({"boot_s": 0.0})),
    });
    let crash = json!({"crash": {
        "at_s": 0.015, "for_s": 0.04, "target": "db", "effect": {"kind": "crash"},
    }});
    (nodes, crash)
}

fn batches(story: &Story) -> Vec<(u32, u32)> {
    story.told(|observation| match observation {
        Observation::RecoveryBatchEnded { replayed, failed, .. } => Some((*replayed, *failed)),
        _ => None,
    })
}

#[test]
fn what_fails_is_kept_and_sent_by_the_next_batch() {
    let (nodes, crash) = outage(json!({"recovery": {"every_s": 0.1}}));
    let story = run(1.0, nodes, crash);
    let degraded = story.outcomes().iter().filter(|o| **o == Outcome::Degraded).count();
    assert_eq!(degraded, 4);
    assert_eq!(fates(&story), [10, 10, 0, 0, 0]);
    assert_eq!(batches(&story), [(4, 0)]);
    assert_eq!(story.moments(|o| matches!(o, Observation::SpoolBegan { .. })), [20.0]);
    let drained = story.moments(|o| matches!(o, Observation::SpoolDrained { replayed: 4, .. }));
    assert_eq!(drained, [101.0]);
}

#[test]
fn without_a_batch_nothing_is_lost_and_nothing_arrives() {
    let (nodes, crash) = outage(json!({}));
    let story = run(1.0, nodes, crash);
    assert_eq!(fates(&story), [10, 6, 0, 0, 0]);
}

#[test]
fn a_full_spool_or_disk_loses_what_comes() {
    let (nodes, crash) = outage(json!({"max_records": 3, "recovery": {"every_s": 0.1}}));
    assert_eq!(fates(&run(1.0, nodes, crash)), [10, 9, 1, 0, 0]);
    let (mut nodes, crash) = outage(json!({"recovery": {"every_s": 0.1}}));
    nodes["api"]["disk"] = json!({"capacity_bytes": 2_500, "used_bytes": 400});
    let story = run(1.0, nodes, crash);
    assert_eq!(fates(&story), [10, 8, 2, 0, 0]);
    let used = story.told(|observation| match observation {
        Observation::DiskUsed { bytes, .. } => Some(*bytes),
        _ => None,
    });
    assert_eq!(used, [1_400, 2_400, 1_400, 400]);
    assert_eq!(story.count(|o| matches!(o, Observation::DiskFull { .. })), 1);
}

#[test]
fn a_batch_sends_so_many_at_once_and_tries_again_what_fails() {
    let (nodes, mut crash) =
        outage(json!({"recovery": {"every_s": 0.1, "batch": 6, "parallel": 2}}));
    crash["crash"]["for_s"] = json!(0.25);
    let story = run(1.0, nodes, crash);
    // Eight records: the first two batches find the database down, the third sends six.
    assert_eq!(batches(&story), [(0, 6), (0, 6), (6, 0), (2, 0)]);
    assert_eq!(story.moments(|o| matches!(o, Observation::RecoveryFails { .. })), [100.0]);
    let sent = story.moments(|o| matches!(o, Observation::RecordReplayed { .. }));
    assert_eq!(sent, [301.0, 301.0, 302.0, 302.0, 303.0, 303.0, 401.0, 401.0]);
    assert_eq!(fates(&story), [10, 10, 0, 0, 0]);
}

#[test]
fn a_crash_of_the_service_keeps_the_spool_and_cuts_off_the_batch() {
    let (mut nodes, mut faults) = outage(json!({"recovery": {"every_s": 0.1}}));
    nodes["db"]["queries"]["insert"]["cost"]["ms"] = json!(20.0);
    nodes["api"]["calls"]["save"]["cancel"] = json!("running");
    faults["api"] = json!({
        "at_s": 0.11, "for_s": 0.1, "target": "api", "effect": {"kind": "crash"},
    });
    let story = run(1.0, nodes, faults);
    assert_eq!(batches(&story).last(), Some(&(6, 0)));
    let [born, stored, lost, twice, _] = fates(&story);
    assert_eq!((born, stored + lost, twice), (10, 10, 0));
}

#[test]
fn a_replay_stores_again_what_was_stored_after_the_timeout() {
    let nodes = |unique: bool| {
        json!({
            "users": clockwork(10.0, 1, json!({"to": "api"})),
            "api": sender(
                json!({"to": "db", "timeout_ms": 5.0}),
                json!({"spool": {"recovery": {"every_s": 0.5}}}),
            ),
            "db": store(4.0, json!({"unique": unique})),
        })
    };
    let slow = json!({"slow": {
        "at_s": 0.0, "for_s": 0.2, "target": "db", "effect": {"kind": "slow", "factor": 10.0},
    }});
    assert_eq!(fates(&run(1.0, nodes(false), slow.clone())), [1, 1, 0, 1, 0]);
    assert_eq!(fates(&run(1.0, nodes(true), slow)), [1, 1, 0, 0, 1]);
}

#[test]
fn a_batch_waits_while_its_server_stands_still() {
    let (nodes, mut faults) = outage(json!({"recovery": {"every_s": 0.1}}));
    faults["still"] = json!({
        "at_s": 0.095, "for_s": 0.1, "target": "api", "effect": {"kind": "freeze"},
    });
    let story = run(1.0, nodes, faults);
    let sent = story.moments(|o| matches!(o, Observation::RecordReplayed { .. }));
    assert_eq!(sent, [201.0; 4]);
}

#[test]
fn a_batch_that_is_switched_on_later_finds_what_was_kept() {
    let (nodes, faults) = outage(json!({}));
    let on = json!({"nodes": {"api": {"spool": {"recovery": {"every_s": 0.1}}}}});
    let off = json!({"nodes": {"api": {"spool": null}}});
    let document = json!({"nodes": nodes, "faults": faults});
    let story = run_switched(1.0, document.clone(), &[(0.25, on.clone())]);
    assert_eq!(story.moments(|o| matches!(o, Observation::RecordReplayed { .. })), [301.0; 4]);
    let story = run_switched(1.0, document, &[(0.06, on), (0.07, off)]);
    assert_eq!(batches(&story), []);
    assert_eq!(fates(&story), [10, 6, 0, 0, 0]);
}

#[test]
fn the_steps_after_a_kept_call_go_on() {
    let (mut nodes, faults) = outage(json!({}));
    nodes["api"]["endpoints"]["work"]["steps"] = json!([{"do": "spool", "call": "save"}, cpu(2.0)]);
    let story = run(1.0, nodes, faults);
    assert_eq!(story.requests()[2], (Outcome::Degraded, 2.0));
}

#[test]
fn what_a_machine_has_kept_is_gone_with_it() {
    let reclaim = json!({"f": {
        "at_s": 0.06, "target": "api", "effect": {"kind": "reclaim", "notice_s": 0.0},
    }});
    let (mut nodes, mut faults) = outage(json!({"recovery": {"every_s": 0.1}}));
    nodes["api"]["restart"] = json!({});
    faults["f"] = reclaim["f"].clone();
    nodes["api"]["disk"] = json!({"capacity_bytes": 100_000});
    let story = run(1.0, nodes.clone(), faults);
    // Four were kept, and the one on its way dies with the process; three come to the new machine.
    assert_eq!(fates(&story)[2], 4);
    let used = story.told(|observation| match observation {
        Observation::DiskUsed { bytes, .. } => Some(*bytes),
        _ => None,
    });
    assert_eq!(used.last(), Some(&0));
    // It is the same when there are to be fewer servers.
    let (_, faults) = outage(json!({}));
    nodes["api"]["servers"] = json!(2);
    let document = json!({"nodes": nodes, "faults": faults});
    let fewer = json!({"nodes": {"api": {"servers": 1}}});
    let story = run_switched(1.0, document, &[(0.06, fewer)]);
    let [born, stored, lost, ..] = fates(&story);
    assert_eq!((born, stored + lost, lost), (10, 10, 2));
}

#[test]
fn the_books_balance_when_a_machine_goes_with_its_spool() {
    let (mut nodes, mut faults) = outage(json!({"recovery": {"every_s": 0.1}}));
    nodes["api"]["restart"] = json!({});
    faults["gone"] = json!({
        "at_s": 0.06, "target": "api", "effect": {"kind": "reclaim", "notice_s": 0.0},
    });
    let document = json!({
        "v": 1, "name": {"en": "gone"}, "duration_s": 1.0, "nodes": nodes, "faults": faults,
    });
    let mut simulation = Simulation::new(Run::new(document, 1, Vec::new()).expect("a valid run"));
    simulation.run_to_end();
    assert_eq!(simulation.metrics().check_invariants().len(), 0);
    let told = simulation.report().timeline.into_iter().find(|entry| entry.kind == "spool_lost");
    assert_eq!(
        told.map(|entry| entry.en),
        Some("api#0: spool gone with the machine, 4 records".into())
    );
}
