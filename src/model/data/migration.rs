//! Moving a database: copy, change stream, cut-over.

use super::tasks::{Progress, Task};
use crate::engine::{Duration, Time, Timer};
use crate::model::job::Caller;
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::Observation;
use crate::plan::MigrationPlan;
use crate::wiring::EdgeIndex;

/// Where a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Rows are being copied.
    Copying,
    /// Queries wait on their way to the new database.
    CuttingOver,
    /// Queries go to the new database.
    Done,
}

/// A migration that has begun.
#[derive(Clone, Debug)]
pub struct Migration {
    phase: Phase,
    /// The new database.
    to: u16,
    /// Rows of each table that are still to be copied.
    left: Vec<u64>,
    /// A batch has been read and waits to be written.
    read: bool,
    /// Writes that are still to be repeated.
    backlog: u64,
    /// Reads and writes batches.
    pub(super) copy: Progress,
    /// Repeats writes.
    pub(super) changes: Progress,
    /// Fires when the cut-over is over.
    pub(super) cut_over: Progress,
}

impl Migration {
    /// Whether a job is one of its batches.
    pub(super) fn has_batch(&self, id: Id) -> bool {
        self.copy.job == id || self.changes.job == id
    }

    /// The table that is being copied.
    fn next_table(&self) -> Option<usize> {
        self.left.iter().position(|rows| *rows > 0)
    }
}

/// Where the attempts of a call go since the database behind it has moved.
#[derive(Clone, Copy, Debug)]
pub struct Redirect {
    /// The new database.
    pub station: u16,
    /// The query there.
    pub endpoint: u16,
    /// Attempts wait on their way until then.
    pub held_until: Time,
}

impl<O: Observer> World<O> {
    fn migration_plan(&self, station: u16) -> Option<&MigrationPlan> {
        self.plan.stations[usize::from(station)].stored.migration.as_ref()
    }

    fn migration(&mut self, station: u16) -> Option<&mut Migration> {
        self.stations[usize::from(station)].migration.as_deref_mut()
    }

    /// Begins, ends or goes on with the migration of a database, as the plan has it now.
    pub(super) fn follow_migration_plan(&mut self, station: u16) {
        let plan = self.migration_plan(station).map(|plan| (plan.to, plan.start, plan.live));
        let state = self.stations[usize::from(station)].migration.as_deref();
        let state = state.map(|migration| (migration.to, migration.phase));
        match (state, plan) {
            (Some((_, Phase::Done)), _) => {}
            (Some((to, phase)), Some((planned, _, live))) if to == planned => {
                let closed = !live && phase != Phase::Done;
                self.stations[usize::from(station)].closed = closed;
            }
            (Some((_, Phase::CuttingOver)), _) => {}
            (Some((_, Phase::Copying)), _) => {
                self.abandon_migration(station);
                self.plan_migration(station);
            }
            (None, _) => self.plan_migration(station),
        }
    }

    /// Plans the start of a migration, if there is to be one.
    fn plan_migration(&mut self, station: u16) {
        let start = self.migration_plan(station).map(|plan| plan.start.max(self.now));
        let timer = std::mem::take(&mut self.stations[usize::from(station)].migration_timer);
        self.calendar.cancel(timer);
        if let Some(start) = start {
            let timer = self.schedule(start, Event::TaskDue { station, task: Task::Migrate });
            self.stations[usize::from(station)].migration_timer = timer;
        }
    }

    /// The copy is thrown away before the cut-over.
    fn abandon_migration(&mut self, station: u16) {
        let state = &mut self.stations[usize::from(station)];
        state.closed = false;
        let Some(migration) = state.migration.take() else { return };
        for progress in [migration.copy, migration.changes, migration.cut_over] {
            self.calendar.cancel(progress.timer);
            if let Some(job) = self.jobs.get_mut(progress.job) {
                job.caller = Caller::Nobody;
            }
        }
    }

    /// It is time to copy.
    pub(super) fn begin_migration(&mut self, station: u16) {
        self.stations[usize::from(station)].migration_timer = Timer::NONE;
        let Some(plan) = self.migration_plan(station) else { return };
        let (to, live, twins) = (plan.to, plan.live, plan.tables.clone());
        let node = self.plan.stations[usize::from(station)].node;
        let state = &mut self.stations[usize::from(station)];
        state.closed = !live;
        state.migration = Some(Box::new(Migration {
            phase: Phase::Copying,
            to,
            left: state.tables.iter().map(|table| table.rows).collect(),
            read: false,
            backlog: 0,
            copy: Progress::default(),
            changes: Progress::default(),
            cut_over: Progress::default(),
        }));
        for twin in twins.iter().flatten() {
            let table = &mut self.stations[usize::from(to)].tables[usize::from(*twin)];
            (table.rows, table.dead) = (0, 0);
        }
        self.tell(Observation::MigrationStarted { node });
        self.tell_rows(to);
        self.copy_on(station);
    }

    /// The next batch, or the cut-over if there is none left.
    pub(super) fn copy_on(&mut self, station: u16) {
        let Some(batch) = self.migration_plan(station).map(|plan| plan.rows_per_batch) else {
            return;
        };
        let Some(migration) = self.migration(station) else { return };
        match migration.next_table() {
            _ if !migration.copy.job.is_none() => {}
            Some(_) if migration.read => self.send_batch(station, Task::Restore),
            Some(table) => {
                migration.copy.rows = migration.left[table].min(batch);
                self.send_batch(station, Task::Copy);
            }
            None => self.cut_over_if_ready(station),
        }
    }

    /// A batch has been read: it goes to the new database.
    pub(super) fn end_copy(&mut self, station: u16) {
        if let Some(migration) = self.migration(station) {
            migration.read = true;
            self.copy_on(station);
        }
    }

    /// A batch has been written: the pause before the next one.
    pub(super) fn end_restore(&mut self, station: u16) -> Duration {
        let Some(plan) = self.migration_plan(station) else { return Duration::ZERO };
        let (pause, twins) = (plan.pause, plan.tables.clone());
        let node = self.plan.stations[usize::from(station)].node;
        let Some(migration) = self.migration(station) else { return Duration::ZERO };
        let (rows, to) = (std::mem::take(&mut migration.copy.rows), migration.to);
        migration.read = false;
        let table = migration.next_table().expect("a batch is part of a table");
        migration.left[table] -= rows;
        if let Some(twin) = twins[table] {
            self.stations[usize::from(to)].tables[usize::from(twin)].rows += rows;
        }
        self.tell(Observation::RowsCopied { node, rows });
        self.tell_rows(to);
        pause
    }

    /// A write has succeeded at a database that is being moved, or has been: it has to be repeated.
    pub(super) fn forward_change(&mut self, station: u16) {
        let Some(migration) = self.migration(station) else { return };
        migration.backlog += 1;
        self.repeat_changes(station);
    }

    /// The changes that have piled up are repeated all at once.
    pub(super) fn repeat_changes(&mut self, station: u16) {
        let Some(migration) = self.migration(station) else { return };
        let idle = migration.changes.job.is_none() && migration.changes.timer == Timer::NONE;
        if migration.backlog > 0 && idle {
            migration.changes.rows = migration.backlog;
            self.send_batch(station, Task::Changes);
        }
    }

    /// Changes have been repeated.
    pub(super) fn end_changes(&mut self, station: u16) {
        let node = self.plan.stations[usize::from(station)].node;
        let Some(migration) = self.migration(station) else { return };
        let changes = std::mem::take(&mut migration.changes.rows);
        migration.backlog -= changes;
        self.tell(Observation::ChangesForwarded { node, changes });
        self.repeat_changes(station);
        self.cut_over_if_ready(station);
    }

    /// Everything is copied, and what is left of the changes fits into a batch: queries that are sent
    /// from now on wait, and then go to the new database.
    fn cut_over_if_ready(&mut self, station: u16) {
        let Some(plan) = self.migration_plan(station) else { return };
        let (batch, pause) = (plan.rows_per_batch, plan.cut_over_pause);
        let Some(migration) = self.migration(station) else { return };
        let copied = migration.next_table().is_none() && migration.copy.job.is_none();
        if migration.phase != Phase::Copying || !copied || migration.backlog > batch {
            return;
        }
        migration.phase = Phase::CuttingOver;
        let node = self.plan.stations[usize::from(station)].node;
        self.tell(Observation::CutOverStarted { node });
        let until = self.now + pause;
        self.redirect_calls(station, until);
        let timer = self.schedule(until, Event::TaskDue { station, task: Task::CutOver });
        let migration = self.migration(station).expect("it is being cut over");
        migration.cut_over.timer = timer;
    }

    fn redirect_calls(&mut self, from: u16, held_until: Time) {
        let Some(plan) = self.plan.stations[usize::from(from)].stored.migration.as_ref() else {
            return;
        };
        for (edge, planned) in self.edges.iter_mut().zip(&self.plan.edges) {
            let (station, endpoint) = match edge.redirect.as_deref() {
                Some(redirect) => (redirect.station, redirect.endpoint),
                None => (planned.station, planned.endpoint),
            };
            if station == from {
                let endpoint = plan.queries[usize::from(endpoint)];
                edge.redirect = Some(Box::new(Redirect { station: plan.to, endpoint, held_until }));
            }
        }
    }

    /// Queries have come to the new database. It has everything that the old one has.
    pub(super) fn end_cut_over(&mut self, station: u16) {
        let twins = self.migration_plan(station).map(|plan| plan.tables.clone());
        let state = &mut self.stations[usize::from(station)];
        state.closed = false;
        let rows: Vec<u64> = state.tables.iter().map(|table| table.rows).collect();
        let Some(migration) = state.migration.as_deref_mut() else { return };
        migration.phase = Phase::Done;
        let to = migration.to;
        for (twin, rows) in twins.iter().flatten().zip(rows) {
            if let Some(twin) = twin {
                self.stations[usize::from(to)].tables[usize::from(*twin)].rows = rows;
            }
        }
        self.tell_rows(to);
        let node = self.plan.stations[usize::from(station)].node;
        let to = self.plan.stations[usize::from(to)].node;
        self.tell(Observation::Migrated { node, to });
    }

    /// The job's way leads to another database than its call was wired to, if that has moved.
    #[inline]
    pub(in crate::model) fn redirect(&self, edge: EdgeIndex) -> Option<Redirect> {
        self.edges[usize::from(edge.0)].redirect.as_deref().copied()
    }

    /// The progress of the task of a migration.
    pub(super) fn migration_progress(&mut self, station: u16, task: Task) -> Option<&mut Progress> {
        let migration = self.migration(station)?;
        Some(match task {
            Task::Copy | Task::Restore => &mut migration.copy,
            Task::Changes => &mut migration.changes,
            _ => &mut migration.cut_over,
        })
    }

    /// The database that a batch of a migration runs at, and what it costs.
    pub(super) fn migration_batch(&self, station: u16, task: Task) -> (u16, Duration) {
        let plan = self.migration_plan(station);
        let Some(migration) = self.stations[usize::from(station)].migration.as_deref() else {
            return (station, Duration::ZERO);
        };
        let (at, rows, nanos) = match task {
            Task::Copy => (station, migration.copy.rows, plan.map(|plan| plan.nanos_to_read)),
            Task::Restore => (migration.to, migration.copy.rows, plan.map(|p| p.nanos_to_write)),
            _ => (migration.to, migration.changes.rows, plan.map(|plan| plan.nanos_to_write)),
        };
        (at, Duration::from_nanos(rows as f64 * nanos.unwrap_or(0.0)))
    }
}
