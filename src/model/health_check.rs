//! Active health checks: a balancer asks its servers from time to time whether they are well.
//!
//! A check of an endpoint is real work: it waits for a thread like any request, so a server whose
//! queue is long fails its checks. A check without an endpoint only tries the connection.

use super::job::{Caller, Job};
use super::slab::Id;
use super::{Event, Observer, World};
use crate::engine::{Duration, Luck, Timer};
use crate::observation::Observation;
use crate::scenario::Cancel;

impl<O: Observer> World<O> {
    /// The first round of checks takes place at the start.
    pub(super) fn start_health_checks(&mut self, number: u16) {
        if self.plan.balancers[usize::from(number)].health_check.is_some() {
            self.plan_health_check(number, Duration::ZERO);
        }
    }

    fn plan_health_check(&mut self, number: u16, wait: Duration) {
        let timer = self.schedule(self.now + wait, Event::HealthCheckDue { balancer: number });
        self.balancers[usize::from(number)].timer = timer;
    }

    pub(super) fn on_health_check_due(&mut self, number: u16) {
        let plan = &self.plan.balancers[usize::from(number)];
        let Some(check) = &plan.health_check else { return };
        let interval = Duration::from_ms(check.rules.interval_ms);
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        for server in 0..servers {
            self.probe(number, server);
        }
        self.plan_health_check(number, interval);
    }

    fn probe(&mut self, number: u16, server: u32) {
        let plan = &self.plan.balancers[usize::from(number)];
        let station = plan.station;
        let Some(check) = &plan.health_check else { return };
        let Some(endpoint) = check.endpoint else {
            let up = self.stations[usize::from(station)].servers[server as usize].is_up();
            return self.judge(number, server, up);
        };
        // HAProxy starts no check while the last one is under way.
        if !self.balancers[usize::from(number)].probes[server as usize].0.is_none() {
            return;
        }
        let timeout = check.rules.timeout();
        let site = plan.site.then("probe").index(u64::from(server));
        let luck = Luck(self.plan.seed).derive(site, self.now.0);
        let caller = Caller::Probe { balancer: number, server };
        let mut job = Job::new(caller, station, endpoint, luck, luck.0);
        job.cancel = Cancel::Queued;
        let job = self.jobs.insert(job);
        let event = Event::ProbeTimeout { balancer: number, server };
        let timer = self.schedule(self.now + timeout, event);
        self.balancers[usize::from(number)].probes[server as usize] = (job, timer);
        self.admit(job, server);
    }

    pub(super) fn on_probe_timeout(&mut self, number: u16, server: u32) {
        let job = self.forget_probe(number, server);
        if let Some(job) = self.jobs.get_mut(job) {
            job.caller = Caller::Nobody;
        }
        self.judge(number, server, false);
    }

    /// A check was answered.
    pub(super) fn end_probe(&mut self, number: u16, server: u32, passed: bool) {
        self.forget_probe(number, server);
        self.judge(number, server, passed);
    }

    fn forget_probe(&mut self, number: u16, server: u32) -> Id {
        let probe = &mut self.balancers[usize::from(number)].probes[server as usize];
        let (job, timer) = std::mem::replace(probe, (Id::NONE, Timer::NONE));
        self.calendar.cancel(timer);
        job
    }

    fn judge(&mut self, number: u16, server: u32, passed: bool) {
        let check = &mut self.balancers[usize::from(number)].health.checks[server as usize];
        let up = check.record(passed);
        let health = check.health();
        let balancer = self.plan.balancers[usize::from(number)].node;
        self.tell(Observation::HealthChecked { balancer, server, passed, health, up });
        if passed && up {
            self.bring_back_ejected(number, server);
        }
        self.show_rotation(number, server);
    }

    /// Follows a changed health check.
    pub(super) fn retune_health_check(&mut self, number: u16, had_check: bool) {
        let has_check = self.plan.balancers[usize::from(number)].health_check.is_some();
        if has_check && !had_check {
            self.plan_health_check(number, Duration::ZERO);
        }
        if !has_check && had_check {
            let timer = std::mem::take(&mut self.balancers[usize::from(number)].timer);
            self.calendar.cancel(timer);
        }
    }
}
