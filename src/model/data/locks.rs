//! Row locks: a query that changes a row has it for itself until it ends; the next one waits its turn
//! and keeps its session.
//!
//! Each query is a transaction of its own, so nobody holds two locks and no deadlock can come about.

use crate::engine::Time;
use crate::model::job::{Doing, Job, QUEUE};
use crate::model::list::List;
use crate::model::slab::{Id, Slab};
use crate::model::{Event, Observer, World};
use crate::observation::{Cause, Observation, Outcome};
use std::collections::BTreeMap;

/// A row: its set of keys and its number in it.
pub type Row = (u64, u64);

/// What a job has to do with a row lock.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    row: Row,
    /// When it asked.
    since: Time,
    /// It has the lock.
    held: bool,
}

/// The row locks of a server.
///
/// Invariant: every lock is held by one job of the server, whose claim says so.
#[derive(Clone, Debug, Default)]
pub struct RowLocks {
    /// The jobs that wait for each lock that is held. A job in line for a lock is in no line for a
    /// session, so it has the links to spare.
    locks: BTreeMap<Row, List<QUEUE>>,
}

impl RowLocks {
    /// Gives the lock to a job, or lets it stand in line. True: it has it.
    fn claim(&mut self, jobs: &mut Slab<Job>, id: Id, row: Row) -> bool {
        if let Some(waiting) = self.locks.get_mut(&row) {
            waiting.push(jobs, id);
            return false;
        }
        self.locks.insert(row, List::default());
        true
    }

    /// A job gives a lock back; the one that has it then, if anybody waits.
    fn release(&mut self, jobs: &mut Slab<Job>, row: Row) -> Option<Id> {
        let waiting = self.locks.get_mut(&row).expect("a lock that is held is there");
        let next = waiting.first();
        if next.is_none() {
            self.locks.remove(&row);
            return None;
        }
        waiting.remove(jobs, next);
        Some(next)
    }

    /// A job no longer waits for a lock.
    fn leave(&mut self, jobs: &mut Slab<Job>, id: Id, row: Row) {
        let waiting = self.locks.get_mut(&row).expect("a lock that is waited for is there");
        waiting.remove(jobs, id);
    }

    /// Number of locks held, and of jobs that wait for one.
    pub(in crate::model) fn counts(&self) -> (usize, usize) {
        let waiting = self.locks.values().map(|waiting| waiting.len() as usize);
        (self.locks.len(), waiting.sum())
    }
}

impl Job {
    /// Whether it waits for a row lock that another job has.
    pub(in crate::model) fn awaits_lock(&self) -> bool {
        self.doing == Doing::Locking && self.claim().is_some_and(|claim| !claim.held)
    }

    /// The row that it has locked.
    pub(in crate::model) fn locked_row(&self) -> Option<Row> {
        self.claim().filter(|claim| claim.held).map(|claim| claim.row)
    }

    /// When it began to wait for a row lock.
    pub(in crate::model) fn asked_for_lock(&self) -> Time {
        self.claim().map_or(Time::ZERO, |claim| claim.since)
    }

    fn claim(&self) -> Option<&Claim> {
        self.extras.as_ref()?.claim.as_ref()
    }
}

impl<O: Observer> World<O> {
    fn row_locks(&mut self, id: Id) -> (&mut RowLocks, &mut Slab<Job>) {
        let job = &self.jobs[id];
        let server = &mut self.stations[usize::from(job.station)].servers[job.server as usize];
        (&mut server.locks, &mut self.jobs)
    }

    /// A job wants a row for itself. True: it has it; otherwise it waits for it.
    pub(super) fn take_lock(&mut self, id: Id, row: Row) -> bool {
        let now = self.now;
        let (locks, jobs) = self.row_locks(id);
        let held = locks.claim(jobs, id, row);
        let job = &mut self.jobs[id];
        job.extras.get_or_insert_default().claim = Some(Claim { row, since: now, held });
        if held {
            return true;
        }
        job.doing = Doing::Locking;
        let plan = &self.plan.stations[usize::from(job.station)];
        let (node, longest) = (plan.node, plan.stored.lock_timeout);
        let timer = self.schedule(now + longest, Event::LockTimeout { job: id });
        self.jobs[id].timer = timer;
        self.tell(Observation::LockAwaited { node });
        false
    }

    /// A job has ended, or been stopped: its lock goes to the next in line.
    pub(super) fn give_up_lock(&mut self, id: Id, claim: Claim) {
        let Claim { row, since, held } = claim;
        let (locks, jobs) = self.row_locks(id);
        if !held {
            locks.leave(jobs, id, row);
            return self.tell_lock_wait(id, since, false);
        }
        let Some(next) = locks.release(jobs, row) else { return };
        let job = &mut self.jobs[next];
        let claim = job.extras.as_mut().and_then(|extras| extras.claim.as_mut());
        let claim = claim.expect("who waits for a lock claims it");
        claim.held = true;
        let since = claim.since;
        self.calendar.cancel(std::mem::take(&mut job.timer));
        self.tell_lock_wait(next, since, true);
        self.soon.push(Event::LockGranted { job: next });
    }

    fn tell_lock_wait(&mut self, id: Id, since: Time, granted: bool) {
        let node = self.plan.stations[usize::from(self.jobs[id].station)].node;
        let waited = self.now - since;
        self.tell(Observation::LockWaitEnded { node, waited, granted });
    }

    pub(in crate::model) fn on_lock_granted(&mut self, id: Id) {
        // The job may have been cancelled between getting the lock and this instant's turn.
        let Some(job) = self.jobs.get(id).filter(|job| job.doing == Doing::Locking) else { return };
        if job.deadline <= self.now {
            return self.break_off(id, Outcome::Rejected(Cause::Expired));
        }
        self.run_query(id);
    }

    pub(in crate::model) fn on_lock_timeout(&mut self, id: Id) {
        let Some(job) = self.jobs.get(id).filter(|job| job.awaits_lock()) else { return };
        let (station, server) = (usize::from(job.station), job.server as usize);
        let machine = &mut self.stations[station].servers[server];
        if machine.is_frozen() {
            return machine.parked.push(Event::LockTimeout { job: id });
        }
        let node = self.plan.stations[station].node;
        self.tell(Observation::LockTimedOut { node });
        self.break_off(id, Outcome::Failed);
    }
}
