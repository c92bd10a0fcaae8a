//! Mends what the checker refuses: takes away the optional part that a problem is about.
//!
//! So a rule between fields that the generator does not know costs a field and not a scenario.

use crate::shape::{ROOT, bound, entries, is_required, properties, resolved, shape_of};
use brownout::scenario::check;
use serde_json::Value;

/// Most rounds of mending.
const MAX_ROUNDS: u32 = 40;

/// Mends a scenario; returns in how many rounds, or nothing if it cannot be mended.
pub fn mend(document: &mut Value) -> Option<u32> {
    for round in 0..MAX_ROUNDS {
        let Err(problems) = check(document) else { return Some(round) };
        let mut mended = false;
        for problem in problems {
            mended |= take_away(document, &problem.path);
        }
        if !mended {
            return None;
        }
    }
    None
}

/// Takes away the innermost optional part around a place; false if there is none.
pub fn take_away(document: &mut Value, path: &str) -> bool {
    let Some(way) = innermost(document, path) else { return false };
    let (key, outer) = way.split_last().expect("a way has an end");
    let mut place = document;
    for key in outer {
        place = step_mut(place, key).expect("the way was there");
    }
    match place {
        Value::Object(map) => drop(map.shift_remove(key)),
        Value::Array(items) => drop(items.remove(key.parse().expect("a position"))),
        _ => unreachable!("the way was there"),
    }
    true
}

/// The way to the innermost optional part on the way to a place.
fn innermost(document: &Value, path: &str) -> Option<Vec<String>> {
    let mut way = Vec::new();
    let mut found = None;
    let (mut schema, mut value) = (Some(&*ROOT), document);
    for key in path.split('.') {
        let Some(inner) = step(value, key) else { break };
        way.push(key.to_owned());
        let shape = schema.map(|schema| shape_of(resolved(schema).0, value));
        if shape.is_some_and(|shape| is_optional(shape, value, key)) {
            found = Some(way.clone());
        }
        schema = shape.and_then(|shape| {
            let property = properties(shape).find(|(name, _)| *name == key);
            property.map(|(_, p)| p).or_else(|| entries(shape)).or_else(|| shape.get("items"))
        });
        value = inner;
    }
    found
}

/// Whether an object or a list is still what its schema wants without one of its parts.
pub fn is_optional(schema: &'static Value, value: &Value, key: &str) -> bool {
    match value {
        Value::Array(items) => items.len() as u64 > bound(schema, "minItems").unwrap_or(0),
        Value::Object(map) if entries(schema).is_some() => {
            map.len() as u64 > bound(schema, "minProperties").unwrap_or(0)
        }
        _ => !is_required(schema, key),
    }
}

/// The part of a value under a key.
pub fn step<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    }
}

fn step_mut<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match value {
        Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
        other => other.get_mut(key),
    }
}
