//! Random copies of databases.

use super::{Dice, time};
use serde_json::{Value, json};

fn failover(dice: &mut Dice) -> Value {
    json!({
        "check_every_ms": dice.pick(&[100.0, 300.0]), "failures": 1 + dice.roll(3),
        "promotion_ms": dice.pick(&[0.0, 100.0, 500.0]),
    })
}

fn standby(dice: &mut Dice) -> Value {
    json!({
        "kind": dice.pick(&["hot", "warm", "cold"]), "ready_s": dice.pick(&[0.0, 0.3]),
        "backup_every_s": dice.pick(&[0.5, 2.0]),
    })
}

fn maybe(dice: &mut Dice, draw: impl Fn(&mut Dice) -> Value) -> Value {
    if dice.one_in(2) { Value::Null } else { draw(dice) }
}

/// The database with copies, in most cases.
pub(super) fn with_copies(dice: &mut Dice, mut database: Value) -> Value {
    if dice.one_in(4) {
        return database;
    }
    for _ in 0..8 {
        let (field, value) = copies(dice);
        database[field] = value;
    }
    database["replicas"] = json!(1 + dice.roll(2));
    database["queries"]["q"]["writes"] = json!(!dice.one_in(3));
    database
}

/// A field of a database that has to do with its copies, and a value for it.
pub(super) fn copies(dice: &mut Dice) -> (&'static str, Value) {
    match dice.roll(9) {
        0 => ("replicas", json!(dice.roll(4))),
        1 => ("replication", json!(dice.pick(&["async", "sync"]))),
        2 => ("replication_lag", maybe(dice, time)),
        3 => ("apply_workers", json!(1 + dice.roll(4))),
        4 => ("reads", json!(dice.pick(&["primary", "replicas", "any"]))),
        5 => ("standby", maybe(dice, standby)),
        6 => ("failover", maybe(dice, failover)),
        7 => ("primary", json!(dice.roll(2))),
        _ => ("swap_ms", json!(dice.pick(&[0.0, 50.0, 400.0]))),
    }
}
