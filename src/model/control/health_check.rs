//! Active health checks: a balancer asks its servers from time to time whether they are well.
//!
//! A check of an endpoint is real work: it waits for a thread like any request, so a server whose
//! queue is long fails its checks. A check without an endpoint only tries the connection.

use crate::engine::{Duration, Luck, Time, Timer};
use crate::model::job::{Caller, Job};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::Observation;
use crate::pattern::health::{ActiveCheck, CheckResult};
use crate::scenario::Cancel;

impl<O: Observer> World<O> {
    /// The first round of checks takes place at the start, or when the initial delay is over.
    pub(in crate::model) fn start_health_checks(&mut self, number: u16) {
        let plan = &self.plan.balancers[usize::from(number)];
        let Some(check) = &plan.health_check else { return };
        let delay = check.initial_delay;
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        for server in 0..servers {
            self.show_rotation(number, server);
        }
        self.plan_health_check(number, self.now + delay);
    }

    fn plan_health_check(&mut self, number: u16, at: Time) {
        let state = &mut self.balancers[usize::from(number)];
        self.calendar.cancel(std::mem::take(&mut state.timer.0));
        let event = Event::HealthCheckDue { balancer: number };
        let timer = self.calendar.schedule(at, event.rank(), event);
        state.timer = (timer, at);
    }

    pub(in crate::model) fn on_health_check_due(&mut self, number: u16) {
        let now = self.now;
        let plan = &self.plan.balancers[usize::from(number)];
        if plan.health_check.is_none() {
            return;
        }
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        self.balancers[usize::from(number)].timer = (Timer::NONE, Time::NEVER);
        for server in 0..servers {
            if self.next_check(number, server).is_none_or(|next| next <= now) {
                self.balancers[usize::from(number)].asked[server as usize] = Some(now);
                self.probe(number, server);
            }
        }
        self.plan_next_check(number);
    }

    /// When a server is to be checked next; none if it has never been.
    fn next_check(&self, number: u16, server: u32) -> Option<Time> {
        let state = &self.balancers[usize::from(number)];
        let asked = state.asked[server as usize]?;
        let check = self.plan.balancers[usize::from(number)].health_check.as_ref()?;
        let interval = state.health.checks[server as usize].interval(&check.rules);
        Some(asked + interval)
    }

    /// Plans the next check of any server, unless it is planned. A server that is new comes with the
    /// others.
    fn plan_next_check(&mut self, number: u16) {
        let now = self.now;
        let station = self.plan.balancers[usize::from(number)].station;
        let servers = self.plan.stations[usize::from(station)].servers;
        let next = (0..servers).filter_map(|server| self.next_check(number, server)).min();
        let planned = self.balancers[usize::from(number)].timer.1;
        if let Some(at) = next.map(|at| at.max(now))
            && at != planned
        {
            self.plan_health_check(number, at);
        }
    }

    fn probe(&mut self, number: u16, server: u32) {
        let plan = &self.plan.balancers[usize::from(number)];
        let station = plan.station;
        let Some(check) = &plan.health_check else { return };
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        // Kubelet's delay counts from the start of each container.
        let waits = check.rules.forgets_at_restart() && machine.is_up();
        if waits && self.now.since(machine.up_since) < check.initial_delay {
            return;
        }
        // HAProxy starts no check while the last one is under way.
        if self.balancers[usize::from(number)].probes[server as usize].1 != Timer::NONE {
            return;
        }
        let timeout = check.rules.timeout();
        if self.is_unreachable(station, server) {
            // Nobody answers, not even the server's system.
            let timer = self.plan_probe_timeout(number, server, timeout);
            self.balancers[usize::from(number)].probes[server as usize] = (Id::NONE, timer);
            return;
        }
        let Some(endpoint) = check.endpoint else {
            let up = machine.is_up();
            let result = if up { CheckResult::Passed } else { CheckResult::Unanswered };
            return self.judge(number, server, result);
        };
        let site = plan.site.then("probe").index(u64::from(server));
        let luck = Luck(self.plan.seed).derive(site, self.now.0);
        let caller = Caller::Probe { balancer: number, server };
        let mut job = Job::new(caller, station, endpoint, luck, luck.0);
        job.cancel = Cancel::Queued;
        let job = self.jobs.insert(job);
        let timer = self.plan_probe_timeout(number, server, timeout);
        self.balancers[usize::from(number)].probes[server as usize] = (job, timer);
        self.admit(job, server);
    }

    fn plan_probe_timeout(&mut self, number: u16, server: u32, timeout: Duration) -> Timer {
        self.schedule(self.now + timeout, Event::ProbeTimeout { balancer: number, server })
    }

    pub(in crate::model) fn on_probe_timeout(&mut self, number: u16, server: u32) {
        let job = self.forget_probe(number, server);
        if let Some(job) = self.jobs.get_mut(job) {
            job.caller = Caller::Nobody;
        }
        self.judge(number, server, CheckResult::Unanswered);
    }

    /// A check was answered.
    pub(in crate::model) fn end_probe(&mut self, number: u16, server: u32, result: CheckResult) {
        self.forget_probe(number, server);
        self.judge(number, server, result);
    }

    fn forget_probe(&mut self, number: u16, server: u32) -> Id {
        let probe = &mut self.balancers[usize::from(number)].probes[server as usize];
        let (job, timer) = std::mem::replace(probe, (Id::NONE, Timer::NONE));
        self.calendar.cancel(timer);
        job
    }

    fn judge(&mut self, number: u16, server: u32, result: CheckResult) {
        let before = self.next_check(number, server);
        let check = &mut self.balancers[usize::from(number)].health.checks[server as usize];
        let up = check.record(result);
        let health = check.health();
        let passed = result == CheckResult::Passed;
        let balancer = self.plan.balancers[usize::from(number)].node;
        self.tell(Observation::HealthChecked { balancer, server, passed, health, up });
        if passed && up {
            self.bring_back_ejected(number, server);
        }
        self.show_rotation(number, server);
        // The verdict may change the pace. In the midst of a round, its end plans the next one.
        let state = &self.balancers[usize::from(number)];
        if state.timer.1 != Time::NEVER && self.next_check(number, server) != before {
            self.plan_next_check(number);
        }
    }

    /// A server begins to boot: under Kubernetes' rules it has to show anew that it is ready.
    pub(in crate::model) fn forget_readiness(&mut self, station: u16, server: u32) {
        for number in 0..self.balancers.len() as u16 {
            let plan = &self.plan.balancers[usize::from(number)];
            let Some(check) = plan.health_check.as_ref().filter(|_| plan.station == station) else {
                continue;
            };
            if !check.rules.forgets_at_restart() {
                continue;
            }
            let fresh = ActiveCheck::new(&check.rules, false);
            let checks = &mut self.balancers[usize::from(number)].health.checks;
            // The balancer may not know of a server yet that has just been added.
            if let Some(check) = checks.get_mut(server as usize) {
                *check = fresh;
                self.show_rotation(number, server);
            }
        }
    }

    /// Follows a changed health check.
    pub(in crate::model) fn retune_health_check(&mut self, number: u16, had_check: bool) {
        let has_check = self.plan.balancers[usize::from(number)].health_check.is_some();
        if has_check && !had_check {
            self.start_health_checks(number);
        } else if has_check {
            self.plan_next_check(number);
        } else if had_check {
            let state = &mut self.balancers[usize::from(number)];
            self.calendar.cancel(state.timer.0);
            state.timer = (Timer::NONE, Time::NEVER);
            state.asked.fill(None);
        }
    }
}
