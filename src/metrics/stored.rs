//! Meter of what a database stores: rows, and waits for row locks.

use super::histogram::Distribution;
use super::invariants::Judge;
use super::level::Tally;
use super::meter::{NO_DATA, Owner, Passage, Sink, Span};
use crate::census::Present;

const LOCK_WAITS: usize = 0;
const LOCK_TIMEOUTS: usize = 1;

/// Rows of the tables of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Live ones.
    pub live: u64,
    /// Dead ones.
    pub dead: u64,
}

/// Meter of what a database stores.
#[derive(Clone, Debug, Default)]
pub struct StoredMeter {
    tally: Tally<2>,
    /// None without tables.
    rows: Option<Rows>,
    /// Rows purged since the start, and until the warm-up was over.
    purged: (u64, u64),
    /// Rows copied to another database, and writes repeated there, since the start of the run.
    copied: u64,
    forwarded: u64,
    migrated_at: Option<u64>,
    waiting: Passage,
    wait: Distribution,
}

impl StoredMeter {
    /// So many rows are there from now on.
    pub fn rows_changed(&mut self, rows: Rows) {
        self.rows = Some(rows);
    }

    /// Dead rows were deleted.
    pub fn purged(&mut self, rows: u64) {
        self.purged.0 += rows;
    }

    /// Rows were copied to another database.
    pub fn copied(&mut self, rows: u64) {
        self.copied += rows;
    }

    /// Writes were repeated at another database.
    pub fn changes_forwarded(&mut self, changes: u64) {
        self.forwarded += changes;
    }

    /// Queries go to another database from now on.
    pub fn migrated(&mut self, now: u64) {
        self.migrated_at = Some(now);
    }

    /// A query waits for a row lock.
    pub fn lock_awaited(&mut self, now: u64) {
        self.tally.count(LOCK_WAITS);
        self.waiting.enter(now);
    }

    /// It no longer does, `waited` nanoseconds later.
    pub fn lock_wait_ended(&mut self, now: u64, waited: u64, measuring: bool) {
        self.waiting.leave(now, waited);
        if measuring {
            self.wait.record(waited);
        }
    }

    /// A query failed because it had waited too long for a row lock.
    pub fn lock_timed_out(&mut self) {
        self.tally.count(LOCK_TIMEOUTS);
    }

    /// Rows of all tables now; none without tables.
    pub fn rows(&self) -> Option<Rows> {
        self.rows
    }

    /// Rows purged since the warm-up.
    pub fn purged_rows(&self) -> u64 {
        self.purged.0 - self.purged.1
    }

    /// Rows copied to another database.
    pub fn copied_rows(&self) -> u64 {
        self.copied
    }

    /// Writes repeated at another database.
    pub fn forwarded_changes(&self) -> u64 {
        self.forwarded
    }

    /// When queries began to go to another database, in nanoseconds.
    pub fn migrated_at(&self) -> Option<u64> {
        self.migrated_at
    }

    /// Waits for a row lock that began since the warm-up.
    pub fn lock_waits(&self) -> u64 {
        self.tally.measured(LOCK_WAITS)
    }

    /// Of these, given up after too long.
    pub fn lock_timeouts(&self) -> u64 {
        self.tally.measured(LOCK_TIMEOUTS)
    }

    /// How long queries waited for a row lock.
    pub fn wait(&self) -> &Distribution {
        &self.wait
    }

    /// Queries that wait for a row lock.
    pub fn waiting(&self) -> &Passage {
        &self.waiting
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.waiting.level_mut().settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
        self.waiting.level_mut().start_window();
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tally.end_warmup();
        self.waiting.level_mut().end_warmup();
        self.purged.1 = self.purged.0;
    }

    /// Judges the invariants.
    pub fn judge(&self, now: u64, counted: Option<Present>, judge: &mut Judge) {
        self.waiting.judge(now, counted, judge);
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, span: Span, sink: &mut Sink) {
        let rows = |of: fn(Rows) -> u64| self.rows.map_or(NO_DATA, |rows| of(rows) as f64);
        sink(owner, "rows", "count", rows(|rows| rows.live));
        sink(owner, "dead_rows", "count", rows(|rows| rows.dead));
        sink(owner, "lock_waiting", "count", span.mean(self.waiting.level().in_window()));
    }
}
