//! A trial: everything that must hold of any run, whatever happens in it.
//!
//! - nothing panics; every invariant holds; what the model counts is there;
//! - a run in pieces, with switches flipped by hand, is the run that its own document replays in one go;
//! - a checkpoint in the middle goes on like the original.

use crate::case::Case;
use crate::dice::Dice;
use brownout::engine::Time;
use brownout::link;
use brownout::run::Run;
use brownout::simulation::Simulation;
use serde_json::{Value, json};
use std::fmt;

/// How a trial failed. Two failures of one kind are taken for the same bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What failed, without numbers.
    pub kind: String,
    /// Everything about it.
    pub detail: String,
}

impl Failure {
    /// A failure of a kind, with details.
    pub fn new(kind: impl Into<String>, detail: impl Into<String>) -> Failure {
        Failure { kind: kind.into(), detail: detail.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.kind, self.detail)
    }
}

/// What a trial has shown.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    /// Events handled, over all runs of the case.
    pub events: u64,
    /// Invariants judged.
    pub checks: u64,
    /// Changes that the run refused.
    pub refused: u64,
    /// Changes that it took.
    pub taken: u64,
    /// The digest.
    pub digest: String,
    /// The run with all that was done, as its own document.
    pub document: String,
}

/// How thorough a trial is.
#[derive(Clone, Copy, Debug)]
pub struct Rigour {
    /// The model is counted anew after every piece while no more than so many calls and jobs are alive.
    pub audited: usize,
    /// Whether links lead back to the run.
    pub links: bool,
}

/// Tries a case.
///
/// # Errors
/// The first thing that does not hold.
pub fn trial(case: &Case, rigour: Rigour) -> Result<Passed, Failure> {
    let mut passed = Passed::default();
    let mut dice = Dice::Seed(case.pieces);
    let mut live = Simulation::new(case.run.clone());
    for (at, change) in &case.changes {
        in_pieces(&mut live, *at, &mut dice, rigour)?;
        match live.act(change.clone()) {
            Ok(()) => passed.taken += 1,
            Err(_) => passed.refused += 1,
        }
    }
    let end = live.metrics().duration();
    in_pieces(&mut live, Time((end.0 as f64 * dice.unit()) as u64), &mut dice, rigour)?;
    let mut resumed = live.clone();
    in_pieces(&mut live, Time::NEVER, &mut dice, rigour)?;
    resumed.run_to_end();
    let shown_live = shown(&live);
    compare("checkpoint", &shown_live, &shown(&resumed))?;
    let document = live.run().to_json().to_string();
    let replayed = Run::from_json(&document).map_err(|problems| {
        Failure::new("the run's document is refused", format!("{problems:?}"))
    })?;
    if rigour.links {
        leads_back(&replayed)?;
    }
    let mut replay = Simulation::new(replayed);
    replay.run_to_end();
    compare("replay", &shown_live, &shown(&replay))?;
    let invariants = replay.report().invariants;
    if let Some(first) = invariants.broken.first() {
        return Err(Failure::new(
            format!("invariant: {}", first.en),
            format!("{:?}", invariants.broken),
        ));
    }
    passed.events = 3 * live.world().events();
    passed.checks = invariants.checks;
    passed.digest = live.digest().to_string();
    passed.document = document;
    Ok(passed)
}

/// Goes on in pieces of random size.
fn in_pieces(
    simulation: &mut Simulation,
    to: Time,
    dice: &mut Dice,
    rigour: Rigour,
) -> Result<(), Failure> {
    let largest = 1 << dice.between(2, 12);
    loop {
        let piece = dice.between(1, largest);
        let before = simulation.world().events();
        simulation.advance(to, piece);
        let (calls, jobs) = simulation.world().alive();
        if calls + jobs <= rigour.audited
            && let [first, ..] = &simulation.world().audit()[..]
        {
            let kind: String = first.chars().filter(|c| !c.is_ascii_digit()).collect();
            let at = simulation.world().now();
            return Err(Failure::new(format!("audit: {kind}"), format!("{first} at {at:?}")));
        }
        if simulation.world().events() - before < piece || simulation.is_done() {
            return Ok(());
        }
    }
}

/// Everything that a run shows.
fn shown(simulation: &Simulation) -> Value {
    let mut report = json!(simulation.report());
    let windows: Vec<String> =
        simulation.window_digests().iter().map(|digest| format!("{digest:016x}")).collect();
    report["window_digests"] = json!(windows);
    report
}

fn compare(what: &str, live: &Value, other: &Value) -> Result<(), Failure> {
    if live == other {
        return Ok(());
    }
    let differs = |(key, value): (&String, &Value)| (value != &other[key]).then(|| key.clone());
    let keys: Vec<String> = live.as_object().into_iter().flatten().filter_map(differs).collect();
    let first = keys.first().cloned().unwrap_or_default();
    let (a, b) = (live[&first].to_string(), other[&first].to_string());
    let clip = |text: String| text.chars().take(300).collect::<String>();
    let detail = format!("{keys:?} differ: {} against {}", clip(a), clip(b));
    Err(Failure::new(format!("{what} differs"), detail))
}

fn leads_back(run: &Run) -> Result<(), Failure> {
    let Ok(encoded) = link::encode(run) else { return Ok(()) };
    match link::decode(&encoded) {
        Ok(decoded) if decoded == *run => Ok(()),
        Ok(_) => Err(Failure::new("link", "it leads to another run")),
        Err(error) => Err(Failure::new("link", error.en)),
    }
}
