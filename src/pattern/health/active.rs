//! Active checks: what a row of results says about a server.
//!
//! - HAProxy 3.5 (`inter`, `fall`, `rise`): a counter in [0, rise + fall − 1], up from `rise` on. A passed
//!   check adds one, and reaching `rise` fills it to the top; a failed one takes one away, and falling
//!   below `rise` empties it. So one good check while up restores full health, and one bad check while
//!   rising starts over. `fastinter` is the pace in between, `downinter` the one at zero.
//! - Kubernetes 1.3x (readiness probe; kubelet's `worker.go`): `failureThreshold` failures or
//!   `successThreshold` successes in a row change the verdict. A container begins as not ready.
//! - AWS Application Load Balancer: as many results in a row, with other defaults.
//! - Envoy 1.40: as many results in a row, but the first success of all makes a server healthy at once, and
//!   an answer that says it is not well makes it unhealthy at once; only silence and broken connections
//!   need `unhealthy_threshold`. Servers begin as unhealthy. Envoy has no defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;

/// Which product's rules the checks follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HealthCheckRules")]
pub enum Like {
    /// HAProxy 3.5: a counter that one good check fills. 2 s, timeout as long, fall 3, rise 2.
    #[default]
    #[serde(rename = "haproxy-3.5")]
    Haproxy35,
    /// Kubernetes' readiness probe: results in a row, at first not ready. 10 s, timeout 1 s, fall 3
    /// (`failureThreshold`), rise 1 (`successThreshold`).
    #[serde(rename = "kubernetes-1.3x")]
    Kubernetes13x,
    /// AWS Application Load Balancer: results in a row. 30 s, timeout 5 s, fall 2 (unhealthy threshold),
    /// rise 5 (healthy threshold).
    #[serde(rename = "aws-alb")]
    AwsAlb,
    /// Envoy 1.40: at first unhealthy; the first success and an answer of failure count at once. It has
    /// no defaults: interval, timeout, fall and rise must be given.
    #[serde(rename = "envoy-1.40")]
    Envoy140,
}

/// Parameters of active checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ActiveHealth")]
pub struct ActiveParams {
    /// Product whose rules are followed.
    pub like: Like,
    /// Time between two checks of a server; absent means the product's: 2 s (HAProxy), 10 s
    /// (Kubernetes), 30 s (AWS).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub interval_ms: Option<f64>,
    /// HAProxy's `fastinter`: time between two checks while the verdict is about to change; absent
    /// means the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub fastinter_ms: Option<f64>,
    /// HAProxy's `downinter`: time between two checks of a server that is down; absent means the
    /// interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub downinter_ms: Option<f64>,
    /// Time after which a check without answer has failed; absent means the product's: the interval
    /// (HAProxy), 1 s (Kubernetes), 5 s (AWS).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub timeout_ms: Option<f64>,
    /// Failed checks in a row that take a server out; absent means the product's: 3 (HAProxy,
    /// Kubernetes), 2 (AWS).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "checks"))]
    pub fall: Option<u32>,
    /// Passed checks in a row that bring a server back; absent means the product's: 2 (HAProxy), 1
    /// (Kubernetes), 5 (AWS).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "checks"))]
    pub rise: Option<u32>,
}

impl ActiveParams {
    /// The product's interval, timeout (in milliseconds), fall and rise. Envoy has none; the checker
    /// demands them.
    fn defaults(&self) -> (f64, Option<f64>, u32, u32) {
        match self.like {
            Like::Haproxy35 | Like::Envoy140 => (2_000.0, None, 3, 2),
            Like::Kubernetes13x => (10_000.0, Some(1_000.0), 3, 1),
            Like::AwsAlb => (30_000.0, Some(5_000.0), 2, 5),
        }
    }

    fn usual_interval_ms(&self) -> f64 {
        self.interval_ms.unwrap_or(self.defaults().0)
    }

    /// Shortest time between two checks of a server, in milliseconds.
    pub fn shortest_interval_ms(&self) -> f64 {
        let usual = self.usual_interval_ms();
        let others = [self.fastinter_ms, self.downinter_ms].into_iter().flatten();
        others.fold(usual, f64::min)
    }

    /// How long a check waits for an answer.
    pub fn timeout(&self) -> Duration {
        let timeout = self.timeout_ms.or(self.defaults().1);
        Duration::from_ms(timeout.unwrap_or(self.usual_interval_ms()))
    }

    /// Failed checks in a row that take a server out.
    pub fn fall(&self) -> u32 {
        self.fall.unwrap_or(self.defaults().2).max(1)
    }

    /// Passed checks in a row that bring a server back.
    pub fn rise(&self) -> u32 {
        self.rise.unwrap_or(self.defaults().3).max(1)
    }

    /// Whether servers count as up before they have been checked.
    pub fn starts_up(&self) -> bool {
        matches!(self.like, Like::Haproxy35 | Like::AwsAlb)
    }

    /// Whether a server that starts anew has to prove itself, whatever was known of it.
    pub fn forgets_at_restart(&self) -> bool {
        self.like == Like::Kubernetes13x
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// With an answer that all is well.
    Passed,
    /// With an answer that it is not.
    Failed,
    /// Without one: nobody listens, the connection broke, or it took too long.
    Unanswered,
}

/// The active check of one server.
///
/// Invariant: under HAProxy's rules `health` lies in [0, rise + fall − 1] and `up` means that it is at
/// least `rise`; under the others it counts the results in a row that contradict `up`.
#[derive(Clone, Debug)]
pub struct ActiveCheck {
    like: Like,
    fall: u32,
    rise: u32,
    health: u32,
    up: bool,
    fresh: bool,
}

impl ActiveCheck {
    /// A server that is fully healthy, or down with an empty counter.
    pub fn new(params: &ActiveParams, up: bool) -> ActiveCheck {
        let (fall, rise) = (params.fall(), params.rise());
        let mut check = ActiveCheck { like: params.like, fall, rise, health: 0, up, fresh: true };
        check.health = if up { check.full() } else { 0 };
        check
    }

    /// Tells the result of a check; answers whether the server is up now.
    pub fn record(&mut self, result: CheckResult) -> bool {
        let passed = result == CheckResult::Passed;
        match self.like {
            Like::Haproxy35 => {
                self.health = match passed {
                    true if self.health + 1 >= self.rise => self.full(),
                    true => self.health + 1,
                    false if self.health > self.rise => self.health - 1,
                    false => 0,
                };
                self.up = self.health >= self.rise;
            }
            Like::Envoy140 if result == CheckResult::Failed || self.fresh && passed => {
                (self.up, self.health) = (passed, 0);
            }
            Like::Kubernetes13x | Like::AwsAlb | Like::Envoy140 => self.count(passed),
        }
        // Envoy's shortcut is for a server that nobody has checked with success before.
        self.fresh &= !passed;
        self.up
    }

    /// One more result that contradicts the verdict, or none any more.
    fn count(&mut self, passed: bool) {
        self.health = if passed == self.up { 0 } else { self.health + 1 };
        let enough = if self.up { self.fall } else { self.rise };
        if self.health >= enough {
            (self.up, self.health) = (passed, 0);
        }
    }

    /// Whether the server is up.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// The counter.
    pub fn health(&self) -> u32 {
        self.health
    }

    /// Time until the next check.
    pub fn interval(&self, params: &ActiveParams) -> Duration {
        let usual = params.usual_interval_ms();
        let interval = match self.like {
            Like::Haproxy35 if self.health == self.full() => usual,
            Like::Haproxy35 if self.health == 0 => params.downinter_ms.unwrap_or(usual),
            Like::Haproxy35 => params.fastinter_ms.unwrap_or(usual),
            Like::Kubernetes13x | Like::AwsAlb | Like::Envoy140 => usual,
        };
        Duration::from_ms(interval)
    }

    /// Takes over new rules; if they differ, a server that is up is fully healthy under them
    /// and one that is down starts to rise anew.
    pub fn retune(&mut self, params: &ActiveParams) {
        let new = ActiveCheck::new(params, self.is_up());
        if (new.like, new.fall, new.rise) != (self.like, self.fall, self.rise) {
            *self = ActiveCheck { fresh: self.fresh, ..new };
        }
    }

    /// The counter of a server with full health.
    fn full(&self) -> u32 {
        if self.like == Like::Haproxy35 { self.rise + self.fall - 1 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::CheckResult::{Failed, Passed, Unanswered};
    use super::*;

    fn product(like: Like) -> ActiveParams {
        ActiveParams { like, ..ActiveParams::default() }
    }

    /// The verdicts after each of the results: P passed, F failed, anything else unanswered.
    fn verdicts(params: &ActiveParams, results: &str) -> (String, Vec<u32>) {
        let mut check = ActiveCheck::new(params, params.starts_up());
        let step = |result| {
            let up = check.record(match result {
                'P' => Passed,
                'F' => Failed,
                _ => Unanswered,
            });
            (if up { 'U' } else { 'D' }, check.health())
        };
        results.chars().map(step).unzip()
    }

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<ActiveParams>();
    }

    #[test]
    fn haproxy_fills_at_one_good_check_and_empties_at_one_bad_one() {
        let (states, counters) = verdicts(&product(Like::Haproxy35), "PFPFFPFFFPFPPFP");
        assert_eq!(states, "UUUUUUUUDDDDUUU");
        assert_eq!(counters, [4, 3, 4, 3, 2, 4, 3, 2, 0, 1, 0, 1, 4, 3, 4]);
    }

    #[test]
    fn haproxy_checks_at_another_pace_when_in_doubt_or_down() {
        let params = ActiveParams {
            fastinter_ms: Some(500.0),
            downinter_ms: Some(5_000.0),
            ..product(Like::Haproxy35)
        };
        let mut check = ActiveCheck::new(&params, true);
        let mut pace = |result| {
            check.record(result);
            check.interval(&params).ms()
        };
        let results = [Passed, Failed, Failed, Failed, Passed, Passed];
        assert_eq!(results.map(&mut pace), [2_000.0, 500.0, 500.0, 5_000.0, 500.0, 2_000.0]);
        assert_eq!(params.shortest_interval_ms(), 500.0);
    }

    #[test]
    fn kubernetes_begins_as_not_ready_and_counts_in_a_row() {
        let (states, _) = verdicts(&product(Like::Kubernetes13x), "FPFFPFFFP");
        assert_eq!(states, "DUUUUUUDU");
        let params = ActiveParams { rise: Some(2), ..product(Like::Kubernetes13x) };
        assert_eq!(verdicts(&params, "PFPPF").0, "DDDUU");
    }

    #[test]
    fn aws_needs_five_successes_to_bring_a_target_back() {
        let (states, _) = verdicts(&product(Like::AwsAlb), "FPFFPPPPFPPPPP");
        assert_eq!(states, "UUUDDDDDDDDDDU");
    }

    #[test]
    fn envoy_believes_the_first_success_and_every_answer_of_failure() {
        let params = ActiveParams { fall: Some(3), rise: Some(2), ..product(Like::Envoy140) };
        // The first success counts at once; an error too; back again takes two; silence takes three.
        assert_eq!(verdicts(&params, "xPFPP--P---PP").0, "DUDDUUUUUUDDU");
    }

    #[test]
    fn only_containers_of_kubernetes_prove_themselves_after_each_restart() {
        let all = [Like::Haproxy35, Like::Kubernetes13x, Like::AwsAlb, Like::Envoy140];
        let forgets = all.map(|like| product(like).forgets_at_restart());
        assert_eq!(forgets, [false, true, false, false]);
        let starts_up = all.map(|like| product(like).starts_up());
        assert_eq!(starts_up, [true, false, true, false]);
    }

    #[test]
    fn each_product_has_its_own_times() {
        let times = |like| {
            let params = product(like);
            let check = ActiveCheck::new(&params, true);
            (check.interval(&params).seconds(), params.timeout().seconds())
        };
        assert_eq!(times(Like::Haproxy35), (2.0, 2.0));
        assert_eq!(times(Like::Kubernetes13x), (10.0, 1.0));
        assert_eq!(times(Like::AwsAlb), (30.0, 5.0));
        let params = ActiveParams { timeout_ms: Some(500.0), ..product(Like::Haproxy35) };
        assert_eq!(params.timeout(), Duration::from_ms(500.0));
    }

    #[test]
    fn retuning_keeps_the_counter_unless_the_rules_change() {
        let mut check = ActiveCheck::new(&ActiveParams::default(), true);
        check.record(Failed);
        check.retune(&ActiveParams { interval_ms: Some(1.0), ..ActiveParams::default() });
        assert_eq!(check.health(), 3);
        check.retune(&ActiveParams { fall: Some(5), ..ActiveParams::default() });
        assert_eq!((check.health(), check.is_up()), (6, true));
        check.retune(&product(Like::Kubernetes13x));
        assert_eq!((check.health(), check.is_up()), (0, true));
        (0..3).for_each(|_| _ = check.record(Failed));
        check.retune(&product(Like::Haproxy35));
        assert_eq!((check.health(), check.is_up()), (0, false));
    }

    #[test]
    fn retuning_does_not_make_the_next_success_the_first_of_all() {
        let params = ActiveParams { fall: Some(3), rise: Some(2), ..product(Like::Envoy140) };
        let mut check = ActiveCheck::new(&params, false);
        assert_eq!([Passed, Failed].map(|result| check.record(result)), [true, false]);
        check.retune(&ActiveParams { fall: Some(4), ..params });
        assert_eq!([Passed, Passed].map(|result| check.record(result)), [false, true]);
    }
}
