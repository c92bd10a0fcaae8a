//! A job: one attempt at the callee's side, from the moment it is sent until its reply is back.
//!
//! A job outlives its caller's patience: when the caller has given up, nobody waits for it, but it
//! keeps its thread and its cores until it is done. That is ghost work.

use super::call::{Call, Origin, SIBLINGS};
use super::edge::journey;
use super::list::{Linked, Links, List};
use super::slab::Id;
use super::{Event, Observer, World};
use crate::engine::{Duration, Luck, Time, Timer};
use crate::observation::{Cause, Observation, Outcome};
use crate::plan::StepAction;
use crate::scenario::{CallMode, Cancel};
use crate::wiring::{EdgeIndex, PoolIndex};

/// Links of the jobs that wait for a thread.
pub const QUEUE: usize = 0;
/// Links of the jobs that are in a server.
pub const RESIDENT: usize = 1;

/// Who waits for a job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Caller {
    /// Nobody any more.
    Nobody,
    /// A call.
    Call(Id),
    /// A health check.
    Probe {
        /// The checking balancer.
        balancer: u16,
        /// The server that is checked.
        server: u32,
    },
}

/// What a job is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// On its way to the callee.
    Travelling,
    /// Waits for a thread.
    Queued,
    /// Has a thread that will take it up at this very instant.
    Starting,
    /// Computes.
    Computing,
    /// In a `wait` step.
    Waiting,
    /// Waits for calls of its own.
    Calling,
    /// Done; the reply is on its way.
    Replying,
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Who waits for it.
    pub caller: Caller,
    /// The call that it is an attempt of; none for a health check.
    pub edge: Option<EdgeIndex>,
    /// Service or database that it runs on.
    pub station: u16,
    /// Server there, once it has arrived.
    pub server: u32,
    /// Its program.
    pub endpoint: u16,
    /// The pool that it entered, of its server's.
    pub pool: u16,
    /// Its step.
    step: u16,
    /// What it is doing.
    pub doing: Doing,
    /// Its luck.
    pub luck: Luck,
    /// The user, for balancers that hash.
    pub key: u64,
    /// Rank in pools that serve by priority.
    pub priority: u8,
    /// When its caller gives up, if it was told.
    pub deadline: Time,
    /// What happens to it when its caller gives up.
    pub cancel: Cancel,
    /// Time of the way back.
    pub latency: Duration,
    /// The request never arrives.
    pub lost: bool,
    /// The balancer that counts it as under way.
    pub balancer: Option<u16>,
    /// When it reached the server.
    arrived: Time,
    /// A thread has taken it up before.
    started: bool,
    /// It occupies a thread.
    pub holds_thread: bool,
    /// Fires when its wait or its time in the queue is over.
    pub timer: Timer,
    /// What is left of its `wait` step, and since when that has been so.
    pub left: (Duration, Time),
    /// Calls of its present step that are still under way.
    pub calls: List<SIBLINGS>,
    /// It is about to start the calls of its present step.
    starts_calls: bool,
    /// The first call of its present step that failed.
    trouble: Option<Outcome>,
    /// Something was missing from its answer.
    degraded: bool,
    /// How it ended.
    outcome: Outcome,
    /// Its number in the order of queueing at its station.
    pub queue_number: u64,
    queue: Links,
    resident: Links,
}

impl Linked<QUEUE> for Job {
    fn links(&self) -> &Links {
        &self.queue
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.queue
    }
}

impl Linked<RESIDENT> for Job {
    fn links(&self) -> &Links {
        &self.resident
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.resident
    }
}

impl Job {
    /// A job on its way.
    pub fn new(caller: Caller, station: u16, endpoint: u16, luck: Luck, key: u64) -> Job {
        Job {
            caller,
            edge: None,
            station,
            server: 0,
            endpoint,
            pool: 0,
            step: 0,
            doing: Doing::Travelling,
            luck,
            key,
            priority: 0,
            deadline: Time::NEVER,
            cancel: Cancel::None,
            latency: Duration::ZERO,
            lost: false,
            balancer: None,
            arrived: Time::ZERO,
            started: false,
            holds_thread: false,
            timer: Timer::NONE,
            left: (Duration::ZERO, Time::ZERO),
            calls: List::default(),
            starts_calls: false,
            trouble: None,
            degraded: false,
            outcome: Outcome::Ok,
            queue_number: 0,
            queue: Links::default(),
            resident: Links::default(),
        }
    }

    /// Whether its server knows of it.
    pub fn is_in_server(&self) -> bool {
        !matches!(self.doing, Doing::Travelling | Doing::Replying)
    }

    fn is_unwanted(&self) -> bool {
        self.caller == Caller::Nobody && self.cancel != Cancel::None
    }
}

impl<O: Observer> World<O> {
    /// The pool of a job, over all nodes.
    pub(super) fn pool_of(&self, job: &Job) -> PoolIndex {
        self.plan.stations[usize::from(job.station)].pool_index(job.pool)
    }

    /// A request reaches the callee, or the balancer in front of it.
    pub(super) fn on_delivered(&mut self, id: Id) {
        let job = &self.jobs[id];
        if job.lost {
            self.jobs[id].outcome = Outcome::Failed;
            return self.on_replied(id);
        }
        if job.is_unwanted() {
            self.jobs.remove(id);
            return;
        }
        match self.choose_server(id) {
            Ok(server) => self.admit(id, server),
            Err(outcome) => self.answer(id, outcome),
        }
    }

    /// A request reaches a server.
    pub(super) fn admit(&mut self, id: Id, server: u32) {
        let now = self.now;
        let job = &mut self.jobs[id];
        job.server = server;
        job.arrived = now;
        let station = job.station;
        if !self.stations[usize::from(station)].servers[server as usize].is_up() {
            // Nobody listens on the port: the operating system refuses at once.
            return self.answer(id, Outcome::Failed);
        }
        if self.is_out_of_memory(station, server) {
            self.kill_for_memory(station, server);
            return self.answer(id, Outcome::Failed);
        }
        // A switch may give the program another pool; this job stays with the one that it enters.
        let plan = &self.plan.stations[usize::from(station)];
        let job = &mut self.jobs[id];
        job.pool = plan.endpoints[usize::from(job.endpoint)].pool;
        let pool = plan.pool_index(job.pool);
        self.tell(Observation::WorkArrived { pool, server });
        self.stations[usize::from(station)].servers[server as usize]
            .residents
            .push(&mut self.jobs, id);
        if self.is_hit_by_errors(id) {
            self.tell(Observation::WorkStarted { pool, waited: Duration::ZERO });
            return self.finish(id, Outcome::Failed);
        }
        if self.take_thread(id) {
            self.take_up(id);
        } else if !self.enqueue(id) {
            self.leave_server(id);
            let waited = Duration::ZERO;
            self.tell(Observation::WorkRefused { pool, cause: Cause::QueueFull, waited });
            self.answer(id, Outcome::Rejected(Cause::QueueFull));
        }
    }

    fn is_hit_by_errors(&self, id: Id) -> bool {
        let job = &self.jobs[id];
        let server = &self.stations[usize::from(job.station)].servers[job.server as usize];
        let site = self.plan.stations[usize::from(job.station)].error_site;
        // A server that stands still does not even fail.
        let fails = server.error_ratio > 0.0 && !server.is_frozen();
        fails && job.luck.draws(site, 0).chance(server.error_ratio)
    }

    pub(super) fn on_thread_ready(&mut self, id: Id) {
        // The job may have been cancelled between getting the thread and this instant's turn.
        if self.jobs.get(id).is_some_and(|job| job.doing == Doing::Starting) {
            self.take_up(id);
        }
    }

    /// The thread that a job has just got takes it up, or drops it if nobody wants it any more.
    fn take_up(&mut self, id: Id) {
        let now = self.now;
        let job = &mut self.jobs[id];
        if std::mem::replace(&mut job.started, true) {
            return self.resume_after_calls(id);
        }
        let waited = now - job.arrived;
        let (unwanted, expired) = (job.is_unwanted(), job.deadline <= now);
        let pool = self.pool_of(&self.jobs[id]);
        if unwanted || expired {
            self.free_thread(id);
            self.leave_server(id);
            self.tell(Observation::WorkRefused { pool, cause: Cause::Expired, waited });
            return self.answer(id, Outcome::Rejected(Cause::Expired));
        }
        self.tell(Observation::WorkStarted { pool, waited });
        self.run_steps(id);
    }

    pub(super) fn on_queue_timeout(&mut self, id: Id) {
        let Some(job) = self.jobs.get(id).filter(|job| job.doing == Doing::Queued) else { return };
        let server = &mut self.stations[usize::from(job.station)].servers[job.server as usize];
        if server.is_frozen() {
            return server.parked.push(Event::QueueTimeout { job: id });
        }
        let (pool, waited) = (self.pool_of(job), self.now - job.arrived);
        self.leave_queue(id);
        self.leave_server(id);
        self.tell(Observation::WorkRefused { pool, cause: Cause::QueueFull, waited });
        self.answer(id, Outcome::Rejected(Cause::QueueFull));
    }

    /// The present step of a job is over.
    pub(super) fn next_step(&mut self, id: Id) {
        self.jobs[id].step += 1;
        self.run_steps(id);
    }

    /// Runs a job until a step takes time, or until its end.
    fn run_steps(&mut self, id: Id) {
        loop {
            let job = &self.jobs[id];
            let station = &self.plan.stations[usize::from(job.station)];
            let endpoint = &station.endpoints[usize::from(job.endpoint)];
            let step = endpoint.steps.get(usize::from(job.step));
            // A reply at the very deadline is in time; one more step would not be.
            if job.deadline < self.now || job.deadline == self.now && step.is_some() {
                return self.finish(id, Outcome::Rejected(Cause::Expired));
            }
            let Some(step) = step else {
                let degraded = job.degraded;
                let outcome = if degraded { Outcome::Degraded } else { Outcome::Ok };
                return self.finish(id, outcome);
            };
            let mut draws = job.luck.draws(step.site, 0);
            match &step.action {
                StepAction::Cpu(time) => {
                    let work = Duration::from_nanos(time.sample(&mut draws));
                    return self.compute(id, work);
                }
                StepAction::Wait(time) => {
                    let work = Duration::from_nanos(time.sample(&mut draws));
                    return self.wait(id, work);
                }
                StepAction::Call { .. } => {
                    if !self.start_calls(id) {
                        return;
                    }
                    if let Some(outcome) = self.trouble_of_calls(id) {
                        return self.finish(id, outcome);
                    }
                }
                StepAction::Log(bytes) => {
                    let bytes = *bytes;
                    if !self.write_log(id, bytes) {
                        return self.finish(id, Outcome::Failed);
                    }
                }
                StepAction::Fail(ratio) => {
                    if draws.chance(*ratio) {
                        return self.finish(id, Outcome::Failed);
                    }
                }
            }
            self.jobs[id].step += 1;
        }
    }

    fn compute(&mut self, id: Id, work: Duration) {
        let job = &mut self.jobs[id];
        job.doing = Doing::Computing;
        let (station, server) = (job.station, job.server);
        self.tell_work(id, work);
        self.start_computing(station, server, id, work);
    }

    fn wait(&mut self, id: Id, work: Duration) {
        let now = self.now;
        let job = &mut self.jobs[id];
        job.doing = Doing::Waiting;
        job.left = (work, now);
        self.tell_work(id, work);
        self.plan_wait(id);
    }

    fn tell_work(&mut self, id: Id, work: Duration) {
        let job = &self.jobs[id];
        let node = self.plan.stations[usize::from(job.station)].node;
        let (luck, step) = (job.luck.0, job.step);
        self.tell(Observation::WorkDrawn { node, luck, step, work });
    }

    pub(super) fn on_wait_done(&mut self, id: Id) {
        self.jobs[id].timer = Timer::NONE;
        self.next_step(id);
    }

    /// Starts the calls of the present step. An asynchronous step gives the thread back first.
    /// True: all have ended at once, and the job goes on.
    fn start_calls(&mut self, id: Id) -> bool {
        let job = &mut self.jobs[id];
        job.doing = Doing::Calling;
        job.starts_calls = true;
        job.trouble = None;
        let (server, luck, key) = (job.server, job.luck, job.key);
        let (priority, deadline) = (job.priority, job.deadline);
        let station = &self.plan.stations[usize::from(job.station)];
        let step = &station.endpoints[usize::from(job.endpoint)].steps[usize::from(job.step)];
        let StepAction::Call { edges, .. } = &step.action else {
            unreachable!("only call steps start calls")
        };
        let mut asynchronous = true;
        for (branch, edge) in edges.iter().enumerate() {
            let luck = luck.derive(step.site, branch as u64);
            let mut call = Call::new(Origin::Job(id), *edge, server, luck, key);
            call.priority = priority;
            call.deadline = deadline;
            let call = self.calls.insert(call);
            self.jobs[id].calls.push(&mut self.calls, call);
            asynchronous &= self.plan.edges[usize::from(edge.0)].mode == CallMode::Async;
        }
        if asynchronous {
            self.free_thread(id);
        }
        let mut next = self.jobs[id].calls.first();
        while !next.is_none() {
            let call = next;
            next = self.jobs[id].calls.after(&self.calls, call);
            self.begin_call(call);
        }
        self.jobs[id].starts_calls = false;
        self.is_back_from_calls(id)
    }

    /// One of a job's calls ended.
    pub(super) fn on_call_ended(&mut self, id: Id, outcome: Outcome) {
        let job = &mut self.jobs[id];
        match outcome {
            Outcome::Ok => {}
            Outcome::Degraded => job.degraded = true,
            trouble => job.trouble = job.trouble.or(Some(trouble)),
        }
        // A call may end at once; then the loop that runs the steps goes on, lest a long program
        // that is refused everything recurse.
        if !job.starts_calls && self.is_back_from_calls(id) {
            self.resume_after_calls(id);
        }
    }

    /// Whether all calls of a job have ended and it has a thread; if it has none, it waits for one.
    fn is_back_from_calls(&mut self, id: Id) -> bool {
        let job = &self.jobs[id];
        if !job.calls.is_empty() {
            return false;
        }
        let goes_on = job.holds_thread || self.take_thread(id);
        if !goes_on {
            self.enqueue_reply(id);
        }
        goes_on
    }

    fn resume_after_calls(&mut self, id: Id) {
        match self.trouble_of_calls(id) {
            None => self.next_step(id),
            Some(outcome) => self.finish(id, outcome),
        }
    }

    /// How the calls of the present step end their job, if they do.
    fn trouble_of_calls(&mut self, id: Id) -> Option<Outcome> {
        let job = &mut self.jobs[id];
        let station = &self.plan.stations[usize::from(job.station)];
        let step = &station.endpoints[usize::from(job.endpoint)].steps[usize::from(job.step)];
        let optional = matches!(step.action, StepAction::Call { optional: true, .. });
        match job.trouble.take()? {
            _ if optional => {
                job.degraded = true;
                None
            }
            Outcome::Rejected(cause) => Some(Outcome::Rejected(cause)),
            // To its own caller, a callee whose callee was too slow has failed.
            _ => Some(Outcome::Failed),
        }
    }

    /// A job is done: its thread is free, and the reply goes back.
    fn finish(&mut self, id: Id, outcome: Outcome) {
        let now = self.now;
        self.free_thread(id);
        self.leave_server(id);
        let job = &self.jobs[id];
        let wasted = !self.is_wanted(job, now + job.latency);
        let (pool, took) = (self.pool_of(job), now - job.arrived);
        self.tell(Observation::WorkEnded { pool, outcome, took, wasted });
        self.answer(id, outcome);
    }

    /// Whether somebody still waits for a job when its reply arrives at `at`: its caller, and its
    /// caller's caller, up to the user.
    fn is_wanted(&self, job: &Job, at: Time) -> bool {
        let mut job = job;
        loop {
            let Caller::Call(call) = job.caller else { return job.caller != Caller::Nobody };
            let call = &self.calls[call];
            if at > call.gives_up_at {
                return false;
            }
            let Origin::Job(caller) = call.origin else { return true };
            job = &self.jobs[caller];
        }
    }

    /// Sends the reply.
    pub(super) fn answer(&mut self, id: Id, outcome: Outcome) {
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
            let site = self.plan.edges[usize::from(edge.0)].site;
            let way = journey(wait, loss, job.luck.draws(site.then("reply"), 0));
            wait = way.takes;
            if !way.arrives {
                job.outcome = Outcome::Failed;
            }
        }
        self.after(wait, Event::Replied { job: id });
    }

    /// A reply reaches whoever waits for it.
    pub(super) fn on_replied(&mut self, id: Id) {
        let Some(job) = self.jobs.get(id) else { return };
        match job.caller {
            Caller::Nobody => {
                self.jobs.remove(id);
            }
            Caller::Call(call) => {
                let outcome = job.outcome;
                if self.park_if_frozen(call, Event::Replied { job: id }) {
                    return;
                }
                self.leave_balancer(id, Some(outcome));
                self.jobs.remove(id);
                self.on_reply(call, outcome);
            }
            Caller::Probe { balancer, server } => {
                let passed = job.outcome.is_success();
                self.jobs.remove(id);
                self.end_probe(balancer, server, passed);
            }
        }
    }

    /// The caller no longer waits for a job.
    pub(super) fn disown_job(&mut self, id: Id, cancel: Cancel) {
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
    pub(super) fn cancel_unwanted(&mut self, station: u16, server: u32) {
        let residents = self.stations[usize::from(station)].servers[server as usize].residents;
        let mut next = residents.first();
        while !next.is_none() {
            let id = next;
            next = residents.after(&self.jobs, id);
            let job = &self.jobs[id];
            if job.caller == Caller::Nobody && job.cancel == Cancel::Running {
                self.cancel_job(id);
            }
        }
    }

    /// Stops a job wherever it is. One that is still under way is dropped when it arrives.
    fn cancel_job(&mut self, id: Id) {
        let job = &self.jobs[id];
        if !job.is_in_server() {
            return;
        }
        let (started, took) = (job.started, self.now - job.arrived);
        let pool = self.pool_of(job);
        self.stop_work(id);
        self.leave_server(id);
        if started {
            let outcome = Outcome::TimedOut;
            self.tell(Observation::WorkEnded { pool, outcome, took, wasted: true });
        } else {
            self.tell(Observation::WorkRefused { pool, cause: Cause::Expired, waited: took });
        }
        self.jobs.remove(id);
    }

    /// Ends whatever a job does at its server, without a word to anybody.
    fn stop_work(&mut self, id: Id) {
        let now = self.now;
        let job = &mut self.jobs[id];
        let (station, server) = (job.station, job.server);
        match job.doing {
            Doing::Queued => self.leave_queue(id),
            Doing::Computing => self.stop_computing(station, server, id),
            Doing::Waiting => {
                self.calendar.cancel(std::mem::take(&mut job.timer));
                job.left = (Duration::ZERO, now);
            }
            Doing::Calling => self.abandon_calls(id),
            Doing::Travelling | Doing::Starting | Doing::Replying => {}
        }
        self.free_thread(id);
    }

    fn abandon_calls(&mut self, id: Id) {
        loop {
            let call = self.jobs[id].calls.first();
            if call.is_none() {
                return;
            }
            self.jobs[id].calls.remove(&mut self.calls, call);
            self.abandon_call(call);
        }
    }

    /// The server of a job crashed under it: the caller's connection breaks.
    pub(super) fn lose_job(&mut self, id: Id) {
        let took = self.now - self.jobs[id].arrived;
        self.stop_work(id);
        self.leave_server(id);
        let job = &self.jobs[id];
        let (pool, wasted) = (self.pool_of(job), !self.is_wanted(job, self.now));
        self.tell(Observation::WorkEnded { pool, outcome: Outcome::Failed, took, wasted });
        self.answer(id, Outcome::Failed);
    }
}
