//! Row locks: who waits for whom, and what becomes of those who wait.

use crate::story::{Story, clockwork, run, run_switched, with};
use brownout::observation::{Cause, Observation, Outcome};
use serde_json::{Value, json};

/// A database whose only query locks one of `count` rows for 10 ms.
fn database(count: u64, more: Value) -> Value {
    let query = json!({
        "cost": {"dist": "constant", "ms": 10.0}, "locks": true,
        "keys": {"set": "tokens", "count": count},
    });
    with(json!({"kind": "database", "boot_s": 0.0, "queries": {"save": query}}), more)
}

/// Clients that send a query every millisecond.
fn tell(count: u32, call: Value, database: Value, faults: Value) -> Story {
    let call = with(json!({"to": "db"}), call);
    let nodes = json!({"users": clockwork(1_000.0, count, call), "db": database});
    run(1.0, nodes, faults)
}

fn waits(story: &Story) -> Vec<(f64, bool)> {
    story.told(|observation| match observation {
        Observation::LockWaitEnded { waited, granted, .. } => Some((waited.ms(), *granted)),
        _ => None,
    })
}

#[test]
fn whoever_wants_the_same_row_waits_in_turn_and_others_do_not() {
    let story = tell(4, json!({}), database(1, json!({})), json!({}));
    let took: Vec<f64> = story.requests().into_iter().map(|(_, took)| took).collect();
    assert_eq!(took, [10.0, 19.0, 28.0, 37.0]);
    assert_eq!(waits(&story), [(9.0, true), (18.0, true), (27.0, true)]);
    let story = tell(4, json!({}), database(1_000_000_000, json!({})), json!({}));
    assert!(story.requests().iter().all(|(_, took)| *took == 10.0));
    assert_eq!(waits(&story), []);
}

#[test]
fn who_waits_for_a_lock_keeps_its_session() {
    // Two sessions: the third query waits for a session although only one query works.
    let sessions = json!({"connections": 2});
    let story = tell(3, json!({}), database(1, sessions), json!({}));
    let queued = story.moments(|observation| matches!(observation, Observation::Queued { .. }));
    assert_eq!(queued, [2.0]);
    assert_eq!(waits(&story), [(9.0, true), (10.0, true)]);
}

#[test]
fn a_query_that_waits_too_long_fails() {
    let story = tell(3, json!({}), database(1, json!({"lock_timeout_ms": 12.0})), json!({}));
    let (ok, failed) = (Outcome::Ok, Outcome::Failed);
    assert_eq!(story.requests(), [(ok, 10.0), (failed, 12.0), (ok, 19.0)]);
    let story = tell(3, json!({}), database(1, json!({"lock_timeout_ms": 5.0})), json!({}));
    assert_eq!(story.requests(), [(failed, 5.0), (failed, 5.0), (ok, 10.0)]);
    assert_eq!(story.count(|o| matches!(o, Observation::LockTimedOut { .. })), 2);
}

#[test]
fn a_cancelled_query_leaves_the_line_and_gives_its_lock_to_the_next() {
    let call = json!({"timeout_ms": 5.0, "cancel": "running"});
    let story = tell(3, call, database(1, json!({})), json!({}));
    assert_eq!(story.outcomes(), [Outcome::TimedOut; 3]);
    // The second gets the lock at 5 ms, when the first is cancelled, and is cancelled a millisecond later.
    assert_eq!(waits(&story), [(4.0, true), (4.0, true)]);
    let story = tell(3, json!({"timeout_ms": 5.0}), database(1, json!({})), json!({}));
    // Uncancelled, they go on working for nobody.
    assert_eq!(waits(&story), [(9.0, true), (18.0, true)]);
}

#[test]
fn a_query_whose_deadline_has_passed_gives_the_lock_up_at_once() {
    let call = json!({"timeout_ms": 5.0, "propagate_deadline": true});
    let story = tell(2, call, database(1, json!({})), json!({}));
    assert_eq!(waits(&story), [(9.0, true)]);
    let ended = story.told(|observation| match observation {
        Observation::WorkEnded { outcome, took, .. } => Some((*outcome, took.ms())),
        _ => None,
    });
    // The first is too late, too, but only its end says so.
    let expired = Outcome::Rejected(Cause::Expired);
    assert_eq!(ended, [(expired, 10.0), (expired, 9.0)]);
}

#[test]
fn a_crash_ends_all_waits_and_frees_every_lock() {
    let crash = json!({"crash": {
        "at_s": 0.005, "for_s": 0.0015, "target": "db", "effect": {"kind": "crash"},
    }});
    let story = tell(9, json!({}), database(1, json!({})), crash);
    let (ok, failed) = (Outcome::Ok, Outcome::Failed);
    let outcomes = story.outcomes();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == failed).count(), 7);
    // Those that come after the boot find no lock.
    assert_eq!(story.requests()[7..], [(ok, 10.0), (ok, 19.0)]);
}

#[test]
fn a_standstill_holds_up_waits_and_timeouts() {
    let freeze = json!({"freeze": {
        "at_s": 0.003, "for_s": 0.1, "target": "db", "effect": {"kind": "freeze"},
    }});
    let story = tell(3, json!({}), database(1, json!({"lock_timeout_ms": 20.0})), freeze);
    let (ok, failed) = (Outcome::Ok, Outcome::Failed);
    // 3 ms done before the standstill, 7 ms after it; the others are too late when it is over.
    assert_eq!(story.requests(), [(failed, 102.0), (failed, 101.0), (ok, 110.0)]);
}

#[test]
fn a_switch_that_takes_locks_away_lets_those_wait_who_do() {
    let call = json!({"to": "db"});
    let nodes = json!({"users": clockwork(1_000.0, 4, call), "db": database(1, json!({}))});
    let patch = json!({"nodes": {"db": {"queries": {"save": {"locks": false}}}}});
    let story = run_switched(1.0, json!({"nodes": nodes}), &[(0.002_5, patch)]);
    let took: Vec<f64> = story.requests().into_iter().map(|(_, took)| took).collect();
    assert_eq!(took, [10.0, 10.0, 19.0, 28.0]);
}
