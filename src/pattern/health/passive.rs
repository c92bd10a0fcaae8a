//! Passive marking after nginx 1.31 (`max_fails`, `fail_timeout`), by a clock of whole seconds.
//!
//! A server with `max_fails` failures is skipped while at most `fail_timeout` has passed since it was
//! last looked at; then it gets exactly one trial while others go on skipping it. A success that
//! follows a later look than the last failure clears it. The only server of a group is never
//! skipped. A failure also takes weight ÷ `max_fails` from a server's weight in turn, which grows back
//! by one per pick: that part is in [`balance`](crate::pattern::balance).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Duration, Time};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Parameters of passive marking, with nginx's defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "PassiveHealth")]
pub struct PassiveParams {
    /// Failures that make a server skipped; zero never skips.
    #[schemars(range(min = 0, max = 1_000), extend("x-unit" = "failures"))]
    pub max_fails: u32,
    /// Time a server is skipped, in whole seconds; up to one second more passes in practice.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub fail_timeout_ms: f64,
}

impl Default for PassiveParams {
    fn default() -> PassiveParams {
        PassiveParams { max_fails: 1, fail_timeout_ms: 10_000.0 }
    }
}

/// The passive marking of one server. Times are whole seconds of the simulated clock.
///
/// Invariant: `checked` and `accessed` are `None` until the first pick or failure.
#[derive(Clone, Debug, Default)]
pub struct PassiveMark {
    fails: u32,
    accessed: Option<u64>,
    checked: Option<u64>,
}

impl PassiveMark {
    /// A server that has never failed.
    pub fn new() -> PassiveMark {
        PassiveMark::default()
    }

    /// Whether a server of a group of `servers` may be picked at `now`.
    pub fn is_usable(&self, params: &PassiveParams, now: Time, servers: u32) -> bool {
        let failing = params.max_fails > 0 && self.fails >= params.max_fails;
        servers <= 1 || !failing || self.is_due(params, now)
    }

    /// Tells that the server was picked; after the quarantine this is its one trial.
    pub fn on_pick(&mut self, params: &PassiveParams, now: Time) {
        if self.is_due(params, now) {
            self.checked = Some(whole_seconds(now));
        }
    }

    /// Tells that a call to the server ended.
    pub fn on_outcome(&mut self, success: bool, now: Time) {
        if !success {
            self.fails = self.fails.saturating_add(1);
            self.accessed = Some(whole_seconds(now));
            self.checked = self.accessed;
        } else if self.accessed < self.checked {
            self.fails = 0;
        }
    }

    /// Whether more than the fail timeout has passed since the server was last looked at.
    fn is_due(&self, params: &PassiveParams, now: Time) -> bool {
        let timeout = Duration::from_ms(params.fail_timeout_ms).0 / NANOS_PER_SECOND;
        self.checked.is_none_or(|checked| whole_seconds(now).saturating_sub(checked) > timeout)
    }
}

fn whole_seconds(now: Time) -> u64 {
    now.0 / NANOS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<PassiveParams>();
    }

    /// Asks every tenth of a second whether a dead server is usable; if so the call fails at once.
    fn trials(params: &PassiveParams, servers: u32) -> Vec<f64> {
        let mut mark = PassiveMark::new();
        let mut tried = Vec::new();
        for tenth in 0..100_u32 {
            let now = Time::from_seconds(f64::from(tenth) / 10.0);
            if mark.is_usable(params, now, servers) {
                mark.on_pick(params, now);
                mark.on_outcome(false, now);
                tried.push(now.seconds());
            }
        }
        tried
    }

    #[test]
    fn a_dead_server_is_tried_once_per_timeout_and_a_whole_second() {
        let params = PassiveParams { max_fails: 1, fail_timeout_ms: 3_000.0 };
        assert_eq!(trials(&params, 2), [0.0, 4.0, 8.0]);
    }

    #[test]
    fn the_only_server_is_never_skipped_nor_one_without_a_limit() {
        let params = PassiveParams { max_fails: 1, fail_timeout_ms: 3_000.0 };
        assert_eq!(trials(&params, 1).len(), 100);
        assert_eq!(trials(&PassiveParams { max_fails: 0, ..params }, 2).len(), 100);
    }

    #[test]
    fn during_a_trial_others_go_on_skipping_and_only_its_success_clears() {
        let params = PassiveParams { max_fails: 1, fail_timeout_ms: 3_000.0 };
        let at = |seconds| Time::from_seconds(seconds);
        let mut mark = PassiveMark::new();
        mark.on_outcome(false, at(0.0));
        mark.on_outcome(true, at(0.5));
        assert!(!mark.is_usable(&params, at(3.9), 2) && mark.is_usable(&params, at(4.0), 2));
        mark.on_pick(&params, at(4.0));
        assert!(!mark.is_usable(&params, at(4.1), 2));
        mark.on_outcome(true, at(4.2));
        assert!(mark.is_usable(&params, at(4.2), 2));
    }
}
