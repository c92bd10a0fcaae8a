//! Draws changes of a scenario: patches of switches and interventions, and values that are set while a
//! run goes on.

use crate::draw::Draw;
use crate::shape::{ROOT, entries, is_required, kind, properties, resolved, shape_of, shapes};
use serde_json::{Map, Value, json};

/// Fields that make the wiring, which is fixed for a run.
const WIRING: [&str; 3] = ["kind", "to", "name"];
/// Longest way into a document.
const MAX_DEPTH: u32 = 12;

/// A new value for one place of a document: the keys on the way, and the value; null removes.
pub fn edit(draw: &mut Draw, document: &Value, lists: bool) -> (Vec<String>, Value) {
    let part = if draw.dice.percent(20) { "faults" } else { "nodes" };
    let (_, schema) =
        properties(&ROOT).find(|(name, _)| *name == part).expect("every format has it");
    let mut way = vec![part.to_owned()];
    let here = document.get(part).cloned().unwrap_or_else(|| json!({}));
    let value = inside(draw, &mut way, schema, &here, lists);
    draw.node = None;
    (way, value)
}

/// A merge patch that makes an edit.
pub fn patch((way, value): (Vec<String>, Value)) -> Value {
    way.into_iter().rev().fold(value, |inner, key| Value::Object(Map::from_iter([(key, inner)])))
}

fn inside(
    draw: &mut Draw,
    way: &mut Vec<String>,
    schema: &'static Value,
    here: &Value,
    lists: bool,
) -> Value {
    let name = way.last().cloned().unwrap_or_default();
    let (schema, nullable) = resolved(schema);
    let shape = shape_of(schema, here);
    if let (Some(entry), Value::Object(map)) = (entries(shape), here) {
        return entry_of(draw, way, entry, map, lists);
    }
    if let (Value::Array(items), true) = (here, lists && !here[0].is_null())
        && draw.dice.percent(60)
        && let Some(item) = shape.get("items")
    {
        let position = draw.dice.roll(items.len() as u64) as usize;
        way.push(position.to_string());
        return inside(draw, way, item, &items[position], lists);
    }
    let editable: Vec<(&str, &'static Value)> = properties(shape)
        .filter(|(name, property)| !WIRING.contains(name) && property.get("const").is_none())
        .collect();
    let deep = (way.len() as u32) < MAX_DEPTH && !editable.is_empty() && here.is_object();
    // Another shape of a node would be another wiring.
    if deep && (way.len() < 3 || shapes(schema).is_none() && draw.dice.percent(80)) {
        let (key, property) = *draw.dice.pick(&editable);
        way.push(key.to_owned());
        let optional = !is_required(shape, key) && !matches!(key, "pools" | "calls" | "classes");
        if optional && draw.dice.percent(20) {
            return Value::Null;
        }
        return inside(draw, way, property, here.get(key).unwrap_or(&Value::Null), lists);
    }
    if nullable && draw.dice.percent(20) {
        return Value::Null;
    }
    draw.value(&name, schema)
}

/// Changes an entry of a map of names; only faults come and go.
fn entry_of(
    draw: &mut Draw,
    way: &mut Vec<String>,
    entry: &'static Value,
    map: &Map<String, Value>,
    lists: bool,
) -> Value {
    let faults = way.last().is_some_and(|name| name == "faults");
    if faults && (map.is_empty() || draw.dice.percent(60)) {
        way.push("extra".to_owned());
        return draw.value("faults", entry);
    }
    let Some(last) = map.len().checked_sub(1) else { return json!({}) };
    let position = draw.dice.between(0, last as u64) as usize;
    let (key, value) = map.iter().nth(position).expect("the position is within the map");
    if way.last().is_some_and(|name| name == "nodes") {
        draw.node = draw.names.nodes.iter().position(|node| node.key == *key);
    }
    way.push(key.clone());
    if faults && draw.dice.percent(30) {
        return Value::Null;
    }
    if kind(resolved(entry).0) == "object" || value.is_object() {
        return inside(draw, way, entry, value, lists);
    }
    draw.value(key, entry)
}
