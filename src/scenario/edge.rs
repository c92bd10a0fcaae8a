//! A call: the edge from a caller to a callee, with the policies that guard it.
//!
//! Policies nest as in Resilience4j: `Retry(CircuitBreaker(RateLimiter(Timeout(ConcurrencyLimit(Bulkhead(
//! Hedge(connection, call)))))))`. Each server of the calling node has its own breaker, limiter, limit,
//! bulkhead, budget and connections, as separate processes do.

use super::Distribution;
use super::service::yes;
use crate::pattern::{
    bulkhead, circuit_breaker, concurrency_limit, connection_pool, hedge, rate_limiter, retry,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A call from one node to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The callee: `node`, or `node.endpoint` where the node has several (for a balancer, the
    /// endpoint of the service behind it; for a database, the query).
    #[schemars(length(min = 1, max = 129))]
    pub to: String,
    /// Whether the call is made at all. An operator may switch a feature off: then the call is skipped
    /// at once and its answer is degraded. What is under way ends as it would.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether the caller's thread waits for the reply.
    #[serde(default)]
    pub mode: CallMode,
    /// Time that a message is under way, in each direction.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 60_000.0), extend("x-unit" = "ms"))]
    pub latency_ms: f64,
    /// What a message takes on top of that, drawn anew for each direction of each attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_jitter: Option<Distribution>,
    /// The caller gives up on an attempt after this time; none means that it waits for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub timeout_ms: Option<f64>,
    /// What happens to the callee's work when the caller gives up.
    #[serde(default)]
    pub cancel: Cancel,
    /// Sends the deadline along: a callee drops work whose caller has given up, and waits no longer
    /// for others than its own caller waits for it.
    #[serde(default)]
    pub propagate_deadline: bool,
    /// Tries again after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<retry::Params>,
    /// Sends another attempt when no answer has come for a while; the first good answer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<hedge::Params>,
    /// Stops calling a callee that fails or is slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<circuit_breaker::Params>,
    /// Limits calls per period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limiter: Option<rate_limiter::Params>,
    /// Limits calls under way at once, by a limit that follows how long they take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_limit: Option<concurrency_limit::Params>,
    /// Limits calls under way at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulkhead: Option<bulkhead::Params>,
    /// A call needs one of these connections for as long as it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_pool: Option<connection_pool::Params>,
    /// Answers in the callee's place when the call has failed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
}

/// Whether the caller's thread waits for the reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallMode {
    /// The thread stays occupied until the reply or the timeout.
    #[default]
    Sync,
    /// The thread is given back; the reply queues for a thread again.
    Async,
}

/// What happens to the callee's work when the caller's timeout fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cancel {
    /// Nothing: the callee goes on, and its work is wasted.
    #[default]
    None,
    /// Work that still waits in a queue is dropped when it would start.
    Queued,
    /// Work stops at once and frees its thread, wherever it is.
    Running,
}

/// An answer in the callee's place: a default, a cached value, a simpler page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fallback {
    /// Time that the fallback takes.
    #[schemars(range(min = 0.0, max = 60_000.0), extend("x-unit" = "ms"))]
    pub latency_ms: f64,
    /// Share of calls that it can answer.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub coverage_ratio: f64,
}

impl Default for Fallback {
    fn default() -> Self {
        Fallback { latency_ms: 0.0, coverage_ratio: 1.0 }
    }
}
