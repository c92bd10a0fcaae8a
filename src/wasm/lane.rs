//! The lane and the scenario functions, as JavaScript calls them.
//!
//! Documents go over as JSON text, windows as a `Float64Array`. A user's mistakes are thrown as JSON:
//! a list of problems `{path, message}`, or for a link its message `{en, ko}`.

use crate::lane;
use crate::problem::Problem;
use crate::run::{Action, Run};
use crate::scenario;
use crate::{link, preset};
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// One lane of the page.
#[wasm_bindgen]
pub struct Lane(lane::Lane);

#[wasm_bindgen]
impl Lane {
    /// A lane at its start. `run` is `{scenario | preset, seed, actions}`.
    #[wasm_bindgen(constructor)]
    pub fn new(run: &str) -> Result<Lane, String> {
        Run::from_json(run).map(|run| Lane(lane::Lane::new(run))).map_err(|found| problems(&found))
    }

    /// What exists and what it is called.
    pub fn describe(&self) -> String {
        self.0.describe().to_string()
    }

    /// Goes on until a moment, or for so many events; returns the moment reached.
    pub fn advance(&mut self, until_s: f64, max_events: f64) -> f64 {
        self.0.advance(until_s, max_events as u64)
    }

    /// Whether nothing more will happen.
    pub fn done(&self) -> bool {
        self.0.simulation().is_done()
    }

    /// The moment reached.
    pub fn now_s(&self) -> f64 {
        self.0.simulation().now().seconds()
    }

    /// Events handled.
    pub fn events(&self) -> f64 {
        self.0.simulation().world().events() as f64
    }

    /// Why the run ended before its time.
    pub fn stopped_early(&self) -> Option<String> {
        self.0.simulation().stopped_early()
    }

    /// Rows of finished windows.
    pub fn frame(&self, from_window: u32) -> Vec<f64> {
        self.0.frame(from_window as usize)
    }

    /// The levels at this moment.
    pub fn snapshot(&self) -> String {
        self.0.snapshot().to_string()
    }

    /// Entries of the timeline.
    pub fn timeline(&self, from_index: u32) -> String {
        self.0.timeline(from_index as usize).to_string()
    }

    /// Does something now; returns the problems, none if it was done.
    pub fn act(&mut self, action: &str) -> String {
        let done = Action::from_json(action).and_then(|action| self.0.act(&action));
        problems(&done.err().unwrap_or_default())
    }

    /// Everything that was done.
    pub fn actions(&self) -> String {
        let actions = self.0.simulation().run().actions.iter().map(Action::to_json);
        Value::from_iter(actions).to_string()
    }

    /// The report.
    pub fn report(&self) -> String {
        json!(self.0.simulation().report()).to_string()
    }

    /// Digests at the ends of the windows that are over.
    pub fn window_digests(&self) -> Vec<String> {
        self.0.simulation().window_digests().iter().map(|digest| format!("{digest:016x}")).collect()
    }

    /// A lane that goes on from here by itself, as this one would.
    pub fn checkpoint(&self) -> Lane {
        Lane(self.0.clone())
    }

    /// The digest over all events so far.
    pub fn digest(&self) -> String {
        self.0.simulation().digest().to_string()
    }
}

/// The presets: `[{id, name, covers, …}]`.
#[wasm_bindgen]
pub fn presets() -> String {
    Value::from_iter(preset::PRESETS.iter().map(preset::Preset::summary)).to_string()
}

/// The scenario of a preset.
#[wasm_bindgen]
pub fn preset(id: &str) -> Result<String, String> {
    preset::find(id).map(|preset| preset.json.to_owned()).map_err(|problem| problems(&[problem]))
}

/// The JSON Schema of the scenario.
#[wasm_bindgen]
pub fn schema() -> String {
    scenario::SCHEMA.to_owned()
}

/// The problems of a scenario, none if it is fine.
#[wasm_bindgen]
pub fn check(scenario: &str) -> String {
    let checked = scenario::read(scenario).and_then(|value| scenario::check(&value));
    problems(&checked.err().unwrap_or_default())
}

/// The link of a run, without the `#`.
#[wasm_bindgen]
pub fn encode_link(run: &str) -> Result<String, String> {
    let run = Run::from_json(run).map_err(|found| problems(&found))?;
    link::encode(&run).map_err(|error| json!(error).to_string())
}

/// The run of a link.
#[wasm_bindgen]
pub fn decode_link(fragment: &str) -> Result<String, String> {
    let run = link::decode(fragment).map_err(|error| json!(error).to_string())?;
    Ok(run.to_json().to_string())
}

fn problems(found: &[Problem]) -> String {
    json!(found).to_string()
}
