//! Groups: what they hold exists and has servers, and their names mean nothing else.

use super::faults::{Target, target_of_node};
use crate::problem::{Problems, quoted};
use crate::scenario::Scenario;
use std::collections::BTreeSet;

/// Checks every group.
pub(super) fn check(scenario: &Scenario, problems: &mut Problems) {
    for (key, group) in &scenario.groups {
        if scenario.nodes.contains_key(key) {
            let message = format!("\"{key}\" is the name of a node, too: faults go by names");
            problems.add(format!("groups.{key}"), message);
        }
        let mut seen = BTreeSet::new();
        for (number, member) in group.members.iter().enumerate() {
            let problem = match target_of_node(scenario, member) {
                Err(problem) => problem,
                Ok(Target::Station | Target::Database | Target::Server) if seen.insert(member) => {
                    continue;
                }
                Ok(Target::Station | Target::Database | Target::Server) => {
                    format!("{} is a member already", quoted(member))
                }
                Ok(_) => format!("{} has no servers", quoted(member)),
            };
            problems.add(format!("groups.{key}.members.{number}"), problem);
        }
    }
}
