//! Services and databases: threads, cores, disks, crashes and boots of their servers.

mod disk;
pub mod heap;
pub mod leaving;
mod lifecycle;
mod pace;
mod pause;
mod preemption;
mod work;

use super::control::autoscaler::Scaling;
use super::control::deployer::Releases;
use super::data::identity::Identity;
use super::data::message::QueueState;
use super::data::migration::Migration;
use super::data::replication::Replication;
use super::data::tables::Table;
use super::job::{Caller, Doing};
use super::server::{Running, Server};
use super::slab::Id;
use super::{Event, Observer, World};
use crate::engine::{Draws, Duration, Timer};
use crate::observation::Observation;
use crate::plan::StationPlan;

/// A service or a database.
#[derive(Clone, Debug)]
pub struct Station {
    /// Its servers; those taken away stay in place as [`Running::Removed`].
    pub servers: Vec<Server>,
    /// Cores in use over all servers.
    pub(super) cores_busy: u32,
    /// Servers that leave.
    pub leaving: u32,
    /// Number of servers by the scenario, which somebody else may have changed since.
    pub(super) declared: u32,
    /// Its autoscaler.
    pub(super) scaling: Scaling,
    /// Its releases.
    pub(super) releases: Releases,
    /// Logrotate's timer.
    logrotate: Timer,
    /// The number that the next job in a queue gets.
    pub(super) queue_number: u64,
    /// Answers given so far by each of its `replay` steps.
    pub replayed: Box<[u64]>,
    /// How often each of its rows has been written.
    pub rows: Box<[u64]>,
    /// Its tables.
    pub tables: Box<[Table]>,
    /// Who may log in, and how.
    pub(super) identity: Option<Box<Identity>>,
    /// What it is as a broker.
    pub queue: Option<Box<QueueState>>,
    /// Messages that its servers have taken, by consumer and server.
    pub(super) taken: Box<[Vec<u32>]>,
    /// Its move to another database, once it has begun.
    pub migration: Option<Box<Migration>>,
    /// Fires when that begins.
    pub(super) migration_timer: Timer,
    /// It is being moved and takes no queries meanwhile.
    pub(super) closed: bool,
    /// The copies of a database; none for a service.
    pub replication: Option<Box<Replication>>,
}

impl Station {
    /// A station whose servers are up, or stopped.
    pub fn new(plan: &StationPlan) -> Station {
        let running = if plan.running { Running::Up } else { Running::Down };
        let copies = |rules| Box::new(Replication::new(rules, plan));
        let replication = plan.replication.as_ref().map(copies);
        let server = |number| {
            let asleep = replication.as_ref().is_some_and(|state| state.sleeps(plan, number));
            Server::new(plan, if asleep { Running::Removed } else { running })
        };
        Station {
            servers: (0..plan.servers).map(server).collect(),
            cores_busy: 0,
            leaving: 0,
            declared: plan.servers,
            scaling: Scaling::default(),
            releases: Releases::new(plan.release.as_ref()),
            logrotate: Timer::NONE,
            queue_number: 0,
            replayed: vec![0; usize::from(plan.replays)].into(),
            rows: vec![0; usize::from(plan.rows)].into(),
            tables: plan.stored.tables.iter().map(Table::new).collect(),
            identity: plan.identity.as_ref().map(Identity::new).map(Box::new),
            queue: plan.queue.is_some().then(Box::default),
            taken: vec![Vec::new(); plan.consumers.len()].into(),
            migration: None,
            migration_timer: Timer::NONE,
            closed: false,
            replication,
        }
    }
}

impl<O: Observer> World<O> {
    pub(super) fn start_station(&mut self, station: u16) {
        self.tell_servers(station);
        for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
            self.pause_if_idle(station, server);
            self.follow_heap(station, server);
        }
        self.start_copies(station);
        self.plan_logrotate(station);
        self.start_tables(station);
        for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
            self.retune_liveness_probe(station, server);
        }
        self.plan_scaling(station);
        if self.plan.stations[usize::from(station)].release.is_some() {
            for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
                self.apply_burden(station, server);
            }
        }
    }

    fn server(&mut self, station: u16, server: u32) -> &mut Server {
        &mut self.stations[usize::from(station)].servers[server as usize]
    }

    // --- threads ---

    /// Takes a free thread for a job, if there is one.
    pub(super) fn take_thread(&mut self, id: Id) -> bool {
        let job = &mut self.jobs[id];
        let plan = &self.plan.stations[usize::from(job.station)];
        let Station { servers, queue_number, .. } = &mut self.stations[usize::from(job.station)];
        let taken = servers[job.server as usize].take_thread(plan, job, queue_number);
        if taken {
            let pool = plan.pool_index(job.pool);
            self.observer.observe(self.now, Observation::ThreadTaken { pool });
        }
        taken
    }

    /// A request waits for a thread, if the queue has room.
    pub(super) fn enqueue(&mut self, id: Id) -> bool {
        let job = &self.jobs[id];
        let number = usize::from(job.pool);
        let plan = &self.plan.stations[usize::from(job.station)].pools[number];
        let server = &self.stations[usize::from(job.station)].servers[job.server as usize];
        // What the primary has written cannot be refused, only come late.
        if job.caller == Caller::Replication {
            self.push_to_queue(id);
            self.preempt_for(id);
            return true;
        }
        if server.pools[number].waiting >= plan.queue_limit {
            return false;
        }
        let patience = plan.patience.as_ref().map(|patience| {
            let mut draws = job.luck.draws(patience.site, 0);
            Duration::from_nanos(patience.lasts.sample(&mut draws))
        });
        let timeout = match (plan.queue_timeout, patience) {
            (Some(timeout), Some(patience)) => Some(timeout.min(patience)),
            (timeout, patience) => timeout.or(patience),
        };
        self.push_to_queue(id);
        if let Some(timeout) = timeout {
            let timer = self.schedule(self.now + timeout, Event::QueueTimeout { job: id });
            self.jobs[id].timer = timer;
        }
        self.preempt_for(id);
        true
    }

    /// A job that gave its thread back waits for one again; it is never refused.
    pub(super) fn enqueue_reply(&mut self, id: Id) {
        self.push_to_queue(id);
        self.preempt_for(id);
    }

    /// A job that has just queued takes the thread of a less urgent one, if its pool works that way.
    fn preempt_for(&mut self, id: Id) {
        let job = &self.jobs[id];
        let (station, server, number) = (job.station, job.server, usize::from(job.pool));
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        if machine.pools[number].is_preemptive() {
            self.preempt(station, server, number);
        }
    }

    fn push_to_queue(&mut self, id: Id) {
        let pool = self.pool_of(&self.jobs[id]);
        let work = self.work_of(id);
        let job = &self.jobs[id];
        let number = usize::from(job.pool);
        let (station, server) = (job.station, job.server);
        let station = &mut self.stations[usize::from(station)];
        station.queue_number += 1;
        let now = self.now;
        let job = &mut self.jobs[id];
        job.doing = Doing::Queued;
        job.left.1 = now;
        job.queue_number = station.queue_number;
        station.servers[server as usize].pools[number].push(&mut self.jobs, id, work);
        self.tell(Observation::Queued { pool });
    }

    /// A job no longer waits for a thread.
    pub(super) fn leave_queue(&mut self, id: Id) {
        let job = &self.jobs[id];
        let (number, pool) = (usize::from(job.pool), self.pool_of(job));
        let (station, server) = (job.station, job.server);
        let pools = &mut self.stations[usize::from(station)].servers[server as usize].pools;
        pools[number].remove(&mut self.jobs, id);
        let job = &mut self.jobs[id];
        let waited = self.now - job.left.1;
        self.calendar.cancel(std::mem::take(&mut job.timer));
        self.tell(Observation::Dequeued { pool, waited });
    }

    /// A job gives its thread back, and the next one gets it.
    #[inline(always)]
    pub(super) fn free_thread(&mut self, id: Id) {
        let job = &mut self.jobs[id];
        if !std::mem::take(&mut job.holds_thread) {
            return;
        }
        let (station, server, local) = (job.station, job.server, job.pool);
        let plan = &self.plan.stations[usize::from(station)];
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        let somebody_waits = machine.pools[usize::from(local)].give_back();
        self.observer.observe(self.now, Observation::ThreadFreed { pool: plan.pool_index(local) });
        if somebody_waits {
            self.hand_out_threads(station, server, usize::from(local));
        }
    }

    /// Free threads take up jobs that wait.
    pub(super) fn hand_out_threads(&mut self, station: u16, server: u32, number: usize) {
        let plan = &self.plan.stations[usize::from(station)].pools[number];
        let (threads, site) = (plan.threads, plan.site);
        loop {
            let state = &mut self.stations[usize::from(station)].servers[server as usize];
            if state.pools[number].busy >= threads || state.is_frozen() || !state.is_up() {
                return;
            }
            let lots = |choice| Draws::seeded(site.index(u64::from(server)).index(choice).0);
            let Some(next) = state.pools[number].next(&self.jobs, lots) else { return };
            self.leave_queue(next);
            let taken = self.take_thread(next);
            debug_assert!(taken, "a thread is free");
            self.jobs[next].doing = Doing::Starting;
            self.soon.push(Event::ThreadReady { job: next });
        }
    }

    /// A job is no longer in its server.
    #[inline(always)]
    pub(super) fn leave_server(&mut self, id: Id) {
        let job = &self.jobs[id];
        let (station, server) = (job.station, job.server);
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        machine.residents.remove(&mut self.jobs, id);
        if machine.residents.is_empty() {
            self.pause_if_idle(station, server);
        }
        if self.jobs[id].extras.is_some() {
            self.settle_extras(id, None);
        }
    }

    pub(super) fn hand_out_all_threads(&mut self, station: u16, server: u32) {
        let pools = self.plan.stations[usize::from(station)].pools.len();
        for number in 0..pools {
            self.hand_out_threads(station, server, number);
            self.preempt(station, server, number);
        }
    }
}
