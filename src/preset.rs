//! The presets: scenarios that come with the program, each from a real outage.

use crate::nearest::did_you_mean;
use crate::problem::{Problem, quoted};
use crate::scenario::{MAX_NAME, Scenario, check, read, same_in_order};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// A scenario that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name in links and on the command line.
    pub id: &'static str,
    /// The scenario, as its author wrote it.
    pub json: &'static str,
}

/// All presets, in the order of lists. To add one: its file, and its line here.
pub const PRESETS: &[Preset] = &[
    Preset { id: "slow-dependency", json: include_str!("presets/slow-dependency.json") },
    Preset { id: "fault-sources", json: include_str!("presets/fault-sources.json") },
    Preset { id: "two-of-everything", json: include_str!("presets/two-of-everything.json") },
    Preset { id: "promotion", json: include_str!("presets/promotion.json") },
    Preset { id: "local-spool", json: include_str!("presets/local-spool.json") },
    Preset { id: "replay-once", json: include_str!("presets/replay-once.json") },
    Preset { id: "login-provider-down", json: include_str!("presets/login-provider-down.json") },
    Preset { id: "bulkheads", json: include_str!("presets/bulkheads.json") },
    Preset { id: "async-calls", json: include_str!("presets/async-calls.json") },
    Preset { id: "hot-row", json: include_str!("presets/hot-row.json") },
    Preset { id: "api-monitor", json: include_str!("presets/api-monitor.json") },
    Preset { id: "alarm-fatigue", json: include_str!("presets/alarm-fatigue.json") },
    Preset { id: "no-timeouts", json: include_str!("presets/no-timeouts.json") },
    Preset { id: "fail-fast", json: include_str!("presets/fail-fast.json") },
    Preset { id: "breaker-threshold", json: include_str!("presets/breaker-threshold.json") },
    Preset { id: "full-disk", json: include_str!("presets/full-disk.json") },
    Preset { id: "cache-without-expiry", json: include_str!("presets/cache-without-expiry.json") },
    Preset { id: "eight-minus-one", json: include_str!("presets/eight-minus-one.json") },
    Preset { id: "dawn-scale-in", json: include_str!("presets/dawn-scale-in.json") },
    Preset { id: "single-pod", json: include_str!("presets/single-pod.json") },
    Preset { id: "reddit-governor", json: include_str!("presets/reddit-governor.json") },
    Preset { id: "shared-database", json: include_str!("presets/shared-database.json") },
    Preset { id: "campaign", json: include_str!("presets/campaign.json") },
    Preset { id: "missing-index", json: include_str!("presets/missing-index.json") },
    Preset { id: "dead-documents", json: include_str!("presets/dead-documents.json") },
    Preset { id: "sharding", json: include_str!("presets/sharding.json") },
    Preset { id: "config-servers", json: include_str!("presets/config-servers.json") },
    Preset { id: "live-migration", json: include_str!("presets/live-migration.json") },
    Preset { id: "static-notice", json: include_str!("presets/static-notice.json") },
    Preset { id: "balancing", json: include_str!("presets/balancing.json") },
    Preset { id: "cold-standby", json: include_str!("presets/cold-standby.json") },
    Preset { id: "bad-release", json: include_str!("presets/bad-release.json") },
    Preset { id: "retry-storm", json: include_str!("presets/retry-storm.json") },
];

/// The documents of all presets, read once: every link is compared with them.
static DOCUMENTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    PRESETS.iter().map(|preset| read(preset.json).expect("presets are readable")).collect()
});

/// The scenarios of all presets, checked once.
static SCENARIOS: LazyLock<Vec<Scenario>> = LazyLock::new(|| {
    DOCUMENTS.iter().map(|document| check(document).expect("presets are valid")).collect()
});

impl Preset {
    /// The scenario's JSON.
    pub fn document(&self) -> Value {
        DOCUMENTS[self.position()].clone()
    }

    /// The scenario, checked.
    pub(crate) fn scenario(&self) -> Scenario {
        SCENARIOS[self.position()].clone()
    }

    fn position(&self) -> usize {
        let position = PRESETS.iter().position(|preset| preset.id == self.id);
        position.expect("every preset is in the list")
    }

    /// What a list shows: `{id, name, story, look_at, covers, toggles: [{key, name, help}]}`.
    pub fn summary(&self) -> Value {
        let document = self.document();
        let toggles = document["toggles"].as_object().into_iter().flatten();
        let toggles = toggles.map(
            |(key, toggle)| json!({"key": key, "name": toggle["name"], "help": toggle["help"]}),
        );
        json!({
            "id": self.id,
            "name": document["name"],
            "story": document["story"],
            "look_at": document["look_at"],
            "covers": document["covers"],
            "toggles": toggles.collect::<Vec<Value>>(),
        })
    }
}

/// The preset of that name.
pub fn find(id: &str) -> Result<&'static Preset, Problem> {
    PRESETS.iter().find(|preset| preset.id == id).ok_or_else(|| {
        // A longer word is no typing error.
        let short = id.chars().take(2 * MAX_NAME).collect::<String>();
        let hint = did_you_mean(&short, PRESETS.iter().map(|preset| preset.id));
        Problem::new("preset", format!("{} is unknown{hint}", quoted(id)))
    })
}

/// The preset that a document is, unchanged.
pub fn of(document: &Value) -> Option<&'static Preset> {
    PRESETS
        .iter()
        .zip(&*DOCUMENTS)
        .find(|(_, own)| same_in_order(own, document))
        .map(|(preset, _)| preset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_valid_scenario() {
        for preset in PRESETS {
            let document = preset.document();
            if let Err(problems) = check(&document) {
                panic!("{}: {}", preset.id, problems[0]);
            }
            assert_eq!(of(&document), Some(preset));
            assert_eq!(find(preset.id), Ok(preset));
        }
    }

    #[test]
    fn in_another_order_a_preset_is_another_document() {
        for preset in PRESETS {
            let mut document = preset.document();
            let nodes = document["nodes"].as_object_mut().expect("nodes");
            let name = nodes.keys().next().expect("a node").clone();
            let node = nodes.shift_remove(&name).expect("it is there");
            nodes.insert(name, node);
            assert_eq!(document, preset.document(), "objects are equal in any order");
            assert_eq!(of(&document), None, "{}", preset.id);
        }
    }

    #[test]
    fn unknown_names_are_told_the_nearest() {
        let problem = find("slow-dependancy").expect_err("no such preset");
        assert_eq!(
            problem.to_string(),
            r#"preset: "slow-dependancy" is unknown; did you mean "slow-dependency"?"#
        );
        assert!(find(&"x".repeat(1_000_000)).is_err());
    }
}
