//! Tables of a database: how many rows a query has to look at, and what takes the dead ones away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most rows of a table.
pub const MAX_ROWS: u64 = 1_000_000_000_000;

/// A table or collection. What a query on it costs follows from the rows that it examines.
///
/// Without an index a query examines every row, live or dead. With one it descends a B-tree of height
/// ceil(log_fanout(rows)) and then examines the rows that match, dead ones among them: an index holds
/// the entries of dead rows until they are purged, in InnoDB as in PostgreSQL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Live rows at the start. Changed while the run goes on, so many more or fewer are there at once.
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    pub rows: u64,
    /// Dead rows at the start: nobody needs them, but they have to be looked at.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    pub dead_rows: u64,
    /// Whether queries find their rows by an index.
    #[serde(default = "yes")]
    pub index: bool,
    /// Entries of a page of the index.
    #[serde(default = "default_fanout")]
    #[schemars(range(min = 2, max = 10_000))]
    pub fanout: u32,
    /// Time on a core to examine a row, or to read a page of the index.
    #[serde(default = "default_us_per_row")]
    #[schemars(range(min = 0.0, max = 10_000.0), extend("x-unit" = "µs"))]
    pub us_per_row: f64,
    /// Deletes dead rows in the background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge: Option<Purge>,
}

/// Deletes dead rows, batch after batch. Each batch is a query like any other: it needs a session and
/// a core. One that fails is tried again after a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Purge {
    /// Rows deleted by a batch.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub rows_per_batch: u64,
    /// Time on a core to delete a row.
    #[schemars(range(min = 0.0, max = 10_000.0), extend("x-unit" = "µs"))]
    pub us_per_row: f64,
    /// Pause between the end of a batch and the start of the next.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub pause_ms: f64,
}

impl Default for Purge {
    fn default() -> Purge {
        Purge { rows_per_batch: 1_000, us_per_row: 10.0, pause_ms: 100.0 }
    }
}

fn yes() -> bool {
    true
}

fn default_fanout() -> u32 {
    100
}

fn default_us_per_row() -> f64 {
    1.0
}
