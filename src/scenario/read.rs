//! From text to JSON, with the limits that a text from a stranger needs.
//!
//! Stricter than JSON where a lenient reader would guess: a key that stands twice in one object is an
//! error, and so is a number that does not fit. Whole numbers lose their `.0`, so that one value has
//! one spelling. What the values mean is not known here.

use crate::problem::{Problem, Shown, quoted};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use std::fmt::{self, Write};

/// Longest text that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// Deepest nesting that is read. The deepest place of a scenario is at about half of it.
pub const MAX_DEPTH: usize = 32;

/// Up to here an `f64` holds every whole number.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a JSON text of at most [`MAX_BYTES`].
///
/// # Errors
/// The first problem, with its path, line and column; what comes after it cannot be told.
pub fn read(text: &str) -> Result<Value, Vec<Problem>> {
    if text.len() > MAX_BYTES {
        let message = format!("{} bytes are too many: at most {MAX_BYTES}", text.len());
        return Err(vec![Problem::new("", message)]);
    }
    let mut path = String::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let node = Node { path: &mut path, depth: 0 };
    let read = node.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let hint = if starts_no_number(text, line, column) {
            "; JSON has no NaN and no Infinity, a number must be finite"
        } else {
            ""
        };
        vec![Problem::new(path, format!("line {line}, column {column}: {message}{hint}"))]
    })
}

/// Gives every whole number of a value that was made by a program its one spelling.
pub(crate) fn respell(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(respell),
        Value::Object(map) => map.values_mut().for_each(respell),
        Value::Number(found) if found.is_f64() => {
            *value = found.as_f64().and_then(number).unwrap_or_default();
        }
        _ => {}
    }
}

/// Whether two values are equal down to the order of their names. `==` takes objects as equal in any
/// order, but nodes, pools and calls are numbered by it.
pub(crate) fn same_in_order(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len()
                && pairs.all(|((a, one), (b, other))| a == b && same_in_order(one, other))
        }
        (Value::Array(one), Value::Array(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| same_in_order(one, other))
        }
        _ => one == other,
    }
}

/// A finite number, without `.0` where it is whole.
fn number(value: f64) -> Option<Value> {
    if value.fract() == 0.0 && value.abs() <= MAX_EXACT {
        return Some((value as i64).into());
    }
    Number::from_f64(value).map(Value::Number)
}

/// Whether what could not be read is a number that JSON does not have.
fn starts_no_number(text: &str, line: usize, column: usize) -> bool {
    let Some(line) = text.lines().nth(line.saturating_sub(1)) else { return false };
    let rest = line.as_bytes().get(column.saturating_sub(1)..).unwrap_or_default();
    rest.starts_with(b"N") || rest.starts_with(b"I")
}

/// Reads one value. After an error, `path` is left where it happened.
struct Node<'a> {
    path: &'a mut String,
    depth: usize,
}

impl Node<'_> {
    fn inside<E: Error>(&mut self, key: impl fmt::Display) -> Result<Node<'_>, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("nested too deeply: at most {MAX_DEPTH} levels")));
        }
        enter(self.path, key);
        Ok(Node { path: self.path, depth: self.depth + 1 })
    }
}

/// Makes a path that of `key` inside of it, as [`join`](crate::problem::join) does.
fn enter(path: &mut String, key: impl fmt::Display) {
    let outside = path.len();
    if outside > 0 {
        path.push('.');
    }
    let inside = path.len();
    write!(path, "{key}").expect("writing to a string");
    if path.len() == inside {
        path.truncate(outside);
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        number(value).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let outside = self.path.len();
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inside(list.len())?)? {
            list.push(item);
            self.path.truncate(outside);
        }
        self.path.truncate(outside);
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let outside = self.path.len();
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let inside = self.inside(Shown(&key))?;
            match map.entry(key) {
                Entry::Vacant(place) => drop(place.insert(entries.next_value_seed(inside)?)),
                Entry::Occupied(place) => {
                    let key = quoted(place.key());
                    return Err(A::Error::custom(format!("{key} stands here twice")));
                }
            }
            self.path.truncate(outside);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problem(text: &str) -> String {
        read(text).expect_err("not readable")[0].to_string()
    }

    #[test]
    fn reads_json_and_gives_whole_numbers_one_spelling() {
        let value = read(r#"{"a": [1.0, -2e3, 0.5, -0.0, null, true, "x"]}"#);
        assert_eq!(value, Ok(json!({"a": [1, -2000, 0.5, 0, null, true, "x"]})));
    }

    #[test]
    fn errors_name_path_line_and_column() {
        assert_eq!(
            problem("{\"a\": {\n\"b\": 1,\n\"b\": 2}}"),
            "a.b: line 3, column 3: \"b\" stands here twice"
        );
        assert_eq!(problem(r#"{"a": [1, 1e400]}"#), "a.1: line 1, column 15: number out of range");
        assert_eq!(
            problem(r#"{"rate": NaN}"#),
            "rate: line 1, column 10: expected value; JSON has no NaN and no Infinity, a number \
             must be finite"
        );
        assert!(problem(r#"{"rate": -Infinity}"#).contains("must be finite"));
        assert_eq!(problem("[1] 2"), "line 1, column 5: trailing characters");
        assert!(problem(r#"["\ud800"]"#).contains("hex escape"));
        assert!(problem("").contains("EOF while parsing"));
    }

    #[test]
    fn depth_and_size_are_bounded() {
        assert!(problem(&"[".repeat(100_000)).contains("nested too deeply: at most 32 levels"));
        assert!(problem(&r#"{"a":"#.repeat(40_000)).contains("nested too deeply"));
        assert!(problem(&" ".repeat(MAX_BYTES + 1)).contains("at most 262144"));
        let deepest = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(read(&deepest).is_ok());
    }
}
