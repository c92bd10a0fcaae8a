//! A server: its pools of threads, its cores, its disk, and whether it runs.

use super::Event;
use super::control::alarm::Watch;
use super::control::liveness::Liveness;
use super::cpu::Cpu;
use super::data::cache::ServerCache;
use super::data::locks::RowLocks;
use super::data::spool::ServerSpool;
use super::job::{Caller, Job, RESIDENT};
use super::list::List;
use super::pool::Pool;
use super::station::heap::Heap;
use super::station::leaving::Leaving;
use crate::engine::{Duration, Time, Timer};
use crate::pattern::logrotate::LogFiles;
use crate::pattern::restart::RestartBackoff;
use crate::plan::{DiskPlan, StationPlan};
use rand_chacha::ChaCha8Rng;

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

/// A disk with its log.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The log and its rotated files.
    pub log: LogFiles,
    /// The last write found no room.
    pub full: bool,
}

impl Disk {
    /// A disk with an empty log.
    pub(super) fn new(plan: &DiskPlan) -> Disk {
        let log = LogFiles::new(&plan.logrotate.clone().unwrap_or_default());
        Disk { log, full: false }
    }
}

/// The pauses of a server that has nothing to do.
#[derive(Clone, Debug, Default)]
pub struct Pause {
    /// It is in one.
    pub on: bool,
    /// Fires when the pause is over.
    pub timer: Timer,
    /// Where their lengths are drawn; none before the first.
    pub stream: Option<Box<ChaCha8Rng>>,
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
    /// A fault makes it stand still.
    pub frozen: bool,
    /// It stands still because it had nothing to do.
    pub pause: Pause,
    /// It has looked in vain for what it needs to boot.
    pub held_up: bool,
    /// A crash in force keeps it down.
    pub struck: bool,
    /// Faults in force that strike once: so many kill it, so many take its machine back.
    pub blows: (u32, u32),
    /// It gets no new requests and will be gone.
    pub leaving: Option<Leaving>,
    /// Use of its cores when the autoscaler looked last.
    pub used_before: u64,
    /// Its release, if its station has any.
    pub release: Option<String>,
    /// The deployer counts its work.
    pub watched: bool,
    /// Requests meet something at the door: errors, or somebody who counts them.
    pub peculiar: bool,
    /// Share of requests that a fault or a release lets fail.
    pub error_ratio: f64,
    /// No message comes or goes.
    pub unreachable: bool,
    /// Events that wait until it moves again.
    pub parked: Vec<Event>,
    /// Its heap.
    pub heap: Heap,
    /// Its caches.
    pub caches: Vec<ServerCache>,
    /// Its disk.
    pub disk: Option<Box<Disk>>,
    /// What it keeps for later.
    pub spool: Option<Box<ServerSpool>>,
    /// Locks on rows.
    pub locks: RowLocks,
    /// Its restart back-off.
    pub backoff: Option<RestartBackoff>,
    /// Fires when a restart or a boot is due.
    pub timer: Timer,
    /// Its liveness probe.
    pub liveness: Liveness,
    /// What it counts for alarms, if there are any on it.
    pub watch: Option<Box<Watch>>,
    /// Since when it has been up.
    pub up_since: Time,
}

impl Server {
    /// A server that is up from the start.
    pub fn new(plan: &StationPlan, running: Running) -> Server {
        Server {
            running,
            cpu: Cpu::new(plan.cores),
            cpu_timer: (Timer::NONE, None),
            pools: plan.pools.iter().map(|pool| Pool::new(pool.discipline)).collect(),
            residents: List::default(),
            slow_factor: 1.0,
            frozen: false,
            pause: Pause::default(),
            held_up: false,
            struck: false,
            blows: (0, 0),
            leaving: None,
            used_before: 0,
            release: plan.release.clone(),
            watched: false,
            peculiar: false,
            error_ratio: 0.0,
            unreachable: false,
            parked: Vec::new(),
            heap: Heap::default(),
            caches: Server::cold_caches(plan),
            disk: plan.disk.as_ref().map(Disk::new).map(Box::new),
            spool: None,
            locks: RowLocks::default(),
            backoff: plan.restart.as_ref().map(RestartBackoff::new),
            timer: Timer::NONE,
            liveness: Liveness::default(),
            watch: plan.watched.then(Box::default),
            up_since: Time::ZERO,
        }
    }

    /// Takes a free thread for a job, if there is one. `queue_number` is the station's.
    #[inline(always)]
    pub(super) fn take_thread(
        &mut self,
        plan: &StationPlan,
        job: &mut Job,
        queue_number: &mut u64,
    ) -> bool {
        let number = usize::from(job.pool);
        let frozen = self.is_frozen();
        let pool = &mut self.pools[number];
        if pool.busy >= plan.pools[number].threads || frozen {
            return false;
        }
        pool.busy += 1;
        job.holds_thread = true;
        if pool.is_preemptive() && job.queue_number == 0 {
            // One that never queued has its place in the order, too.
            *queue_number += 1;
            job.queue_number = *queue_number;
        }
        true
    }

    /// Notes whether requests meet something at the door, so that only one thing is asked of others.
    pub(super) fn note_peculiarity(&mut self) {
        self.peculiar = self.watched || self.error_ratio > 0.0;
    }

    /// Whether an error fault lets a request fail.
    pub(super) fn is_hit_by_errors(&self, plan: &StationPlan, job: &Job) -> bool {
        // A server that stands still does not even fail, and writes of the primary are no requests.
        let spared = self.is_frozen() || job.caller == Caller::Replication;
        !spared && job.luck.draws(plan.error_site, 0).chance(self.error_ratio)
    }

    /// Bytes of its caches.
    pub fn cached_bytes(&self) -> u64 {
        self.caches.iter().map(|state| state.cache.bytes()).sum()
    }

    /// Whether it takes requests.
    pub fn is_up(&self) -> bool {
        self.running == Running::Up
    }

    /// Whether somebody who asks it gets an answer before long: a collection or another short pause is
    /// waited for.
    pub(super) fn answers(&self) -> bool {
        self.is_up() && !self.frozen && !self.unreachable
    }

    /// Bytes in use on its disk, if it has one, and how many there are.
    pub(super) fn disk_use(&self, plan: &StationPlan) -> Option<(u64, u64)> {
        let limits = plan.disk.as_ref()?;
        let log = self.disk.as_ref()?.log.used_bytes();
        let spooled = self.spool.as_ref().map_or(0, |spool| spool.bytes());
        Some((limits.used + log + spooled, limits.capacity))
    }

    /// Records in its spool.
    pub fn spooled(&self) -> u32 {
        self.spool.as_ref().map_or(0, |spool| spool.entries.len())
    }

    /// Whether it stands still.
    pub fn is_frozen(&self) -> bool {
        self.frozen || self.pause.on || self.heap.collecting
    }

    /// How long `work` takes at its present speed; none while it stands still.
    #[inline(always)]
    pub fn time_for(&self, work: Duration) -> Option<Duration> {
        if self.is_frozen() {
            return None;
        }
        if self.slow_factor == 1.0 {
            return Some(work);
        }
        Some(Duration::from_nanos(work.0 as f64 / self.speed()))
    }

    /// How fast it moves: 1 is as planned, 0 is a standstill.
    pub fn speed(&self) -> f64 {
        if self.is_frozen() { 0.0 } else { 1.0 / self.slow_factor }
    }
}
