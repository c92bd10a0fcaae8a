//! A run as JSON: what the page and packed links hold.
//!
//! ```json
//! {"preset": "slow-dependency", "seed": 7, "actions": [
//!     {"at_s": 12.5, "toggle": "breaker", "on": true},
//!     {"at_s": 30, "path": "nodes.api.pools.web.threads", "value": 50}]}
//! ```
//!
//! Instead of `preset` there may be a whole `scenario`; if both stand there, the scenario counts.
//! `at_s` may be a text with up to nine decimals where a number would not be exact.

use super::{Action, Change, MAX_ACTIONS, Run, moment};
use crate::engine::Time;
use crate::preset;
use crate::problem::{Problem, Problems, echo, join, shown};
use crate::scenario::shape::known;
use crate::scenario::{MAX_SEED, read};
use serde_json::{Map, Value, json};

const FIELDS: [&str; 4] = ["preset", "scenario", "seed", "actions"];
const TOGGLE_FIELDS: [&str; 3] = ["at_s", "toggle", "on"];
const SET_FIELDS: [&str; 3] = ["at_s", "path", "value"];

impl Run {
    /// Reads and checks a run.
    ///
    /// # Errors
    /// All problems of the run, of its scenario or of a state that its actions lead to.
    pub fn from_json(text: &str) -> Result<Run, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut map = object(read(text)?)?;
        check_fields(&map, &FIELDS, "", &mut problems);
        let document = document(&mut map, &mut problems);
        let own_seed = || document.as_ref()?.get("seed")?.as_u64();
        let seed = match map.get("seed") {
            None => own_seed().unwrap_or(1),
            Some(value) => seed(value, &mut problems),
        };
        let actions = actions(map.get("actions"), &mut problems);
        problems.or(())?;
        let place = |problem: Problem| {
            let of_actions = problem.path.starts_with("actions");
            if of_actions { problem } else { problem.within("scenario") }
        };
        Run::new(document.unwrap_or_default(), seed, actions)
            .map_err(|problems| problems.into_iter().map(place).collect())
    }

    /// The run with everything spelled out, for a page: `preset` (a name or null), `scenario`, `seed`
    /// and `actions`.
    pub fn to_json(&self) -> Value {
        json!({
            "preset": self.preset().map(|preset| preset.id),
            "scenario": self.document,
            "seed": self.seed,
            "actions": self.actions.iter().map(Action::to_json).collect::<Vec<_>>(),
        })
    }

    /// The run by itself, nothing empty: with its scenario even if that is a preset, so that it stays
    /// what it is when the preset changes.
    pub fn to_sparse_json(&self) -> Value {
        let Value::Object(mut map) = self.to_json() else { unreachable!("a run is an object") };
        map.shift_remove("preset");
        if self.actions.is_empty() {
            map.shift_remove("actions");
        }
        Value::Object(map)
    }
}

impl Action {
    /// Reads an action.
    ///
    /// # Errors
    /// All problems of its form; whether it fits a run is for [`Run::act`] to say.
    pub fn from_json(text: &str) -> Result<Action, Vec<Problem>> {
        let mut problems = Problems::default();
        let action = action(&read(text)?, "", &mut problems);
        problems.or(())?;
        Ok(action.expect("an action without problems can be read"))
    }

    /// The action in the form that [`Action::from_json`] reads.
    pub fn to_json(&self) -> Value {
        let at_s = number(self.at);
        match &self.change {
            Change::Toggle { id, on } => json!({"at_s": at_s, "toggle": id, "on": on}),
            Change::Set { path, value } => json!({"at_s": at_s, "path": path, "value": value}),
        }
    }
}

fn object(value: Value) -> Result<Map<String, Value>, Vec<Problem>> {
    match value {
        Value::Object(map) => Ok(map),
        other => Err(vec![Problem::new("", format!("{} is not an object", echo(&other)))]),
    }
}

/// The moment as a number of seconds if that is exact, else as text.
fn number(at: Time) -> Value {
    let seconds = at.seconds();
    if Time::from_seconds(seconds) != at {
        return moment::format(at).into();
    }
    if seconds.fract() == 0.0 { (seconds as u64).into() } else { seconds.into() }
}

/// The scenario of a run: its own, or that of the preset that it names.
fn document(map: &mut Map<String, Value>, problems: &mut Problems) -> Option<Value> {
    if let Some(scenario) = map.shift_remove("scenario") {
        return Some(scenario);
    }
    match map.get("preset") {
        Some(Value::String(id)) => match preset::find(id) {
            Ok(preset) => return Some(preset.document()),
            Err(problem) => problems.extend([problem]),
        },
        None | Some(Value::Null) => {
            problems.add("preset", "is missing: the name of a preset, or a scenario");
        }
        Some(other) => problems.add("preset", format!("{} is not a text", echo(other))),
    }
    None
}

fn seed(value: &Value, problems: &mut Problems) -> u64 {
    let seed = value.as_u64().filter(|seed| *seed <= MAX_SEED);
    if seed.is_none() {
        let message = format!("{} is not a whole number from 0 to {MAX_SEED}", echo(value));
        problems.add("seed", message);
    }
    seed.unwrap_or_default()
}

fn actions(value: Option<&Value>, problems: &mut Problems) -> Vec<Action> {
    let items = match value {
        None => return Vec::new(),
        Some(Value::Array(items)) if items.len() <= MAX_ACTIONS => items,
        Some(Value::Array(items)) => {
            let message = format!("{} entries are too many: at most {MAX_ACTIONS}", items.len());
            problems.add("actions", message);
            return Vec::new();
        }
        Some(other) => {
            problems.add("actions", format!("{} is not a list", echo(other)));
            return Vec::new();
        }
    };
    let read = |(number, item)| action(item, &format!("actions.{number}"), problems);
    items.iter().enumerate().filter_map(read).collect()
}

fn action(value: &Value, path: &str, problems: &mut Problems) -> Option<Action> {
    let Value::Object(map) = value else {
        problems.add(path, format!("{} is not an object", echo(value)));
        return None;
    };
    let toggles = map.contains_key("toggle");
    check_fields(map, if toggles { &TOGGLE_FIELDS } else { &SET_FIELDS }, path, problems);
    let at = time(map.get("at_s"), &join(path, "at_s"), problems)?;
    let mut text = |key: &str| match map.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        other => {
            let found = other
                .map_or("is missing".to_owned(), |other| format!("{} is not a text", echo(other)));
            problems.add(join(path, key), found);
            None
        }
    };
    if !toggles {
        let place = text("path")?;
        let value = map.get("value").cloned();
        if value.is_none() {
            problems
                .add(join(path, "value"), "is missing: a value, or null to remove what is there");
        }
        return Some(Action { at, change: Change::Set { path: place, value: value? } });
    }
    let id = text("toggle")?;
    let on = map.get("on").and_then(Value::as_bool);
    if on.is_none() {
        problems.add(join(path, "on"), "is not true or false");
    }
    Some(Action { at, change: Change::Toggle { id, on: on? } })
}

fn time(value: Option<&Value>, path: &str, problems: &mut Problems) -> Option<Time> {
    let time = match value {
        Some(Value::String(text)) => moment::parse(text),
        Some(value) => value
            .as_f64()
            .filter(|seconds| (0.0..=moment::MAX_SECONDS as f64).contains(seconds))
            .map(Time::from_seconds),
        None => None,
    };
    if time.is_none() {
        let found =
            value.map_or("is missing:".to_owned(), |value| format!("{} is not", echo(value)));
        let message = format!("{found} a number of seconds from 0 to {}", moment::MAX_SECONDS);
        problems.add(path, message);
    }
    time
}

fn check_fields(map: &Map<String, Value>, fields: &[&str], path: &str, problems: &mut Problems) {
    for key in map.keys().filter(|key| !fields.contains(&key.as_str())) {
        let known = known(key, fields.iter().copied(), "known here are");
        problems.add(join(path, &shown(key)), format!("unknown field{known}"));
    }
}
