//! Background work of databases, batch after batch. Each batch is a job like any other: it waits for a
//! session, shares the cores, and is lost with its server.

use crate::engine::{Duration, Luck, Timer};
use crate::model::job::{Caller, Job};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::{Observation, Outcome};
use crate::plan::PurgePlan;

/// Pause before a batch that has failed is tried again.
const RETRY: Duration = Duration(1_000_000_000);

/// Background work of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Deletes the dead rows of a table.
    Purge {
        /// Of the database's.
        table: u16,
    },
    /// Begins to move the database; takes no batch.
    Migrate,
    /// Reads rows that are to be moved.
    Copy,
    /// Writes them at the new database.
    Restore,
    /// Repeats writes at the new database.
    Changes,
    /// Ends the cut-over; takes no batch.
    CutOver,
}

impl Task {
    /// Its number among the tasks of its database.
    pub(in crate::model) fn number(self) -> u32 {
        match self {
            Task::Migrate => 0,
            Task::Copy => 1,
            Task::Restore => 2,
            Task::Changes => 3,
            Task::CutOver => 4,
            Task::Purge { table } => 5 + u32::from(table),
        }
    }
}

/// How far background work is.
///
/// Invariant: it has a batch under way, or a timer for the next one, or nothing to do.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The batch under way.
    pub job: Id,
    /// Fires when the next batch is due.
    pub timer: Timer,
    /// Rows of the batch under way.
    pub rows: u64,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress { job: Id::NONE, timer: Timer::NONE, rows: 0 }
    }
}

impl<O: Observer> World<O> {
    pub(super) fn purge_plan(&self, station: u16, table: u16) -> Option<&PurgePlan> {
        let plan = &self.plan.stations[usize::from(station)].stored;
        plan.tables[usize::from(table)].purge.as_ref()
    }

    /// How far a task is; none if it is one of a migration that has been abandoned.
    fn progress(&mut self, station: u16, task: Task) -> Option<&mut Progress> {
        match task {
            Task::Purge { table } => {
                let state = &mut self.stations[usize::from(station)];
                Some(&mut state.tables[usize::from(table)].purge)
            }
            _ => self.migration_progress(station, task),
        }
    }

    /// The next batch of a task goes to the server that does the writing.
    pub(super) fn send_batch(&mut self, station: u16, task: Task) {
        let at = match task {
            Task::Purge { .. } => station,
            _ => self.migration_batch(station, task).0,
        };
        let error_site = self.plan.stations[usize::from(station)].error_site;
        let site = error_site.then("background work").index(task.number().into());
        let luck = Luck(self.plan.seed).derive(site, self.now.0);
        let endpoint = self.plan.stations[usize::from(at)].stored.batch_endpoint;
        let job = Job::new(Caller::Task { station, task }, at, endpoint, luck, luck.0);
        let job = self.jobs.insert(job);
        if let Some(progress) = self.progress(station, task) {
            progress.job = job;
        }
        let state = self.stations[usize::from(at)].replication.as_ref();
        let primary = state.map_or(0, |state| state.primary);
        self.admit(job, primary);
    }

    /// A batch has a session: how much there is to do is known now.
    pub(in crate::model) fn begin_batch(&mut self, id: Id) {
        let work = match self.jobs[id].caller {
            Caller::Task { station, task: Task::Purge { table } } => {
                self.begin_purge(station, table)
            }
            Caller::Task { station, task } => self.migration_batch(station, task).1,
            // Of a migration that has been abandoned while it waited.
            _ => Duration::ZERO,
        };
        self.compute_on(id, work);
    }

    fn begin_purge(&mut self, station: u16, table: u16) -> Duration {
        let dead = self.stations[usize::from(station)].tables[usize::from(table)].dead;
        // A switch may have taken the purge away while the batch waited.
        let Some(plan) = self.purge_plan(station, table) else { return Duration::ZERO };
        let rows = dead.min(plan.rows_per_batch);
        let work = Duration::from_nanos(rows as f64 * plan.nanos_per_row);
        self.stations[usize::from(station)].tables[usize::from(table)].purge.rows = rows;
        work
    }

    pub(in crate::model) fn on_task_due(&mut self, station: u16, task: Task) {
        if let Some(progress) = self.progress(station, task) {
            progress.timer = Timer::NONE;
        }
        match task {
            Task::Purge { table } => self.purge_on(station, table),
            Task::Migrate => self.begin_migration(station),
            Task::Copy | Task::Restore => self.copy_on(station),
            Task::Changes => self.repeat_changes(station),
            Task::CutOver => self.end_cut_over(station),
        }
    }

    /// The next batch of a purge, if there is to be one and none is under way.
    pub(super) fn purge_on(&mut self, station: u16, table: u16) {
        let wanted = self.purge_plan(station, table).is_some();
        let state = &self.stations[usize::from(station)].tables[usize::from(table)];
        let idle = state.purge.job.is_none() && state.purge.timer == Timer::NONE;
        if wanted && idle && state.dead > 0 {
            self.send_batch(station, Task::Purge { table });
        }
    }

    /// A batch is done, or has failed.
    pub(in crate::model) fn end_task(&mut self, station: u16, task: Task, outcome: Outcome) {
        let Some(progress) = self.progress(station, task) else { return };
        progress.job = Id::NONE;
        let pause = match task {
            _ if !outcome.is_success() => RETRY,
            Task::Purge { table } => self.end_purge(station, table),
            Task::Copy => return self.end_copy(station),
            Task::Changes => return self.end_changes(station),
            Task::Restore | Task::Migrate | Task::CutOver => self.end_restore(station),
        };
        let timer = self.schedule(self.now + pause, Event::TaskDue { station, task });
        if let Some(progress) = self.progress(station, task) {
            progress.timer = timer;
        }
    }

    /// Dead rows are gone; the pause before the next batch.
    fn end_purge(&mut self, station: u16, table: u16) -> Duration {
        let node = self.plan.stations[usize::from(station)].node;
        let state = &mut self.stations[usize::from(station)].tables[usize::from(table)];
        // A switch may have taken some away at the same time.
        let rows = std::mem::take(&mut state.purge.rows).min(state.dead);
        state.dead -= rows;
        self.tell(Observation::RowsPurged { node, rows });
        self.tell_rows(station);
        self.purge_plan(station, table).map_or(Duration::ZERO, |plan| plan.pause)
    }
}

impl<O> World<O> {
    /// Whether a job is the batch of a task that is under way.
    pub(in crate::model) fn is_batch(&self, station: u16, task: Task, id: Id) -> bool {
        let state = &self.stations[usize::from(station)];
        match task {
            Task::Purge { table } => state.tables[usize::from(table)].purge.job == id,
            _ => state.migration.as_ref().is_some_and(|migration| migration.has_batch(id)),
        }
    }
}
