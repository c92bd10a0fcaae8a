//! A job: one attempt at the callee's side, from the moment it is sent until its reply is back.
//!
//! A job outlives its caller's patience: when the caller has given up, nobody waits for it, but it
//! keeps its thread and its cores until it is done. That is ghost work.

mod cut;
mod ending;
mod program;

pub(super) use program::work_drawn;

use super::call::SIBLINGS;
use super::data::cache::Fetch;
use super::data::locks::Claim;
use super::data::tables::Write;
use super::data::tasks::Task;
use super::list::{Linked, Links, List};
use super::slab::Id;
use super::station::Station;
use super::{Event, Observer, World};
use crate::engine::{Duration, Luck, Time, Timer};
use crate::observation::{Cause, Observation, Outcome};
use crate::pattern::health::CheckResult;
use crate::scenario::Cancel;
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
    /// A liveness probe.
    Liveness {
        /// The service.
        station: u16,
        /// The server that is probed.
        server: u32,
    },
    /// Background work of a database.
    Task {
        /// The database.
        station: u16,
        /// Which work.
        task: Task,
    },
    /// A broker, with a message.
    Message(Id),
    /// The server that it works at, which applies a write of its primary; its key is the write's number.
    Replication,
}

/// What a query does to the data of a database with several servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// Reads.
    Read,
    /// Writes.
    Write {
        /// It waits for the other servers to get it, or has done so.
        sent: bool,
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
    /// Waits for a row lock.
    Locking,
    /// Waits for calls of its own.
    Calling,
    /// Waits for another job of its server that fetches what it needs, too.
    Sharing,
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
    pub(super) step: u16,
    /// What it is doing.
    pub doing: Doing,
    /// Its luck.
    pub luck: Luck,
    /// The user, for balancers that hash.
    pub key: u64,
    /// The luck of the user's request: what it is about.
    pub wish: Luck,
    /// Rank in pools that serve by priority.
    pub priority: u8,
    /// The user has no account yet.
    pub newcomer: bool,
    /// When its caller gives up, if it was told.
    pub deadline: Time,
    /// What happens to it when its caller gives up.
    pub cancel: Cancel,
    /// Time of the way back.
    pub latency: Duration,
    /// The request never arrives.
    pub lost: bool,
    /// The connection broke, or never came about: there is no answer, only its end.
    pub(super) broken: bool,
    /// The balancer that counts it as under way.
    pub balancer: Option<u16>,
    /// When it reached the server.
    pub(super) arrived: Time,
    /// A thread has taken it up before.
    started: bool,
    /// It occupies a thread.
    pub holds_thread: bool,
    /// Fires when its wait, its computing (if it shares no cores) or its time in the queue is over.
    pub timer: Timer,
    /// What was left of that wait or computing, or of an interrupted one, and when; while the job waits
    /// for a thread, since when it does.
    pub left: (Duration, Time),
    /// Calls of its present step that are still under way.
    pub calls: List<SIBLINGS>,
    /// Good answers that its present step still needs; none means that it waits for every call.
    lacking: Option<u32>,
    /// Its present wait ends in failure.
    wait_fails: bool,
    /// What few jobs need.
    pub(super) extras: Option<Box<Extras>>,
    /// It is about to start the calls of its present step.
    starts_calls: bool,
    /// The first call of its present step that failed.
    trouble: Option<Outcome>,
    /// Something was missing from its answer.
    pub(super) degraded: bool,
    /// How it ended.
    outcome: Outcome,
    /// Its number in the order of queueing at its station.
    pub queue_number: u64,
    queue: Links,
    resident: Links,
}

/// What few jobs have: kept apart, so that the others stay small, and do not ask for it one by one.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// Rows of its station with the versions that it has seen.
    rows: Vec<(u16, u64)>,
    /// The `cached` steps that it is in, the innermost last.
    pub(super) fetches: Vec<Fetch>,
    /// The record that it could store.
    pub(super) record: Option<Id>,
    /// The row lock that it has, or waits for.
    pub(super) claim: Option<Claim>,
    /// What it writes to a table.
    pub(super) write: Option<Write>,
    /// It asks the identity provider in its present step.
    pub(super) asks_provider: bool,
    /// The consumer of its station, and the server, that has taken the message that it deals with.
    pub(super) taken: Option<(u16, u32)>,
    /// What it does to a database.
    pub(super) query: Option<Query>,
    /// The deployer counts how it ends.
    pub(super) watched: bool,
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
    #[inline]
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
            wish: luck,
            priority: 0,
            newcomer: false,
            deadline: Time::NEVER,
            cancel: Cancel::None,
            latency: Duration::ZERO,
            lost: false,
            broken: false,
            balancer: None,
            arrived: Time::ZERO,
            started: false,
            holds_thread: false,
            timer: Timer::NONE,
            left: (Duration::ZERO, Time::ZERO),
            calls: List::default(),
            lacking: None,
            wait_fails: false,
            extras: None,
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

    /// Whether it is in a step that takes time, and so may be interrupted.
    pub fn works(&self) -> bool {
        // One whose end was due when it would have been interrupted is about to go on.
        let ends = self.doing == Doing::Waiting && self.left.0 == Duration::ZERO;
        matches!(self.doing, Doing::Computing | Doing::Waiting) && !ends
    }

    /// The server that a balancer has given it, once it has.
    pub fn server_reached(&self) -> Option<u32> {
        self.balancer.map(|_| self.server)
    }

    /// Whether it has been done well and its reply is on the way.
    pub fn is_good_answer(&self) -> bool {
        self.doing == Doing::Replying && self.outcome.is_success()
    }

    /// How a health check sees the end of a job.
    fn as_check(&self) -> CheckResult {
        match self.outcome {
            Outcome::Ok | Outcome::Degraded => CheckResult::Passed,
            _ if self.broken => CheckResult::Unanswered,
            _ => CheckResult::Failed,
        }
    }

    /// Number of its present step.
    pub(super) fn step(&self) -> u16 {
        self.step
    }

    /// Whether it waits for the identity provider; from now on no longer.
    #[inline(always)]
    fn asks_provider(&mut self) -> bool {
        self.extras.as_mut().is_some_and(|extras| std::mem::take(&mut extras.asks_provider))
    }

    fn is_unwanted(&self) -> bool {
        self.caller == Caller::Nobody && self.cancel != Cancel::None
    }
}

impl<O: Observer> World<O> {
    /// The pool of a job, over all nodes.
    #[inline]
    pub(super) fn pool_of(&self, job: &Job) -> PoolIndex {
        self.plan.stations[usize::from(job.station)].pool_index(job.pool)
    }

    /// A request reaches the callee, or the balancer in front of it.
    #[inline]
    pub(super) fn on_delivered(&mut self, id: Id) {
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
    pub(super) fn admit(&mut self, id: Id, server: u32) {
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

    pub(super) fn on_thread_ready(&mut self, id: Id) {
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
        self.turn_away(id, Outcome::Rejected(Cause::QueueFull));
    }
}
