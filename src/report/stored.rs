//! What a database stores, in the report: rows, their move to another database, and waits for locks.

use super::Latency;
use super::build::ratio;
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::wiring::NodeIndex;
use serde::Serialize;

/// What a database stores, and how long its queries waited for row locks since the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stored {
    /// Live rows over all tables at the end.
    pub rows: u64,
    /// Dead rows over all tables at the end.
    pub dead_rows: u64,
    /// Dead rows that were deleted.
    pub purged_rows: u64,
    /// Rows copied to another database.
    pub copied_rows: u64,
    /// Writes that came during the copy and were repeated there.
    pub forwarded_changes: u64,
    /// When queries began to go there, in seconds.
    pub migrated_at_s: Option<f64>,
    /// Queries that had to wait for a row lock.
    pub lock_waits: u64,
    /// Of these, failed because they had waited too long.
    pub lock_timeouts: u64,
    /// How long they waited.
    pub lock_wait: Latency,
    /// Mean number of queries that waited for a row lock.
    pub mean_lock_waiting: f64,
}

impl Stored {
    /// That of a station, if there are tables or anybody waited for a lock.
    pub(super) fn of(metrics: &Metrics, node: NodeIndex) -> Option<Stored> {
        let meter = metrics.station(node).stored();
        let (rows, lock_waits) = (meter.rows(), meter.lock_waits());
        if rows.is_none() && lock_waits == 0 && meter.migrated_at().is_none() {
            return None;
        }
        let rows = rows.unwrap_or_default();
        let waiting = meter.waiting().level().measured(metrics.now().0);
        Some(Stored {
            rows: rows.live,
            dead_rows: rows.dead,
            purged_rows: meter.purged_rows(),
            copied_rows: meter.copied_rows(),
            forwarded_changes: meter.forwarded_changes(),
            migrated_at_s: meter.migrated_at().map(|at| Time(at).seconds()),
            lock_waits,
            lock_timeouts: meter.lock_timeouts(),
            lock_wait: Latency::of(meter.wait()),
            mean_lock_waiting: ratio(waiting, metrics.measured_nanos() as f64),
        })
    }
}
