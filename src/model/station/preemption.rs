//! Disciplines that look at more than the order of arrival: the work of those who wait, and who has
//! to yield a thread to whom.
//!
//! A job that is interrupted goes back to its place in the queue, keeps what is left of its step, and
//! goes on there when it gets a thread again (preemptive resume). It is never refused and has no
//! timeout in the queue: it has been taken up once.

use crate::engine::{Duration, Time};
use crate::model::data::tables::work_of_query;
use crate::model::job::{Doing, Job};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::Observation;
use crate::plan::StepAction;
use crate::scenario::Discipline;

impl<O: Observer> World<O> {
    /// What a job will take in its first step that takes time, in nanoseconds, as far as its pool
    /// needs to know.
    pub(super) fn work_of(&self, id: Id) -> u64 {
        let job = &self.jobs[id];
        let pools = &self.plan.stations[usize::from(job.station)].pools;
        let asks = pools[usize::from(job.pool)].discipline == Discipline::ShortestFirst;
        if asks { self.first_work(job).0 } else { 0 }
    }

    /// The time that the first step with one takes: the same draw as when it is its turn.
    fn first_work(&self, job: &Job) -> Duration {
        let plan = &self.plan.stations[usize::from(job.station)];
        for step in &plan.endpoints[usize::from(job.endpoint)].steps {
            let mut draws = job.luck.draws(step.site, 0);
            match &step.action {
                StepAction::Cpu(time) | StepAction::Wait(time) => {
                    return Duration::from_nanos(time.sample(&mut draws));
                }
                StepAction::Query(query) => {
                    let station = &self.stations[usize::from(job.station)];
                    let drawn = query.cost.sample(&mut draws);
                    return work_of_query(plan, station, query, drawn);
                }
                _ => {}
            }
        }
        Duration::ZERO
    }

    /// A job computes or waits in a step: it may be interrupted, and is if a more urgent one waits.
    #[inline]
    pub(in crate::model) fn expose(&mut self, id: Id) {
        if self.preempts {
            self.expose_to_preemption(id);
        }
    }

    fn expose_to_preemption(&mut self, id: Id) {
        let job = &self.jobs[id];
        let (station, server, number) = (job.station, job.server, usize::from(job.pool));
        let pool = &mut self.stations[usize::from(station)].servers[server as usize].pools[number];
        if pool.is_preemptive() {
            pool.expose(&self.jobs, id);
            self.preempt(station, server, number);
        }
    }

    /// A job no longer computes or waits in a step.
    #[inline]
    pub(in crate::model) fn shield(&mut self, id: Id) {
        if self.preempts {
            self.shield_from_preemption(id);
        }
    }

    fn shield_from_preemption(&mut self, id: Id) {
        let job = &self.jobs[id];
        let (station, server, number) = (job.station, job.server, usize::from(job.pool));
        let pool = &mut self.stations[usize::from(station)].servers[server as usize].pools[number];
        if pool.is_preemptive() {
            pool.shield(&self.jobs, id);
        }
    }

    /// More urgent jobs that wait take the threads of less urgent ones that may be interrupted.
    pub(super) fn preempt(&mut self, station: u16, server: u32, number: usize) {
        loop {
            let machine = &self.stations[usize::from(station)].servers[server as usize];
            if !machine.is_up() || machine.is_frozen() {
                return;
            }
            let Some((next, victim)) = machine.pools[number].preemption(&self.jobs) else { return };
            self.shield(victim);
            let left = self.pause(victim);
            if left == Duration::ZERO {
                // It ends at this very instant, and completions come first: it keeps its thread.
                let job = &mut self.jobs[victim];
                job.doing = Doing::Waiting;
                job.left = (Duration::ZERO, self.now);
                self.soon.push(Event::WaitDone { job: victim });
                continue;
            }
            self.pass_thread(victim, next);
            self.put_back(victim, left);
        }
    }

    /// Stops the present step of a job; what is left of its time.
    fn pause(&mut self, id: Id) -> Duration {
        let now = self.now;
        let job = &mut self.jobs[id];
        let (station, server) = (job.station, job.server);
        if job.doing == Doing::Computing {
            return self.stop_computing(id);
        }
        self.calendar.cancel(std::mem::take(&mut job.timer));
        let left = job.left;
        let speed = self.server(station, server).speed();
        left_of(left, now, speed)
    }

    /// The thread of one job becomes that of another one, which waited for it.
    fn pass_thread(&mut self, from: Id, to: Id) {
        let pool = self.pool_of(&self.jobs[from]);
        self.leave_queue(to);
        self.jobs[from].holds_thread = false;
        self.tell(Observation::ThreadFreed { pool });
        let job = &mut self.jobs[to];
        job.holds_thread = true;
        job.doing = Doing::Starting;
        self.tell(Observation::ThreadTaken { pool });
        self.soon.push(Event::ThreadReady { job: to });
    }

    /// An interrupted job waits for a thread again.
    fn put_back(&mut self, id: Id, left: Duration) {
        let now = self.now;
        let pool = self.pool_of(&self.jobs[id]);
        let job = &mut self.jobs[id];
        job.doing = Doing::Queued;
        job.left = (left, now);
        let (station, server, number) = (job.station, job.server, usize::from(job.pool));
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        machine.pools[number].put_back(&mut self.jobs, id);
        self.tell(Observation::Queued { pool });
    }

    /// Brings a pool under the discipline of the plan, with all jobs that are in it.
    pub(in crate::model) fn retune_pool(&mut self, station: u16, server: u32, number: usize) {
        let discipline = self.plan.stations[usize::from(station)].pools[number].discipline;
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        let residents = machine.residents;
        if machine.pools[number].discipline() == discipline {
            return;
        }
        machine.pools[number].set_discipline(discipline);
        for id in residents.ids(&self.jobs) {
            let job = &self.jobs[id];
            if usize::from(job.pool) != number {
                continue;
            }
            let work = self.work_of(id);
            let machine = &mut self.stations[usize::from(station)].servers[server as usize];
            let pool = &mut machine.pools[number];
            match job.doing {
                Doing::Queued => pool.note(&self.jobs, id, work),
                _ if job.works() => pool.expose(&self.jobs, id),
                _ => {}
            }
        }
    }
}

/// What is left at `now` of a time that ran from some moment on at that speed.
pub(super) fn left_of((left, since): (Duration, Time), now: Time, speed: f64) -> Duration {
    let done = Duration::from_nanos((now - since).0 as f64 * speed);
    Duration(left.0.saturating_sub(done.0))
}
