//! Liveness probes: each server is asked from time to time whether it still lives, and is killed if it
//! does not.
//!
//! A probe of an endpoint is real work, as a balancer's health check is: a server whose queue is long
//! fails it and is killed for being busy.

use crate::engine::{Duration, Luck, Time, Timer};
use crate::model::job::{Caller, Job};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::DownCause;
use crate::pattern::liveness::LivenessProbe;
use crate::plan::LivenessPlan;
use crate::scenario::Cancel;

/// A server's liveness probe.
///
/// Invariant: a server that is not up has no timers and no probe under way.
#[derive(Clone, Debug)]
pub struct Liveness {
    probe: LivenessProbe,
    /// The probe under way.
    pub(in crate::model) job: Id,
    timeout: Timer,
    /// Fires at the next probe.
    due: Timer,
    /// When the first container of its pod was probed first.
    origin: Option<Time>,
}

impl Default for Liveness {
    fn default() -> Liveness {
        let (timeout, due) = (Timer::NONE, Timer::NONE);
        Liveness { probe: LivenessProbe::new(), job: Id::NONE, timeout, due, origin: None }
    }
}

impl<O: Observer> World<O> {
    fn liveness_plan(&self, station: u16) -> Option<&LivenessPlan> {
        self.plan.stations[usize::from(station)].liveness_probe.as_ref()
    }

    fn liveness(&mut self, station: u16, server: u32) -> &mut Liveness {
        &mut self.stations[usize::from(station)].servers[server as usize].liveness
    }

    /// A server has started: it is alive until its probe says otherwise.
    pub(in crate::model) fn start_liveness_probe(&mut self, station: u16, server: u32) {
        let Some(plan) = self.liveness_plan(station) else { return };
        let servers = &self.stations[usize::from(station)].servers;
        let origin = servers[server as usize].liveness.origin;
        let first = plan.rules.first_probe(origin, self.now);
        let due = self.schedule(first, Event::LivenessDue { station, server });
        let origin = origin.or(Some(self.now));
        *self.liveness(station, server) = Liveness { due, origin, ..Liveness::default() };
    }

    /// A server is gone, or nobody probes it any more.
    pub(in crate::model) fn stop_liveness_probe(&mut self, station: u16, server: u32) {
        let liveness = self.liveness(station, server);
        let stopped = Liveness { origin: liveness.origin, ..Liveness::default() };
        let Liveness { job, timeout, due, .. } = std::mem::replace(liveness, stopped);
        self.calendar.cancel(timeout);
        self.calendar.cancel(due);
        if let Some(job) = self.jobs.get_mut(job) {
            job.caller = Caller::Nobody;
        }
    }

    /// Follows a probe that comes or goes.
    pub(in crate::model) fn retune_liveness_probe(&mut self, station: u16, server: u32) {
        let wanted = self.liveness_plan(station).is_some();
        let up = self.stations[usize::from(station)].servers[server as usize].is_up();
        let probed = self.liveness(station, server).due != Timer::NONE;
        if up && wanted && !probed {
            self.start_liveness_probe(station, server);
        } else if probed && !wanted {
            self.stop_liveness_probe(station, server);
        }
    }

    pub(in crate::model) fn on_liveness_due(&mut self, station: u16, server: u32) {
        let Some(plan) = self.liveness_plan(station) else { return };
        let period = Duration::from_ms(plan.rules.period_ms);
        let timeout = Duration::from_ms(plan.rules.timeout_ms);
        let endpoint = plan.endpoint;
        let due = self.schedule(self.now + period, Event::LivenessDue { station, server });
        self.liveness(station, server).due = due;
        // One probe at a time; and whoever is up takes connections.
        let Some(endpoint) = endpoint else { return self.judge_liveness(station, server, true) };
        if !self.liveness(station, server).job.is_none() {
            return;
        }
        let site = self.plan.stations[usize::from(station)].error_site.then("liveness");
        let luck = Luck(self.plan.seed).derive(site.index(u64::from(server)), self.now.0);
        let caller = Caller::Liveness { station, server };
        let mut job = Job::new(caller, station, endpoint, luck, luck.0);
        job.cancel = Cancel::Queued;
        let job = self.jobs.insert(job);
        let timer = self.schedule(self.now + timeout, Event::LivenessTimeout { station, server });
        let liveness = self.liveness(station, server);
        (liveness.job, liveness.timeout) = (job, timer);
        self.admit(job, server);
    }

    pub(in crate::model) fn on_liveness_timeout(&mut self, station: u16, server: u32) {
        let job = self.forget_liveness_job(station, server);
        if let Some(job) = self.jobs.get_mut(job) {
            job.caller = Caller::Nobody;
        }
        self.judge_liveness(station, server, false);
    }

    /// A probe was answered.
    pub(in crate::model) fn end_liveness_probe(&mut self, station: u16, server: u32, passed: bool) {
        self.forget_liveness_job(station, server);
        self.judge_liveness(station, server, passed);
    }

    fn forget_liveness_job(&mut self, station: u16, server: u32) -> Id {
        let liveness = self.liveness(station, server);
        let job = std::mem::replace(&mut liveness.job, Id::NONE);
        let timeout = std::mem::take(&mut liveness.timeout);
        self.calendar.cancel(timeout);
        job
    }

    fn judge_liveness(&mut self, station: u16, server: u32, passed: bool) {
        let stations = &mut self.stations[usize::from(station)];
        let Some(plan) = &self.plan.stations[usize::from(station)].liveness_probe else { return };
        if stations.servers[server as usize].liveness.probe.record(&plan.rules, passed) {
            self.kill(station, server, DownCause::Unwell);
        }
    }
}
