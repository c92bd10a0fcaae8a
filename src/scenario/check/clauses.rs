//! Clauses of `expect`: each can be read, and names what exists.

use crate::plan::Plan;
use crate::problem::Problems;
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
