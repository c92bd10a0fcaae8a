//! Crashes, restarts and boots of servers.

use crate::engine::{Duration, Time, Timer};
use crate::model::edge::Guards;
use crate::model::server::Running;
use crate::model::{Event, Observer, World};
use crate::observation::{DownCause, Observation};
use crate::wiring::EdgeIndex;

/// How long a server that misses something in its boot waits before it looks again.
const LOOK_AGAIN: Duration = Duration(1_000_000_000);

impl<O: Observer> World<O> {
    pub(in crate::model) fn kill_for_memory(&mut self, station: u16, server: u32) {
        self.kill(station, server, DownCause::OutOfMemory);
    }

    /// The process of a server dies, if there is one; the restart policy does what it can.
    pub(in crate::model) fn kill(&mut self, station: u16, server: u32, cause: DownCause) {
        let ran_for = match self.server(station, server).running {
            Running::Up => self.now.since(self.server(station, server).up_since),
            // What ran before is not what dies now.
            Running::Booting => Duration::ZERO,
            Running::Down | Running::Removed => return,
        };
        self.take_down(station, server, cause);
        self.plan_restart(station, server, ran_for);
    }

    /// A server goes down; everything in it is lost.
    pub(in crate::model) fn take_down(&mut self, station: u16, server: u32, cause: DownCause) {
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
            self.stop_liveness_probe(station, server);
            self.lose_all_jobs(station, server);
            self.cut_off_recovery(station, server);
            self.crash_queue(station);
            // What waited for the server to move again finds its call gone, or a reply nobody reads.
            let parked = std::mem::take(&mut self.server(station, server).parked);
            parked.into_iter().for_each(|event| self.soon.push(event));
            self.forget_guards(station, server);
            self.forget_caches(station, server);
            self.forget_auth_mode(station, server);
            self.end_pause(station, server);
            self.renew_heap(station, server, now);
        }
        if matches!(was, Running::Up | Running::Booting) {
            self.tell(Observation::ServerDown { node, server, cause });
            self.tell_servers(station);
            if self.stations[usize::from(station)].replication.is_some() {
                self.on_copy_down(station, server);
            }
        }
    }

    pub(super) fn lose_all_jobs(&mut self, station: u16, server: u32) {
        loop {
            let job = self.server(station, server).residents.first();
            if job.is_none() {
                return;
            }
            self.lose_job(job);
        }
    }

    /// The policies of a process are gone with its memory.
    pub(super) fn forget_guards(&mut self, station: u16, server: u32) {
        let owner = self.plan.stations[usize::from(station)].node;
        for edge in 0..self.plan.edges.len() {
            if self.plan.edges[edge].owner == owner {
                let fresh = Guards::new(&self.plan.edges[edge], self.now, server);
                let guards = &mut self.edges[edge].guards[server as usize];
                let timer = guards.breaker_timer.0;
                let (shown, shown_limit) = (guards.shown, guards.shown_limit);
                *guards = Guards { shown, shown_limit, ..fresh };
                self.calendar.cancel(timer);
                self.follow_breaker(EdgeIndex(edge as u16), server);
            }
        }
        self.follow_limits(station, server);
    }

    /// Tells observers of the adaptive limits of a server that went up or down.
    fn follow_limits(&mut self, station: u16, server: u32) {
        let owner = self.plan.stations[usize::from(station)].node;
        for edge in 0..self.plan.edges.len() {
            if self.plan.edges[edge].owner == owner {
                self.follow_limit(EdgeIndex(edge as u16), server);
            }
        }
    }

    /// Lets the restart policy, if there is one, start a server again that crashed after running so long.
    pub(in crate::model) fn plan_restart(&mut self, station: u16, server: u32, ran_for: Duration) {
        let Some(backoff) = &mut self.server(station, server).backoff else { return };
        let wait = backoff.on_crash(ran_for);
        let timer = self.schedule(self.now + wait, Event::RestartDue { station, server });
        self.server(station, server).timer = timer;
    }

    pub(in crate::model) fn on_restart_due(&mut self, station: u16, server: u32) {
        self.server(station, server).timer = Timer::NONE;
        self.boot(station, server);
    }

    /// A server that is down begins to boot, unless its station is stopped, a fault keeps it down, or it is to
    /// be gone.
    pub(in crate::model) fn boot(&mut self, station: u16, server: u32) {
        if self.is_struck_down(station, server) {
            return;
        }
        let plan = &self.plan.stations[usize::from(station)];
        let (node, boot, running) = (plan.node, plan.boot, plan.running);
        let machine = self.server(station, server);
        if !running || machine.running != Running::Down || machine.leaving.is_some() {
            return;
        }
        machine.running = Running::Booting;
        machine.held_up = false;
        let timer = std::mem::take(&mut machine.timer);
        self.calendar.cancel(timer);
        self.tell(Observation::ServerBooting { node, server });
        self.forget_readiness(station, server);
        let timer = self.schedule(self.now + boot, Event::Booted { station, server });
        self.server(station, server).timer = timer;
    }

    /// Whether everything answers that a server of a station needs to boot. At the very start all do.
    fn finds_what_it_needs(&self, station: u16) -> bool {
        let answers = |needed: &u16| {
            self.stations[usize::from(*needed)].servers.iter().any(|server| server.answers())
        };
        let needs = &self.plan.stations[usize::from(station)].boot_needs;
        needs.iter().all(answers) || self.now == Time::ZERO
    }

    pub(in crate::model) fn on_booted(&mut self, station: u16, server: u32) {
        let now = self.now;
        let node = self.plan.stations[usize::from(station)].node;
        if !self.finds_what_it_needs(station) {
            let timer = self.schedule(now + LOOK_AGAIN, Event::Booted { station, server });
            let machine = self.server(station, server);
            machine.timer = timer;
            if !std::mem::replace(&mut machine.held_up, true) {
                self.tell(Observation::BootHeldUp { node, server });
            }
            return;
        }
        let machine = self.server(station, server);
        machine.held_up = false;
        machine.timer = Timer::NONE;
        machine.running = Running::Up;
        machine.up_since = now;
        self.renew_heap(station, server, now);
        self.start_liveness_probe(station, server);
        self.tell(Observation::ServerUp { node, server });
        self.tell_servers(station);
        self.pause_if_idle(station, server);
        self.follow_limits(station, server);
        self.follow_rollout(station);
        self.wake_queues();
        self.send_list(station, server);
        if self.stations[usize::from(station)].replication.is_some() {
            self.on_copy_up(station, server);
        }
    }

    pub(in crate::model) fn tell_servers(&mut self, station: u16) {
        let node = self.plan.stations[usize::from(station)].node;
        let all = &self.stations[usize::from(station)].servers;
        let servers = all.iter().filter(|server| server.running != Running::Removed).count();
        let up = all.iter().filter(|server| server.is_up()).count();
        let (servers, up) = (servers as u32, up as u32);
        self.tell(Observation::ServersChanged { node, servers, up });
    }
}
