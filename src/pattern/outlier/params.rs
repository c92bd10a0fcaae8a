//! The detector's parameters, under Envoy's names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;

/// Which version's gate decides how many servers may be out at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "OutlierDetectionRules")]
pub enum Like {
    /// Envoy 1.40: one more is ejected only if the share with it does not exceed the limit. With the
    /// default of 10 % a cluster of fewer than ten servers never ejects anything.
    #[default]
    #[serde(rename = "envoy-1.40")]
    Envoy140,
    /// Envoy until 2022: one more is ejected while the share without it is below the limit, so one
    /// server can always be out.
    #[serde(rename = "envoy-2022")]
    Envoy2022,
}

/// Parameters under their names in Envoy (`cluster.outlier_detection`), with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "OutlierDetection")]
pub struct Params {
    /// Product and version whose rules are followed.
    pub like: Like,
    /// Errors in a row that eject a server: every 5xx, a timeout as 504, a broken connection as 503.
    /// Zero never does.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "errors"))]
    pub consecutive_5xx: u32,
    /// Gateway errors (502, 503, 504) in a row that eject a server; counted, but not enforced by
    /// default.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "errors"))]
    pub consecutive_gateway_failure: u32,
    /// Time between two sweeps. Only a sweep brings servers back or judges success rates.
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub interval_ms: f64,
    /// Time out of rotation after the first ejection; each further one in a row adds as much.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub base_ejection_time_ms: f64,
    /// Longest time out of rotation; absent means 300 s, or the base time if that is longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 604_800_000.0), extend("x-unit" = "ms"))]
    pub max_ejection_time_ms: Option<f64>,
    /// Most that chance adds to a time out of rotation.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub max_ejection_time_jitter_ms: f64,
    /// Largest share of the servers that may be out at once. With the default of 10 %, fewer than
    /// ten servers never lose one (see `always_eject_one_host`).
    #[schemars(range(min = 0, max = 100), extend("x-unit" = "%"))]
    pub max_ejection_percent: u32,
    /// One server may be out whatever the share.
    pub always_eject_one_host: bool,
    /// Chance that errors in a row eject; below it they are only counted.
    #[schemars(range(min = 0, max = 100), extend("x-unit" = "%"))]
    pub enforcing_consecutive_5xx: u32,
    /// Chance that gateway errors in a row eject.
    #[schemars(range(min = 0, max = 100), extend("x-unit" = "%"))]
    pub enforcing_consecutive_gateway_failure: u32,
    /// Chance that a low success rate ejects.
    #[schemars(range(min = 0, max = 100), extend("x-unit" = "%"))]
    pub enforcing_success_rate: u32,
    /// Success rates are compared only if at least this many servers had enough requests.
    #[schemars(range(min = 0, max = 10_000), extend("x-unit" = "servers"))]
    pub success_rate_minimum_hosts: u32,
    /// Requests within an interval that make a server's success rate count.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "requests"))]
    pub success_rate_request_volume: u32,
    /// A server is ejected below the mean success rate minus this many thousandths of the standard
    /// deviation.
    #[schemars(range(min = 0, max = 100_000), extend("x-unit" = "‰"))]
    pub success_rate_stdev_factor: u32,
    /// Share of failures from which a server is ejected.
    #[schemars(range(min = 0, max = 100), extend("x-unit" = "%"))]
    pub failure_percentage_threshold: u32,
    /// Chance that a high share of failures ejects; off by default.
    #[schemars(range(min = 0, max = 100), extend("x-unit" = "%"))]
    pub enforcing_failure_percentage: u32,
    /// Shares of failures are judged only if at least this many servers had enough requests.
    #[schemars(range(min = 0, max = 10_000), extend("x-unit" = "servers"))]
    pub failure_percentage_minimum_hosts: u32,
    /// Requests within an interval that make a server's share of failures count.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "requests"))]
    pub failure_percentage_request_volume: u32,
    /// Broken connections and timeouts are counted apart from the errors that servers answer.
    pub split_external_local_origin_errors: bool,
    /// Broken connections and timeouts in a row that eject a server, when they are counted apart.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "errors"))]
    pub consecutive_local_origin_failure: u32,
    /// Chance that they eject.
    #[schemars(range(min = 0, max = 100), extend("x-unit" = "%"))]
    pub enforcing_consecutive_local_origin_failure: u32,
    /// Chance that a low share of connections and answers in time ejects, when counted apart.
    #[schemars(range(min = 0, max = 100), extend("x-unit" = "%"))]
    pub enforcing_local_origin_success_rate: u32,
    /// A passed health check brings an ejected server back at once.
    pub successful_active_health_check_uneject_host: bool,
    /// The balancer notices the first change at once, and further ones only when this time has
    /// passed (`common_lb_config.update_merge_window`).
    #[schemars(range(min = 0.0, max = 3_600_000.0), extend("x-unit" = "ms"))]
    pub update_merge_window_ms: f64,
}

/// Envoy's longest ejection when none is configured, in milliseconds.
const LONGEST_EJECTION_MS: f64 = 300_000.0;

impl Default for Params {
    fn default() -> Params {
        Params {
            like: Like::Envoy140,
            consecutive_5xx: 5,
            consecutive_gateway_failure: 5,
            interval_ms: 10_000.0,
            base_ejection_time_ms: 30_000.0,
            max_ejection_time_ms: None,
            max_ejection_time_jitter_ms: 0.0,
            max_ejection_percent: 10,
            always_eject_one_host: false,
            enforcing_consecutive_5xx: 100,
            enforcing_consecutive_gateway_failure: 0,
            enforcing_success_rate: 100,
            success_rate_minimum_hosts: 5,
            success_rate_request_volume: 100,
            success_rate_stdev_factor: 1_900,
            failure_percentage_threshold: 85,
            enforcing_failure_percentage: 0,
            failure_percentage_minimum_hosts: 5,
            failure_percentage_request_volume: 50,
            split_external_local_origin_errors: false,
            consecutive_local_origin_failure: 5,
            enforcing_consecutive_local_origin_failure: 100,
            enforcing_local_origin_success_rate: 100,
            successful_active_health_check_uneject_host: true,
            update_merge_window_ms: 1_000.0,
        }
    }
}

impl Params {
    /// Time between two sweeps.
    pub fn interval(&self) -> Duration {
        Duration::from_ms(self.interval_ms)
    }

    /// Longest time out of rotation, in milliseconds.
    pub fn longest_ejection_ms(&self) -> f64 {
        let longest = self.max_ejection_time_ms;
        longest.unwrap_or(LONGEST_EJECTION_MS.max(self.base_ejection_time_ms))
    }

    /// How long an ejection lasts whose multiplier is `times`, without jitter.
    pub(super) fn ejection_time(&self, times: u32) -> Duration {
        let grown = self.base_ejection_time_ms * f64::from(times);
        Duration::from_ms(grown.min(self.longest_ejection_ms()))
    }

    /// Whether a multiplier still grows: while it gives less than the base above the longest time.
    pub(super) fn grows(&self, times: u32) -> bool {
        let base = self.base_ejection_time_ms;
        f64::from(times) * base < self.longest_ejection_ms() + base
    }

    /// Whether one more of `servers` may be ejected while `ejected` are.
    pub(super) fn may_eject(&self, ejected: u32, servers: u32) -> bool {
        if self.always_eject_one_host && ejected == 0 {
            return true;
        }
        let (ejected, servers) = (u64::from(ejected), u64::from(servers));
        let limit = u64::from(self.max_ejection_percent) * servers;
        match self.like {
            Like::Envoy140 => 100 * (ejected + 1) <= limit,
            Like::Envoy2022 => 100 * ejected < limit,
        }
    }
}
