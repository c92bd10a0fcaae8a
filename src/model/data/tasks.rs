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
}

impl Task {
    /// Its number among the tasks of its database.
    pub(in crate::model) fn number(self) -> u32 {
        match self {
            Task::Purge { table } => table.into(),
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

impl<O> World<O> {
    /// How far a task is.
    pub(in crate::model) fn progress(&self, station: u16, task: Task) -> &Progress {
        let state = &self.stations[usize::from(station)];
        match task {
            Task::Purge { table } => &state.tables[usize::from(table)].purge,
        }
    }
}

impl<O: Observer> World<O> {
    pub(super) fn purge_plan(&self, station: u16, table: u16) -> Option<&PurgePlan> {
        let plan = &self.plan.stations[usize::from(station)].stored;
        plan.tables[usize::from(table)].purge.as_ref()
    }

    fn progress_mut(&mut self, station: u16, task: Task) -> &mut Progress {
        let state = &mut self.stations[usize::from(station)];
        match task {
            Task::Purge { table } => &mut state.tables[usize::from(table)].purge,
        }
    }

    /// The next batch of a task goes to the server that does the writing.
    pub(super) fn send_batch(&mut self, station: u16, task: Task) {
        let plan = &self.plan.stations[usize::from(station)];
        let site = plan.error_site.then("background work");
        let luck = Luck(self.plan.seed).derive(site, self.now.0);
        let caller = Caller::Task { station, task };
        let job = Job::new(caller, station, plan.stored.batch_endpoint, luck, luck.0);
        let job = self.jobs.insert(job);
        self.progress_mut(station, task).job = job;
        let state = self.stations[usize::from(station)].replication.as_ref();
        let primary = state.map_or(0, |state| state.primary);
        self.admit(job, primary);
    }

    /// A batch has a session: how much there is to do is known now.
    pub(in crate::model) fn begin_batch(&mut self, id: Id) {
        let job = &self.jobs[id];
        let work = match job.caller {
            Caller::Task { station, task: Task::Purge { table } } => {
                let dead = self.stations[usize::from(station)].tables[usize::from(table)].dead;
                let plan = self.purge_plan(station, table);
                // A switch may have taken the purge away while the batch waited.
                let (rows, nanos) = plan.map_or((0, 0.0), |plan| {
                    let rows = dead.min(plan.rows_per_batch);
                    (rows, rows as f64 * plan.nanos_per_row)
                });
                self.progress_mut(station, Task::Purge { table }).rows = rows;
                Duration::from_nanos(nanos)
            }
            _ => unreachable!("only tasks send batches"),
        };
        self.compute_on(id, work);
    }

    pub(in crate::model) fn on_task_due(&mut self, station: u16, task: Task) {
        self.progress_mut(station, task).timer = Timer::NONE;
        let wanted = match task {
            Task::Purge { table } => {
                let dead = self.stations[usize::from(station)].tables[usize::from(table)].dead;
                self.purge_plan(station, table).is_some() && dead > 0
            }
        };
        if wanted && self.progress(station, task).job.is_none() {
            self.send_batch(station, task);
        }
    }

    /// A batch is done, or has failed.
    pub(in crate::model) fn end_batch(&mut self, station: u16, task: Task, outcome: Outcome) {
        let progress = self.progress_mut(station, task);
        let rows = std::mem::take(&mut progress.rows);
        progress.job = Id::NONE;
        let pause = match task {
            Task::Purge { .. } if !outcome.is_success() => RETRY,
            Task::Purge { table } => self.end_purge(station, table, rows),
        };
        let timer = self.schedule(self.now + pause, Event::TaskDue { station, task });
        self.progress_mut(station, task).timer = timer;
    }

    /// Dead rows are gone; the pause before the next batch.
    fn end_purge(&mut self, station: u16, table: u16, rows: u64) -> Duration {
        let node = self.plan.stations[usize::from(station)].node;
        let state = &mut self.stations[usize::from(station)].tables[usize::from(table)];
        // A switch may have taken some away at the same time.
        let rows = rows.min(state.dead);
        state.dead -= rows;
        self.tell(Observation::RowsPurged { node, rows });
        self.tell_rows(station);
        self.purge_plan(station, table).map_or(Duration::ZERO, |plan| plan.pause)
    }
}
