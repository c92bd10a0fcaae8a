//! From flags to the actions of a run.

use super::args::{Flip, Seeds, Switches};
use super::problems::Failure;
use super::source::Source;
use brownout::engine::Time;
use brownout::nearest::did_you_mean;
use brownout::problem::{Problem, quoted};
use brownout::run::{Action, Change, Run, moment};
use brownout::scenario::{Scenario, check};

/// Switches everything on.
const ALL: &str = "all";
/// Switches nothing on, and forgets what a link switches.
const NONE: &str = "none";

impl Switches {
    /// Whether the flags say which switches are on.
    pub fn decide(&self) -> bool {
        !self.on.is_empty() || !self.off.is_empty()
    }

    /// The run that a source and the flags make. Flags come after what a link says; the scenario's
    /// own seed is used where neither says one.
    pub fn run(&self, source: &Source) -> Result<Run, Failure> {
        let actions = self.actions(source)?;
        run(source, self.seed, actions)
    }

    fn actions(&self, source: &Source) -> Result<Vec<Action>, Failure> {
        let mut actions = source.actions.clone();
        if self.decide() {
            let scenario = check(&source.document)
                .map_err(|problems| Failure::Invalid(source.name.clone(), problems))?;
            self.flip(&scenario, &mut actions)
                .map_err(|problems| Failure::Invalid(source.name.clone(), problems))?;
        }
        let settings = self.set.iter().map(|setting| Action {
            at: setting.at,
            change: Change::Set { path: setting.path.clone(), value: setting.value.clone() },
        });
        actions.extend(settings);
        actions.sort_by_key(|action| action.at);
        Ok(actions)
    }

    fn flip(&self, scenario: &Scenario, actions: &mut Vec<Action>) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        for (flag, flips, on) in [("--on", &self.on, true), ("--off", &self.off, false)] {
            for flip in flips {
                match ids(flip, on, scenario) {
                    Ok(ids) => ids.into_iter().for_each(|id| toggle(actions, id, on, flip.at)),
                    Err(message) => problems.push(Problem::new(flag, message)),
                }
                if on && flip.id == NONE {
                    actions.retain(|action| !matches!(action.change, Change::Toggle { .. }));
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// A run of a source, with problems in the words of the command line.
pub fn run(source: &Source, seed: Option<u64>, actions: Vec<Action>) -> Result<Run, Failure> {
    let own = source.document.get("seed").and_then(serde_json::Value::as_u64).unwrap_or(1);
    let seed = seed.or(source.seed).unwrap_or(own);
    let words: Vec<String> = actions.iter().map(flag_of).collect();
    Run::new(source.document.clone(), seed, actions).map_err(|problems| {
        let problems = problems.into_iter().map(|problem| in_words(problem, &words)).collect();
        Failure::Invalid(source.name.clone(), problems)
    })
}

/// The same run once per seed; without seeds the run itself.
pub fn with_seeds(run: &Run, seeds: Option<&Seeds>) -> Vec<Run> {
    let Some(Seeds(seeds)) = seeds else { return vec![run.clone()] };
    let seeded = |seed| {
        let mut run = run.clone();
        run.seed = seed;
        run
    };
    seeds.clone().map(seeded).collect()
}

/// Every switch on from the start.
pub fn all_on(scenario: &Scenario) -> Vec<Action> {
    let toggles = scenario.toggles.keys();
    toggles.map(|id| action(id.clone(), true, Time::ZERO)).collect()
}

fn action(id: String, on: bool, at: Time) -> Action {
    Action { at, change: Change::Toggle { id, on } }
}

/// The switches that a flip means.
fn ids(flip: &Flip, on: bool, scenario: &Scenario) -> Result<Vec<String>, String> {
    let known = || scenario.toggles.keys().map(String::as_str);
    match flip.id.as_str() {
        // A scenario's own switch of that name goes first.
        id if scenario.toggles.contains_key(id) => Ok(vec![id.to_owned()]),
        ALL => Ok(known().map(str::to_owned).collect()),
        NONE if on => Ok(Vec::new()),
        id => {
            let hint = did_you_mean(id, known());
            let list = known().collect::<Vec<_>>().join(", ");
            let hint = match (hint.as_str(), list.as_str()) {
                ("", "") => "; this scenario has no switches".to_owned(),
                ("", list) => format!("; switches are {list}"),
                _ => hint,
            };
            Err(format!("no switch {}{hint}", quoted(id)))
        }
    }
}

/// Adds a flip. A later flag about the same switch and moment wins.
fn toggle(actions: &mut Vec<Action>, id: String, on: bool, at: Time) {
    let same = |action: &Action| {
        let about = matches!(&action.change, Change::Toggle { id: other, .. } if *other == id);
        about && action.at == at
    };
    actions.retain(|action| !same(action));
    // Switches are off at the start.
    if on || at > Time::ZERO {
        actions.push(action(id, on, at));
    }
}

/// An action as a flag.
fn flag_of(action: &Action) -> String {
    let moment = match action.at {
        Time::ZERO => String::new(),
        at => format!("@{}", moment::format(at)),
    };
    match &action.change {
        Change::Toggle { id, on: true } => format!("--on {id}{moment}"),
        Change::Toggle { id, on: false } => format!("--off {id}{moment}"),
        Change::Set { path, value } => format!("--set {path}={value}{moment}"),
    }
}

/// `actions.3.path` means nothing to somebody who typed flags.
fn in_words(problem: Problem, words: &[String]) -> Problem {
    let action = problem.path.strip_prefix("actions.").and_then(|rest| {
        let number = rest.split('.').next()?.parse::<usize>().ok()?;
        words.get(number)
    });
    match action {
        Some(flag) => Problem::new(flag.clone(), problem.message),
        None => problem,
    }
}
