//! Changes the JSON inside of a link as its author might, so that much of what comes out is still read.
//!
//! libFuzzer changes bytes, and a text whose bytes have changed is seldom JSON, let alone a scenario.

use crate::dice::Dice;
use crate::draw::Draw;
use crate::edit::{edit, patch};
use crate::names::{Kind, Names};
use brownout::scenario::patch::merge;
use serde_json::{Map, Value, json};

/// How often something shorter is tried when what comes out is too long.
const TRIES: u32 = 3;
/// Numbers at the edges of what a field may hold, and beyond.
const NUMBERS: [f64; 10] =
    [0.0, 1.0, -1.0, 0.5, 1e-9, 2.0, 100.0, 1e9, 9_007_199_254_740_992.0, 1e300];
/// Moments of what is done.
const MOMENTS_S: [f64; 6] = [0.0, 0.5, 1.0, 1.000_000_001, 5.0, 30.0];

/// Changes a link in place, as libFuzzer's `LLVMFuzzerCustomMutator` does; a quarter of the time, and
/// whatever holds no JSON, by `otherwise`. Returns the new length, which is at most `most`.
pub fn link(
    bytes: &mut [u8],
    length: usize,
    most: usize,
    seed: u32,
    otherwise: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut dice = Dice::Seed(u64::from(seed));
    if dice.percent(75)
        && let [b'!', text @ ..] = &bytes[..length]
        && let Some(changed) = changed(text, &mut dice, most.saturating_sub(1))
    {
        bytes[1..=changed.len()].copy_from_slice(changed.as_bytes());
        return 1 + changed.len();
    }
    otherwise(bytes, length, most)
}

/// The JSON of a run, changed in a few places; none if it is no JSON, or becomes too long.
fn changed(text: &[u8], dice: &mut Dice, most: usize) -> Option<String> {
    let run: Value = serde_json::from_slice(text).ok()?;
    let tries = (0..TRIES).map(|_| {
        let mut run = run.clone();
        for _ in 0..=dice.roll(2) {
            change(&mut run, dice);
        }
        run.to_string()
    });
    tries.into_iter().find(|text| text.len() <= most)
}

fn change(run: &mut Value, dice: &mut Dice) {
    match dice.roll(6) {
        0..=2 => edit_something(run, dice),
        3 | 4 => replace_a_value(run, dice),
        _ => remove_something(run, dice),
    }
}

/// Draws a new value for some place of the scenario: in the scenario, or as an action.
fn edit_something(run: &mut Value, dice: &mut Dice) {
    let document = run["scenario"].clone();
    let names = Names::of(&document);
    let kinds: Vec<Kind> = names.nodes.iter().map(|node| node.kind).collect();
    // Somebody to call, and somebody who calls: without them there is nothing to draw.
    let stations = kinds.contains(&Kind::Service) || kinds.contains(&Kind::Database);
    let Some(map) = run.as_object_mut().filter(|_| stations && kinds.contains(&Kind::Clients))
    else {
        return;
    };
    let as_action = dice.percent(30);
    let mut draw =
        Draw { dice, names: &names, duration_s: 30.0, most_events: 1_000, node: None, to: None };
    let (way, value) = edit(&mut draw, &document, as_action);
    if as_action {
        let actions = map.entry("actions").or_insert_with(|| json!([]));
        if let Value::Array(actions) = actions {
            let at_s = *dice.pick(&MOMENTS_S);
            actions.push(json!({"at_s": at_s, "path": way.join("."), "value": value}));
        }
    } else {
        merge(&mut map["scenario"], &patch((way, value)));
    }
}

/// Gives some number, word or switch another value.
fn replace_a_value(run: &mut Value, dice: &mut Dice) {
    let mut texts = Vec::new();
    let mut places = Vec::new();
    leaves(run, &mut places);
    texts.extend(places.iter().filter_map(|place| place.as_str().map(str::to_owned)));
    if places.is_empty() {
        return;
    }
    let position = dice.roll(places.len() as u64) as usize;
    let place = &mut *places[position];
    *place = match place {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let near = [number * 2.0, number / 2.0, number + 1.0, number - 1.0, -number];
            json!(if dice.percent(50) { *dice.pick(&NUMBERS) } else { *dice.pick(&near) })
        }
        Value::Bool(flag) => json!(!*flag),
        Value::String(_) => json!(dice.pick(&texts)),
        _ => json!(dice.pick(&NUMBERS)),
    };
}

fn leaves<'v>(value: &'v mut Value, places: &mut Vec<&'v mut Value>) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| leaves(value, places)),
        Value::Array(items) => items.iter_mut().for_each(|value| leaves(value, places)),
        leaf => places.push(leaf),
    }
}

/// Removes an entry, moves it to the end, or has it twice.
fn remove_something(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let key = map.keys().nth(dice.roll(map.len() as u64) as usize).cloned();
            let key = key.expect("the position is within the map");
            if map[&key].is_object() || map[&key].is_array() && dice.percent(70) {
                return remove_something(&mut map[&key], dice);
            }
            move_or_drop(map, &key, dice);
        }
        Value::Array(items) if !items.is_empty() => {
            let position = dice.roll(items.len() as u64) as usize;
            match dice.roll(3) {
                0 => drop(items.remove(position)),
                1 => items.push(items[position].clone()),
                _ => remove_something(&mut items[position], dice),
            }
        }
        _ => {}
    }
}

fn move_or_drop(map: &mut Map<String, Value>, key: &str, dice: &mut Dice) {
    if let Some(value) = map.shift_remove(key)
        && dice.percent(30)
    {
        map.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brownout::run::Run;

    const SMALLEST: &str = include_str!("../corpus/scenario/smallest.json");

    #[test]
    fn much_of_what_comes_out_is_read_and_nothing_is_too_long() {
        let run = format!("!{{\"scenario\":{SMALLEST}}}");
        let mut fine = 0;
        for seed in 0..400 {
            let mut bytes = [run.as_bytes(), &[0; 600]].concat();
            let length = link(&mut bytes, run.len(), 600, seed, |_, _, _| 0);
            assert!(length <= 600, "seed {seed}");
            let text = std::str::from_utf8(&bytes[..length]).expect("JSON");
            fine += u32::from(text.starts_with('!') && Run::from_json(&text[1..]).is_ok());
        }
        assert!(fine > 50, "{fine} of 400");
    }
}
