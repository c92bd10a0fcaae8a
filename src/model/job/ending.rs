//! The end of a job: its reply, or what happens when its caller or its server is gone.

use super::{Caller, Doing, Job};
use crate::engine::{Duration, Time};
use crate::model::call::{LetGo, Origin};
use crate::model::edge::journey;
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::{Cause, Observation, Outcome};
use crate::scenario::Cancel;

impl<O: Observer> World<O> {
    /// A job is done: its thread is free, and the reply goes back.
    ///
    /// Always inlined, as are the other stations on the way of a request that nothing befalls; what is
    /// rarer goes through functions of its own, such as the next.
    #[inline(always)]
    pub(super) fn finish(&mut self, id: Id, outcome: Outcome) {
        let now = self.now;
        let job = &mut self.jobs[id];
        let (station, server, local) = (job.station, job.server, usize::from(job.pool));
        let pool = self.plan.stations[usize::from(station)].pool_index(job.pool);
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        let mut somebody_waits = false;
        if std::mem::take(&mut job.holds_thread) {
            somebody_waits = machine.pools[local].give_back();
            self.observer.observe(now, Observation::ThreadFreed { pool });
        }
        machine.residents.remove(&mut self.jobs, id);
        let watched = machine.watch.is_some();
        if somebody_waits {
            self.hand_out_threads(station, server, local);
        } else if machine.residents.is_empty() {
            self.pause_if_idle(station, server);
        }
        if self.jobs[id].extras.is_some() {
            self.settle_extras(id, Some(outcome));
        }
        if self.plan.stations[usize::from(station)].has_heap() {
            self.leave_garbage(station, server);
        }
        if watched {
            self.report_end(id, outcome);
        }
        let job = &self.jobs[id];
        let wasted = !self.is_wanted(job, now + job.latency);
        let took = now - job.arrived;
        self.tell(Observation::WorkEnded { pool, outcome, took, wasted });
        self.answer(id, outcome);
    }

    /// A job ends before its program does.
    #[inline(never)]
    pub(in crate::model) fn break_off(&mut self, id: Id, outcome: Outcome) {
        self.finish(id, outcome);
    }

    /// Whether somebody still waits for a job when its reply arrives at `at`: its caller, and its
    /// caller's caller, up to the user.
    #[inline]
    pub(super) fn is_wanted(&self, job: &Job, at: Time) -> bool {
        let mut job = job;
        loop {
            let Caller::Call(call) = job.caller else { return job.caller != Caller::Nobody };
            let call = &self.calls[call];
            if at > call.gives_up_at || self.is_answered(call) {
                return false;
            }
            let Origin::Job(caller) = call.origin else { return true };
            job = &self.jobs[caller];
        }
    }

    /// A job leaves its server: what few jobs have is settled. `outcome`: none if its work was stopped.
    #[cold]
    pub(in crate::model) fn settle_extras(&mut self, id: Id, outcome: Option<Outcome>) {
        self.settle_watched(id, outcome);
        self.settle_fetches(id, outcome);
        self.give_room(id);
        self.settle_record(id);
        self.settle_copies(id, outcome);
        if let Some(extras) = self.jobs[id].extras.take() {
            self.settle_query(id, &extras, outcome);
        }
    }

    /// A job ends that never got into a server, or has left it.
    #[inline]
    pub(super) fn forget_extras(&mut self, id: Id) {
        if self.jobs[id].extras.is_some() {
            self.settle_extras(id, None);
        }
    }

    /// A job that nobody waits for never gets into a server.
    pub(super) fn remove_job(&mut self, id: Id) {
        self.forget_extras(id);
        self.jobs.remove(id);
    }

    /// The reply to what has not been done, or not to its end.
    #[inline(never)]
    pub(super) fn turn_away(&mut self, id: Id, outcome: Outcome) {
        self.forget_extras(id);
        self.answer(id, outcome);
    }

    /// Sends the reply.
    #[inline(always)]
    fn answer(&mut self, id: Id, outcome: Outcome) {
        let job = &mut self.jobs[id];
        job.doing = Doing::Replying;
        job.outcome = outcome;
        if job.caller == Caller::Nobody {
            self.jobs.remove(id);
            return;
        }
        let mut wait = job.latency;
        if let Some(edge) = job.edge {
            let loss = self.edges[usize::from(edge.0)].loss;
            let way = journey(wait, loss, || {
                let site = self.plan.edges[usize::from(edge.0)].site;
                job.luck.draws(site.then("reply"), 0)
            });
            wait = way.takes;
            if !way.arrives {
                job.outcome = Outcome::Failed;
                job.broken = true;
            }
        }
        self.after(wait, Event::Replied { job: id });
    }

    /// A reply reaches whoever waits for it.
    #[inline(always)]
    pub(in crate::model) fn on_replied(&mut self, id: Id) {
        if self.faults.cuts > 0 && self.is_reply_cut_off(id, 0) {
            return;
        }
        self.end_reply(id);
    }

    /// A reply has reached whoever waits for it.
    #[inline(always)]
    pub(super) fn end_reply(&mut self, id: Id) {
        let Some(job) = self.jobs.get(id) else { return };
        match job.caller {
            Caller::Nobody => {
                self.jobs.remove(id);
            }
            Caller::Call(call) => {
                let (outcome, server) = (job.outcome, job.server_reached());
                if self.park_if_frozen(call, Event::Replied { job: id }) {
                    return;
                }
                self.leave_balancer(id, Some(outcome));
                self.jobs.remove(id);
                self.on_reply(call, id, outcome, server);
            }
            Caller::Probe { balancer, server } => {
                let result = job.as_check();
                self.jobs.remove(id);
                self.end_probe(balancer, server, result);
            }
            Caller::Message(message) => {
                let done = job.outcome.is_success();
                if self.settle_message(message, id, done) {
                    self.jobs.remove(id);
                }
            }
            Caller::Liveness { station, server } => {
                let passed = job.outcome.is_success();
                self.jobs.remove(id);
                self.end_liveness_probe(station, server, passed);
            }
            Caller::Task { station, task } => {
                let outcome = job.outcome;
                self.jobs.remove(id);
                self.end_task(station, task, outcome);
            }
            Caller::Replication => {
                let (station, server, number) = (job.station, job.server, job.key);
                // What a crash has interrupted begins anew with the server.
                let applied = job.outcome.is_success();
                self.jobs.remove(id);
                if applied {
                    self.on_write_applied(station, server, number);
                }
            }
        }
    }

    /// The caller no longer waits for a job.
    pub(in crate::model) fn disown_job(&mut self, id: Id, cancel: Cancel) {
        let Some(job) = self.jobs.get_mut(id) else { return };
        job.caller = Caller::Nobody;
        job.cancel = cancel;
        self.leave_balancer(id, None);
        let job = &self.jobs[id];
        let server = &self.stations[usize::from(job.station)].servers[job.server as usize];
        // A server that stands still hears of it when it moves again.
        if cancel == Cancel::Running && !(job.is_in_server() && server.is_frozen()) {
            self.cancel_job(id);
        }
    }

    /// Stops the jobs that were cancelled while their server stood still.
    pub(in crate::model) fn cancel_unwanted(&mut self, station: u16, server: u32) {
        let residents = self.stations[usize::from(station)].servers[server as usize].residents;
        for id in residents.ids(&self.jobs) {
            // Another one that was cancelled may have taken it along.
            let job = self.jobs.get(id);
            if job.is_some_and(|job| job.is_unwanted_at_once()) {
                self.cancel_job(id);
            }
        }
    }

    /// Stops a job wherever it is. One that is still under way is dropped when it arrives.
    pub(in crate::model) fn cancel_job(&mut self, id: Id) {
        let job = &self.jobs[id];
        if !job.is_in_server() {
            return;
        }
        let (started, took) = (job.started, self.now - job.arrived);
        let pool = self.pool_of(job);
        self.stop_work(id);
        self.leave_server(id);
        self.follow_heap_of(id, started);
        if started {
            let outcome = Outcome::TimedOut;
            self.tell(Observation::WorkEnded { pool, outcome, took, wasted: true });
        } else {
            self.tell(Observation::WorkRefused { pool, cause: Cause::Expired, waited: took });
        }
        self.jobs.remove(id);
    }

    /// Ends whatever a job does at its server, without a word to anybody.
    pub(super) fn stop_work(&mut self, id: Id) {
        let now = self.now;
        let job = &mut self.jobs[id];
        match job.doing {
            Doing::Queued => self.leave_queue(id),
            Doing::Computing => {
                self.stop_computing(id);
                self.shield(id);
            }
            Doing::Waiting => {
                self.calendar.cancel(std::mem::take(&mut job.timer));
                job.left = (Duration::ZERO, now);
                self.shield(id);
            }
            // The lock is given up when the job leaves its server.
            Doing::Locking => {
                self.calendar.cancel(std::mem::take(&mut job.timer));
            }
            Doing::Calling => self.abandon_calls(id, LetGo::Abandoned),
            Doing::Travelling | Doing::Starting | Doing::Sharing | Doing::Replying => {}
        }
        self.free_thread(id);
    }

    pub(super) fn abandon_calls(&mut self, id: Id, how: LetGo) {
        loop {
            let call = self.jobs[id].calls.first();
            if call.is_none() {
                return;
            }
            self.jobs[id].calls.remove(&mut self.calls, call);
            self.abandon_call(call, how);
        }
    }

    /// The server of a job crashed under it: the caller's connection breaks.
    pub(in crate::model) fn lose_job(&mut self, id: Id) {
        let took = self.now - self.jobs[id].arrived;
        self.stop_work(id);
        self.leave_server(id);
        let job = &self.jobs[id];
        let (pool, wasted) = (self.pool_of(job), !self.is_wanted(job, self.now));
        self.tell(Observation::WorkEnded { pool, outcome: Outcome::Failed, took, wasted });
        self.jobs[id].broken = true;
        self.turn_away(id, Outcome::Failed);
    }
}
