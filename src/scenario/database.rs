//! A database: sessions, cores, queries with their costs, and the servers that hold copies of its data.

use super::service::{default_boot_s, yes};
use super::{Discipline, Distribution, Keys, Migration, Table, Text};
use crate::pattern::{promotion, restart};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A database: sessions, cores and a cost for each query. Its servers are a primary, replicas that
/// follow it, and a standby; each has all sessions and cores. A Redis master with its replicas is one, too.
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
    /// Servers 1, 2, … beside the primary, which is server 0 at the start. Each holds a copy of the data
    /// and does the work of every write, too.
    #[serde(default)]
    #[schemars(range(min = 0, max = 31))]
    pub replicas: u32,
    /// When a write is answered.
    #[serde(default)]
    pub replication: ReplicationMode,
    /// Time from the end of a write at the primary until it reaches another server, drawn for each
    /// write and server; writes keep their order. Then it has to be applied there, which is work. None
    /// means no time at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_lag: Option<Distribution>,
    /// Writes that a server applies at once, in the order of their ends at the primary. 4 is MySQL's
    /// default since 8.0.27 (`replica_parallel_workers`); Redis has 1.
    #[serde(default = "default_apply_workers")]
    #[schemars(range(min = 1, max = 1_024))]
    pub apply_workers: u32,
    /// Which servers answer queries that write nothing. Those that are down are left out.
    #[serde(default)]
    pub reads: Reads,
    /// One more server that holds a copy and serves nobody until it is promoted; the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<Standby>,
    /// Watches the primary and promotes another server in its place. Without it there is no primary
    /// until that one is back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<promotion::Params>,
    /// The server that is to be the primary: at the start, and when this changes. The change is a planned
    /// swap of roles: writes wait until the new primary has everything, so that nothing is lost.
    #[serde(default)]
    #[schemars(range(min = 0, max = 32))]
    pub primary: u32,
    /// Least time that writes wait in a planned swap of roles. MHA's switch of a living master takes 0.5 to
    /// 2 s.
    #[serde(default = "default_swap_ms")]
    #[schemars(range(min = 0.0, max = 3_600_000.0), extend("x-unit" = "ms"))]
    pub swap_ms: f64,
}

impl Database {
    /// Number of its servers: the primary, the replicas and the standby.
    pub(crate) fn servers(&self) -> u32 {
        1 + self.replicas + u32::from(self.standby.is_some())
    }
}

fn default_apply_workers() -> u32 {
    4
}

fn default_swap_ms() -> f64 {
    1_000.0
}

/// When a write is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplicationMode {
    /// As soon as the primary has it: the other servers follow, and a primary that dies may take with it
    /// what has not reached them.
    #[default]
    Async,
    /// When it has reached every server that is up: slower by the slowest one's lag, and nothing is lost
    /// (MySQL's semi-synchronous replication, PostgreSQL's `synchronous_commit = on`). While no other
    /// server is up, nobody is waited for.
    Sync,
}

/// Which servers answer queries that write nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// The primary.
    #[default]
    Primary,
    /// The replicas, each query one at random; the primary if none is up.
    Replicas,
    /// The primary and the replicas, each query one at random.
    Any,
}

/// A server that waits to be promoted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standby {
    /// How ready it is.
    pub kind: StandbyKind,
    /// What it takes to make it ready, beside the promotion itself: 0 s if it is hot, 60 s if warm, 1800 s
    /// if cold where this is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 604_800.0), extend("x-unit" = "s"))]
    pub ready_s: Option<f64>,
    /// Time between two backups, the first at the start: a cold standby begins with the last one. What
    /// was written since then is lost.
    #[serde(default = "default_backup_s")]
    #[schemars(range(min = 0.001, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub backup_every_s: f64,
}

fn default_backup_s() -> f64 {
    86_400.0
}

/// How ready a standby is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StandbyKind {
    /// Runs and applies every write: it takes over in seconds.
    Hot,
    /// Applies every write, but has to be started as a database before it can serve: a minute or so.
    Warm,
    /// Switched off: it has to boot and to restore the last backup, which takes long. It does not count
    /// as a server until then.
    Cold,
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
    /// Whether it writes: then the primary does it, and every other server after it. One that stores a
    /// record, adds rows or locks its row does so in any case.
    #[serde(default)]
    pub writes: bool,
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
    /// Which row it is about. A read at a replica is stale if a write of the same row has not been applied
    /// there yet; a query without keys is about every row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// Whether it locks its row, that of its key, before its work and until its end. While another query
    /// has the lock it waits, first come first served, and keeps its session. Queries whose keys are of
    /// the same set share rows, whatever table they name.
    #[serde(default)]
    pub locks: bool,
}

impl Query {
    /// Whether it changes what is there, or says that it might: that is for the primary only.
    pub(crate) fn changes_data(&self) -> bool {
        self.writes || self.locks || self.adds_rows > 0 || self.stores.is_some()
    }
}

fn default_matched_rows() -> u64 {
    1
}
