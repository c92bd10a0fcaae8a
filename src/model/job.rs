//! A job: one attempt at the callee's side, from the moment it is sent until its reply is back.
//!
//! A job outlives its caller's patience: when the caller has given up, nobody waits for it, but it
//! keeps its thread and its cores until it is done. That is ghost work.

mod arriving;
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
use super::{Observer, World};
use crate::engine::{Duration, Luck, Time, Timer};
use crate::observation::Outcome;
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

    /// Whether it is to stop wherever it is.
    fn is_unwanted_at_once(&self) -> bool {
        self.caller == Caller::Nobody && self.cancel == Cancel::Running
    }
}

impl<O: Observer> World<O> {
    /// The pool of a job, over all nodes.
    #[inline]
    pub(super) fn pool_of(&self, job: &Job) -> PoolIndex {
        self.plan.stations[usize::from(job.station)].pool_index(job.pool)
    }
}
