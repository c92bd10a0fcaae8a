//! Alarms: what servers report, failure by failure or as levels that are looked at, and what of it is told.

use crate::engine::{Duration, Time, Timer};
use crate::model::server::{Running, Server};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::{Observation, Outcome};
use crate::plan::{Signal, StationPlan};
use crate::scenario::Metric;
use crate::wiring::AlarmIndex;

/// What a server counts because an alarm is on it. Counts and integrals are exact and never go back; who
/// looks remembers what they were.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    counts: Counts,
    cores_busy: u32,
    updated: Time,
}

/// Counts of a server up to some moment.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Work of callers that ended.
    ended: u64,
    /// Of it, with an error.
    failed: u64,
    /// Time that all of it took, in nanoseconds.
    nanos: u128,
    /// Time that cores were busy, over all of them.
    core_nanos: u128,
}

impl Watch {
    /// So many cores are busy from now on.
    pub fn cores_busy(&mut self, now: Time, cores: u32) {
        self.counts = self.counts(now);
        self.cores_busy = cores;
        self.updated = now;
    }

    fn counts(&self, now: Time) -> Counts {
        let busy = u128::from(now.since(self.updated).0) * u128::from(self.cores_busy);
        Counts { core_nanos: self.counts.core_nanos + busy, ..self.counts }
    }
}

/// An alarm's state.
#[derive(Clone, Debug, Default)]
pub struct Alarm {
    /// Fires at the next look.
    look: Timer,
    /// What it saw last, by server.
    seen: Vec<Seen>,
}

/// What was seen at the last look at a server.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    at: Time,
    counts: Counts,
    /// Since when the level has been too much.
    too_much_since: Option<Time>,
}

impl Server {
    /// Its level now, or since the last look; none where there is nothing to measure, or nobody answers.
    fn level(
        &self,
        plan: &StationPlan,
        (metric, pool): (Metric, Option<u16>),
        (seen, counts): (Seen, Counts),
        passed: Duration,
    ) -> Option<f64> {
        if metric == Metric::Down {
            return (self.running != Running::Removed).then_some(f64::from(!self.answers()));
        }
        if !self.answers() {
            return None;
        }
        let pools = self.pools.iter().zip(&plan.pools).enumerate();
        let pools = pools.filter(|(number, _)| pool.is_none_or(|one| usize::from(one) == *number));
        let ended = counts.ended - seen.counts.ended;
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        match metric {
            Metric::Cpu => {
                let busy = (counts.core_nanos - seen.counts.core_nanos) as f64;
                share(busy, f64::from(plan.cores?) * passed.0 as f64)
            }
            Metric::Threads => {
                let sum = pools.fold((0, 0), |(busy, all), (_, (state, plan))| {
                    (busy + state.busy, all + plan.threads)
                });
                share(f64::from(sum.0), f64::from(sum.1))
            }
            Metric::Queue => Some(pools.map(|(_, (state, _))| f64::from(state.waiting)).sum()),
            Metric::Memory => {
                let (memory, requests) = (plan.memory?, self.residents.len());
                match memory.heap {
                    None => Some(memory.share_in_use(requests)),
                    Some(heap) => {
                        share(heap.live(requests, self.cached_bytes()) as f64, heap.limit as f64)
                    }
                }
            }
            Metric::Disk => {
                let (used, capacity) = self.disk_use(plan)?;
                share(used as f64, capacity as f64)
            }
            Metric::ErrorRatio => share((counts.failed - seen.counts.failed) as f64, ended as f64),
            Metric::Response => {
                share((counts.nanos - seen.counts.nanos) as f64 / 1e6, ended as f64)
            }
            Metric::Down | Metric::ApiError | Metric::TestFailed | Metric::RecoveryFailed => None,
        }
    }
}

impl<O: Observer> World<O> {
    /// Brings an alarm on a level under its plan: at the start, and whenever it changes.
    pub(in crate::model) fn follow_alarm(&mut self, number: u16, anew: bool) {
        let plan = self.plan.alarms[usize::from(number)];
        let wanted = self.plan.monitors[usize::from(plan.monitor)].running
            && matches!(plan.signal, Signal::Level { .. });
        let state = &mut self.alarms[usize::from(number)];
        let works = state.look != Timer::NONE;
        if works && (anew || !wanted) {
            self.calendar.cancel(std::mem::take(&mut state.look));
        }
        if wanted && (anew || !works) {
            let timer = self.schedule(self.now + plan.every, Event::AlarmLook { alarm: number });
            self.alarms[usize::from(number)].look = timer;
        }
        if wanted && !works {
            // What was long ago is no part of what will be seen.
            self.alarms[usize::from(number)].seen.clear();
            self.look(number, |_, _, _, _| {});
        }
    }

    pub(in crate::model) fn on_alarm_look(&mut self, number: u16) {
        let plan = self.plan.alarms[usize::from(number)];
        let timer = self.schedule(self.now + plan.every, Event::AlarmLook { alarm: number });
        self.alarms[usize::from(number)].look = timer;
        self.look(number, |world, server, level, since| {
            let too_much = level.is_some_and(|level| level > plan.above);
            *since = too_much.then(|| since.unwrap_or(world.now));
            if since.is_some_and(|since| world.now.since(since) >= plan.lasts) {
                world.raise(number, server);
            }
        });
    }

    /// Looks at the level of every server of an alarm.
    fn look(
        &mut self,
        number: u16,
        judge: impl Fn(&mut World<O>, u32, Option<f64>, &mut Option<Time>),
    ) {
        let now = self.now;
        let signal = self.plan.alarms[usize::from(number)].signal;
        let Signal::Level { station, pool, metric } = signal else { return };
        let servers = self.stations[usize::from(station)].servers.len();
        let fresh = Seen { at: now, ..Seen::default() };
        self.alarms[usize::from(number)].seen.resize(servers, fresh);
        for server in 0..servers {
            let seen = self.alarms[usize::from(number)].seen[server];
            let machine = &self.stations[usize::from(station)].servers[server];
            let counts = machine.watch.as_ref().map(|watch| watch.counts(now)).unwrap_or_default();
            let plan = &self.plan.stations[usize::from(station)];
            let passed = now.since(seen.at);
            let level = machine.level(plan, (metric, pool), (seen, counts), passed);
            let mut too_much_since = seen.too_much_since;
            judge(self, server as u32, level, &mut too_much_since);
            self.alarms[usize::from(number)].seen[server] =
                Seen { at: now, counts, too_much_since };
        }
    }

    /// Work of a caller has ended at a server that is watched.
    #[cold]
    pub(in crate::model) fn report_end(&mut self, id: Id, outcome: Outcome) {
        let job = &self.jobs[id];
        if job.edge.is_none() {
            return;
        }
        let (station, server, endpoint) = (job.station, job.server, job.endpoint);
        let failed = outcome == Outcome::Failed;
        let took = self.now - job.arrived;
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        if let Some(watch) = &mut machine.watch {
            watch.counts.ended += 1;
            watch.counts.failed += u64::from(failed);
            watch.counts.nanos += u128::from(took.0);
        }
        if !failed || machine.unreachable {
            return;
        }
        for number in 0..self.plan.alarms.len() as u16 {
            if let Signal::Error { station: watched, endpoint: only } =
                self.plan.alarms[usize::from(number)].signal
                && watched == station
                && only.is_none_or(|only| only == endpoint)
            {
                self.raise(number, server);
            }
        }
    }

    /// A recovery batch of a server could not send everything.
    pub(in crate::model) fn report_failed_recovery(&mut self, station: u16, server: u32) {
        for number in 0..self.plan.alarms.len() as u16 {
            if self.plan.alarms[usize::from(number)].signal == Signal::Recovery(station) {
                self.raise(number, server);
            }
        }
    }

    /// An alarm occurs at a server; perhaps somebody is told.
    pub(super) fn raise(&mut self, number: u16, server: u32) {
        let monitor = usize::from(self.plan.alarms[usize::from(number)].monitor);
        let plan = &self.plan.monitors[monitor];
        if !plan.running {
            return;
        }
        let alarm = AlarmIndex(number);
        let filter = &mut self.monitors[monitor].filter;
        let told = plan
            .filter
            .as_ref()
            .is_none_or(|params| filter.occurs(params, number, server, self.now));
        self.tell(Observation::AlarmRaised { alarm, server });
        if told {
            let name = self.plan.wiring.alarm_name(alarm);
            let label = self.label(&name);
            self.tell(Observation::AlarmSent { alarm, server, label });
        }
    }
}
