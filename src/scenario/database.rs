//! A database: sessions, cores, and queries with their costs.

use super::service::{default_boot_s, yes};
use super::{Discipline, Distribution, Keys, Migration, Table, Text};
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
    /// Tables, by name: what queries on them cost follows from their rows.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub tables: IndexMap<String, Table>,
    /// Moves its rows and then its queries to another database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migration>,
    /// A query that has waited this long for a row lock fails. 50 s is InnoDB's default
    /// (`innodb_lock_wait_timeout`).
    #[serde(default = "default_lock_timeout_ms")]
    #[schemars(range(min = 0.001, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub lock_timeout_ms: f64,
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

fn default_lock_timeout_ms() -> f64 {
    50_000.0
}

/// A query and what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Time on a core of its own, apart from the rows of a table that it examines.
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
    /// Table that it is about, one of the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub table: Option<String>,
    /// Rows that match, however large the table is.
    #[serde(default = "default_matched_rows")]
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    pub matched_rows: u64,
    /// Share of all rows of the table, live and dead, that match besides.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub matched_ratio: f64,
    /// Rows that it adds to the table when it succeeds.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub adds_rows: u32,
    /// Which row it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// Whether it locks its row, that of its key, before its work and until its end. While another query
    /// has the lock it waits, first come first served, and keeps its session. Queries whose keys are of
    /// the same set share rows, whatever table they name.
    #[serde(default)]
    pub locks: bool,
}

fn default_matched_rows() -> u64 {
    1
}
