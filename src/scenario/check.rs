//! The checker: from JSON to a scenario that the core can run without ever failing.
//!
//! First every value is compared with the schema; then what only makes sense together is checked;
//! then each switch and each intervention is applied, and the result is checked in the same way and
//! must still have the same wiring. All problems of a stage are collected.

mod clauses;
mod faults;
mod graph;
mod groups;
mod load;
mod needs;
mod patches;
mod policies;
mod quantity;
mod references;
mod values;

use super::{Scenario, shape};
use crate::problem::{Problem, Problems};
use serde::Deserialize;
use serde_json::{Map, Value};

pub use load::{MAX_EVENTS, MAX_SERVERS};

/// The parts of a document that decide what happens in a run; the rest is words and switches.
const CORE: [&str; 10] = [
    "v",
    "name",
    "seed",
    "duration_s",
    "warmup_s",
    "windows",
    "max_events",
    "nodes",
    "groups",
    "faults",
];

/// Most values that are checked for all edits of a document together, about half a second's work.
const MAX_WORK: usize = 500_000;

/// Checks a whole document. Whatever it accepts can be compiled and run.
pub fn check(value: &Value) -> Result<Scenario, Vec<Problem>> {
    let scenario = check_state(value)?;
    let mut problems = Problems::default();
    values::check_interventions(&scenario, &mut problems);
    clauses::check(&scenario, &mut problems);
    clauses::check_figures(&scenario, &mut problems);
    if problems.is_empty() {
        patches::check(value, &scenario, &mut problems);
    }
    problems.or(scenario)
}

/// Checks one state of a run: everything except switches, interventions and clauses.
fn check_state(value: &Value) -> Result<Scenario, Vec<Problem>> {
    let misfits = shape::misfits(value);
    if !misfits.is_empty() {
        return Err(misfits);
    }
    let scenario =
        Scenario::deserialize(value).map_err(|error| vec![Problem::new("", error.to_string())])?;
    let mut problems = Problems::default();
    references::check(&scenario, &mut problems);
    values::check(&scenario, &mut problems);
    policies::check(&scenario, &mut problems);
    groups::check(&scenario, &mut problems);
    faults::check(&scenario, &mut problems);
    // What else is needed is looked for where the names lead.
    if problems.is_empty() {
        needs::check(&scenario, &mut problems);
    }
    // Programs and load are followed along the references, so those must be in order.
    if problems.is_empty()
        && let Some(programs) = graph::check(&scenario, &mut problems)
    {
        load::check(&scenario, &programs, &mut problems);
    }
    problems.or(scenario)
}

/// Checks a state that edits have made out of `base`: it must be in order and be wired as before.
pub(crate) fn check_edited(core: &Value, base: &Scenario) -> Result<Scenario, Vec<Problem>> {
    let scenario = check_state(core)?;
    let mut problems = Problems::default();
    patches::same_wiring(base, &scenario, &mut problems);
    problems.or(scenario)
}

/// Refuses to check a large scenario in very many states: a link must not keep a page busy.
pub(crate) fn check_work(core: &Value, states: usize, what: &str) -> Result<(), Problem> {
    let size = size(core);
    if size.saturating_mul(states) <= MAX_WORK {
        return Ok(());
    }
    let message = format!(
        "{states} {what} of a scenario with {size} values are too many to check: at most {} here",
        MAX_WORK / size
    );
    Err(Problem::new("", message))
}

/// Number of values in a document.
fn size(value: &Value) -> usize {
    match value {
        Value::Object(map) => 1 + map.values().map(size).sum::<usize>(),
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// The part of a document that edits of a run can change, without switches and words.
pub(crate) fn core_of(document: &Value) -> Value {
    let part = |key: &&str| document.get(*key).map(|value| ((*key).to_owned(), value.clone()));
    Value::Object(CORE.iter().filter_map(part).collect::<Map<_, _>>())
}
