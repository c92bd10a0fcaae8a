//! A case: a random run, with everything that is done to it while it goes on.

use crate::dice::Dice;
use crate::draw::Draw;
use crate::edit::{edit, patch};
use crate::mend::mend;
use crate::names::Names;
use brownout::engine::Time;
use brownout::run::{Change, Run};
use serde_json::{Value, json};

/// Seeds of runs; few, so that what failed is found again.
const MAX_SEED: u64 = 1_000;

/// How large cases may become.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Most events of a run.
    pub events: u64,
}

/// A run, and what is done to it while it goes on.
#[derive(Clone, Debug)]
pub struct Case {
    /// The run, nothing switched.
    pub run: Run,
    /// What is done when, in the order of time. Not everything fits everything: what a run refuses
    /// changes nothing.
    pub changes: Vec<(Time, Change)>,
    /// Source of the pieces in which it is run.
    pub pieces: u64,
    /// In how many rounds it was mended.
    pub mended: u32,
}

impl Case {
    /// The case of a seed.
    pub fn of_seed(seed: u64, size: Size) -> Option<Case> {
        Case::draw(&mut Dice::Seed(seed), size)
    }

    /// Draws a case; none if what was drawn cannot be mended.
    pub fn draw(dice: &mut Dice, size: Size) -> Option<Case> {
        let names = Names::draw(dice);
        // Lengths and budgets of all orders of magnitude.
        let duration_s = *dice.pick(&[2.0, 10.0, 0.5, 30.0, 600.0]);
        let most_events = (size.events >> dice.roll(7)).max(50);
        let (node, to) = (None, None);
        let mut draw = Draw { dice, names: &names, duration_s, most_events, node, to };
        let mut document = draw.scenario();
        fill_patches(&mut draw, &mut document);
        let mended = mend(&mut document)?;
        let changes = changes(&mut draw, &document);
        let seed = draw.dice.between(1, MAX_SEED);
        let pieces = draw.dice.bits();
        let run = Run::new(document, seed, Vec::new()).ok()?;
        Some(Case { run, changes, pieces, mended })
    }
}

/// Switches and interventions come from the schema with empty patches.
fn fill_patches(draw: &mut Draw, document: &mut Value) {
    for group in ["toggles", "interventions"] {
        let keys: Vec<String> =
            document[group].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
        for key in keys {
            let patch = patch(edit(draw, document, false));
            document[group][key]["patch"] = patch;
        }
    }
}

/// What is done while the run goes on.
fn changes(draw: &mut Draw, document: &Value) -> Vec<(Time, Change)> {
    let toggles: Vec<String> =
        document["toggles"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
    let mut changes: Vec<(Time, Change)> = (0..draw.dice.roll(7))
        .map(|_| {
            let at_s = (draw.dice.unit() * 32.0).round() / 32.0 * draw.duration_s;
            let change = if !toggles.is_empty() && draw.dice.percent(50) {
                let id = draw.dice.pick(&toggles).clone();
                Change::Toggle { id, on: draw.dice.percent(60) }
            } else {
                let (way, value) = edit(draw, document, true);
                Change::Set { path: way.join("."), value }
            };
            (Time::from_seconds(at_s), change)
        })
        .collect();
    changes.sort_by_key(|(at, _)| *at);
    changes
}

/// A case as JSON, for people.
pub fn shown(case: &Case) -> Value {
    let changes = case.changes.iter().map(|(at, change)| match change {
        Change::Toggle { id, on } => json!({"at_s": at.seconds(), "toggle": id, "on": on}),
        Change::Set { path, value } => json!({"at_s": at.seconds(), "path": path, "value": value}),
    });
    json!({"scenario": case.run.document, "seed": case.run.seed, "actions": changes.collect::<Vec<_>>()})
}
