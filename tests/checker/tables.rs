//! What is refused of tables, row locks, shards and migrations.

use super::{problems, refused};
use serde_json::{Value, json};

fn write(query: Value) -> Value {
    json!({"nodes": {"db": {"tables": {"t": {"rows": 10}}, "queries": {"write": query}}}})
}

#[test]
fn what_is_in_order_is_taken() {
    let keys = json!({"set": "rows", "count": 5});
    let query = json!({"table": "t", "locks": true, "keys": keys, "adds_rows": 1});
    assert_eq!(problems(&write(query)), [""; 0]);
}

#[test]
fn a_query_names_a_table_that_is_there_and_says_what_it_locks() {
    refused(
        write(json!({"table": "u"})),
        "nodes.db.queries.write.table: \"u\" is unknown: there are \"t\"",
    );
    refused(
        write(json!({"locks": true})),
        "nodes.db.queries.write.locks: locks a row, but no keys say which",
    );
}

#[test]
fn a_database_moves_to_another_one_that_knows_its_queries() {
    let moves = |to: &str| {
        let new = json!({
            "kind": "database", "queries": {"read": {"cost": {"dist": "constant", "ms": 1}}},
        });
        json!({"nodes": {"db": {"migration": {"to": to}}, "new": new}})
    };
    refused(moves("db"), "nodes.db.migration.to: a database cannot move to itself");
    refused(moves("users"), "nodes.db.migration.to: \"users\" is not a database");
    refused(moves("new"), "nodes.db.migration.to: \"new\" has no query \"write\"");
    refused(moves("old"), "nodes.db.migration.to: \"old\" is unknown: databases are \"new\"");
}

#[test]
fn shards_in_use_are_among_those_that_there_are() {
    let shard = |in_use: u32| {
        let step = json!({
            "do": "shard", "calls": ["a", "b"], "shards_in_use": in_use,
            "keys": {"set": "rows", "count": 5},
        });
        json!({"nodes": {"router": {
            "kind": "service", "pools": {"web": {}}, "endpoints": {"find": {"steps": [step]}},
            "calls": {"a": {"to": "db"}, "b": {"to": "db"}},
        }}})
    };
    assert_eq!(problems(&shard(2)), [""; 0]);
    refused(
        shard(3),
        "nodes.router.endpoints.find.steps.0.shards_in_use: 3 is more than the 2 shards",
    );
}

#[test]
fn what_a_boot_needs_is_another_service_or_database() {
    let needs = |node: &str| {
        json!({"nodes": {"router": {
            "kind": "service", "pools": {"web": {}}, "endpoints": {"find": {"steps": []}},
            "boot_needs": [node],
        }}})
    };
    assert_eq!(problems(&needs("db")), [""; 0]);
    refused(needs("router"), "nodes.router.boot_needs.0: a service cannot need itself to boot");
    refused(needs("users"), "nodes.router.boot_needs.0: \"users\" is no service or database");
}
