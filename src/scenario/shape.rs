//! Compares a JSON value with the schema and collects everything that does not fit.
//!
//! This understands exactly the words that our own schema uses, and in exchange says what is wrong
//! in words for people: the value, its bound, the nearest known name. It knows no parameter; what
//! only makes sense together (references, sums, order in time) is checked in `check`.

use super::schema::{MAX_NAME, PARSED, is_name};
use crate::nearest::nearest;
use crate::problem::{Problem, Problems, echo, is_invisible, join, quoted, shown};
use serde_json::{Map, Value};

/// Most names that a message lists.
const MAX_LISTED: usize = 16;

/// Everything in `value` that does not fit the schema of a scenario.
pub fn misfits(value: &Value) -> Vec<Problem> {
    let mut walker = Walker { problems: Problems::default() };
    walker.walk(&PARSED, value, "");
    walker.problems.or(()).err().unwrap_or_default()
}

/// The part of the schema that describes the place `path` of `document`, down to the shape that the
/// document has chosen there. None where the schema knows no such place.
pub(crate) fn part_at(document: &Value, path: &[&str]) -> Option<&'static Value> {
    let mut schema: &'static Value = resolved(&PARSED);
    let mut value = Some(document);
    for key in path {
        schema = resolved(inner(shape_of(schema, value), key)?);
        value = value.and_then(|value| match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            other => other.get(*key),
        });
    }
    Some(shape_of(schema, value))
}

/// The schema of the entry `key`.
fn inner<'s>(schema: &'s Value, key: &str) -> Option<&'s Value> {
    let property = schema.get("properties").and_then(|properties| properties.get(key));
    let entry = || schema.get("additionalProperties").filter(|entry| entry.is_object());
    property.or_else(entry).or_else(|| schema.get("items"))
}

/// Of a tagged choice the shape that the value's tag names, else the schema itself.
fn shape_of<'s>(schema: &'s Value, value: Option<&Value>) -> &'s Value {
    let chosen = || {
        let shapes = schema.get("oneOf")?.as_array()?;
        let tag = tag_of(shapes)?;
        let constant = value?.get(tag)?;
        shapes.iter().find(|shape| shape["properties"][tag].get("const") == Some(constant))
    };
    chosen().unwrap_or(schema)
}

/// The schema behind references, without the possibility of null.
fn resolved(schema: &'static Value) -> &'static Value {
    let mut schema = schema;
    loop {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.trim_start_matches("#/$defs/");
            schema = &PARSED["$defs"][name];
        } else if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            let real = choices.iter().find(|choice| !allows_null(choice));
            schema = real.expect("an optional value has a schema beside null");
        } else {
            return schema;
        }
    }
}

fn allows_null(schema: &Value) -> bool {
    let null = |kind: &Value| kind == "null";
    let kinds = schema.get("type").is_some_and(|kind| match kind {
        Value::Array(kinds) => kinds.iter().any(null),
        kind => null(kind),
    });
    let choices = schema.get("anyOf").and_then(Value::as_array);
    kinds || choices.is_some_and(|choices| choices.iter().any(allows_null))
}

/// The type of a value that the schema wants, null left out.
fn kind_of(schema: &Value) -> &str {
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().find(|kind| *kind != "null"),
        kind => kind,
    };
    kind.and_then(Value::as_str).unwrap_or_default()
}

/// The property that tells the shapes of a tagged choice apart.
fn tag_of(shapes: &[Value]) -> Option<&str> {
    let properties = shapes.first()?.get("properties")?.as_object()?;
    let tag = properties.iter().find(|(_, property)| property.get("const").is_some());
    tag.map(|(name, _)| name.as_str())
}

fn bound(schema: &Value, word: &str) -> Option<usize> {
    schema.get(word).and_then(Value::as_u64).map(|bound| bound as usize)
}

struct Walker {
    problems: Problems,
}

impl Walker {
    fn walk(&mut self, schema: &'static Value, value: &Value, path: &str) {
        if self.problems.is_full() || (value.is_null() && allows_null(schema)) {
            return;
        }
        let schema = resolved(schema);
        if let Some(shapes) = schema.get("oneOf").and_then(Value::as_array) {
            return match tag_of(shapes) {
                Some(tag) => self.tagged(shapes, tag, value, path),
                None => self.word(shapes, value, path),
            };
        }
        match (kind_of(schema), value) {
            ("object", Value::Object(map)) => self.object(schema, map, path),
            ("array", Value::Array(items)) => self.array(schema, items, path),
            ("string", Value::String(text)) => self.text(schema, text, path),
            ("integer" | "number", Value::Number(_)) => self.number(schema, value, path),
            ("boolean", Value::Bool(_)) => {}
            _ => self.problems.add(path, format!("{} is not {}", echo(value), wanted(schema))),
        }
    }

    /// One of several constant words.
    fn word(&mut self, shapes: &[Value], value: &Value, path: &str) {
        let words = || shapes.iter().filter_map(|shape| shape["const"].as_str());
        match value.as_str() {
            Some(text) if words().any(|word| word == text) => {}
            Some(text) => {
                let known = known(text, words(), "one of");
                self.problems.add(path, format!("{} is unknown{known}", quoted(text)));
            }
            None => self.problems.add(path, format!("{} is not {}", echo(value), one_of(words()))),
        }
    }

    /// One of several objects, told apart by the word under `tag`.
    fn tagged(&mut self, shapes: &'static [Value], tag: &str, value: &Value, path: &str) {
        let Value::Object(map) = value else {
            return self.problems.add(path, format!("{} is not an object", echo(value)));
        };
        let word = |shape: &'static Value| shape["properties"][tag]["const"].as_str();
        let words = || shapes.iter().filter_map(word);
        let chosen = map.get(tag).and_then(Value::as_str);
        if let Some(shape) = shapes.iter().find(|shape| chosen.is_some() && word(shape) == chosen) {
            return self.object(shape, map, path);
        }
        let message = match (chosen, map.get(tag)) {
            (Some(text), _) => {
                format!("{} is unknown{}", quoted(text), known(text, words(), "one of"))
            }
            (None, Some(other)) => format!("{} is not {}", echo(other), one_of(words())),
            (None, None) => format!("is missing: {}", one_of(words())),
        };
        self.problems.add(join(path, tag), message);
    }

    fn object(&mut self, schema: &'static Value, map: &Map<String, Value>, path: &str) {
        let fits = self.count(schema, map.len(), ["minProperties", "maxProperties"], path);
        if !fits {
            return;
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let entry = schema.get("additionalProperties");
        for (key, value) in map {
            let inside = join(path, &shown(key));
            let property = properties.and_then(|properties| properties.get(key));
            match (property, entry) {
                (Some(property), _) => self.walk(property, value, &inside),
                (None, Some(Value::Bool(false))) => {
                    let names = properties.into_iter().flatten().map(|(name, _)| name.as_str());
                    let known = known(key, names, "known here:");
                    self.problems.add(inside, format!("unknown field{known}"));
                }
                (None, Some(entry)) if is_name(key) => self.walk(entry, value, &inside),
                (None, Some(_)) => self.problems.add(inside, no_name(key)),
                (None, None) => {}
            }
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if !map.contains_key(name) {
                let wanted = properties.and_then(|properties| properties.get(name)).map(wanted);
                let message = format!("is missing: {}", wanted.unwrap_or_default());
                self.problems.add(join(path, name), message);
            }
        }
    }

    fn array(&mut self, schema: &'static Value, items: &[Value], path: &str) {
        if !self.count(schema, items.len(), ["minItems", "maxItems"], path) {
            return;
        }
        let by_position = schema.get("prefixItems").and_then(Value::as_array);
        for (position, item) in items.iter().enumerate() {
            let own = by_position.and_then(|schemas| schemas.get(position));
            if let Some(schema) = own.or_else(|| schema.get("items")) {
                self.walk(schema, item, &join(path, &position.to_string()));
            }
        }
    }

    /// Whether a number of entries is within its bounds.
    fn count(&mut self, schema: &Value, entries: usize, words: [&str; 2], path: &str) -> bool {
        let [least, most] = words.map(|word| bound(schema, word));
        if most.is_some_and(|most| entries > most) {
            let most = most.unwrap_or_default();
            self.problems.add(path, format!("{entries} entries are too many: at most {most}"));
        } else if least.is_some_and(|least| entries < least) {
            let least = least.unwrap_or_default();
            self.problems.add(path, format!("{entries} entries are too few: at least {least}"));
        } else {
            return true;
        }
        false
    }

    fn text(&mut self, schema: &Value, text: &str, path: &str) {
        let length = text.chars().count();
        let most = bound(schema, "maxLength").unwrap_or(usize::MAX);
        let least = bound(schema, "minLength").unwrap_or(0);
        if length > most {
            self.problems.add(path, format!("{length} characters are too many: at most {most}"));
        } else if length < least {
            self.problems.add(path, format!("is empty: at least {least} character"));
        } else if let Some(character) = text.chars().find(|character| is_invisible(*character)) {
            let message = format!("{} contains U+{:04X}", quoted(text), u32::from(character));
            self.problems.add(path, format!("{message}, which nobody can see"));
        }
    }

    fn number(&mut self, schema: &'static Value, value: &Value, path: &str) {
        let number = value.as_f64().unwrap_or(f64::NAN);
        let limit = |word: &str| schema.get(word).and_then(Value::as_f64);
        let (least, most) = (limit("minimum"), limit("maximum"));
        let above = least.is_none_or(|least| number >= least);
        let below = most.is_none_or(|most| number <= most);
        if !(above && below) {
            let range = range(schema);
            self.problems.add(path, format!("{} is out of range:{range}", echo(value)));
        } else if kind_of(schema) == "integer" && !(value.is_u64() || value.is_i64()) {
            self.problems.add(path, format!("{} is not {}", echo(value), wanted(schema)));
        }
    }
}

/// ` from 1 to 100 ms`, as far as the schema says it.
fn range(schema: &Value) -> String {
    let unit = schema.get("x-unit").and_then(Value::as_str);
    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}{unit}"),
        _ => String::new(),
    }
}

/// What the schema wants, in words.
fn wanted(schema: &'static Value) -> String {
    let schema = resolved(schema);
    if let Some(shapes) = schema.get("oneOf").and_then(Value::as_array)
        && tag_of(shapes).is_none()
    {
        return one_of(shapes.iter().filter_map(|shape| shape["const"].as_str()));
    }
    match kind_of(schema) {
        "integer" => format!("a whole number{}", range(schema)),
        "number" => format!("a number{}", range(schema)),
        "string" => "a text".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        _ => "an object".to_owned(),
    }
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("one of {}", listed(words))
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = words.take(MAX_LISTED + 1).map(quoted).collect();
    if words.len() > MAX_LISTED {
        words[MAX_LISTED] = "…".to_owned();
    }
    words.join(", ")
}

/// The end of a message about an unknown word: the nearest one, or else all of them.
pub(crate) fn known<'a>(
    word: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    lead: &str,
) -> String {
    // A longer word is no typing error, and comparing it would take its time.
    let near =
        if word.chars().nth(2 * MAX_NAME).is_none() { nearest(word, known.clone()) } else { None };
    match near {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => format!(": {lead} {}", listed(known)),
    }
}

fn no_name(key: &str) -> String {
    let rule = format!("a letter, then up to {} letters, digits, \"-\" or \"_\"", MAX_NAME - 1);
    format!("{} is not a name: {rule}", quoted(key))
}
