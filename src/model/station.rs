//! Services and databases: threads, cores, disks, crashes and boots of their servers.

use super::edge::Guards;
use super::job::Doing;
use super::server::{Running, Server};
use super::slab::Id;
use super::{Event, Observer, World};
use crate::engine::{Duration, Time, Timer};
use crate::observation::{DownCause, Observation};
use crate::plan::StationPlan;
use crate::wiring::EdgeIndex;

/// A service or a database.
#[derive(Clone, Debug)]
pub struct Station {
    /// Its servers; those taken away stay in place as [`Running::Removed`].
    pub servers: Vec<Server>,
    /// Cores in use over all servers.
    cores_busy: u32,
    /// Logrotate's timer.
    logrotate: Timer,
    /// The number that the next job in a queue gets.
    queue_number: u64,
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
        }
    }
}

impl<O: Observer> World<O> {
    pub(super) fn start_station(&mut self, station: u16) {
        self.tell_servers(station);
        self.plan_logrotate(station);
    }

    fn server(&mut self, station: u16, server: u32) -> &mut Server {
        &mut self.stations[usize::from(station)].servers[server as usize]
    }

    // --- threads ---

    /// Takes a free thread for a job, if there is one.
    pub(super) fn take_thread(&mut self, id: Id) -> bool {
        let job = &self.jobs[id];
        let (number, pool) = (usize::from(job.pool), self.pool_of(job));
        let station = &self.plan.stations[usize::from(job.station)];
        let threads = station.pools[number].threads;
        let server = &mut self.stations[usize::from(job.station)].servers[job.server as usize];
        if server.pools[number].busy >= threads || server.is_frozen() {
            return false;
        }
        server.pools[number].busy += 1;
        self.jobs[id].holds_thread = true;
        self.tell(Observation::ThreadTaken { pool });
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
        let timeout = plan.queue_timeout;
        self.push_to_queue(id);
        if let Some(timeout) = timeout {
            let timer = self.schedule(self.now + timeout, Event::QueueTimeout { job: id });
            self.jobs[id].timer = timer;
        }
        true
    }

    /// A job that gave its thread back waits for one again; it is never refused.
    pub(super) fn enqueue_reply(&mut self, id: Id) {
        self.push_to_queue(id);
    }

    fn push_to_queue(&mut self, id: Id) {
        let pool = self.pool_of(&self.jobs[id]);
        let job = &self.jobs[id];
        let number = usize::from(job.pool);
        let (station, server) = (job.station, job.server);
        let station = &mut self.stations[usize::from(station)];
        station.queue_number += 1;
        let job = &mut self.jobs[id];
        job.doing = Doing::Queued;
        job.queue_number = station.queue_number;
        station.servers[server as usize].pools[number].push(&mut self.jobs, id);
        self.tell(Observation::Queued { pool });
    }

    /// A job no longer waits for a thread.
    pub(super) fn leave_queue(&mut self, id: Id) {
        let job = &self.jobs[id];
        let (number, pool) = (usize::from(job.pool), self.pool_of(job));
        let (station, server) = (job.station, job.server);
        let pools = &mut self.stations[usize::from(station)].servers[server as usize].pools;
        pools[number].remove(&mut self.jobs, id);
        self.calendar.cancel(std::mem::take(&mut self.jobs[id].timer));
        self.tell(Observation::Dequeued { pool });
    }

    /// A job gives its thread back, and the next one gets it.
    pub(super) fn free_thread(&mut self, id: Id) {
        let job = &mut self.jobs[id];
        if !std::mem::take(&mut job.holds_thread) {
            return;
        }
        let (station, server) = (job.station, job.server);
        let job = &self.jobs[id];
        let (number, pool) = (usize::from(job.pool), self.pool_of(job));
        self.server(station, server).pools[number].busy -= 1;
        self.tell(Observation::ThreadFreed { pool });
        self.hand_out_threads(station, server, number);
    }

    /// Free threads take up jobs that wait.
    pub(super) fn hand_out_threads(&mut self, station: u16, server: u32, number: usize) {
        let plan = &self.plan.stations[usize::from(station)].pools[number];
        let (threads, discipline) = (plan.threads, plan.discipline);
        loop {
            let state = &self.stations[usize::from(station)].servers[server as usize];
            let pool = &state.pools[number];
            if pool.busy >= threads || state.is_frozen() || !state.is_up() {
                return;
            }
            let Some(next) = pool.next(discipline, &self.jobs) else { return };
            self.leave_queue(next);
            let taken = self.take_thread(next);
            debug_assert!(taken, "a thread is free");
            self.jobs[next].doing = Doing::Starting;
            self.soon.push_back(Event::ThreadReady { job: next });
        }
    }

    /// A job is no longer in its server.
    pub(super) fn leave_server(&mut self, id: Id) {
        let job = &self.jobs[id];
        let server = &mut self.stations[usize::from(job.station)].servers[job.server as usize];
        server.residents.remove(&mut self.jobs, id);
    }

    // --- cores and waits ---

    pub(super) fn start_computing(&mut self, station: u16, server: u32, job: Id, work: Duration) {
        let now = self.now;
        self.change_cpu(station, server, |cpu| cpu.start(now, job, work));
    }

    pub(super) fn stop_computing(&mut self, station: u16, server: u32, job: Id) {
        let now = self.now;
        self.change_cpu(station, server, |cpu| cpu.cancel(now, job));
    }

    pub(super) fn on_cpu_done(&mut self, station: u16, server: u32) {
        let now = self.now;
        self.server(station, server).cpu_timer = (Timer::NONE, None);
        let done = self.change_cpu(station, server, |cpu| cpu.finish(now));
        if let Some(job) = done {
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

    /// Plans the end of a job's `wait` step at the present speed of its server.
    pub(super) fn plan_wait(&mut self, id: Id) {
        let job = &self.jobs[id];
        let speed = self.stations[usize::from(job.station)].servers[job.server as usize].speed();
        if speed <= 0.0 {
            return;
        }
        let takes = Duration::from_nanos(job.left.0.0 as f64 / speed);
        let timer = self.schedule(self.now + takes, Event::WaitDone { job: id });
        self.jobs[id].timer = timer;
    }

    /// Changes how fast a server moves; work in progress too.
    pub(super) fn set_pace(&mut self, station: u16, server: u32, slow_factor: f64, frozen: bool) {
        let now = self.now;
        let machine = self.server(station, server);
        if machine.slow_factor == slow_factor && machine.frozen == frozen {
            return;
        }
        let before = machine.speed();
        let thaws = machine.frozen && !frozen;
        let freezes = !machine.frozen && frozen;
        machine.slow_factor = slow_factor;
        machine.frozen = frozen;
        let speed = machine.speed();
        self.change_cpu(station, server, |cpu| cpu.set_speed(now, speed));
        self.stretch_waits(station, server, before);
        if freezes {
            self.frozen_servers += 1;
        }
        if thaws {
            self.frozen_servers -= 1;
            self.thaw(station, server);
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
        let residents = self.server(station, server).residents;
        let mut next = residents.first();
        while !next.is_none() {
            let id = next;
            next = residents.after(&self.jobs, id);
            let job = &mut self.jobs[id];
            if job.doing != Doing::Waiting {
                continue;
            }
            self.calendar.cancel(std::mem::take(&mut job.timer));
            let done = Duration::from_nanos((now - job.left.1).0 as f64 * speed_before);
            job.left = (Duration(job.left.0.0.saturating_sub(done.0)), now);
            self.plan_wait(id);
        }
    }

    pub(super) fn hand_out_all_threads(&mut self, station: u16, server: u32) {
        let pools = self.plan.stations[usize::from(station)].pools.len();
        for number in 0..pools {
            self.hand_out_threads(station, server, number);
        }
    }

    // --- crashes and boots ---

    /// Whether one more request is more than a server's memory holds.
    pub(super) fn is_out_of_memory(&self, station: u16, server: u32) -> bool {
        let plan = &self.plan.stations[usize::from(station)];
        let residents = self.stations[usize::from(station)].servers[server as usize].residents;
        plan.memory.is_some_and(|memory| u64::from(residents.len()) >= memory.max_requests)
    }

    pub(super) fn kill_for_memory(&mut self, station: u16, server: u32) {
        self.take_down(station, server, DownCause::OutOfMemory);
        self.plan_restart(station, server);
    }

    /// A server goes down; everything in it is lost.
    pub(super) fn take_down(&mut self, station: u16, server: u32, cause: DownCause) {
        let now = self.now;
        let node = self.plan.stations[usize::from(station)].node;
        let machine = self.server(station, server);
        let was = machine.running;
        if was == Running::Removed {
            return;
        }
        let timer = std::mem::take(&mut machine.timer);
        machine.running = Running::Down;
        self.calendar.cancel(timer);
        if was == Running::Up {
            // All at once: taking the threads out one by one would look at the others every time.
            self.change_cpu(station, server, |cpu| cpu.clear(now));
            self.lose_all_jobs(station, server);
            // What waited for the server to move again finds its call gone, or a reply nobody reads.
            let parked = std::mem::take(&mut self.server(station, server).parked);
            self.soon.extend(parked);
            self.forget_guards(station, server);
        }
        if matches!(was, Running::Up | Running::Booting) {
            self.tell(Observation::ServerDown { node, server, cause });
            self.tell_servers(station);
        }
    }

    fn lose_all_jobs(&mut self, station: u16, server: u32) {
        loop {
            let job = self.server(station, server).residents.first();
            if job.is_none() {
                return;
            }
            self.lose_job(job);
        }
    }

    /// The policies of a process are gone with its memory.
    fn forget_guards(&mut self, station: u16, server: u32) {
        let owner = self.plan.stations[usize::from(station)].node;
        for edge in 0..self.plan.edges.len() {
            if self.plan.edges[edge].owner == owner {
                let fresh = Guards::new(&self.plan.edges[edge], self.now, server);
                let guards = &mut self.edges[edge].guards[server as usize];
                let timer = guards.breaker_timer.0;
                let shown = guards.shown;
                *guards = Guards { shown, ..fresh };
                self.calendar.cancel(timer);
                self.follow_breaker(EdgeIndex(edge as u16), server);
            }
        }
    }

    /// Lets the restart policy start a crashed server again, if there is one.
    pub(super) fn plan_restart(&mut self, station: u16, server: u32) {
        let now = self.now;
        let machine = self.server(station, server);
        let Some(backoff) = &mut machine.backoff else { return };
        let wait = backoff.on_crash(now.since(machine.up_since));
        let timer = self.schedule(now + wait, Event::RestartDue { station, server });
        self.server(station, server).timer = timer;
    }

    pub(super) fn on_restart_due(&mut self, station: u16, server: u32) {
        self.server(station, server).timer = Timer::NONE;
        self.boot(station, server);
    }

    /// A server that is down begins to boot, unless its station is stopped or a fault keeps it down.
    pub(super) fn boot(&mut self, station: u16, server: u32) {
        if self.is_struck_down(station, server) {
            return;
        }
        let plan = &self.plan.stations[usize::from(station)];
        let (node, boot, running) = (plan.node, plan.boot, plan.running);
        let machine = self.server(station, server);
        if !running || machine.running != Running::Down {
            return;
        }
        machine.running = Running::Booting;
        let timer = std::mem::take(&mut machine.timer);
        self.calendar.cancel(timer);
        self.tell(Observation::ServerBooting { node, server });
        let timer = self.schedule(self.now + boot, Event::Booted { station, server });
        self.server(station, server).timer = timer;
    }

    pub(super) fn on_booted(&mut self, station: u16, server: u32) {
        let now = self.now;
        let node = self.plan.stations[usize::from(station)].node;
        let machine = self.server(station, server);
        machine.timer = Timer::NONE;
        machine.running = Running::Up;
        machine.up_since = now;
        self.tell(Observation::ServerUp { node, server });
        self.tell_servers(station);
    }

    pub(super) fn tell_servers(&mut self, station: u16) {
        let node = self.plan.stations[usize::from(station)].node;
        let all = &self.stations[usize::from(station)].servers;
        let servers = all.iter().filter(|server| server.running != Running::Removed).count();
        let up = all.iter().filter(|server| server.is_up()).count();
        let (servers, up) = (servers as u32, up as u32);
        self.tell(Observation::ServersChanged { node, servers, up });
    }

    // --- disks ---

    /// Writes to the log of a job's server. False: the disk is full.
    pub(super) fn write_log(&mut self, id: Id, bytes: u64) -> bool {
        let job = &self.jobs[id];
        let (station, server) = (job.station, job.server);
        let plan = &self.plan.stations[usize::from(station)];
        let node = plan.node;
        let Some(limits) = &plan.disk else { return true };
        let (capacity, used) = (limits.capacity, limits.used);
        let Some(disk) = &mut self.server(station, server).disk else { return true };
        if used + disk.log.used_bytes() + bytes > capacity {
            let first = !std::mem::replace(&mut disk.full, true);
            if first {
                self.tell(Observation::DiskFull { node, server });
            }
            return false;
        }
        disk.full = false;
        disk.log.write(bytes);
        let bytes = used + disk.log.used_bytes();
        self.tell(Observation::DiskUsed { node, server, bytes });
        true
    }

    /// Plans logrotate's next run, if there is one and the disks have it.
    pub(super) fn plan_logrotate(&mut self, station: u16) {
        let plan = &self.plan.stations[usize::from(station)];
        let params = plan.disk.as_ref().and_then(|disk| disk.logrotate.as_ref());
        let next = params.map(|params| params.next_run(self.now));
        let timer = std::mem::take(&mut self.stations[usize::from(station)].logrotate);
        self.calendar.cancel(timer);
        let timer = next.filter(|at| *at < Time::NEVER);
        let timer =
            timer.map_or(Timer::NONE, |at| self.schedule(at, Event::LogRotateDue { station }));
        self.stations[usize::from(station)].logrotate = timer;
    }

    pub(super) fn on_logrotate_due(&mut self, station: u16) {
        let now = self.now;
        let plan = &self.plan.stations[usize::from(station)];
        let node = plan.node;
        if let Some(limits) = &plan.disk {
            let (capacity, used) = (limits.capacity, limits.used);
            for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
                let Some(disk) = &mut self.server(station, server).disk else { continue };
                let free = capacity.saturating_sub(used + disk.log.used_bytes());
                let summary = disk.log.run(now, free);
                let bytes = used + disk.log.used_bytes();
                if summary.freed_bytes > 0 {
                    let freed_bytes = summary.freed_bytes;
                    self.tell(Observation::LogRotated { node, server, freed_bytes });
                    self.tell(Observation::DiskUsed { node, server, bytes });
                }
            }
        }
        self.stations[usize::from(station)].logrotate = Timer::NONE;
        self.plan_logrotate(station);
    }
}
