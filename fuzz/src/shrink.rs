//! Makes a case that fails smaller, as long as it fails in the same way.

use crate::case::Case;
use crate::mend::{is_optional, mend, take_away};
use crate::shape::{ROOT, entries, properties, resolved, shape_of};
use crate::swarm::tried;
use crate::trial::{Failure, Rigour};
use brownout::link;
use brownout::run::{Action, Run};
use serde_json::{Value, json};

/// Most trials of one shrinking.
const MAX_TRIALS: u32 = 3_000;

/// The smallest case that was found.
#[derive(Clone, Debug)]
pub struct Small {
    /// The case.
    pub case: Case,
    /// How it fails.
    pub failure: Failure,
}

impl Small {
    /// A link that replays the run with all that was done. What depends on the pieces in which it was
    /// run shows only in the trial.
    pub fn link(&self) -> Option<String> {
        let actions = self.case.changes.iter();
        let actions =
            actions.map(|(at, change)| Action { at: *at, change: change.clone() }).collect();
        let run = Run::new(self.case.run.document.clone(), self.case.run.seed, actions).ok();
        link::encode(&run.unwrap_or_else(|| self.case.run.clone())).ok()
    }
}

/// Shrinks a case that fails.
pub fn shrink(case: Case, failure: &Failure, rigour: Rigour) -> Small {
    let mut shrinking =
        Shrinking { small: Small { case, failure: failure.clone() }, rigour, trials: 0 };
    loop {
        let before = shrinking.trials;
        let progress =
            shrinking.fewer_changes() | shrinking.fewer_parts() | shrinking.smaller_numbers();
        if !progress || shrinking.trials >= MAX_TRIALS || shrinking.trials == before {
            return shrinking.small;
        }
    }
}

struct Shrinking {
    small: Small,
    rigour: Rigour,
    trials: u32,
}

impl Shrinking {
    /// Keeps a smaller case if it fails in the same way.
    fn keep(&mut self, case: Case) -> bool {
        if self.trials >= MAX_TRIALS {
            return false;
        }
        self.trials += 1;
        match tried(&case, self.rigour) {
            Err(failure) if failure.kind == self.small.failure.kind => {
                self.small = Small { case, failure };
                true
            }
            _ => false,
        }
    }

    fn keep_document(&mut self, mut document: Value) -> bool {
        if document == self.small.case.run.document || mend(&mut document).is_none() {
            return false;
        }
        let seed = self.small.case.run.seed;
        let Ok(run) = Run::new(document, seed, Vec::new()) else { return false };
        let case = &self.small.case;
        if run.document == case.run.document {
            return false;
        }
        self.keep(Case { run, ..case.clone() })
    }

    fn fewer_changes(&mut self) -> bool {
        let mut progress = false;
        let mut position = 0;
        while position < self.small.case.changes.len() {
            let mut case = self.small.case.clone();
            case.changes.remove(position);
            if self.keep(case) {
                progress = true;
            } else {
                position += 1;
            }
        }
        progress
    }

    /// Takes away nodes, faults, switches, optional fields: large parts first.
    fn fewer_parts(&mut self) -> bool {
        let mut progress = false;
        let mut tried = Vec::new();
        loop {
            let mut parts = Vec::new();
            collect_parts(&ROOT, &self.small.case.run.document, &mut Vec::new(), &mut parts);
            parts.sort_by_key(|path| path.matches('.').count());
            let Some(path) = parts.into_iter().find(|path| !tried.contains(path)) else {
                return progress;
            };
            let mut document = self.small.case.run.document.clone();
            let kept = take_away(&mut document, &path) && self.keep_document(document);
            if kept {
                progress = true;
            } else {
                tried.push(path);
            }
            if self.trials >= MAX_TRIALS {
                return progress;
            }
        }
    }

    /// Rounds and halves numbers, and so the length of the run as well.
    fn smaller_numbers(&mut self) -> bool {
        let mut progress = false;
        let mut pointers = Vec::new();
        collect_numbers(&self.small.case.run.document, String::new(), &mut pointers);
        for pointer in pointers {
            for _ in 0..40 {
                let mut document = self.small.case.run.document.clone();
                let Some(value) = document.pointer_mut(&pointer) else { break };
                let Some(number) = value.as_f64().filter(|number| *number > 0.0) else { break };
                let smaller = if number > 1.0 { (number / 2.0).floor() } else { 0.0 };
                *value = if value.is_f64() { json!(smaller) } else { json!(smaller as i64) };
                if !self.keep_document(document) {
                    break;
                }
                progress = true;
            }
        }
        progress
    }
}

/// All places that can be left out.
fn collect_parts(
    schema: &'static Value,
    value: &Value,
    way: &mut Vec<String>,
    parts: &mut Vec<String>,
) {
    let shape = shape_of(resolved(schema).0, value);
    let keys: Vec<String> = match value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|position| position.to_string()).collect(),
        _ => return,
    };
    for key in keys {
        let optional = is_optional(shape, value, &key);
        let inner = properties(shape).find(|(name, _)| *name == key).map(|(_, inner)| inner);
        let inner = inner.or_else(|| entries(shape)).or_else(|| shape.get("items"));
        way.push(key.clone());
        if optional {
            parts.push(way.join("."));
        }
        if let (Some(inner), Some(value)) = (inner, crate::mend::step(value, &key)) {
            collect_parts(inner, value, way, parts);
        }
        way.pop();
    }
}

fn collect_numbers(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Number(_) => pointers.push(pointer),
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                collect_numbers(item, format!("{pointer}/{position}"), pointers);
            }
        }
        Value::Object(map) => {
            for (key, inner) in map {
                collect_numbers(inner, format!("{pointer}/{key}"), pointers);
            }
        }
        _ => {}
    }
}
