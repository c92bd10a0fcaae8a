//! Promotion: who watches the primary of a database, when it counts as dead, and who takes its place.
//!
//! After MHA, the master high availability manager for MySQL: it asks the primary every 3 s, and takes it for
//! dead when four checks in a row have failed, 9 to 12 s after the crash; then it needs some seconds to
//! switch the old one off, to apply what has arrived to the new one and to turn the clients to it. The whole
//! takes 10 to 30 s. Of the servers that could take over it chooses the one that has got most of the
//! writes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parameters of a promotion, with MHA's defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Promotion")]
pub struct Params {
    /// Time between two checks of the primary. One that crashed, stands still or cannot be reached
    /// fails them.
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub check_every_ms: f64,
    /// Failed checks in a row after which the primary counts as dead.
    #[schemars(range(min = 1, max = 1_000))]
    pub failures: u32,
    /// Time from then until the new primary serves, if it has applied by then what it had got.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub promotion_ms: f64,
}

impl Default for Params {
    fn default() -> Params {
        Params { check_every_ms: 3_000.0, failures: 4, promotion_ms: 10_000.0 }
    }
}

/// What the manager knows of the primary.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Checks that have failed in a row.
    failed: u32,
}

impl Watch {
    /// Takes note of a check; whether the primary counts as dead.
    pub fn record(&mut self, params: &Params, answered: bool) -> bool {
        self.failed = if answered { 0 } else { self.failed.saturating_add(1) };
        self.failed >= params.failures
    }
}

/// A server that could take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number.
    pub server: u32,
    /// How many writes it has got.
    pub received: u64,
    /// It is the standby: it serves nobody who would miss it.
    pub standby: bool,
}

/// Who takes over: whoever has got most; of several the standby, then the first.
pub fn choose(candidates: impl Iterator<Item = Candidate>) -> Option<u32> {
    let rank = |one: &Candidate| (one.received, one.standby, std::cmp::Reverse(one.server));
    candidates.max_by_key(rank).map(|one| one.server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn only_failures_in_a_row_count() {
        let params = Params { failures: 3, ..Params::default() };
        let mut watch = Watch::default();
        let dead: Vec<bool> = [false, false, true, false, false, false, false]
            .iter()
            .map(|answered| watch.record(&params, *answered))
            .collect();
        assert_eq!(dead, [false, false, false, false, false, true, true]);
    }

    #[test]
    fn the_most_advanced_takes_over_and_among_equals_the_standby() {
        let candidate = |server, received, standby| Candidate { server, received, standby };
        let chosen = |all: &[Candidate]| choose(all.iter().copied());
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[candidate(1, 5, false), candidate(2, 7, false)]), Some(2));
        assert_eq!(chosen(&[candidate(1, 7, false), candidate(2, 7, false)]), Some(1));
        assert_eq!(chosen(&[candidate(1, 7, false), candidate(2, 7, true)]), Some(2));
        assert_eq!(chosen(&[candidate(1, 7, false), candidate(2, 6, true)]), Some(1));
    }
}
