//! A balancer and its health checks.

use super::Text;
use crate::pattern::{balance, failover, health, outlier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Spreads calls over the servers of one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Balancer {
    /// Name shown on the page; the key of the node where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// The service behind it.
    #[schemars(length(min = 1, max = 64))]
    pub to: String,
    /// How a server is chosen.
    #[serde(default)]
    pub algorithm: balance::Algorithm,
    /// For the algorithm `failover`: what it takes until a standby serves. Without it, the first server
    /// that is well takes everything at once, and one that comes back takes its place again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<failover::Params>,
    /// Who of several servers with equally few calls in flight gets the next one, for
    /// `least_connections` and `adaptive`.
    #[serde(default)]
    pub ties: balance::Ties,
    /// Weight of each server, in their order; missing ones are 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1_000), inner(range(min = 1, max = 1_000)))]
    pub weights: Vec<u32>,
    /// Asks each server from time to time whether it is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Takes servers out that fail the requests of users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passive_health: Option<health::PassiveParams>,
    /// Takes servers out that answer worse than the others, as Envoy does. Beware of its default limit
    /// of 10 %: fewer than ten servers never lose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlier_detection: Option<outlier::Params>,
    /// Below this share of healthy servers health is ignored and all are used. Envoy's default is
    /// 50 (`healthy_panic_threshold`), Istio's 0 (`minHealthPercent`).
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 100.0), extend("x-unit" = "%"))]
    pub panic_threshold_percent: f64,
    /// Requests under way behind the balancer; one more is refused. None means no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_in_flight: Option<u32>,
}

/// Active health check of a balancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// Endpoint that a check asks for, through the pool that it runs on; without one only the
    /// connection is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub endpoint: Option<String>,
    /// Time until the first check; under Kubernetes' rules after each start of a server.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub initial_delay_ms: f64,
    /// When and how often to check, and how many results change the verdict.
    #[serde(default)]
    pub rules: health::ActiveParams,
}
