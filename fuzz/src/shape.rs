//! The generated schema, as far as drawing needs it.

use brownout::scenario::SCHEMA;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The schema of a scenario.
pub static ROOT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(SCHEMA).expect("the committed schema is JSON"));

/// The schema behind references, and whether null is allowed as well.
pub fn resolved(schema: &'static Value) -> (&'static Value, bool) {
    let (mut schema, mut nullable) = (schema, false);
    loop {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            schema = &ROOT["$defs"][reference.trim_start_matches("#/$defs/")];
        } else if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            nullable = true;
            let real = choices.iter().find(|choice| choice["type"] != "null");
            schema = real.expect("an optional value has a schema beside null");
        } else {
            let list = schema.get("type").and_then(Value::as_array);
            return (schema, nullable || list.is_some_and(|list| list.iter().any(|t| t == "null")));
        }
    }
}

/// The type that a resolved schema wants, null left out.
pub fn kind(schema: &Value) -> &str {
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().find(|kind| *kind != "null"),
        kind => kind,
    };
    kind.and_then(Value::as_str).unwrap_or_default()
}

/// The shapes of a choice.
pub fn shapes(schema: &'static Value) -> Option<&'static [Value]> {
    schema.get("oneOf").and_then(Value::as_array).map(Vec::as_slice)
}

/// The named properties of a resolved object.
pub fn properties(schema: &'static Value) -> impl Iterator<Item = (&'static str, &'static Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::iter).map(|(name, schema)| (name.as_str(), schema))
}

/// Whether an object must have that property.
pub fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.into_iter().flatten().any(|required| required == name)
}

/// The schema of the entries of an object that maps names.
pub fn entries(schema: &'static Value) -> Option<&'static Value> {
    schema.get("additionalProperties").filter(|entry| entry.is_object())
}

/// Of a choice the shape that a value has, else the schema itself.
pub fn shape_of(schema: &'static Value, value: &Value) -> &'static Value {
    let fits = |shape: &&Value| {
        let fits = |(name, property): (&String, &Value)| {
            let constant = property.get("const");
            constant.is_none_or(|constant| value.get(name) == Some(constant))
        };
        shape["properties"].as_object().is_some_and(|properties| properties.iter().all(fits))
    };
    shapes(schema).and_then(|shapes| shapes.iter().find(fits)).unwrap_or(schema)
}

/// A bound of a schema.
pub fn bound(schema: &Value, word: &str) -> Option<u64> {
    schema.get(word).and_then(Value::as_u64)
}
