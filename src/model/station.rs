//! Services and databases: threads, cores, disks, crashes and boots of their servers.

mod disk;
mod lifecycle;
mod pause;
mod preemption;

use super::job::Doing;
use super::server::{Running, Server};
use super::slab::Id;
use super::{Event, Observer, World};
use crate::engine::{Draws, Duration, Timer};
use crate::observation::Observation;
use crate::plan::StationPlan;
use crate::wiring::EdgeIndex;
use preemption::left_of;

/// A service or a database.
#[derive(Clone, Debug)]
pub struct Station {
    /// Its servers; those taken away stay in place as [`Running::Removed`].
    pub servers: Vec<Server>,
    /// Cores in use over all servers.
    pub(super) cores_busy: u32,
    /// Logrotate's timer.
    logrotate: Timer,
    /// The number that the next job in a queue gets.
    queue_number: u64,
    /// Answers given so far by each of its `replay` steps.
    pub replayed: Box<[u64]>,
    /// How often each of its rows has been written.
    pub rows: Box<[u64]>,
}

impl Station {
    /// A station whose servers are up, or stopped.
    pub fn new(plan: &StationPlan) -> Station {
        let running = if plan.running { Running::Up } else { Running::Down };
        Station {
            servers: (0..plan.servers).map(|_| Server::new(plan, running)).collect(),
            cores_busy: 0,
            logrotate: Timer::NONE,
            queue_number: 0,
            replayed: vec![0; usize::from(plan.replays)].into(),
            rows: vec![0; usize::from(plan.rows)].into(),
        }
    }
}

impl<O: Observer> World<O> {
    pub(super) fn start_station(&mut self, station: u16) {
        self.tell_servers(station);
        for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
            self.pause_if_idle(station, server);
        }
        self.plan_logrotate(station);
        for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
            self.retune_liveness_probe(station, server);
        }
    }

    fn server(&mut self, station: u16, server: u32) -> &mut Server {
        &mut self.stations[usize::from(station)].servers[server as usize]
    }

    // --- threads ---

    /// Takes a free thread for a job, if there is one.
    #[inline(always)]
    pub(super) fn take_thread(&mut self, id: Id) -> bool {
        let job = &mut self.jobs[id];
        let number = usize::from(job.pool);
        let station = &self.plan.stations[usize::from(job.station)];
        let server = &mut self.stations[usize::from(job.station)].servers[job.server as usize];
        let frozen = server.is_frozen();
        let pool = &mut server.pools[number];
        if pool.busy >= station.pools[number].threads || frozen {
            return false;
        }
        pool.busy += 1;
        job.holds_thread = true;
        if pool.is_preemptive() && job.queue_number == 0 {
            // One that never queued has its place in the order, too.
            let state = &mut self.stations[usize::from(job.station)];
            state.queue_number += 1;
            job.queue_number = state.queue_number;
        }
        let pool = station.pool_index(job.pool);
        self.observer.observe(self.now, Observation::ThreadTaken { pool });
        true
    }

    /// A request waits for a thread, if the queue has room.
    pub(super) fn enqueue(&mut self, id: Id) -> bool {
        let job = &self.jobs[id];
        let number = usize::from(job.pool);
        let plan = &self.plan.stations[usize::from(job.station)].pools[number];
        let server = &self.stations[usize::from(job.station)].servers[job.server as usize];
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
        let state = &mut machine.pools[usize::from(local)];
        state.busy -= 1;
        let somebody_waits = state.waiting > 0;
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
            self.soon.push_back(Event::ThreadReady { job: next });
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
    }

    // --- cores and waits ---

    /// A job begins to compute. Without a limit of cores it shares them with nobody, so its end is a
    /// timer of its own, as that of a `wait` step.
    #[inline(always)]
    pub(super) fn start_computing(&mut self, id: Id, work: Duration) {
        let now = self.now;
        let job = &self.jobs[id];
        let (station, server) = (job.station, job.server);
        if self.has_cores(station, server) {
            self.change_cpu(station, server, |cpu| cpu.start(now, id, work));
        } else {
            self.jobs[id].left = (work, now);
            self.plan_wait(id);
        }
    }

    /// A job stops computing; what is left of its work.
    pub(super) fn stop_computing(&mut self, id: Id) -> Duration {
        let now = self.now;
        let job = &mut self.jobs[id];
        let (station, server, left) = (job.station, job.server, job.left);
        self.calendar.cancel(std::mem::take(&mut job.timer));
        if self.has_cores(station, server) {
            self.change_cpu(station, server, |cpu| cpu.cancel(now, id))
        } else {
            left_of(left, now, self.server(station, server).speed())
        }
    }

    /// Whether the cores of a server are limited.
    #[inline]
    fn has_cores(&self, station: u16, server: u32) -> bool {
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        machine.cpu.cores().is_some()
    }

    /// Changes the number of cores of a server; work in progress goes on.
    pub(super) fn set_cores(&mut self, station: u16, server: u32, cores: Option<u32>) {
        let now = self.now;
        let had = self.has_cores(station, server);
        let alone = if had { Vec::new() } else { self.take_timers_of_work(station, server) };
        let shared = self.change_cpu(station, server, |cpu| {
            let shared = if cores.is_none() { cpu.drain(now) } else { Vec::new() };
            cpu.set_cores(now, cores);
            if cores.is_some() {
                alone.iter().for_each(|(job, left)| cpu.start(now, *job, *left));
            }
            shared
        });
        for (job, left) in shared {
            self.jobs[job].left = (left, now);
            self.plan_wait(job);
        }
    }

    /// What the jobs of a server that compute without sharing have left to do, without their timers.
    fn take_timers_of_work(&mut self, station: u16, server: u32) -> Vec<(Id, Duration)> {
        let now = self.now;
        let machine = self.server(station, server);
        let (speed, residents) = (machine.speed(), machine.residents);
        let mut alone = Vec::new();
        let mut next = residents.first();
        while !next.is_none() {
            let id = next;
            next = residents.after(&self.jobs, id);
            let job = &mut self.jobs[id];
            if job.doing == Doing::Computing {
                self.calendar.cancel(std::mem::take(&mut job.timer));
                alone.push((id, left_of(job.left, now, speed)));
            }
        }
        alone
    }

    pub(super) fn on_cpu_done(&mut self, station: u16, server: u32) {
        let now = self.now;
        self.server(station, server).cpu_timer = (Timer::NONE, None);
        let done = self.change_cpu(station, server, |cpu| cpu.finish(now));
        if let Some(job) = done {
            self.shield(job);
            self.next_step(job);
        }
    }

    /// Changes a processor, and plans when its next thread ends.
    pub(super) fn change_cpu<T>(
        &mut self,
        station: u16,
        server: u32,
        change: impl FnOnce(&mut super::cpu::Cpu) -> T,
    ) -> T {
        let now = self.now;
        let state = &mut self.stations[usize::from(station)];
        let machine = &mut state.servers[server as usize];
        let before = machine.cpu.cores_busy();
        let result = change(&mut machine.cpu);
        let after = machine.cpu.cores_busy();
        let next = machine.cpu.next_end();
        if machine.cpu_timer.1 != next {
            self.calendar.cancel(machine.cpu_timer.0);
            let event = Event::CpuDone { station, server };
            let timer = next
                .map(|at| self.calendar.schedule(at.max(now), event.rank(), event))
                .unwrap_or(Timer::NONE);
            machine.cpu_timer = (timer, next);
        }
        if before != after {
            state.cores_busy = state.cores_busy + after - before;
            let cores = f64::from(state.cores_busy);
            let plan = &self.plan.stations[usize::from(station)];
            if plan.cores.is_some() {
                let node = plan.node;
                self.tell(Observation::CoresBusy { node, cores });
            }
        }
        result
    }

    /// Plans the end of a job's `wait` step, or of its computing if it shares no cores, at the present
    /// speed of its server.
    #[inline(always)]
    pub(super) fn plan_wait(&mut self, id: Id) {
        let job = &mut self.jobs[id];
        let speed = self.stations[usize::from(job.station)].servers[job.server as usize].speed();
        if speed <= 0.0 {
            return;
        }
        let takes = if speed == 1.0 {
            job.left.0
        } else {
            Duration::from_nanos(job.left.0.0 as f64 / speed)
        };
        let event = Event::WaitDone { job: id };
        job.timer = self.calendar.schedule(self.now + takes, event.rank(), event);
    }

    /// Changes how fast a server moves; work in progress too.
    pub(super) fn set_pace(&mut self, station: u16, server: u32, slow_factor: f64, frozen: bool) {
        let machine = self.server(station, server);
        if machine.slow_factor != slow_factor || machine.frozen != frozen {
            self.change_pace(station, server, |machine| {
                machine.slow_factor = slow_factor;
                machine.frozen = frozen;
            });
        }
    }

    /// Changes what a server's speed depends on.
    fn change_pace(&mut self, station: u16, server: u32, change: impl FnOnce(&mut Server)) {
        let now = self.now;
        let machine = self.server(station, server);
        let before = (machine.speed(), machine.is_frozen());
        change(machine);
        let (speed, frozen) = (machine.speed(), machine.is_frozen());
        self.change_cpu(station, server, |cpu| cpu.set_speed(now, speed));
        self.stretch_waits(station, server, before.0);
        match (before.1, frozen) {
            (false, true) => self.frozen_servers += 1,
            (true, false) => {
                self.frozen_servers -= 1;
                self.thaw(station, server);
            }
            _ => {}
        }
    }

    /// A server moves again: first it looks at what has happened in the meantime.
    fn thaw(&mut self, station: u16, server: u32) {
        self.cancel_unwanted(station, server);
        for event in std::mem::take(&mut self.server(station, server).parked) {
            match event {
                Event::QueueTimeout { job } => self.on_queue_timeout(job),
                other => self.soon.push_back(other),
            }
        }
        self.hand_out_all_threads(station, server);
        let owner = self.plan.stations[usize::from(station)].node;
        for edge in 0..self.edges.len() {
            if self.plan.edges[edge].owner == owner {
                self.admit_waiting(EdgeIndex(edge as u16), server);
            }
        }
    }

    fn stretch_waits(&mut self, station: u16, server: u32, speed_before: f64) {
        let now = self.now;
        let computes_alone = !self.has_cores(station, server);
        let residents = self.server(station, server).residents;
        let mut next = residents.first();
        while !next.is_none() {
            let id = next;
            next = residents.after(&self.jobs, id);
            let job = &mut self.jobs[id];
            match job.doing {
                Doing::Waiting => {}
                Doing::Computing if computes_alone => {}
                _ => continue,
            }
            self.calendar.cancel(std::mem::take(&mut job.timer));
            job.left = (left_of(job.left, now, speed_before), now);
            self.plan_wait(id);
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
