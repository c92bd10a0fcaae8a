//! Faults that recur: each server of the target breaks down, waits for a repair crew, is repaired, and
//! so on, by a clock of its own.
//!
//! What a breakdown does is the fault's effect; here is only when. Every clock draws from a stream that
//! is keyed by the fault and the server, so no other fault and no other server moves it.

use crate::engine::random::stream;
use crate::engine::{Draws, Duration, Sampler, Timer};
use crate::model::{Event, Observer, World};
use crate::plan::{FaultPlan, FaultTarget, RecurrencePlan, Role};
use crate::scenario::Effect;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::ops::Range;

/// A working phase takes some time, however little is drawn, so that no moment lasts for ever.
const SHORTEST_UP: Duration = Duration(1);

/// All clocks of one fault.
///
/// Invariant: the line holds the units in [`Phase::InLine`], `repairs` counts those in
/// [`Phase::Repair`]; nobody is in line while a crew is free.
#[derive(Clone, Debug)]
pub(super) struct Breakdowns {
    /// The fault's key.
    key: String,
    /// By server; one for a target without servers of its own.
    units: Vec<Unit>,
    /// Who waits for a crew, first come first served.
    line: VecDeque<u32>,
    /// Crews at work.
    repairs: u32,
}

/// The clock of one server, or of a whole target.
#[derive(Clone, Debug)]
struct Unit {
    phase: Phase,
    stream: ChaCha8Rng,
    timer: Timer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The fault is not in force here.
    Off,
    /// Works.
    Up,
    /// Is broken and waits for a crew.
    InLine,
    /// Is being repaired.
    Repair,
}

impl Breakdowns {
    fn new(key: &str) -> Breakdowns {
        Breakdowns { key: key.to_owned(), units: Vec::new(), line: VecDeque::new(), repairs: 0 }
    }

    /// Whether that unit is broken.
    pub(super) fn is_down(&self, unit: u32) -> bool {
        let unit = self.units.get(unit as usize);
        unit.is_some_and(|unit| matches!(unit.phase, Phase::InLine | Phase::Repair))
    }
}

/// The units of a fault: servers where the effect strikes servers, else one for the whole target. A
/// group is one unit, whatever strikes it.
fn units(fault: &FaultPlan, servers: impl Fn(crate::wiring::NodeIndex) -> u32) -> Range<u32> {
    let by_server = match fault.effect {
        Effect::Slow { .. }
        | Effect::Errors { .. }
        | Effect::Crash
        | Effect::Kill
        | Effect::Reclaim { .. }
        | Effect::Freeze
        | Effect::Unreachable => !fault.as_one,
        Effect::Latency { .. }
        | Effect::PacketLoss { .. }
        | Effect::ReplicationLag { .. }
        | Effect::Spike { .. }
        | Effect::Misread { .. }
        | Effect::Stale => false,
    };
    match fault.targets[..] {
        [FaultTarget::Node(node)] if by_server => 0..servers(node),
        [FaultTarget::Server(_, server)] if by_server => server..server + 1,
        _ => 0..1,
    }
}

impl<O: Observer> World<O> {
    /// Finds the clocks of every fault of a new plan; what is new gets new ones.
    pub(in crate::model) fn match_clocks(&mut self) {
        let faults = &mut self.faults;
        let clock = |fault: &FaultPlan| {
            fault.recurs.as_ref()?;
            let known = faults.recurring.iter().position(|clock| clock.key == fault.key);
            Some(known.unwrap_or_else(|| {
                faults.recurring.push(Breakdowns::new(&fault.key));
                faults.recurring.len() - 1
            }))
        };
        faults.clocks = self.plan.faults.iter().map(clock).collect();
    }

    /// Starts the clocks of faults that have come into force, and stops those of faults that no longer
    /// are.
    pub(super) fn follow_recurring_faults(&mut self) {
        for clock in 0..self.faults.recurring.len() {
            let fault = self.fault_of(clock).map(|number| &self.plan.faults[number]);
            let fault = fault.filter(|fault| fault.is_in_force(self.now));
            let wanted = fault.map_or(0..0, |fault| units(fault, |node| self.servers_of(node)));
            self.add_units(clock, wanted.end);
            for unit in 0..self.faults.recurring[clock].units.len() as u32 {
                let is_on = self.faults.recurring[clock].units[unit as usize].phase != Phase::Off;
                match (wanted.contains(&unit), is_on) {
                    (true, false) => self.begin_up(clock, unit),
                    (false, true) => self.switch_off(clock, unit),
                    _ => {}
                }
            }
            self.send_crews(clock);
        }
    }

    /// The fault, if it is still in the plan, whose clocks these are.
    fn fault_of(&self, clock: usize) -> Option<usize> {
        self.faults.clocks.iter().position(|of_fault| *of_fault == Some(clock))
    }

    fn servers_of(&self, node: crate::wiring::NodeIndex) -> u32 {
        match self.plan.roles[usize::from(node.0)] {
            Role::Station(station) => self.plan.stations[usize::from(station)].servers,
            Role::Population(_) | Role::Balancer(_) | Role::Monitor(_) => 0,
        }
    }

    fn add_units(&mut self, clock: usize, count: u32) {
        let seed = self.plan.seed;
        let breakdowns = &mut self.faults.recurring[clock];
        for unit in breakdowns.units.len() as u32..count {
            let stream = stream(seed, &breakdowns.key, &format!("breakdowns of {unit}"));
            breakdowns.units.push(Unit { phase: Phase::Off, stream, timer: Timer::NONE });
        }
    }

    fn switch_off(&mut self, clock: usize, unit: u32) {
        let breakdowns = &mut self.faults.recurring[clock];
        let state = &mut breakdowns.units[unit as usize];
        match std::mem::replace(&mut state.phase, Phase::Off) {
            Phase::InLine => breakdowns.line.retain(|waiting| *waiting != unit),
            Phase::Repair => breakdowns.repairs -= 1,
            Phase::Off | Phase::Up => {}
        }
        self.calendar.cancel(std::mem::take(&mut state.timer));
    }

    fn begin_up(&mut self, clock: usize, unit: u32) {
        self.faults.recurring[clock].units[unit as usize].phase = Phase::Up;
        self.plan_phase(clock, unit, |recurs| &recurs.up, SHORTEST_UP);
    }

    /// Free crews take up who waits for one.
    fn send_crews(&mut self, clock: usize) {
        let Some(crews) = self.recurrence(clock).map(|recurs| recurs.crews) else { return };
        while self.faults.recurring[clock].repairs < crews {
            let breakdowns = &mut self.faults.recurring[clock];
            let Some(unit) = breakdowns.line.pop_front() else { return };
            breakdowns.repairs += 1;
            breakdowns.units[unit as usize].phase = Phase::Repair;
            self.plan_phase(clock, unit, |recurs| &recurs.down, Duration::ZERO);
        }
    }

    fn recurrence(&self, clock: usize) -> Option<&RecurrencePlan> {
        self.plan.faults[self.fault_of(clock)?].recurs.as_ref()
    }

    /// Draws how long the phase that has just begun lasts.
    fn plan_phase(
        &mut self,
        clock: usize,
        unit: u32,
        length: impl Fn(&RecurrencePlan) -> &Sampler,
        at_least: Duration,
    ) {
        let Some(number) = self.fault_of(clock) else { return };
        let Some(recurs) = &self.plan.faults[number].recurs else { return };
        let state = &mut self.faults.recurring[clock].units[unit as usize];
        let mut draws = Draws::seeded(state.stream.next_u64());
        let takes = Duration::from_nanos(length(recurs).sample(&mut draws)).max(at_least);
        let event = Event::PhaseOver { clock: clock as u16, unit };
        state.timer = self.calendar.schedule(self.now + takes, event.rank(), event);
    }

    /// A unit breaks down, or has been repaired.
    pub(in crate::model) fn on_phase_over(&mut self, clock: u16, unit: u32) {
        let clock = usize::from(clock);
        let breakdowns = &mut self.faults.recurring[clock];
        let state = &mut breakdowns.units[unit as usize];
        state.timer = Timer::NONE;
        if state.phase == Phase::Up {
            state.phase = Phase::InLine;
            breakdowns.line.push_back(unit);
        } else {
            breakdowns.repairs -= 1;
            self.begin_up(clock, unit);
        }
        self.send_crews(clock);
        let fault = self.fault_of(clock).expect("a fault without clocks has no timers");
        self.apply_fault(fault, unit);
    }

    /// Brings what a unit of a fault strikes under it, or frees it.
    fn apply_fault(&mut self, fault: usize, unit: u32) {
        let fault = &self.plan.faults[fault];
        match fault.effect {
            Effect::Slow { .. }
            | Effect::Errors { .. }
            | Effect::Crash
            | Effect::Kill
            | Effect::Reclaim { .. }
            | Effect::Freeze
            | Effect::Unreachable => match fault.targets[..] {
                [FaultTarget::Node(node)] | [FaultTarget::Server(node, _)] if !fault.as_one => {
                    // An autoscaler may not have added that server yet.
                    if let Role::Station(station) = self.plan.roles[usize::from(node.0)]
                        && (unit as usize) < self.stations[usize::from(station)].servers.len()
                    {
                        self.apply_burden(station, unit);
                        self.apply_crash(station, unit);
                        self.apply_blows(station, unit);
                    }
                }
                [FaultTarget::Edge(_)] => self.apply_hindrances(),
                _ => {
                    self.apply_burdens();
                    self.apply_crashes();
                }
            },
            Effect::Latency { .. } | Effect::PacketLoss { .. } => self.apply_hindrances(),
            Effect::ReplicationLag { .. } => self.apply_replication_lags(),
            Effect::Spike { .. } => self.apply_spikes(),
            // The autoscaler asks for it at its next look.
            Effect::Misread { .. } | Effect::Stale => {}
        }
    }
}
