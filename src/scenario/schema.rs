//! The JSON Schema of a scenario, generated from the types.
//!
//! The generated document is committed, because a form, an editor and the checker read it; a test
//! keeps it equal to [`schema`]. What schemars writes is tidied so that it is pleasant to read for
//! people and forms: bounds are plain numbers, texts are one paragraph, names are described once.

use super::Scenario;
use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The committed schema.
pub const SCHEMA: &str = include_str!("../../schema/scenario.schema.json");

/// The committed schema, read once.
pub(super) static PARSED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(SCHEMA).expect("the committed schema is JSON"));

/// Longest name of a node, a call, a pool and so on, in characters.
pub const MAX_NAME: usize = 64;

/// The schema as the types say it.
pub fn schema() -> Schema {
    let mut schema = schemars::schema_for!(Scenario);
    Tidy.transform(&mut schema);
    let names = json!({
        "description": "A letter of any script, then letters, digits, `-` and `_`. It never starts \
                        with a digit, because JavaScript would change the order of such names.",
        "type": "string",
        "pattern": format!("^\\p{{Alphabetic}}[\\p{{Alphabetic}}\\p{{N}}_-]{{0,{}}}$", MAX_NAME - 1),
    });
    let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut);
    definitions.expect("the scenario has parts").insert("Name".to_owned(), names);
    schema
}

/// Whether `name` is one.
pub(super) fn is_name(name: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    name.starts_with(char::is_alphabetic)
        && name.chars().all(inside)
        && name.chars().count() <= MAX_NAME
}

/// Rewrites every part of a schema.
struct Tidy;

impl Transform for Tidy {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(map) = schema.as_object_mut() {
            // The Rust type of a number says nothing that its range does not.
            map.shift_remove("format");
            for (key, value) in map.iter_mut() {
                match key.as_str() {
                    "description" => unwrap_lines(value),
                    "minimum" | "maximum" | "default" => shorten_number(value),
                    _ => {}
                }
            }
            if map.get("additionalProperties").is_some_and(Value::is_object) {
                map.insert("propertyNames".to_owned(), json!({"$ref": "#/$defs/Name"}));
            }
        }
        transform_subschemas(self, schema);
    }
}

/// Line breaks of the source code mean nothing in a text; empty lines do.
fn unwrap_lines(value: &mut Value) {
    if let Value::String(text) = value {
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
}

/// `31536000`, not `31536000.0`.
fn shorten_number(value: &mut Value) {
    match value {
        Value::Number(number) if !number.is_u64() && !number.is_i64() => {
            let float = number.as_f64().unwrap_or_default();
            if float.fract() == 0.0 && float.abs() < 1e15 {
                *value = (float as i64).into();
            }
        }
        Value::Object(map) => map.values_mut().for_each(shorten_number),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_digits_and_two_marks() {
        for name in ["a", "api-2_x", "결제", "Größe", "नाम"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(MAX_NAME + 1);
        for name in [
            "",
            "1",
            "-a",
            "a.b",
            "a#0",
            "a@3",
            "a,b",
            "a=b",
            "a&b",
            "a b",
            "<b>",
            "a\u{202E}",
            &long,
        ] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name(&"x".repeat(MAX_NAME)));
    }
}
