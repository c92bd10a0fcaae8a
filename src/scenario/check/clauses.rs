//! Clauses of `expect`: each can be read, and names what exists.

use crate::plan::Plan;
use crate::problem::{Problems, quoted};
use crate::report::expect::Clause;
use crate::scenario::Scenario;

/// Reads every clause against the wiring of a scenario that is otherwise in order.
pub(super) fn check(scenario: &Scenario, problems: &mut Problems) {
    let wiring = Plan::compile(scenario).wiring;
    let expect = &scenario.expect;
    for (group, clauses) in [("on", &expect.on), ("off", &expect.off), ("both", &expect.both)] {
        for (number, clause) in clauses.iter().enumerate() {
            if let Err(message) = Clause::parse(clause, &wiring) {
                problems.add(format!("expect.{group}.{number}"), message);
            }
        }
    }
}

/// What stands under `figures` must be covered, and expected: otherwise nobody would see to it.
pub(super) fn check_figures(scenario: &Scenario, problems: &mut Problems) {
    let expect = &scenario.expect;
    let expected = |clause: &String| {
        [&expect.on, &expect.off, &expect.both].into_iter().any(|clauses| clauses.contains(clause))
    };
    for (number, figures) in scenario.figures.iter().enumerate() {
        let path = format!("figures.{number}");
        if !scenario.covers.contains(&figures.incident) {
            let message = format!("{} is not in covers", quoted(&figures.incident));
            problems.add(format!("{path}.incident"), message);
        }
        for (clause, text) in figures.clauses.iter().enumerate() {
            if !expected(text) {
                let message = format!("{} is no clause of expect", quoted(text));
                problems.add(format!("{path}.clauses.{clause}"), message);
            }
        }
    }
}
