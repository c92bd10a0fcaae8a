//! Tables and queries of a database.

use super::{Compiler, node_index};
use crate::engine::{Duration, Site, Time};
use crate::plan::quantity::{keys, sampler};
use crate::plan::{
    EndpointPlan, MigrationPlan, PurgePlan, QueryPlan, StepAction, StepPlan, StoredPlan, TablePlan,
};
use crate::scenario::{Database, Migration, Node, Purge, Query, Table};

/// Nanoseconds in a microsecond.
const NANOS: f64 = 1e3;

impl Compiler<'_> {
    /// What a query does. One that has nothing to do with rows only computes.
    pub(super) fn query(&self, database: &Database, query: &Query) -> StepAction {
        let cost = sampler(&query.cost);
        let table = query.table.as_ref().and_then(|table| database.tables.get_index_of(table));
        let locks = query.keys.as_ref().filter(|_| query.locks).map(keys);
        let writes = query.changes_data();
        // A plain write matters only where it has to be repeated at another database.
        let moves = writes && database.migration.is_some();
        if table.is_none() && locks.is_none() && !moves {
            return StepAction::Cpu(cost);
        }
        StepAction::Query(Box::new(QueryPlan {
            cost,
            table: table.map(|table| table as u16),
            matched_rows: query.matched_rows,
            matched_ratio: query.matched_ratio,
            adds: query.adds_rows,
            writes,
            locks,
        }))
    }

    /// What another server of the database does for a query that writes: the same, but it waits for no lock,
    /// the rows that were added are there already, and another database hears of them from the primary.
    pub(super) fn applied(&self, database: &Database, query: &Query) -> StepAction {
        match self.query(database, query) {
            StepAction::Query(query) => StepAction::Query(Box::new(QueryPlan {
                adds: 0,
                locks: None,
                writes: false,
                ..*query
            })),
            action => action,
        }
    }

    /// What a database stores. Its background work is a program of its own behind those of the queries.
    pub(super) fn stored(
        &self,
        site: Site,
        database: &Database,
        endpoints: &mut Vec<EndpointPlan>,
    ) -> StoredPlan {
        // No query can have a name with a blank, so the site is nobody else's.
        let site = site.then("background work");
        endpoints.push(EndpointPlan {
            pool: 0,
            steps: vec![StepPlan { action: StepAction::Batch, site }],
        });
        StoredPlan {
            tables: database.tables.values().map(table).collect(),
            migration: database.migration.as_ref().map(|moves| self.migration(database, moves)),
            lock_timeout: Duration::from_ms(database.lock_timeout_ms),
            batch_endpoint: endpoints.len() as u16 - 1,
        }
    }
}

impl Compiler<'_> {
    fn migration(&self, from: &Database, migration: &Migration) -> MigrationPlan {
        let Some(Node::Database(to)) = self.scenario.nodes.get(&migration.to) else {
            unreachable!("the checker lets databases move to databases only")
        };
        let query = |name: &String| {
            let index = to.queries.get_index_of(name);
            index.expect("the checker wants the same queries there") as u16
        };
        let table = |name: &String| to.tables.get_index_of(name).map(|index| index as u16);
        MigrationPlan {
            to: self.station_of(node_index(self.scenario, &migration.to)),
            queries: from.queries.keys().map(query).collect(),
            tables: from.tables.keys().map(table).collect(),
            start: Time::from_seconds(migration.at_s),
            live: migration.live,
            rows_per_batch: migration.rows_per_batch,
            nanos_to_read: migration.read_us_per_row * NANOS,
            nanos_to_write: migration.write_us_per_row * NANOS,
            pause: Duration::from_ms(migration.pause_ms),
            cut_over_pause: Duration::from_ms(migration.cut_over_pause_ms),
        }
    }
}

fn table(table: &Table) -> TablePlan {
    let purge = |purge: &Purge| PurgePlan {
        rows_per_batch: purge.rows_per_batch,
        nanos_per_row: purge.us_per_row * NANOS,
        pause: Duration::from_ms(purge.pause_ms),
    };
    TablePlan {
        rows: table.rows,
        dead: table.dead_rows,
        index: table.index,
        fanout: table.fanout,
        nanos_per_row: table.us_per_row * NANOS,
        purge: table.purge.as_ref().map(purge),
    }
}
