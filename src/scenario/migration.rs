//! Moving a database to another one, while it works or in a maintenance window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Moves the rows of all tables to another database, and then the queries.
///
/// Rows are copied batch after batch: each is read by a query at the old database and written by one at
/// the new one, like any other query; one that fails is tried again after a second. A write that succeeds
/// at the old database in the meantime is repeated at the new one (its change stream). When everything is
/// copied and hardly any change is left, the cut-over begins: queries that are sent during its pause wait
/// on their way, and from then on all go to the new database, to the query of the same name. Dead rows
/// stay behind. The old database can be stopped then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// The new database. It has all queries of this one; what its tables of the same names hold is replaced.
    #[schemars(length(min = 1, max = 64))]
    pub to: String,
    /// Moment when the copy begins.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub at_s: f64,
    /// Whether queries go on in the meantime. Otherwise the database takes none until the cut-over is
    /// over: a dump and a restore in a maintenance window.
    #[serde(default = "yes")]
    pub live: bool,
    /// Rows of a batch.
    #[serde(default = "default_rows_per_batch")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub rows_per_batch: u64,
    /// Time on a core of the old database to read a row.
    #[serde(default = "default_read_us_per_row")]
    #[schemars(range(min = 0.0, max = 10_000.0), extend("x-unit" = "µs"))]
    pub read_us_per_row: f64,
    /// Time on a core of the new database to write a row, or to repeat a change.
    #[serde(default = "default_write_us_per_row")]
    #[schemars(range(min = 0.0, max = 10_000.0), extend("x-unit" = "µs"))]
    pub write_us_per_row: f64,
    /// Pause between two batches: the throttle.
    #[serde(default = "default_pause_ms")]
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub pause_ms: f64,
    /// How long queries wait for the cut-over.
    #[serde(default = "default_cut_over_pause_ms")]
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub cut_over_pause_ms: f64,
}

fn yes() -> bool {
    true
}

fn default_rows_per_batch() -> u64 {
    1_000
}

fn default_read_us_per_row() -> f64 {
    10.0
}

fn default_write_us_per_row() -> f64 {
    20.0
}

fn default_pause_ms() -> f64 {
    100.0
}

fn default_cut_over_pause_ms() -> f64 {
    1_000.0
}
