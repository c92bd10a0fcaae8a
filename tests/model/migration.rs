//! Moving a database: copy, change stream, cut-over.

use crate::story::{Story, clockwork, run, run_switched, with};
use brownout::observation::{Observation, Outcome};
use serde_json::{Value, json};

fn database(table: Value, more: Value) -> Value {
    let queries = json!({
        "find": {"cost": {"dist": "constant", "ms": 2.0}},
        "save": {"cost": {"dist": "constant", "ms": 1.0}, "writes": true},
        "add": {"cost": {"dist": "constant", "ms": 1.0}, "table": "t", "adds_rows": 1},
    });
    with(
        json!({"kind": "database", "boot_s": 0.0, "tables": {"t": table}, "queries": queries}),
        more,
    )
}

/// 1000 rows in batches of 400: 40 ms to read each, 80 ms to write it, 100 ms of pause.
fn moving(more: Value) -> Value {
    let migration = json!({
        "to": "new", "at_s": 0.1, "rows_per_batch": 400, "read_us_per_row": 100.0,
        "write_us_per_row": 200.0, "pause_ms": 100.0, "cut_over_pause_ms": 50.0,
    });
    json!({"migration": with(migration, more)})
}

/// Clients that ask every 10 ms for a second.
fn nodes(query: &str, old: Value) -> Value {
    json!({
        "users": clockwork(100.0, 100, json!({"to": format!("old.{query}")})),
        "old": database(json!({"rows": 1_000, "dead_rows": 70, "us_per_row": 0.0}), old),
        "new": database(json!({"rows": 5, "us_per_row": 0.0}), json!({})),
    })
}

fn rows(story: &Story, node: u16) -> Vec<u64> {
    story.told(|observation| match observation {
        Observation::RowsChanged { node: n, rows, .. } if n.0 == node => Some(*rows),
        _ => None,
    })
}

fn took(story: &Story) -> Vec<f64> {
    assert!(story.outcomes().iter().all(|outcome| *outcome == Outcome::Ok));
    story.requests().into_iter().map(|(_, took)| took).collect()
}

#[test]
fn rows_are_copied_in_batches_and_queries_wait_for_the_cut_over_only() {
    let story = run(1.0, nodes("find", moving(json!({}))), json!({}));
    assert_eq!(rows(&story, 2), [5, 0, 400, 800, 1_000, 1_000]);
    let copied = story.moments(|o| matches!(o, Observation::RowsCopied { .. }));
    assert_eq!(copied, [220.0, 440.0, 600.0]);
    // After the pause behind the last batch.
    let cut = story.moments(|o| matches!(o, Observation::CutOverStarted { .. }));
    assert_eq!(cut, [700.0]);
    assert_eq!(story.moments(|o| matches!(o, Observation::Migrated { .. })), [750.0]);
    let mut took = took(&story);
    took.sort_by(f64::total_cmp);
    // The one that is sent at 700 ms is not too early, the next ones wait 40, 30, 20 and 10 ms.
    assert_eq!(took[95..], [2.0, 12.0, 22.0, 32.0, 42.0]);
    assert!(took[..95].iter().all(|took| *took == 2.0));
}

#[test]
fn after_the_move_the_old_database_can_be_stopped() {
    let stop = json!({"nodes": {"old": {"running": false}}});
    let document = json!({"nodes": nodes("find", moving(json!({})))});
    let story = run_switched(1.0, document.clone(), &[(0.8, stop.clone())]);
    assert_eq!(took(&story).len(), 100);
    let story = run_switched(1.0, document, &[(0.5, stop)]);
    let failed = story.outcomes().iter().filter(|outcome| **outcome == Outcome::Failed).count();
    assert_eq!(failed, 50);
}

#[test]
fn writes_that_come_meanwhile_are_repeated() {
    let story = run(2.0, nodes("add", moving(json!({}))), json!({}));
    assert_eq!(took(&story).len(), 100);
    let repeated: u64 = story
        .told(|observation| match observation {
            Observation::ChangesForwarded { changes, .. } => Some(*changes),
            _ => None,
        })
        .into_iter()
        .sum();
    // The copy of 1010 rows takes from 100 to 603 ms; when the next change has been repeated there is
    // nothing left to do. So these are the writes of 100 to 610 ms.
    assert_eq!(repeated, 52);
    let (old, new) = (rows(&story, 1), rows(&story, 2));
    // 1000 rows and 62 writes at the old one; the new one has them, and the other 38.
    assert_eq!(old.last(), Some(&1_062));
    assert_eq!(new.last(), Some(&1_100));
}

#[test]
fn a_write_is_repeated_once_however_many_copies_the_old_database_has() {
    let repeated = |replicas: u32| {
        let old = with(moving(json!({})), json!({"replicas": replicas}));
        let story = run(2.0, nodes("save", old), json!({}));
        assert_eq!(took(&story).len(), 100);
        let changes = story.told(|observation| match observation {
            Observation::ChangesForwarded { changes, .. } => Some(*changes),
            _ => None,
        });
        changes.into_iter().sum::<u64>()
    };
    assert!(repeated(0) > 40);
    assert_eq!(repeated(0), repeated(2));
}

#[test]
fn a_dump_in_a_maintenance_window_lets_no_query_pass() {
    let story = run(1.0, nodes("find", moving(json!({"live": false}))), json!({}));
    let outcomes = story.outcomes();
    let failed = outcomes.iter().filter(|outcome| **outcome == Outcome::Failed).count();
    // From 100 to 700 ms; who comes during the cut-over waits.
    assert_eq!(failed, 60);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Ok).count(), 40);
}

#[test]
fn a_batch_that_fails_is_copied_again() {
    let crash = json!({"crash": {
        "at_s": 0.2, "for_s": 0.1, "target": "new", "effect": {"kind": "crash"},
    }});
    let story = run(3.0, nodes("find", moving(json!({}))), crash);
    let copied = story.moments(|o| matches!(o, Observation::RowsCopied { .. }));
    // The first batch is written from 1200 ms on.
    assert_eq!(copied, [1_280.0, 1_500.0, 1_660.0]);
    assert_eq!(took(&story).len(), 100);
}

#[test]
fn a_migration_that_is_called_off_leaves_everything_as_it_was() {
    let off = json!({"nodes": {"old": {"migration": Value::Null}}});
    let document = json!({"nodes": nodes("find", moving(json!({})))});
    let story = run_switched(1.0, document.clone(), &[(0.3, off.clone())]);
    assert_eq!(story.count(|o| matches!(o, Observation::CutOverStarted { .. })), 0);
    assert!(took(&story).iter().all(|took| *took == 2.0));
    // Too late: the queries are at the new one.
    let story = run_switched(1.0, document, &[(0.72, off)]);
    assert_eq!(story.moments(|o| matches!(o, Observation::Migrated { .. })), [750.0]);
    assert_eq!(took(&story).len(), 100);
}
