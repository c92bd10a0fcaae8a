//! The copies of databases.

use crate::engine::{Duration, Site};
use crate::plan::quantity::{keys, sampler};
use crate::plan::{CopiedPlan, ReplicationPlan, StandbyPlan};
use crate::scenario::{Database, Query, ReplicationMode, Standby, StandbyKind};

/// What it takes to start a database that has the data, and to boot a machine and restore a backup, as the
/// schema says.
const WARM_READY_S: f64 = 60.0;
const COLD_READY_S: f64 = 1_800.0;

/// How the servers of a database divide its work. The programs that apply its writes stand behind those of
/// its queries.
pub(super) fn replication(database: &Database, site: Site) -> ReplicationPlan {
    let count = database.queries.len();
    let query = |(number, query): (usize, &Query)| CopiedPlan {
        writes: query.changes_data(),
        keys: query.keys.as_ref().map(keys),
        apply: (count + number) as u16,
    };
    let standby = |standby: &Standby| StandbyPlan {
        kind: standby.kind,
        ready: Duration::from_seconds(standby.ready_s.unwrap_or(match standby.kind {
            StandbyKind::Hot => 0.0,
            StandbyKind::Warm => WARM_READY_S,
            StandbyKind::Cold => COLD_READY_S,
        })),
        backup_every: Duration::from_seconds(standby.backup_every_s),
    };
    ReplicationPlan {
        sync: database.replication == ReplicationMode::Sync,
        lag: database.replication_lag.as_ref().map(sampler),
        workers: database.apply_workers,
        reads: database.reads,
        queries: database.queries.values().enumerate().map(query).collect(),
        standby: database.standby.as_ref().map(standby),
        failover: database.failover.clone(),
        primary: database.primary,
        swap: Duration::from_ms(database.swap_ms),
        site: site.then("copies of"),
    }
}
