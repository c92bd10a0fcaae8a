//! Tables: their rows, and what a query on them costs.

use crate::engine::Duration;
use crate::model::job::{Extras, Job};
use crate::model::slab::Id;
use crate::model::station::Station;
use crate::model::{Observer, World};
use crate::observation::{Observation, Outcome};
use crate::plan::{QueryPlan, StationPlan, StepAction, TablePlan};
use crate::scenario::MAX_ROWS;

/// A table. All servers of its database have the same rows.
#[derive(Clone, Debug)]
pub struct Table {
    /// Live rows.
    pub rows: u64,
    /// Dead rows.
    pub dead: u64,
    /// Takes the dead ones away.
    pub purge: super::tasks::Progress,
}

impl Table {
    /// A table at the start of a run.
    pub fn new(plan: &TablePlan) -> Table {
        Table { rows: plan.rows, dead: plan.dead, purge: Default::default() }
    }

    /// All rows that there are to examine.
    pub fn all(&self) -> u64 {
        self.rows + self.dead
    }
}

/// What a query writes when it succeeds.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    /// The table.
    table: Option<u16>,
    /// Rows that it adds.
    adds: u32,
}

/// The work of a query: what it draws, and the rows that it examines.
pub(in crate::model) fn work_of_query(
    plan: &StationPlan,
    station: &Station,
    query: &QueryPlan,
    drawn: f64,
) -> Duration {
    let rows = query.table.map_or(0.0, |table| {
        let table = usize::from(table);
        let plan = &plan.stored.tables[table];
        plan.examined(query, station.tables[table].all()) * plan.nanos_per_row
    });
    Duration::from_nanos(drawn + rows)
}

impl<O: Observer> World<O> {
    /// A query begins: it locks its row, if it is one that does.
    pub(in crate::model) fn begin_query(&mut self, id: Id) {
        let job = &self.jobs[id];
        let StepAction::Query(query) = &self.step_of(job).action else {
            unreachable!("only queries begin like queries")
        };
        let row = query.locks.as_ref().map(|keys| (keys.site.0, keys.key_of(job.wish)));
        if row.is_none_or(|row| self.take_lock(id, row)) {
            self.run_query(id);
        }
    }

    /// A query computes. A switch may have changed it while it waited for a lock.
    pub(super) fn run_query(&mut self, id: Id) {
        let job = &self.jobs[id];
        let number = usize::from(job.station);
        let (plan, station) = (&self.plan.stations[number], &self.stations[number]);
        let step = self.step_of(job);
        let mut draws = job.luck.draws(step.site, 0);
        let (work, write) = match &step.action {
            StepAction::Query(query) => {
                let drawn = query.cost.sample(&mut draws);
                let write = Write { table: query.table, adds: query.adds };
                let writes = query.adds > 0 || query.writes && plan.stored.migration.is_some();
                (work_of_query(plan, station, query, drawn), writes.then_some(write))
            }
            StepAction::Cpu(cost) => (Duration::from_nanos(cost.sample(&mut draws)), None),
            _ => unreachable!("a query stays a query"),
        };
        let drawn = crate::model::job::work_drawn(plan, job, work);
        if write.is_some() {
            self.jobs[id].extras.get_or_insert_default().write = write;
        }
        self.tell(drawn);
        self.compute_on(id, work);
    }

    fn step_of(&self, job: &Job) -> &crate::plan::StepPlan {
        let station = &self.plan.stations[usize::from(job.station)];
        &station.endpoints[usize::from(job.endpoint)].steps[usize::from(job.step)]
    }

    /// A query is over: it gives its lock back, and the rows that it adds are there.
    pub(in crate::model) fn settle_query(
        &mut self,
        id: Id,
        extras: &Extras,
        outcome: Option<Outcome>,
    ) {
        if let Some(claim) = extras.claim {
            self.give_up_lock(id, claim);
        }
        let done = outcome.is_some_and(Outcome::is_success);
        if let Some(write) = extras.write.filter(|_| done) {
            self.store(self.jobs[id].station, write);
        }
    }

    /// What a query writes is there.
    fn store(&mut self, station: u16, write: Write) {
        if let Some(table) = write.table.filter(|_| write.adds > 0) {
            let table = &mut self.stations[usize::from(station)].tables[usize::from(table)];
            table.rows = (table.rows + u64::from(write.adds)).min(MAX_ROWS);
            self.tell_rows(station);
        }
        self.forward_change(station);
    }

    /// Tells observers how many rows there are now.
    pub(super) fn tell_rows(&mut self, station: u16) {
        let node = self.plan.stations[usize::from(station)].node;
        let tables = &self.stations[usize::from(station)].tables;
        if tables.is_empty() {
            return;
        }
        let rows = tables.iter().map(|table| table.rows).sum();
        let dead = tables.iter().map(|table| table.dead).sum();
        self.tell(Observation::RowsChanged { node, rows, dead });
    }

    /// The tables of a database are there from the start.
    pub(in crate::model) fn start_tables(&mut self, station: u16) {
        self.tell_rows(station);
        self.start_tasks(station);
    }

    /// Follows changed tables: so many rows more or fewer are there at once.
    pub(in crate::model) fn retune_tables(&mut self, station: u16, before: &StationPlan) {
        let plans = &self.plan.stations[usize::from(station)].stored.tables;
        let tables = &mut self.stations[usize::from(station)].tables;
        let mut changed = false;
        for ((table, plan), before) in tables.iter_mut().zip(plans).zip(&before.stored.tables) {
            changed |= (plan.rows, plan.dead) != (before.rows, before.dead);
            table.rows = moved(table.rows, before.rows, plan.rows);
            table.dead = moved(table.dead, before.dead, plan.dead);
        }
        if changed {
            self.tell_rows(station);
        }
        self.start_tasks(station);
    }

    /// Begins the background work of a database that has some to do and does not do it yet.
    fn start_tasks(&mut self, station: u16) {
        for table in 0..self.stations[usize::from(station)].tables.len() as u16 {
            self.purge_on(station, table);
        }
        self.follow_migration_plan(station);
    }
}

/// What has become of a number of rows when the plan's number changes.
fn moved(now: u64, before: u64, after: u64) -> u64 {
    (now + after).saturating_sub(before).min(MAX_ROWS)
}
