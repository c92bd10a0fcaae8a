//! Health of servers as a balancer sees it: active checks, passive marking, panic.
//!
//! - Active checks after HAProxy 3.5 (`inter`, `fall`, `rise`): a counter in [0, rise + fall − 1], up
//!   from `rise` on. A passed check adds one, and reaching `rise` fills it to the top; a failed one
//!   takes one away, and falling below `rise` empties it. So one good check while up restores full
//!   health, and one bad check while rising starts over.
//! - Passive marking after nginx 1.31 (`max_fails`, `fail_timeout`), by a clock of whole seconds: a
//!   server with `max_fails` failures is skipped while at most `fail_timeout` has passed since it was
//!   last looked at; then it gets exactly one trial while others go on skipping it. A success that
//!   follows a later look than the last failure clears it. The only server of a group is never
//!   skipped. nginx's passing drop in weight after a failure is not modelled.
//! - Panic after Envoy 1.40 (`healthy_panic_threshold`): when the healthy share is below the
//!   threshold, health is ignored and all servers are used. Envoy's default is 50 %, here it is off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Duration, Time};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Parameters of active checks, with HAProxy's defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ActiveHealth")]
pub struct ActiveParams {
    /// Time between two checks of a server.
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub interval_ms: f64,
    /// Time after which a check without answer has failed; absent means the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub timeout_ms: Option<f64>,
    /// Failed checks in a row that take a server out.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "checks"))]
    pub fall: u32,
    /// Passed checks in a row that bring a server back.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "checks"))]
    pub rise: u32,
}

impl Default for ActiveParams {
    fn default() -> ActiveParams {
        ActiveParams { interval_ms: 2_000.0, timeout_ms: None, fall: 3, rise: 2 }
    }
}

impl ActiveParams {
    /// How long a check waits for an answer.
    pub fn timeout(&self) -> Duration {
        Duration::from_ms(self.timeout_ms.unwrap_or(self.interval_ms))
    }
}

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

/// Whether so few of `servers` are healthy that health is to be ignored and all of them used.
pub fn panics(threshold_percent: f64, healthy: u32, servers: u32) -> bool {
    f64::from(healthy) * 100.0 < threshold_percent * f64::from(servers)
}

/// The active check of one server.
///
/// Invariant: `health` lies in [0, rise + fall − 1].
#[derive(Clone, Debug)]
pub struct ActiveCheck {
    fall: u32,
    rise: u32,
    health: u32,
}

impl ActiveCheck {
    /// A server that is fully healthy, or down with an empty counter.
    pub fn new(params: &ActiveParams, up: bool) -> ActiveCheck {
        let mut check =
            ActiveCheck { fall: params.fall.max(1), rise: params.rise.max(1), health: 0 };
        check.health = if up { check.top() } else { 0 };
        check
    }

    /// Tells the result of a check; answers whether the server is up now.
    pub fn record(&mut self, passed: bool) -> bool {
        self.health = match passed {
            true if self.health + 1 >= self.rise => self.top(),
            true => self.health + 1,
            false if self.health > self.rise => self.health - 1,
            false => 0,
        };
        self.is_up()
    }

    /// Whether the server is up.
    pub fn is_up(&self) -> bool {
        self.health >= self.rise
    }

    /// The counter: at least `rise` while up.
    pub fn health(&self) -> u32 {
        self.health
    }

    /// Takes over new thresholds; if they differ, a server that is up is fully healthy under them
    /// and one that is down starts to rise anew.
    pub fn retune(&mut self, params: &ActiveParams) {
        let fresh = ActiveCheck::new(params, self.is_up());
        if (fresh.fall, fresh.rise) != (self.fall, self.rise) {
            *self = fresh;
        }
    }

    fn top(&self) -> u32 {
        self.rise + self.fall - 1
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
        crate::pattern::testing::check_params::<ActiveParams>();
        crate::pattern::testing::check_params::<PassiveParams>();
    }

    #[test]
    fn a_dead_server_falls_after_three_checks_and_rises_after_two() {
        let mut check = ActiveCheck::new(&ActiveParams::default(), true);
        let dead = 3..11;
        let step = |second: u32| (check.record(!dead.contains(&second)), check.health());
        let trace: Vec<(bool, u32)> = (0..=18).step_by(2).map(step).collect();
        let up = |health| (true, health);
        let down = |health| (false, health);
        let until_down = [up(4), up(4), up(3), up(2), down(0)];
        assert_eq!(trace[..5], until_down);
        assert_eq!(trace[5..], [down(0), down(1), up(4), up(4), up(4)]);
    }

    #[test]
    fn one_good_check_heals_and_one_bad_check_while_rising_starts_over() {
        let mut check = ActiveCheck::new(&ActiveParams::default(), true);
        let mut states = String::new();
        let mut counters = Vec::new();
        for result in "PFPFFPFFFPFPPFP".chars() {
            states.push(if check.record(result == 'P') { 'U' } else { 'D' });
            counters.push(check.health());
        }
        assert_eq!(states, "UUUUUUUUDDDDUUU");
        assert_eq!(counters, [4, 3, 4, 3, 2, 4, 3, 2, 0, 1, 0, 1, 4, 3, 4]);
    }

    #[test]
    fn retuning_keeps_the_counter_unless_the_thresholds_change() {
        let mut check = ActiveCheck::new(&ActiveParams::default(), true);
        check.record(false);
        check.retune(&ActiveParams { interval_ms: 1.0, ..ActiveParams::default() });
        assert_eq!(check.health(), 3);
        check.retune(&ActiveParams { fall: 5, ..ActiveParams::default() });
        assert_eq!((check.health(), check.is_up()), (6, true));
    }

    #[test]
    fn a_check_waits_one_interval_unless_told_otherwise() {
        let params = ActiveParams::default();
        assert_eq!(params.timeout(), Duration::from_ms(2_000.0));
        let params = ActiveParams { timeout_ms: Some(500.0), ..params };
        assert_eq!(params.timeout(), Duration::from_ms(500.0));
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
    fn during_a_trial_others_go_on_skipping_and_its_success_clears() {
        let params = PassiveParams { max_fails: 1, fail_timeout_ms: 3_000.0 };
        let at = |seconds| Time::from_seconds(seconds);
        let mut mark = PassiveMark::new();
        mark.on_outcome(false, at(0.0));
        assert!(!mark.is_usable(&params, at(3.9), 2) && mark.is_usable(&params, at(4.0), 2));
        mark.on_pick(&params, at(4.0));
        assert!(!mark.is_usable(&params, at(4.1), 2));
        mark.on_outcome(true, at(4.2));
        assert!(mark.is_usable(&params, at(4.2), 2));
    }

    #[test]
    fn panic_starts_strictly_below_the_threshold_and_zero_is_off() {
        assert!(!panics(50.0, 5, 10) && panics(50.0, 4, 10));
        assert!(!panics(0.0, 0, 10));
    }
}
