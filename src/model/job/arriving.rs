//! The way of a job to a thread: it reaches a server, is refused there or waits, and is taken up.
//!
//! Always inlined is what a request that nothing befalls comes through; what is rarer is a function of its
//! own.

use super::Doing;
use crate::engine::Duration;
use crate::model::slab::Id;
use crate::model::station::Station;
use crate::model::{Event, Observer, World};
use crate::observation::{Cause, Observation, Outcome};

impl<O: Observer> World<O> {
    /// A request reaches the callee, or the balancer in front of it.
    #[inline]
    pub(in crate::model) fn on_delivered(&mut self, id: Id) {
        let job = &self.jobs[id];
        if job.lost {
            return self.end_lost_request(id);
        }
        if job.is_unwanted() {
            return self.remove_job(id);
        }
        if self.swapping > 0 && self.holds_back(id) {
            return;
        }
        if self.faults.cuts > 0 {
            return self.deliver_past_cuts(id, 0, false);
        }
        match self.choose_server(id) {
            Ok(server) => self.admit(id, server),
            Err(outcome) => self.turn_away(id, outcome),
        }
    }

    /// The sender's system has given up on a message.
    #[cold]
    fn end_lost_request(&mut self, id: Id) {
        self.forget_extras(id);
        self.jobs[id].outcome = Outcome::Failed;
        self.on_replied(id);
    }

    /// A request reaches a server.
    #[inline(always)]
    pub(in crate::model) fn admit(&mut self, id: Id, server: u32) {
        let now = self.now;
        let job = &mut self.jobs[id];
        job.server = server;
        job.arrived = now;
        let station = job.station;
        let plan = &self.plan.stations[usize::from(station)];
        let Station { servers, queue_number, .. } = &mut self.stations[usize::from(station)];
        let machine = &mut servers[server as usize];
        if !machine.is_up() {
            // Nobody listens on the port: the operating system refuses at once.
            job.broken = true;
            return self.turn_away(id, Outcome::Failed);
        }
        let requests = machine.residents.len();
        if plan.memory.is_some_and(|memory| memory.is_full(requests, || machine.cached_bytes())) {
            job.broken = true;
            self.kill_for_memory(station, server);
            return self.turn_away(id, Outcome::Failed);
        }
        // A switch may give the program another pool; this job stays with the one that it enters.
        job.pool = plan.endpoints[usize::from(job.endpoint)].pool;
        let pool = plan.pool_index(job.pool);
        self.observer.observe(now, Observation::WorkArrived { pool, server });
        machine.residents.push(&mut self.jobs, id);
        if let Some((bytes, tight)) = machine.follow_heap(plan) {
            self.observer.observe(now, Observation::HeapUsed { node: plan.node, server, bytes });
            if tight {
                self.soon.push(Event::HeapTight { station, server });
            }
        }
        if machine.peculiar {
            return self.admit_peculiar(id);
        }
        if machine.take_thread(plan, &mut self.jobs[id], queue_number) {
            self.observer.observe(now, Observation::ThreadTaken { pool });
            self.take_up(id);
        } else {
            self.queue_up(id);
        }
    }

    /// A request waits for a thread, or is refused.
    fn queue_up(&mut self, id: Id) {
        if !self.enqueue(id) {
            let (pool, waited) = (self.pool_of(&self.jobs[id]), Duration::ZERO);
            self.leave_server(id);
            self.tell(Observation::WorkRefused { pool, cause: Cause::QueueFull, waited });
            self.turn_away(id, Outcome::Rejected(Cause::QueueFull));
        }
    }

    /// A request is in a server that lets some fail, or whose work is counted.
    #[cold]
    fn admit_peculiar(&mut self, id: Id) {
        let job = &self.jobs[id];
        let (pool, plan) = (self.pool_of(job), &self.plan.stations[usize::from(job.station)]);
        let machine = &self.stations[usize::from(job.station)].servers[job.server as usize];
        let (watched, fails) = (machine.watched, machine.is_hit_by_errors(plan, job));
        if watched {
            self.watch_job(id);
        }
        if fails {
            self.tell(Observation::WorkStarted { pool, waited: Duration::ZERO });
            self.break_off(id, Outcome::Failed);
        } else if self.take_thread(id) {
            self.take_up(id);
        } else {
            self.queue_up(id);
        }
    }

    pub(in crate::model) fn on_thread_ready(&mut self, id: Id) {
        // The job may have been cancelled between getting the thread and this instant's turn.
        let Some(job) = self.jobs.get(id).filter(|job| job.doing == Doing::Starting) else {
            return;
        };
        if self.frozen_servers > 0 {
            let server = &mut self.stations[usize::from(job.station)].servers[job.server as usize];
            if server.is_frozen() {
                return server.parked.push(Event::ThreadReady { job: id });
            }
        }
        self.take_up(id);
    }

    /// The thread that a job has just got takes it up, or drops it if nobody wants it any more.
    #[inline(always)]
    fn take_up(&mut self, id: Id) {
        let now = self.now;
        let job = &mut self.jobs[id];
        if std::mem::replace(&mut job.started, true) {
            return self.resume(id);
        }
        let waited = now - job.arrived;
        let pool = self.plan.stations[usize::from(job.station)].pool_index(job.pool);
        if job.is_unwanted() || job.deadline <= now {
            self.free_thread(id);
            self.leave_server(id);
            self.tell(Observation::WorkRefused { pool, cause: Cause::Expired, waited });
            return self.turn_away(id, Outcome::Rejected(Cause::Expired));
        }
        self.tell(Observation::WorkStarted { pool, waited });
        self.run_steps(id);
    }

    pub(in crate::model) fn on_queue_timeout(&mut self, id: Id) {
        let Some(job) = self.jobs.get(id).filter(|job| job.doing == Doing::Queued) else { return };
        let server = &mut self.stations[usize::from(job.station)].servers[job.server as usize];
        if server.is_frozen() {
            return server.parked.push(Event::QueueTimeout { job: id });
        }
        let (pool, waited) = (self.pool_of(job), self.now - job.arrived);
        self.leave_queue(id);
        self.leave_server(id);
        self.tell(Observation::WorkRefused { pool, cause: Cause::QueueFull, waited });
        self.turn_away(id, Outcome::Rejected(Cause::QueueFull));
    }
}
