//! Live change: the model takes over a new plan with the same wiring.
//!
//! Every number, switch and policy may change at any moment. Work in progress goes on under the new
//! rules: it keeps the thread, the permit and the connection that it holds, and what it has drawn.

use super::edge::Guards;
use super::server::{Disk, Running, Server};
use super::station::leaving::Leave;
use super::{Observer, World};
use crate::engine::{Duration, Time};
use crate::observation::{DownCause, Observation};
use crate::pattern::hedge::Hedge;
use crate::pattern::restart::RestartBackoff;
use crate::pattern::retry::Retry;
use crate::plan::{ArrivalsPlan, Plan, StationPlan};
use crate::wiring::EdgeIndex;

impl<O: Observer> World<O> {
    /// Goes on under a new plan.
    pub fn retune(&mut self, mut plan: Plan) {
        debug_assert!(plan.wiring == self.plan.wiring, "the checker keeps the wiring fixed");
        self.keep_numbers(&mut plan);
        let before = std::mem::replace(&mut self.plan, plan);
        self.preempts |= self.plan.preempts();
        self.match_clocks();
        self.retell_connections(&before);
        for number in 0..self.stations.len() as u16 {
            self.retune_station(number, &before.stations[usize::from(number)]);
        }
        for number in 0..self.balancers.len() as u16 {
            let check = &before.balancers[usize::from(number)].health_check;
            self.retune_balancer(number, check.is_some());
        }
        for number in 0..self.edges.len() {
            self.retune_edge(number);
        }
        for number in 0..self.populations.len() as u16 {
            self.retune_population(number, &before.populations[usize::from(number)].arrivals);
        }
        self.retune_monitors(&before);
        self.apply_faults();
        self.wake_queues();
        self.observer.retuned(self.now, &self.plan);
    }

    /// Where the scenario names the same number of servers as before, the present one stays, whoever
    /// decided it.
    fn keep_numbers(&mut self, plan: &mut Plan) {
        let stations = plan.stations.iter_mut().zip(&mut self.stations).zip(&self.plan.stations);
        for ((plan, state), now) in stations {
            let declared = std::mem::replace(&mut state.declared, plan.servers);
            if declared == plan.servers {
                plan.servers = now.servers;
            }
        }
    }

    /// Changes the number of servers of a station, and tells everybody whom it concerns.
    pub(super) fn scale(&mut self, number: u16, servers: u32) {
        let before = self.plan.stations[usize::from(number)].clone();
        self.plan.stations[usize::from(number)].servers = servers;
        self.retune_station(number, &before);
        for balancer in 0..self.balancers.len() as u16 {
            let plan = &self.plan.balancers[usize::from(balancer)];
            if plan.station == number {
                let has_check = plan.health_check.is_some();
                self.retune_balancer(balancer, has_check);
            }
        }
        self.apply_faults();
    }

    fn retune_station(&mut self, number: u16, before: &StationPlan) {
        let plan = self.plan.stations[usize::from(number)].clone();
        self.resize_copies(number);
        self.resize(number, &plan);
        for server in 0..self.stations[usize::from(number)].servers.len() as u32 {
            // A server that had been taken away missed what changed in the meantime.
            let machine = &self.stations[usize::from(number)].servers[server as usize];
            if machine.running == Running::Removed {
                continue;
            }
            if machine.cpu.cores() != plan.cores {
                self.set_cores(number, server, plan.cores);
            }
            self.retune_server(number, server, &plan);
            self.retune_caches(number, server);
            self.retune_heap(number, server);
            self.retune_liveness_probe(number, server);
            self.retune_spool(number, server);
            if plan.running && !before.running {
                self.boot(number, server);
            }
            if !plan.running {
                self.take_down(number, server, DownCause::Stopped);
            } else if plan.restarts > before.restarts {
                self.take_down(number, server, DownCause::Stopped);
                self.boot(number, server);
            }
            for pool in 0..plan.pools.len() {
                self.retune_pool(number, server, pool);
            }
            self.hand_out_all_threads(number, server);
            self.pause_if_idle(number, server);
        }
        self.retune_copies(number, before);
        if plan.cores != before.cores {
            // Without a limit of cores nobody was told how many were in use.
            let limited = plan.cores.is_some();
            let busy = if limited { self.stations[usize::from(number)].cores_busy } else { 0 };
            let cores = f64::from(busy);
            self.tell(Observation::CoresBusy { node: plan.node, cores });
        }
        self.plan_logrotate(number);
        self.retune_tables(number, before);
        self.retune_identity(number);
        self.retune_autoscaler(number, before);
        self.retune_releases(number);
    }

    fn retune_server(&mut self, number: u16, server: u32, plan: &StationPlan) {
        let machine = &mut self.stations[usize::from(number)].servers[server as usize];
        let rules = plan.disk.as_ref().and_then(|disk| disk.logrotate.clone());
        match (&mut machine.disk, &plan.disk) {
            (Some(disk), Some(_)) => disk.log.retune(&rules.unwrap_or_default()),
            (None, Some(plan)) => machine.disk = Some(Box::new(Disk::new(plan))),
            (_, None) => machine.disk = None,
        }
        match (&mut machine.backoff, &plan.restart) {
            (Some(backoff), Some(params)) => backoff.retune(params),
            (None, Some(params)) => {
                machine.backoff = Some(RestartBackoff::new(params));
                // A restart policy that comes late finds servers that lie where they crashed.
                if plan.running && machine.running == Running::Down {
                    self.plan_restart(number, server, Duration::ZERO);
                }
            }
            (_, None) => machine.backoff = None,
        }
    }

    /// Follows a changed number of servers.
    fn resize(&mut self, number: u16, plan: &StationPlan) {
        let known = self.stations[usize::from(number)].servers.len() as u32;
        for server in known..plan.servers {
            let fresh = Server::new(plan, Running::Removed);
            self.stations[usize::from(number)].servers.push(fresh);
            self.add_guards(plan, server);
        }
        for server in 0..known.max(plan.servers) {
            let machine = &self.stations[usize::from(number)].servers[server as usize];
            let exists = machine.running != Running::Removed;
            let wanted = server < plan.servers && !self.is_asleep(number, server);
            let machine = &mut self.stations[usize::from(number)].servers[server as usize];
            if wanted && !exists {
                machine.running = Running::Down;
                self.give_release(number, server);
                self.tell_balancers_who_leaves(number, server);
                self.boot_or_start(number, server);
            } else if wanted {
                self.recall(number, server);
            } else if exists {
                self.retire(number, server, Leave::Removal, plan.drain);
            }
        }
        self.tell_servers(number);
    }

    /// A server that is there from the very start needs no boot.
    fn boot_or_start(&mut self, number: u16, server: u32) {
        let running = self.plan.stations[usize::from(number)].running;
        if self.now == Time::ZERO && running {
            self.on_booted(number, server);
        } else {
            self.boot(number, server);
        }
    }

    fn add_guards(&mut self, plan: &StationPlan, server: u32) {
        for edge in 0..self.edges.len() {
            if self.plan.edges[edge].owner == plan.node {
                let guards = Guards::new(&self.plan.edges[edge], self.now, server);
                self.edges[edge].guards.push(guards);
            }
        }
    }

    fn retune_balancer(&mut self, number: u16, had_check: bool) {
        let plan = &self.plan.balancers[usize::from(number)];
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        self.balancers[usize::from(number)].resize(plan, servers);
        self.retune_health_check(number, had_check);
        self.retune_outlier_detection(number);
        for server in 0..servers {
            self.show_rotation(number, server);
        }
    }

    /// A connection pool that comes or goes brings or takes the connections in use.
    fn retell_connections(&mut self, before: &Plan) {
        for number in 0..self.edges.len() {
            let had = before.edges[number].connection_pool.is_some();
            let has = self.plan.edges[number].connection_pool.is_some();
            let guards = self.edges[number].guards.iter();
            let in_use: u32 = guards.map(|guards| guards.connections.in_use()).sum();
            if had != has && in_use > 0 {
                let by = if has { in_use as i32 } else { -(in_use as i32) };
                let edge = EdgeIndex(number as u16);
                self.tell(Observation::ConnectionsChanged { edge, by });
            }
        }
    }

    fn retune_edge(&mut self, number: usize) {
        let now = self.now;
        let plan = &self.plan.edges[number];
        self.edges[number].retry = plan.retry.as_ref().map(Retry::new);
        self.edges[number].hedge = plan.hedge.as_ref().map(Hedge::new);
        for server in 0..self.edges[number].guards.len() as u32 {
            let plan = &self.plan.edges[number];
            self.edges[number].guards[server as usize].retune(plan, now, server);
            let edge = EdgeIndex(number as u16);
            self.follow_breaker(edge, server);
            self.follow_limit(edge, server);
            self.admit_waiting(edge, server);
        }
    }

    fn retune_monitors(&mut self, before: &Plan) {
        for number in 0..self.monitors.len() {
            let pace = |plan: &Plan| plan.monitors[number].check_every;
            self.follow_monitor(number as u16, pace(before) != pace(&self.plan));
        }
        for number in 0..self.alarms.len() {
            let pace = |plan: &Plan| plan.alarms[number].every;
            self.follow_alarm(number as u16, pace(before) != pace(&self.plan));
        }
    }

    fn retune_population(&mut self, number: u16, before: &ArrivalsPlan) {
        // Rounding must not move the arrivals when it is something else that changes.
        if self.plan.populations[usize::from(number)].arrivals == *before {
            return;
        }
        let factor = self.populations[usize::from(number)].factor;
        self.change_load(number, before, factor);
    }
}
