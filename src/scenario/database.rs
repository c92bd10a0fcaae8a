//! A database: sessions, cores, and queries with their costs.

use super::service::{default_boot_s, yes};
use super::{Discipline, Distribution, Text};
use crate::pattern::restart;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A database server: sessions, cores and a cost for each query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Name shown on the page; the key of the node where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Whether the database runs at all.
    #[serde(default = "yes")]
    pub running: bool,
    /// Queries that are worked on at once.
    #[serde(default = "default_connections")]
    #[schemars(range(min = 1, max = 100_000))]
    pub connections: u32,
    /// Queries that may wait for a session; one more is refused.
    #[serde(default = "default_database_queue")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub queue_limit: u32,
    /// A query that has waited this long is refused; none means that it waits for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub queue_timeout_ms: Option<f64>,
    /// Which of the waiting queries is next.
    #[serde(default)]
    pub discipline: Discipline,
    /// Cores, shared evenly by the running queries; none means that queries never wait for a core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_024))]
    pub cores: Option<u32>,
    /// Queries, by name.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 50))]
    pub queries: IndexMap<String, Query>,
    /// Time from start until the database takes queries.
    #[serde(default = "default_boot_s")]
    #[schemars(range(min = 0.0, max = 86_400.0), extend("x-unit" = "s"))]
    pub boot_s: f64,
    /// Starts the database again after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<restart::Params>,
}

fn default_connections() -> u32 {
    100
}

fn default_database_queue() -> u32 {
    10_000
}

/// A query and what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Time on a core of its own.
    pub cost: Distribution,
    /// It stores a record of that name when it ends well, also when its caller has given up meanwhile.
    /// Records of the same name and the same request of a user are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub stores: Option<String>,
    /// A record that is there already is not stored again: its unique id, made of who sent it, what
    /// about and when, is known. Without it the record is there twice.
    #[serde(default)]
    pub unique: bool,
}
