//! Tables and queries in a plan: what a query costs by the rows that it examines.

use super::KeysPlan;
use crate::engine::{Duration, Sampler, Time};

/// What a database stores.
#[derive(Clone, Debug, Default)]
pub struct StoredPlan {
    /// Its tables.
    pub tables: Vec<TablePlan>,
    /// Its move to another database.
    pub migration: Option<MigrationPlan>,
    /// Longest wait for a row lock.
    pub lock_timeout: Duration,
    /// The program of background work, into [`super::StationPlan::endpoints`].
    pub batch_endpoint: u16,
}

/// A table.
#[derive(Clone, Debug)]
pub struct TablePlan {
    /// Live rows at the start.
    pub rows: u64,
    /// Dead rows at the start.
    pub dead: u64,
    /// Queries find their rows by an index.
    pub index: bool,
    /// Entries of a page of the index.
    pub fanout: u32,
    /// Nanoseconds of a core to examine a row or to read a page of the index.
    pub nanos_per_row: f64,
    /// Deletes dead rows.
    pub purge: Option<PurgePlan>,
}

/// Deletes dead rows in batches.
#[derive(Clone, Debug)]
pub struct PurgePlan {
    /// Rows of a batch.
    pub rows_per_batch: u64,
    /// Nanoseconds of a core to delete a row.
    pub nanos_per_row: f64,
    /// Pause between two batches.
    pub pause: Duration,
}

/// A move to another database.
#[derive(Clone, Debug)]
pub struct MigrationPlan {
    /// The new database, into [`super::Plan::stations`].
    pub to: u16,
    /// Its query for each query of the old one, into [`super::StationPlan::endpoints`].
    pub queries: Vec<u16>,
    /// Its table for each table of the old one, if it has one of that name.
    pub tables: Vec<Option<u16>>,
    /// When the copy begins.
    pub start: Time,
    /// Queries go on meanwhile.
    pub live: bool,
    /// Rows of a batch.
    pub rows_per_batch: u64,
    /// Nanoseconds of a core to read a row.
    pub nanos_to_read: f64,
    /// Nanoseconds of a core to write a row.
    pub nanos_to_write: f64,
    /// Pause between two batches.
    pub pause: Duration,
    /// How long queries wait for the cut-over.
    pub cut_over_pause: Duration,
}

/// A query that has to do with rows.
#[derive(Clone, Debug)]
pub struct QueryPlan {
    /// Nanoseconds that it takes apart from the rows that it examines.
    pub cost: Sampler,
    /// The table, into [`StoredPlan::tables`].
    pub table: Option<u16>,
    /// Rows that match, however large the table is.
    pub matched_rows: u64,
    /// Share of all rows that match besides.
    pub matched_ratio: f64,
    /// Rows that it adds.
    pub adds: u32,
    /// It changes what is stored.
    pub writes: bool,
    /// Which row it locks, if it locks one.
    pub locks: Option<KeysPlan>,
}

impl TablePlan {
    /// Rows and pages of the index that a query looks at in a table of so many rows, dead ones included.
    pub fn examined(&self, query: &QueryPlan, rows: u64) -> f64 {
        let all = rows as f64;
        if !self.index {
            return all;
        }
        let matched = query.matched_rows as f64 + query.matched_ratio * all;
        f64::from(height(rows, self.fanout)) + matched.min(all)
    }
}

/// Height of a B-tree over so many entries: ceil(log_fanout(rows)), and a root in any case.
fn height(rows: u64, fanout: u32) -> u32 {
    let (mut height, mut reach) = (1, u64::from(fanout));
    while reach < rows {
        reach = reach.saturating_mul(u64::from(fanout));
        height += 1;
    }
    height
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_grows_by_a_page_when_it_has_a_hundred_times_the_rows() {
        let heights = [0, 1, 100, 101, 10_000, 10_001, 1_000_000].map(|rows| height(rows, 100));
        assert_eq!(heights, [1, 1, 1, 2, 2, 3, 3]);
        assert_eq!(height(u64::MAX, 2), 64);
    }

    #[test]
    fn an_index_saves_the_rows_that_do_not_match() {
        let table = |index| TablePlan {
            rows: 0,
            dead: 0,
            index,
            fanout: 100,
            nanos_per_row: 1e3,
            purge: None,
        };
        let query = |matched_rows, matched_ratio| QueryPlan {
            cost: Sampler::Constant(0.0),
            table: Some(0),
            matched_rows,
            matched_ratio,
            adds: 0,
            writes: false,
            locks: None,
        };
        assert_eq!(table(false).examined(&query(1, 0.05), 100_000), 100_000.0);
        assert_eq!(table(true).examined(&query(0, 0.05), 100_000), 5_003.0);
        assert_eq!(table(true).examined(&query(7, 0.0), 2), 3.0);
    }
}
