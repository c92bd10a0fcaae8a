//! Edits of a scenario's JSON: merge patches, and single values set by their path.

use super::schema::is_name;
use super::shape::{Object, known, object_at};
use crate::problem::{Problem, quoted, shown};
use serde_json::{Map, Value};

/// Applies a JSON merge patch (RFC 7396): objects merge, null removes, everything else replaces.
///
/// What stays keeps its position; what is new comes last. The order matters, because nodes and calls
/// are numbered by it.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { unreachable!("it has just become an object") };
    for (key, change) in changes {
        if change.is_null() {
            map.shift_remove(key);
        } else {
            merge(map.entry(key.as_str()).or_insert(Value::Null), change);
        }
    }
}

/// Sets the value at a path such as `nodes.api.pools.web.threads`; null removes what is there.
///
/// List entries go by their position, from 0. Optional parts on the way come into being; nodes,
/// pools and other named things only as the last step. Whether the new value fits is not checked.
pub fn set_path(document: &mut Value, path: &str, value: Value) -> Result<(), Problem> {
    let keys: Vec<&str> = path.split('.').collect();
    for position in 0..keys.len() {
        let last = position + 1 == keys.len();
        check_step(document, &keys[..position], keys[position], last).map_err(|message| {
            let place: Vec<String> = keys[..=position].iter().map(|key| shown(key)).collect();
            Problem::new(place.join("."), message)
        })?;
    }
    put(document, &keys, value);
    Ok(())
}

/// Whether `key` may follow `place`; else why not.
fn check_step(document: &Value, place: &[&str], key: &str, last: bool) -> Result<(), String> {
    let here = place.iter().try_fold(document, |value, key| entry(value, key));
    if here.and_then(|value| entry(value, key)).is_some() {
        return Ok(());
    }
    if let Some(Value::Array(items)) = here {
        let count = items.len();
        return Err(format!("no such entry: the list has {count}, counted from 0"));
    }
    if here.is_some_and(|value| !value.is_object() && !value.is_null()) {
        return Err("a single value has no parts".to_owned());
    }
    let object = object_at(document, place);
    let is_known = object.is_some_and(|object| object.names().any(|name| name == key));
    let is_open = object.is_some_and(Object::is_open);
    if is_known || (is_open && last && is_name(key)) {
        return Ok(());
    }
    let there =
        here.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str());
    let fields = object.into_iter().flat_map(Object::names).map(|name| -> &str { name });
    Err(format!("{} is unknown{}", quoted(key), known(key, there.chain(fields), "there are")))
}

fn entry<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    }
}

fn put(target: &mut Value, keys: &[&str], value: Value) {
    let Some((key, rest)) = keys.split_first() else {
        *target = value;
        return;
    };
    if let Value::Array(items) = target {
        let position: usize = key.parse().expect("the step has been checked");
        return match (rest, &value) {
            ([], Value::Null) => drop(items.remove(position)),
            _ => put(&mut items[position], rest, value),
        };
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { unreachable!("it has just become an object") };
    match (rest, &value) {
        ([], Value::Null) => drop(map.shift_remove(*key)),
        // Nothing to remove, so nothing on the way to it comes into being.
        (_, Value::Null) if !map.contains_key(*key) => {}
        _ => put(map.entry(*key).or_insert(Value::Null), rest, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The examples of RFC 7396, appendix A: original, patch, result.
    #[test]
    fn merges_as_in_the_appendix_of_the_standard() {
        for (mut original, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            merge(&mut original, &patch);
            assert_eq!(original, result, "{patch}");
        }
    }

    #[test]
    fn removing_keeps_the_order_of_the_rest() {
        let mut value = json!({"a": 1, "b": 2, "c": 3, "d": 4});
        merge(&mut value, &json!({"b": null}));
        assert_eq!(value.to_string(), r#"{"a":1,"c":3,"d":4}"#);
    }

    fn document() -> Value {
        json!({"nodes": {"api": {
            "kind": "service",
            "pools": {"web": {"threads": 20}},
            "endpoints": {"page": {"steps": [{"do": "cpu", "time": {"dist": "constant", "ms": 5}}]}},
            "calls": {"pay": {"to": "bank"}},
        }}})
    }

    #[test]
    fn sets_what_is_there_and_optional_parts_that_are_not() {
        for (path, value) in [
            ("nodes.api.pools.web.threads", json!(50)),
            ("nodes.api.pools.web.queue_limit", json!(0)),
            ("nodes.api.endpoints.page.steps.0.time.ms", json!(7)),
            ("nodes.api.calls.pay.retry.max_attempts", json!(3)),
            ("faults.live-1", json!({"at_s": 1})),
        ] {
            let mut document = document();
            assert_eq!(set_path(&mut document, path, value.clone()), Ok(()), "{path}");
            let pointer = format!("/{}", path.replace('.', "/"));
            assert_eq!(document.pointer(&pointer), Some(&value), "{path}");
        }
        let mut removed = document();
        assert_eq!(set_path(&mut removed, "nodes.api.calls.pay", Value::Null), Ok(()));
        assert_eq!(removed.pointer("/nodes/api/calls"), Some(&json!({})));
        let mut nothing = document();
        let path = "nodes.api.calls.pay.retry.budget";
        assert_eq!(set_path(&mut nothing, path, Value::Null), Ok(()));
        assert_eq!(nothing, document());
    }

    #[test]
    fn unknown_steps_are_errors_with_the_nearest_known_name() {
        for (path, problem) in [
            ("nodes.apo.pools", r#"nodes.apo: "apo" is unknown; did you mean "api"?"#),
            (
                "nodes.api.pools.web.thread",
                r#"nodes.api.pools.web.thread: "thread" is unknown; did you mean "threads"?"#,
            ),
            (
                "nodes.api.endpoints.page.steps.1.time",
                "nodes.api.endpoints.page.steps.1: no such entry: the list has 1, counted from 0",
            ),
            (
                "nodes.api.pools.web.threads.x",
                "nodes.api.pools.web.threads.x: a single value has no parts",
            ),
        ] {
            let error = set_path(&mut document(), path, json!(1)).expect_err(path);
            assert_eq!(error.to_string(), problem);
        }
        for path in ["", ".", "nodes.", "nodes.a b", "nodes..api", "v.x.y", "a.b.c"] {
            assert!(set_path(&mut document(), path, json!(1)).is_err(), "{path}");
        }
        let long = "x.".repeat(1_000_000);
        assert!(set_path(&mut document(), &long, json!(1)).is_err());
    }
}
