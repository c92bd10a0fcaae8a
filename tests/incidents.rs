//! Every incident has a preset that reproduces it, and every fact of it a clause that is judged.
//! `docs/incidents.md` is generated: `UPDATE=1 cargo test --test incidents` writes it anew.
#![cfg(not(target_arch = "wasm32"))]

#[path = "incidents/document.rs"]
mod document;

use brownout::preset::{PRESETS, Preset};
use brownout::report::Clause;
use brownout::run::{Action, Change, Run};
use brownout::scenario::{Scenario, check};
use brownout::simulation::Simulation;
use serde::Deserialize;
use std::path::Path;
use std::sync::LazyLock;

/// Where incidents come from, in the order of the tour.
#[derive(Deserialize)]
struct Source {
    source: String,
    name: String,
    article: String,
    rows: Vec<Row>,
}

/// An incident, or what was built against it.
#[derive(Deserialize)]
struct Row {
    id: String,
    what: String,
    fact: String,
}

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("incidents/rows.json")).expect("the rows are JSON")
});

static TOUR: LazyLock<Vec<(&'static Preset, Scenario)>> = LazyLock::new(|| {
    let scenario = |preset: &Preset| check(&preset.document()).expect("presets are valid");
    PRESETS.iter().map(|preset| (preset, scenario(preset))).collect()
});

fn rows() -> impl Iterator<Item = &'static Row> {
    SOURCES.iter().flat_map(|source| &source.rows)
}

/// The clauses of a scenario that are an incident's facts.
fn figures<'s>(scenario: &'s Scenario, row: &str) -> Vec<&'s String> {
    let of_row = scenario.figures.iter().filter(|figures| figures.incident == row);
    of_row.flat_map(|figures| &figures.clauses).collect()
}

#[test]
fn every_incident_has_a_preset_and_every_fact_a_clause() {
    let mut missing = Vec::new();
    for row in rows() {
        let covering: Vec<_> =
            TOUR.iter().filter(|(_, scenario)| scenario.covers.contains(&row.id)).collect();
        if covering.is_empty() {
            missing.push(format!("{}: no preset", row.id));
        } else if covering.iter().all(|(_, scenario)| figures(scenario, &row.id).is_empty()) {
            missing.push(format!("{}: no clause", row.id));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn what_a_preset_covers_it_asserts() {
    for (preset, scenario) in &*TOUR {
        for row in scenario.covers.iter().filter(|row| rows().any(|known| known.id == **row)) {
            assert!(!figures(scenario, row).is_empty(), "{}: {row} has no clause", preset.id);
        }
    }
}

#[test]
fn the_presets_are_a_tour_in_the_order_of_the_incidents() {
    let place = |(preset, scenario): &(&Preset, Scenario)| {
        let first = scenario.covers.first().expect("every preset covers an incident");
        let known = rows().position(|row| row.id == *first);
        (known.unwrap_or(usize::MAX), preset.id)
    };
    for pair in TOUR.windows(2) {
        let (one, other) = (place(&pair[0]), place(&pair[1]));
        assert!(one.0 <= other.0, "{} stands before {}", one.1, other.1);
    }
}

#[test]
fn every_preset_tells_its_story_in_two_languages() {
    for (preset, scenario) in &*TOUR {
        let told = scenario.story.iter().chain(&scenario.look_at).chain(&scenario.they_did);
        let toggles = scenario.toggles.values().flat_map(|toggle| [&toggle.name, &toggle.help]);
        let names = scenario.interventions.values().map(|intervention| &intervention.name);
        for text in told.chain(toggles).chain(names).chain([&scenario.name]) {
            assert!(text.ko.is_some(), "{}: not in Korean: {}", preset.id, text.en);
        }
        assert!(!scenario.story.is_empty(), "{}: no story", preset.id);
        assert!(scenario.look_at.is_some(), "{}: nothing to look at", preset.id);
        assert!(scenario.they_did.is_some(), "{}: what did the team do?", preset.id);
    }
}

/// What each clause of a scenario measures, with nothing on and with everything.
fn measured(preset: &Preset, scenario: &Scenario, clauses: &[&String]) -> Vec<[String; 2]> {
    let run = |on: bool| {
        let toggle = |id: &String| Change::Toggle { id: id.clone(), on: true };
        let toggles = scenario.toggles.keys().filter(|_| on);
        let actions = toggles.map(|id| Action { at: Default::default(), change: toggle(id) });
        let run = Run::new(preset.document(), scenario.seed, actions.collect());
        let mut simulation = Simulation::new(run.expect("the switches of a preset can be flipped"));
        simulation.run_to_end();
        simulation
    };
    let lanes = [run(false), run(true)];
    let judge = |clause: &&String| {
        lanes.each_ref().map(|lane| {
            let clause = Clause::parse(clause, lane.metrics().wiring()).expect("it was checked");
            document::value(&clause.judge(lane.metrics(), &lane.report()))
        })
    };
    clauses.iter().map(judge).collect()
}

#[test]
fn the_document_says_what_is_measured() {
    let wanted = document::markdown(&SOURCES, &TOUR);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/incidents.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("the file can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "is out of date: UPDATE=1 cargo test --test incidents";
    assert!(found == wanted, "docs/incidents.md {hint}");
}
