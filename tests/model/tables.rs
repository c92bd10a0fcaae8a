//! Tables: what queries cost by their rows, indices, and the purge of dead rows.

use crate::story::{Story, clockwork, run, run_switched, with};
use brownout::observation::{Observation, Outcome};
use serde_json::{Value, json};

/// A database with one table of 1 µs per row and one query on it.
fn database(table: Value, query: Value) -> Value {
    let query = with(json!({"cost": {"dist": "constant", "ms": 0.0}, "table": "t"}), query);
    json!({"kind": "database", "boot_s": 0.0, "tables": {"t": table}, "queries": {"find": query}})
}

fn took(story: &Story) -> Vec<f64> {
    assert!(story.outcomes().iter().all(|outcome| *outcome == Outcome::Ok));
    story.requests().into_iter().map(|(_, took)| took).collect()
}

fn one(table: Value, query: Value) -> f64 {
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "db.find"})),
        "db": database(table, query),
    });
    took(&run(1.0, nodes, json!({})))[0]
}

#[test]
fn without_an_index_every_row_is_examined_dead_ones_too() {
    let table = |rows, dead| json!({"rows": rows, "dead_rows": dead, "index": false});
    assert_eq!(one(table(2_000, 0), json!({})), 2.0);
    assert_eq!(one(table(2_000, 3_000), json!({})), 5.0);
    let cost = json!({"cost": {"dist": "constant", "ms": 1.5}});
    assert_eq!(one(table(2_000, 0), cost), 3.5);
}

#[test]
fn with_an_index_a_query_reads_the_pages_down_the_tree_and_the_rows_that_match() {
    let table = |rows: u64| json!({"rows": rows, "us_per_row": 1_000.0});
    assert_eq!(one(table(1_000_000), json!({})), 4.0);
    assert_eq!(one(table(10_000), json!({"matched_rows": 7})), 9.0);
    assert_eq!(one(table(100), json!({"matched_rows": 0, "matched_ratio": 0.05})), 6.0);
    assert_eq!(one(with(table(10_000), json!({"fanout": 10})), json!({})), 5.0);
}

#[test]
fn an_index_that_comes_makes_a_find_of_five_per_cent_twenty_times_faster() {
    let nodes = json!({
        "users": clockwork(2.0, 4, json!({"to": "db"})),
        "db": database(
            json!({"rows": 100_000, "index": false}),
            json!({"matched_rows": 0, "matched_ratio": 0.05}),
        ),
    });
    let patch = json!({"nodes": {"db": {"tables": {"t": {"index": true}}}}});
    let took = took(&run_switched(2.0, json!({"nodes": nodes}), &[(0.9, patch)]));
    assert_eq!(took, [100.0, 100.0, 5.003, 5.003]);
}

#[test]
fn inserts_add_rows_when_they_succeed() {
    let nodes = json!({
        "users": clockwork(10.0, 3, json!({"to": "db"})),
        "db": database(json!({"rows": 1_000, "index": false}), json!({"adds_rows": 500})),
    });
    let story = run(1.0, nodes.clone(), json!({}));
    assert_eq!(took(&story), [1.0, 1.5, 2.0]);
    let errors = json!({"errors": {
        "at_s": 0.0, "target": "db", "effect": {"kind": "errors", "ratio": 1.0},
    }});
    let rows = |story: &Story| {
        story.told(|observation| match observation {
            Observation::RowsChanged { rows, .. } => Some(*rows),
            _ => None,
        })
    };
    assert_eq!(rows(&story), [1_000, 1_500, 2_000, 2_500]);
    // The first query is there before the fault.
    assert_eq!(rows(&run(1.0, nodes, errors)), [1_000, 1_500]);
}

#[test]
fn rows_that_a_switch_adds_come_on_top_of_those_that_are_there() {
    let nodes = json!({
        "users": clockwork(10.0, 3, json!({"to": "db"})),
        "db": database(json!({"rows": 1_000, "index": false}), json!({"adds_rows": 500})),
    });
    let patch = json!({"nodes": {"db": {"tables": {"t": {"rows": 4_000}}}}});
    let story = run_switched(1.0, json!({"nodes": nodes}), &[(0.15, patch)]);
    assert_eq!(took(&story), [1.0, 1.5, 5.0]);
}

/// Dead rows that were there, in order of time.
fn dead(story: &Story) -> Vec<u64> {
    story.told(|observation| match observation {
        Observation::RowsChanged { dead, .. } => Some(*dead),
        _ => None,
    })
}

#[test]
fn a_purge_deletes_batch_after_batch_with_pauses_and_ends() {
    let purge = json!({"rows_per_batch": 400, "us_per_row": 100.0, "pause_ms": 10.0});
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "db"})),
        "db": database(json!({"rows": 0, "dead_rows": 1_000, "purge": purge}), json!({})),
    });
    let story = run(1.0, nodes, json!({}));
    assert_eq!(dead(&story), [1_000, 600, 200, 0]);
    let ends = story.moments(|observation| matches!(observation, Observation::RowsPurged { .. }));
    assert_eq!(ends, [40.0, 90.0, 120.0]);
}

#[test]
fn a_purge_is_work_like_any_other() {
    // One session: the query waits for the batch before it, and the batch after it for the query.
    let purge = json!({"rows_per_batch": 500, "us_per_row": 100.0, "pause_ms": 0.0});
    let table = json!({"rows": 0, "dead_rows": 1_000, "purge": purge, "index": false});
    let cost = json!({"cost": {"dist": "constant", "ms": 20.0}});
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "db", "latency_ms": 5.0})),
        "db": with(database(table, cost), json!({"connections": 1})),
    });
    let story = run(1.0, nodes, json!({}));
    // There at 5 ms, from 50 to 71 ms (its rows go when the batch is answered), and 5 ms back.
    assert_eq!(took(&story), [76.0]);
    let ends = story.moments(|observation| matches!(observation, Observation::RowsPurged { .. }));
    assert_eq!(ends, [50.0, 121.0]);
}

#[test]
fn a_batch_that_is_lost_is_tried_again_after_a_second() {
    let purge = json!({"rows_per_batch": 1_000, "us_per_row": 100.0});
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "db"})),
        "db": database(json!({"rows": 0, "dead_rows": 1_000, "purge": purge}), json!({})),
    });
    let crash = json!({"crash": {
        "at_s": 0.05, "for_s": 0.1, "target": "db", "effect": {"kind": "crash"},
    }});
    let story = run(2.0, nodes, crash);
    let ends = story.moments(|observation| matches!(observation, Observation::RowsPurged { .. }));
    assert_eq!(ends, [1_150.0]);
}

#[test]
fn a_purge_can_be_switched_on_and_off() {
    let purge = json!({"rows_per_batch": 100, "us_per_row": 100.0, "pause_ms": 90.0});
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "db"})),
        "db": database(json!({"rows": 0, "dead_rows": 1_000}), json!({})),
    });
    let set = |purge: Value| json!({"nodes": {"db": {"tables": {"t": {"purge": purge}}}}});
    let patches = [(0.2, set(purge)), (0.45, set(Value::Null))];
    let story = run_switched(1.0, json!({"nodes": nodes}), &patches);
    assert_eq!(dead(&story), [1_000, 900, 800, 700]);
}
