//! A server: its pools of threads, its cores, its disk, and whether it runs.

use super::cpu::Cpu;
use super::job::{QUEUE, RESIDENT};
use super::list::List;
use super::slab::{Id, Slab};
use super::{Event, job::Job};
use crate::engine::{Time, Timer};
use crate::pattern::logrotate::LogFiles;
use crate::pattern::restart::RestartBackoff;
use crate::plan::StationPlan;
use crate::scenario::Discipline;

/// Ranks of priority; see [`crate::scenario::Class::priority`].
const PRIORITIES: usize = 10;

/// Whether a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// Takes requests.
    Up,
    /// Will take requests when it has booted.
    Booting,
    /// Takes no requests.
    Down,
    /// Has been taken away; it may be added again.
    Removed,
}

/// A thread pool of one server.
///
/// Invariant: jobs wait only while every thread is busy or the server stands still.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Busy threads.
    pub busy: u32,
    /// Jobs that wait.
    pub waiting: u32,
    queues: [List<QUEUE>; PRIORITIES],
}

impl Pool {
    fn new() -> Pool {
        Pool { busy: 0, waiting: 0, queues: [List::default(); PRIORITIES] }
    }

    /// A job waits for a thread.
    pub fn push(&mut self, jobs: &mut Slab<Job>, id: Id) {
        let rank = usize::from(jobs[id].priority).min(PRIORITIES - 1);
        self.queues[rank].push(jobs, id);
        self.waiting += 1;
    }

    /// A job no longer waits.
    pub fn remove(&mut self, jobs: &mut Slab<Job>, id: Id) {
        let rank = usize::from(jobs[id].priority).min(PRIORITIES - 1);
        if self.queues[rank].remove(jobs, id) {
            self.waiting -= 1;
        }
    }

    /// The job that is next.
    pub fn next(&self, discipline: Discipline, jobs: &Slab<Job>) -> Option<Id> {
        if self.waiting == 0 {
            return None;
        }
        let mut waiting = self.queues.iter().filter(|queue| !queue.is_empty());
        match discipline {
            Discipline::Priority => waiting.next().map(List::first),
            Discipline::Fifo => waiting.map(List::first).min_by_key(|id| jobs[*id].queue_number),
            Discipline::Lifo => waiting.map(List::last).max_by_key(|id| jobs[*id].queue_number),
        }
    }
}

/// A disk with its log.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The log and its rotated files.
    pub log: LogFiles,
    /// The last write found no room.
    pub full: bool,
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Whether it runs.
    pub running: Running,
    /// Its cores.
    pub cpu: Cpu,
    /// When the next computing thread ends, and the timer for it.
    pub cpu_timer: (Timer, Option<Time>),
    /// Its pools.
    pub pools: Vec<Pool>,
    /// Jobs that wait or are worked on.
    pub residents: List<RESIDENT>,
    /// How many times as long everything takes.
    pub slow_factor: f64,
    /// It stands still.
    pub frozen: bool,
    /// A crash in force keeps it down.
    pub struck: bool,
    /// Share of requests that a fault lets fail.
    pub error_ratio: f64,
    /// Events that wait until it moves again.
    pub parked: Vec<Event>,
    /// Its disk.
    pub disk: Option<Disk>,
    /// Its restart back-off.
    pub backoff: Option<RestartBackoff>,
    /// Fires when a restart or a boot is due.
    pub timer: Timer,
    /// Since when it has been up.
    pub up_since: Time,
}

impl Server {
    /// A server that is up from the start.
    pub fn new(plan: &StationPlan, running: Running) -> Server {
        let disk = |disk: &crate::plan::DiskPlan| Disk {
            log: LogFiles::new(&disk.logrotate.clone().unwrap_or_default()),
            full: false,
        };
        Server {
            running,
            cpu: Cpu::new(plan.cores),
            cpu_timer: (Timer::NONE, None),
            pools: plan.pools.iter().map(|_| Pool::new()).collect(),
            residents: List::default(),
            slow_factor: 1.0,
            frozen: false,
            struck: false,
            error_ratio: 0.0,
            parked: Vec::new(),
            disk: plan.disk.as_ref().map(disk),
            backoff: plan.restart.as_ref().map(RestartBackoff::new),
            timer: Timer::NONE,
            up_since: Time::ZERO,
        }
    }

    /// Whether it takes requests.
    pub fn is_up(&self) -> bool {
        self.running == Running::Up
    }

    /// Whether it stands still.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// How fast it moves: 1 is as planned, 0 is a standstill.
    pub fn speed(&self) -> f64 {
        if self.frozen { 0.0 } else { 1.0 / self.slow_factor }
    }
}
