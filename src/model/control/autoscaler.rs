//! Autoscalers: from time to time they look at the use of their servers' cores and change the number of
//! servers, as far as a governor lets them.
//!
//! The number that they find becomes that of the plan which the world goes by, so that balancers, faults and
//! everybody else see it; what the scenario says is kept beside it (`retune`).

use crate::engine::{Duration, Time, Timer};
use crate::model::server::{Running, Server};
use crate::model::{Event, Observer, World};
use crate::observation::Observation;
use crate::pattern::autoscaler::{Autoscaler, Params, Usage};
use crate::pattern::governor::{Governor, Verdict};
use crate::plan::StationPlan;

/// An autoscaler and its governor.
///
/// Invariant: it has a timer exactly while the plan has it enabled.
#[derive(Clone, Debug, Default)]
pub struct Scaling {
    autoscaler: Autoscaler,
    governor: Governor,
    /// Fires at the next look.
    timer: Timer,
    /// When it looked last, or was switched on.
    since: Time,
    /// What it has read last while its figures were up to date.
    seen: Option<Usage>,
}

impl<O: Observer> World<O> {
    fn autoscaler(&self, station: u16) -> Option<&Params> {
        let plan = &self.plan.stations[usize::from(station)];
        plan.autoscaler.as_deref().filter(|scaler| scaler.enabled)
    }

    /// Follows an autoscaler that is switched on or off, or that is to look at another pace. One that is
    /// switched on knows nothing of the past.
    pub(in crate::model) fn retune_autoscaler(&mut self, station: u16, before: &StationPlan) {
        let pace = |params: &Params| params.sync_period_s;
        let wanted = self.autoscaler(station).map(pace);
        let before = before.autoscaler.as_deref().map(pace);
        let scaling = &mut self.stations[usize::from(station)].scaling;
        let runs = scaling.timer != Timer::NONE;
        if wanted.is_some() && !runs {
            let governor = std::mem::take(&mut scaling.governor);
            *scaling = Scaling { governor, ..Scaling::default() };
            self.plan_scaling(station);
        } else if runs && wanted.is_none() {
            let timer = std::mem::take(&mut scaling.timer);
            self.calendar.cancel(timer);
        } else if runs && wanted != before {
            let timer = std::mem::take(&mut scaling.timer);
            self.calendar.cancel(timer);
            self.plan_look(station);
        }
    }

    fn plan_look(&mut self, station: u16) {
        let Some(params) = self.autoscaler(station) else { return };
        let period = Duration::from_seconds(params.sync_period_s);
        let timer = self.schedule(self.now + period, Event::ScalingDue { station });
        self.stations[usize::from(station)].scaling.timer = timer;
    }

    /// Plans the next look, and notes where the use of cores stands now.
    pub(in crate::model) fn plan_scaling(&mut self, station: u16) {
        let now = self.now;
        if self.autoscaler(station).is_none() {
            return;
        }
        self.plan_look(station);
        let state = &mut self.stations[usize::from(station)];
        state.scaling.since = now;
        for server in &mut state.servers {
            server.used_before = server.cpu.used(now);
        }
    }

    pub(in crate::model) fn on_scaling_due(&mut self, station: u16) {
        let now = self.now;
        let Some(params) = self.autoscaler(station).cloned() else { return };
        let usage = self.read_usage(station, &params);
        let plan = &self.plan.stations[usize::from(station)];
        let (node, from) = (plan.node, plan.servers);
        let Scaling { autoscaler, governor, .. } = &mut self.stations[usize::from(station)].scaling;
        let wanted = autoscaler.sync(&params, now, from, &usage);
        let verdict = match &plan.governor {
            Some(rules) => governor.judge(rules, now, from, wanted),
            None => Verdict { servers: wanted, alarm: false },
        };
        let to = verdict.servers;
        if to != from {
            autoscaler.scaled(&params, now, from, to);
        }
        if verdict.alarm {
            self.tell(Observation::GovernorAlarm { node, wanted, allowed: to });
        }
        if to != from {
            self.tell(Observation::Scaled { node, from, to });
            self.scale(station, to);
        }
        self.plan_scaling(station);
    }

    /// What the autoscaler reads of its servers.
    fn read_usage(&mut self, station: u16, params: &Params) -> Usage {
        let plan = &self.plan.stations[usize::from(station)];
        let (factor, stale) = self.perception(plan.node);
        let state = &self.stations[usize::from(station)];
        let cores = params.cpu_request.unwrap_or(f64::from(plan.cores.unwrap_or(1)));
        let mut usage = Usage::default();
        let servers = state.servers.iter().take(plan.servers as usize);
        for server in servers.filter(|server| server.leaving.is_none()) {
            match self.cores_used(server, state.scaling.since, params) {
                Reading::Unready => usage.unready += 1,
                Reading::Missing => usage.missing += 1,
                Reading::Cores(used) => {
                    usage.ready += 1;
                    usage.used += used / cores;
                }
            }
        }
        let seen = &mut self.stations[usize::from(station)].scaling.seen;
        if !stale {
            *seen = Some(usage);
        }
        let read = seen.get_or_insert(usage);
        Usage { used: read.used * factor, ..*read }
    }

    /// Mean number of cores that a server has used since the last look, or since it has been up.
    fn cores_used(&self, server: &Server, since: Time, params: &Params) -> Reading {
        let fresh = server.up_since > since;
        let initializes = Duration::from_seconds(params.cpu_initialization_period_s);
        match server.running {
            Running::Booting => Reading::Unready,
            Running::Down | Running::Removed => Reading::Missing,
            Running::Up if fresh && self.now.since(server.up_since) < initializes => {
                Reading::Unready
            }
            Running::Up => {
                let used = server.cpu.used(self.now).wrapping_sub(server.used_before);
                let passed = self.now.since(since.max(server.up_since)).0.max(1);
                Reading::Cores(used as f64 / passed as f64)
            }
        }
    }
}

/// What is known of one server.
enum Reading {
    Cores(f64),
    Unready,
    Missing,
}
