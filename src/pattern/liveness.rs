//! Liveness probe after Kubernetes 1.3x (kubelet's `prober/worker.go`): a container that fails its probe
//! `failure_threshold` times in a row is killed, and the restart policy starts it again.
//!
//! One success forgets all failures (`successThreshold` must be 1). A container begins as alive; after
//! the verdict nobody probes until a new one runs. A pod's probes come every `period_ms` from its start on,
//! and restarts do not move them; those that come before a container has run for `initial_delay_ms` are
//! left out. The grace period before the kill is not modelled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Duration, Time};

/// Parameters under their names in Kubernetes, in milliseconds, with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "LivenessProbe")]
pub struct Params {
    /// Endpoint that a probe asks for, through the pool that it runs on; without one only the connection
    /// is tried, which a server that hangs passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub endpoint: Option<String>,
    /// Time from the start of a server in which it is not probed.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub initial_delay_ms: f64,
    /// Time between two probes; restarts do not move them.
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub period_ms: f64,
    /// Time after which a probe without answer has failed.
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub timeout_ms: f64,
    /// Failed probes in a row that get a server killed. Beware of probes that need what is overloaded:
    /// they kill servers that are only busy.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "probes"))]
    pub failure_threshold: u32,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            endpoint: None,
            initial_delay_ms: 0.0,
            period_ms: 10_000.0,
            timeout_ms: 1_000.0,
            failure_threshold: 3,
        }
    }
}

impl Params {
    /// The first probe of a container that starts at `now`, in a pod that began at `origin`; none if
    /// this is its first container.
    pub fn first_probe(&self, origin: Option<Time>, now: Time) -> Time {
        if origin.is_none() && self.initial_delay_ms <= 0.0 {
            return now;
        }
        let origin = origin.unwrap_or(now);
        let period = Duration::from_ms(self.period_ms).0.max(1);
        let earliest = now + Duration::from_ms(self.initial_delay_ms);
        // Not at the very instant of a restart, or a container could die and start for ever in no time.
        let ticks = earliest.since(origin).0.div_ceil(period);
        let tick = origin + Duration(ticks.saturating_mul(period));
        if tick > now { tick } else { tick + Duration(period) }
    }
}

/// The probe of one container: failures in a row.
#[derive(Clone, Debug, Default)]
pub struct LivenessProbe {
    failures: u32,
}

impl LivenessProbe {
    /// The probe of a container that has just started.
    pub fn new() -> LivenessProbe {
        LivenessProbe::default()
    }

    /// Tells the result of a probe; answers whether the container is to be killed.
    pub fn record(&mut self, params: &Params, passed: bool) -> bool {
        self.failures = if passed { 0 } else { self.failures + 1 };
        self.failures >= params.failure_threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn restarts_do_not_move_the_probes_of_a_pod() {
        let at = Time::from_seconds;
        let first = |delay_s: f64, origin: Option<f64>, now| {
            let params = Params { initial_delay_ms: delay_s * 1e3, ..Params::default() };
            params.first_probe(origin.map(at), at(now)).seconds()
        };
        assert_eq!([first(0.0, None, 3.0), first(10.0, None, 3.0)], [3.0, 13.0]);
        assert_eq!(first(15.0, None, 3.0), 23.0);
        let pod = Some(3.0);
        assert_eq!([3.0, 9.0, 13.0].map(|now| first(0.0, pod, now)), [13.0, 13.0, 23.0]);
        assert_eq!(first(5.0, pod, 9.0), 23.0);
    }

    #[test]
    fn three_failures_in_a_row_kill() {
        let mut probe = LivenessProbe::new();
        let mut kills = |passed| probe.record(&Params::default(), passed);
        let results = [false, false, true, false, false, false];
        assert_eq!(results.map(&mut kills), [false, false, false, false, false, true]);
    }
}
