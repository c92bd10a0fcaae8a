//! A queue: a broker that keeps messages until somebody has dealt with them.

use super::service::{default_boot_s, yes};
use super::{Distribution, Text};
use crate::pattern::restart;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The program of a queue.
pub(crate) const PUBLISH: &str = "publish";

/// A message broker with one queue. Calls to it publish a message; services take messages from it by
/// `consumes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Name shown on the page; the key of the node where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Whether the broker runs at all.
    #[serde(default = "yes")]
    pub running: bool,
    /// Messages that are accepted at once.
    #[serde(default = "default_connections")]
    #[schemars(range(min = 1, max = 100_000))]
    pub connections: u32,
    /// Messages that may wait to be accepted; one more is refused.
    #[serde(default = "default_waiting")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub queue_limit: u32,
    /// Cores, shared evenly by the messages that are accepted; none means that they never wait for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_024))]
    pub cores: Option<u32>,
    /// What it takes to accept a message, on a core of its own.
    #[serde(default = "default_cost")]
    pub cost: Distribution,
    /// Messages that the queue holds; one more is refused. Those that somebody is dealing with do not
    /// count. None means no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub depth_limit: Option<u32>,
    /// A message that has not been dealt with for so long is delivered again, to anybody. None means
    /// that the broker waits for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub visibility_timeout_ms: Option<f64>,
    /// Pause before a message is delivered again that failed.
    #[serde(default = "default_redelivery_delay")]
    #[schemars(range(min = 0.001, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub redelivery_delay_ms: f64,
    /// A message that has failed as often is set aside as a dead letter. None means that it is delivered
    /// until it succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_deliveries: Option<u32>,
    /// Messages survive a crash of the broker.
    #[serde(default = "yes")]
    pub durable: bool,
    /// Time from start until the broker works.
    #[serde(default = "default_boot_s")]
    #[schemars(range(min = 0.0, max = 86_400.0), extend("x-unit" = "s"))]
    pub boot_s: f64,
    /// Starts the broker again after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<restart::Params>,
}

fn default_connections() -> u32 {
    1_000
}

fn default_waiting() -> u32 {
    10_000
}

fn default_cost() -> Distribution {
    Distribution::Constant { ms: 0.1 }
}

fn default_redelivery_delay() -> f64 {
    1_000.0
}

/// What a service takes from a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// The queue.
    #[schemars(length(min = 1, max = 64))]
    pub queue: String,
    /// Program that deals with a message. One that succeeds, fully or in part, acknowledges it.
    #[schemars(length(min = 1, max = 64))]
    pub endpoint: String,
    /// Messages that a server takes at once.
    #[serde(default = "default_prefetch")]
    #[schemars(range(min = 1, max = 10_000))]
    pub prefetch: u32,
    /// Time that a message, and its acknowledgement, is under way.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 60_000.0), extend("x-unit" = "ms"))]
    pub latency_ms: f64,
}

fn default_prefetch() -> u32 {
    10
}
