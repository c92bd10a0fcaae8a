//! A run: a scenario, a seed and what is switched when. Two equal runs give equal bits.
//!
//! What is in force at a moment is a fold of edits over the scenario: first the switches that are
//! on, in the order in which the scenario declares them; then the interventions that have happened,
//! in the order of time; then the values that were set, in the order in which they were set. Nothing
//! here simulates.

mod json;
pub mod moment;

use crate::engine::Time;
use crate::preset::{self, Preset};
use crate::problem::{Problem, Problems, join, quoted};
use crate::scenario::patch::{merge, set_path};
use crate::scenario::shape::known;
use crate::scenario::{
    self, MAX_SEED, Scenario, check_edited, check_work, core_of, respell, same_in_order,
};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

/// Most actions of a run.
pub const MAX_ACTIONS: usize = 500;

/// Settings of the run itself; these can be set at its start only.
const FRAME: [&str; 4] = ["duration_s", "warmup_s", "windows", "max_events"];

/// Parts of a scenario that can be set at any moment.
const LIVE: [&str; 2] = ["nodes", "faults"];

/// A checked run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The scenario as its author wrote it.
    pub document: Value,
    /// The checked scenario: what is in force when nothing has been switched.
    pub scenario: Scenario,
    /// Seed of every random stream, up to 2^53 − 1.
    pub seed: u64,
    /// What is switched, in the order of time; at one moment, in the order in which it was done.
    pub actions: Vec<Action>,
    /// What edits are applied to.
    core: Value,
}

/// A change made by the user of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Moment of the change.
    pub at: Time,
    /// What changes.
    pub change: Change,
}

/// What a user can change while a run goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Flips one of the scenario's switches.
    Toggle {
        /// Its key.
        id: String,
        /// Its new position.
        on: bool,
    },
    /// Sets a value.
    Set {
        /// Its place, such as `nodes.api.pools.web.threads`.
        path: String,
        /// The new value; null removes it.
        value: Value,
    },
}

impl Action {
    fn respell(&mut self) {
        if let Change::Set { value, .. } = &mut self.change {
            respell(value);
        }
    }
}

/// `id@seconds` for a switch that goes on, `-id@seconds` for off, `path=value@seconds` for a value.
impl fmt::Display for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.change {
            Change::Toggle { id, on: true } => write!(out, "{id}")?,
            Change::Toggle { id, on: false } => write!(out, "-{id}")?,
            Change::Set { path, value } => write!(out, "{path}={value}")?,
        }
        write!(out, "@{}", moment::format(self.at))
    }
}

/// Which edits are in force at a moment.
#[derive(Clone, Debug, Default)]
pub struct SwitchState {
    /// Switches that are on.
    pub on: BTreeSet<String>,
    /// Interventions that have happened.
    pub happened: BTreeSet<String>,
    /// Values that have been set, in the order in which they were set.
    pub settings: Vec<(String, Value)>,
}

impl Run {
    /// Checks a document, a seed and actions, and every state that these lead to.
    pub fn new(
        mut document: Value,
        seed: u64,
        mut actions: Vec<Action>,
    ) -> Result<Run, Vec<Problem>> {
        if seed > MAX_SEED {
            let message = format!("{seed} is out of range: from 0 to {MAX_SEED}");
            return Err(vec![Problem::new("seed", message)]);
        }
        if actions.len() > MAX_ACTIONS {
            let message = format!("{} entries are too many: at most {MAX_ACTIONS}", actions.len());
            return Err(vec![Problem::new("actions", message)]);
        }
        // Equal runs are equal, whether a program made them or somebody wrote `1.0`.
        respell(&mut document);
        actions.iter_mut().for_each(Action::respell);
        // Stable: actions of one moment keep their order.
        actions.sort_by_key(|action| action.at);
        let framed = framed(&document, &actions)?;
        let scenario = match preset::of(&framed) {
            Some(preset) => preset.scenario(),
            None => scenario::check(&framed)?,
        };
        let core = core_of(&framed);
        let run = Run { document, scenario, seed, actions, core };
        run.check_actions(Time::ZERO)?;
        Ok(run)
    }

    /// A preset's run, nothing switched.
    pub fn of_preset(preset: &Preset) -> Run {
        let document = preset.document();
        let seed = document["seed"].as_u64().unwrap_or(1);
        Run::new(document, seed, Vec::new()).expect("presets are valid")
    }

    /// The preset that this run's document is, unchanged.
    pub fn preset(&self) -> Option<&'static Preset> {
        preset::of(&self.document)
    }

    /// The scenario in force in a state. Its switches, interventions, story and clauses are left out.
    pub fn scenario_at(&self, state: &SwitchState) -> Result<Scenario, Vec<Problem>> {
        let mut core = self.core.clone();
        let toggles = self.scenario.toggles.iter().filter(|(id, _)| state.on.contains(*id));
        toggles.for_each(|(_, toggle)| merge(&mut core, &toggle.patch));
        for (id, patch) in self.interventions() {
            if state.happened.contains(id) {
                merge(&mut core, patch);
            }
        }
        for (path, value) in &state.settings {
            set_path(&mut core, path, value.clone()).map_err(|problem| vec![problem])?;
        }
        check_edited(&core, &self.scenario)
    }

    /// The state at a moment, everything that happens at that very moment included.
    pub fn state_at(&self, now: Time) -> SwitchState {
        let mut state = SwitchState::default();
        let happened = |at_s: f64| Time::from_seconds(at_s) <= now;
        let interventions = self.scenario.interventions.iter();
        let happened = interventions.filter(|(_, intervention)| happened(intervention.at_s));
        state.happened = happened.map(|(id, _)| id.clone()).collect();
        let done = self.actions.iter().take_while(|action| action.at <= now);
        done.for_each(|action| state.apply(&action.change));
        state
    }

    /// The moments at which actions or interventions change what is in force, in order.
    pub fn change_times(&self) -> Vec<Time> {
        let interventions = self.scenario.interventions.values();
        let interventions = interventions.map(|change| Time::from_seconds(change.at_s));
        let actions = self.actions.iter().map(|action| action.at);
        interventions.chain(actions).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Adds an action to a run that goes on. A refused action leaves the run as it was.
    pub fn act(&mut self, mut action: Action) -> Result<(), Vec<Problem>> {
        action.respell();
        let mut next = self.clone();
        let position = next.actions.partition_point(|earlier| earlier.at <= action.at);
        let at = action.at;
        let frame = matches!(&action.change, Change::Set { path, .. } if is_frame(path));
        next.actions.insert(position, action);
        if frame || next.actions.len() > MAX_ACTIONS {
            next = Run::new(next.document, next.seed, next.actions)?;
        } else {
            // What was in force before is in order already.
            next.check_actions(at)?;
        }
        *self = next;
        Ok(())
    }

    /// Interventions with their patches, in the order of time.
    fn interventions(&self) -> impl Iterator<Item = (&String, &Value)> {
        let mut all: Vec<_> = self.scenario.interventions.iter().collect();
        all.sort_by_key(|(_, intervention)| Time::from_seconds(intervention.at_s));
        all.into_iter().map(|(id, intervention)| (id, &intervention.patch))
    }

    fn check_actions(&self, from: Time) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::default();
        let end = Time::from_seconds(self.scenario.duration_s);
        for (number, action) in self.actions.iter().enumerate() {
            let path = format!("actions.{number}");
            if action.at > end {
                let (at, end) = (action.at.seconds(), end.seconds());
                let message = format!("{at} s is behind the end of the run at {end} s");
                problems.add(join(&path, "at_s"), message);
            }
            match &action.change {
                Change::Toggle { id, .. } if !self.scenario.toggles.contains_key(id) => {
                    let toggles = self.scenario.toggles.keys().map(String::as_str);
                    let known = known(id, toggles, "switches are");
                    problems
                        .add(join(&path, "toggle"), format!("{} is unknown{known}", quoted(id)));
                }
                Change::Set { path: place, .. } => {
                    check_place(action.at, place, &path, &mut problems)
                }
                Change::Toggle { .. } => {}
            }
        }
        problems.or(())?;
        self.check_states(from)
    }

    /// Checks what is in force after each change, up to the first state that is not in order.
    fn check_states(&self, from: Time) -> Result<(), Vec<Problem>> {
        let times = self.change_times().into_iter().filter(|time| *time >= from);
        let times: Vec<Time> = times.collect();
        check_work(&self.core, times.len(), "changes")
            .map_err(|problem| vec![problem.within("actions")])?;
        let mut before = None;
        for time in times {
            let state = self.state_at(time);
            if before.as_ref() == Some(&state) {
                continue;
            }
            self.scenario_at(&state).map_err(|problems| self.blame(time, problems))?;
            before = Some(state);
        }
        Ok(())
    }

    /// Names the action behind the problems of a state.
    fn blame(&self, time: Time, problems: Vec<Problem>) -> Vec<Problem> {
        let last = self.actions.iter().rposition(|action| action.at <= time);
        let path = last.map_or("interventions".to_owned(), |number| format!("actions.{number}"));
        let at = time.seconds();
        let name = |problem: Problem| Problem::new(&path, format!("at {at} s: {problem}"));
        problems.into_iter().map(name).collect()
    }
}

impl PartialEq for SwitchState {
    fn eq(&self, other: &SwitchState) -> bool {
        let mut settings = self.settings.iter().zip(&other.settings);
        self.on == other.on
            && self.happened == other.happened
            && self.settings.len() == other.settings.len()
            && settings.all(|((a, one), (b, other))| a == b && same_in_order(one, other))
    }
}

impl SwitchState {
    /// The state after an intervention of the scenario.
    pub fn intervene(&mut self, id: &str) {
        self.happened.insert(id.to_owned());
    }

    /// The state after one more change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Toggle { id, on: true } => drop(self.on.insert(id.clone())),
            Change::Toggle { id, on: false } => drop(self.on.remove(id)),
            Change::Set { path, .. } if is_frame(path) => {}
            Change::Set { path, value } => {
                let same = |(other, _): &&mut (String, Value)| other == path;
                let overlap = self.settings.iter().any(|(other, _)| overlaps(other, path));
                match self.settings.iter_mut().find(same) {
                    // A slider that is dragged leaves one setting, not hundreds.
                    Some((_, earlier)) if !overlap => *earlier = value.clone(),
                    _ => self.settings.push((path.clone(), value.clone())),
                }
            }
        }
    }
}

/// Whether one path lies inside the other.
fn overlaps(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
    };
    within(one, other) || within(other, one)
}

fn is_frame(path: &str) -> bool {
    FRAME.contains(&path)
}

/// The document with the settings of the run itself that the actions make.
fn framed<'d>(document: &'d Value, actions: &[Action]) -> Result<Cow<'d, Value>, Vec<Problem>> {
    let mut framed = Cow::Borrowed(document);
    for (number, action) in actions.iter().enumerate() {
        if let Change::Set { path, value } = &action.change
            && is_frame(path)
            && action.at == Time::ZERO
        {
            set_path(framed.to_mut(), path, value.clone())
                .map_err(|problem| vec![problem.within(&format!("actions.{number}"))])?;
        }
    }
    Ok(framed)
}

/// Whether a place may be set at that moment.
fn check_place(at: Time, place: &str, path: &str, problems: &mut Problems) {
    let first = place.split('.').next().unwrap_or_default();
    if is_frame(place) {
        if at > Time::ZERO {
            let message = format!("{} can be set at 0 s only", quoted(place));
            problems.add(join(path, "path"), message);
        }
    } else if !LIVE.contains(&first) || first == place {
        let known = known(first, LIVE.into_iter().chain(FRAME), "settings are in");
        problems.add(join(path, "path"), format!("{} cannot be set{known}", quoted(place)));
    }
}
