//! Restart back-off after Kubernetes (kubelet's CrashLoopBackOff, `client-go` `flowcontrol.Backoff`).
//!
//! The first crash is followed by a restart at once, the next ones by waits of 10 s, doubling up to
//! 300 s. A container that ran for more than 10 minutes starts over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;

/// Kubelet doubles the wait after every crash; it is not configurable there.
const FACTOR: u64 = 2;

/// Parameters of the back-off, with kubelet's constants as defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RestartBackoff")]
pub struct Params {
    /// Wait after the second crash in a row; each further crash doubles it.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub initial_delay_ms: f64,
    /// Longest wait.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub max_delay_ms: f64,
    /// A run longer than this makes the next crash count as the first.
    #[schemars(range(min = 0.0, max = 604_800_000.0), extend("x-unit" = "ms"))]
    pub reset_after_ms: f64,
}

impl Default for Params {
    fn default() -> Params {
        Params { initial_delay_ms: 10_000.0, max_delay_ms: 300_000.0, reset_after_ms: 600_000.0 }
    }
}

/// The back-off of one container.
///
/// Invariant: `next_delay` is `None` until the first crash of a row was restarted at once.
#[derive(Clone, Debug)]
pub struct RestartBackoff {
    params: Params,
    next_delay: Option<Duration>,
}

impl RestartBackoff {
    /// A container that has not crashed yet.
    pub fn new(params: &Params) -> RestartBackoff {
        RestartBackoff { params: params.clone(), next_delay: None }
    }

    /// How long to wait before the restart of a container that crashed after running for `ran_for`.
    pub fn on_crash(&mut self, ran_for: Duration) -> Duration {
        if ran_for > Duration::from_ms(self.params.reset_after_ms) {
            self.next_delay = None;
        }
        let longest = Duration::from_ms(self.params.max_delay_ms);
        let (delay, next) = match self.next_delay {
            None => (Duration::ZERO, Duration::from_ms(self.params.initial_delay_ms)),
            Some(delay) => (delay, Duration(delay.0.saturating_mul(FACTOR))),
        };
        self.next_delay = Some(next.min(longest));
        delay
    }

    /// Takes over new parameters; the row of crashes goes on.
    pub fn retune(&mut self, params: &Params) {
        self.params = params.clone();
        let longest = Duration::from_ms(self.params.max_delay_ms);
        self.next_delay = self.next_delay.map(|delay| delay.min(longest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(backoff: &mut RestartBackoff, runs_s: &[f64]) -> Vec<f64> {
        let crash = |&s: &f64| backoff.on_crash(Duration::from_seconds(s)).seconds();
        runs_s.iter().map(crash).collect()
    }

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn the_first_restart_is_at_once_and_then_waits_double() {
        let mut backoff = RestartBackoff::new(&Params::default());
        let expected = [0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0];
        assert_eq!(delays(&mut backoff, &[1.0; 8]), expected);
    }

    #[test]
    fn only_a_run_longer_than_ten_minutes_starts_over() {
        let mut backoff = RestartBackoff::new(&Params::default());
        let runs = [1.0, 1.0, 600.0, 600.1, 1.0];
        assert_eq!(delays(&mut backoff, &runs), [0.0, 10.0, 20.0, 0.0, 10.0]);
    }

    #[test]
    fn a_new_longest_wait_binds_the_row_that_goes_on() {
        let mut backoff = RestartBackoff::new(&Params::default());
        assert_eq!(delays(&mut backoff, &[1.0; 3]), [0.0, 10.0, 20.0]);
        backoff.retune(&Params { max_delay_ms: 25_000.0, ..Params::default() });
        assert_eq!(delays(&mut backoff, &[1.0; 2]), [25.0, 25.0], "not 40 s");
        backoff.retune(&Params::default());
        assert_eq!(delays(&mut backoff, &[1.0; 2]), [25.0, 50.0]);
    }
}
