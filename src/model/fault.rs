//! Faults: which are in force, and what they do together.
//!
//! The effect on every target is computed afresh from all faults in force whenever one begins or
//! ends: factors multiply, latencies add, shares of errors and losses combine as independent chances.

use super::{Event, Observer, World};
use crate::engine::{Duration, Time, Timer};
use crate::observation::{DownCause, Observation};
use crate::plan::{FaultPlan, FaultTarget, Plan};
use crate::scenario::Effect;
use crate::wiring::{EdgeIndex, NodeIndex};
use std::collections::BTreeSet;

/// The faults in force.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Keys of the faults in force.
    active: BTreeSet<String>,
    /// Fires when the next fault begins or ends.
    timer: Timer,
}

/// What all faults together do to one server.
struct Burden {
    slow_factor: f64,
    frozen: bool,
    error_ratio: f64,
}

impl FaultPlan {
    fn is_in_force(&self, now: Time) -> bool {
        self.start <= now && now < self.end
    }

    fn hits_node(&self, node: NodeIndex) -> bool {
        self.target == FaultTarget::Node(node)
    }

    fn hits_server(&self, node: NodeIndex, server: u32) -> bool {
        self.hits_node(node) || self.target == FaultTarget::Server(node, server)
    }
}

impl<O: Observer> World<O> {
    /// Plans the next moment, not before `from`, at which a fault begins or ends.
    pub(super) fn plan_faults(&mut self, from: Time) {
        self.calendar.cancel(std::mem::take(&mut self.faults.timer));
        let moments = self.plan.faults.iter().flat_map(|fault| [fault.start, fault.end]);
        if let Some(at) = moments.filter(|at| *at >= from && *at < Time::NEVER).min() {
            self.faults.timer = self.schedule(at, Event::FaultsChange);
        }
    }

    /// A fault begins or ends at the present moment.
    pub(super) fn apply_faults(&mut self) {
        let now = self.now;
        let faults = self.plan.faults.clone();
        let in_force: BTreeSet<String> = faults
            .iter()
            .filter(|fault| fault.is_in_force(now))
            .map(|fault| fault.key.clone())
            .collect();
        let before = std::mem::replace(&mut self.faults.active, in_force.clone());
        for key in before.difference(&in_force) {
            let fault = self.label(key);
            self.tell(Observation::FaultEnded { fault });
        }
        let begun =
            |fault: &&FaultPlan| in_force.contains(&fault.key) && !before.contains(&fault.key);
        for fault in faults.iter().filter(begun) {
            let label = self.label(&fault.key);
            self.tell(Observation::FaultStarted { fault: label });
        }
        self.apply_burdens();
        self.apply_crashes();
        self.plan_faults(now + Duration(1));
    }

    /// Brings every server, call and population under what the faults in force do to it.
    fn apply_burdens(&mut self) {
        for number in 0..self.stations.len() {
            for server in 0..self.stations[number].servers.len() as u32 {
                let burden = burden(&self.plan, self.now, self.plan.stations[number].node, server);
                self.stations[number].servers[server as usize].error_ratio = burden.error_ratio;
                self.set_pace(number as u16, server, burden.slow_factor, burden.frozen);
            }
        }
        for number in 0..self.edges.len() {
            let (latency, loss) = hindrance(&self.plan, self.now, EdgeIndex(number as u16));
            self.edges[number].added_latency = latency;
            self.edges[number].loss = loss;
        }
        for number in 0..self.populations.len() {
            let node = self.plan.populations[number].node;
            let factor = spike(&self.plan, self.now, node);
            if self.populations[number].factor != factor {
                let arrivals = self.plan.populations[number].arrivals.clone();
                self.change_load(number as u16, &arrivals, factor);
            }
        }
    }

    /// Takes servers down that a crash has come to hit, and boots those that none hits any more. A
    /// fault may also vanish from the plan, or aim at others.
    fn apply_crashes(&mut self) {
        for station in 0..self.stations.len() as u16 {
            for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
                let strikes = self.is_struck_down(station, server);
                let machine = &mut self.stations[usize::from(station)].servers[server as usize];
                match (std::mem::replace(&mut machine.struck, strikes), strikes) {
                    (false, true) => self.take_down(station, server, DownCause::Fault),
                    (true, false) => self.boot(station, server),
                    _ => {}
                }
            }
        }
    }

    /// Whether a crash in force keeps a server down.
    pub(super) fn is_struck_down(&self, station: u16, server: u32) -> bool {
        let node = self.plan.stations[usize::from(station)].node;
        in_force(&self.plan, self.now)
            .any(|fault| fault.effect == Effect::Crash && fault.hits_server(node, server))
    }
}

fn in_force(plan: &Plan, now: Time) -> impl Iterator<Item = &FaultPlan> {
    plan.faults.iter().filter(move |fault| fault.is_in_force(now))
}

fn burden(plan: &Plan, now: Time, node: NodeIndex, server: u32) -> Burden {
    let mut burden = Burden { slow_factor: 1.0, frozen: false, error_ratio: 0.0 };
    for fault in in_force(plan, now).filter(|fault| fault.hits_server(node, server)) {
        match fault.effect {
            Effect::Slow { factor } => burden.slow_factor *= factor,
            Effect::Freeze => burden.frozen = true,
            Effect::Errors { ratio } => burden.error_ratio = either(burden.error_ratio, ratio),
            Effect::Latency { .. }
            | Effect::Crash
            | Effect::PacketLoss { .. }
            | Effect::Spike { .. } => {}
        }
    }
    burden
}

fn hindrance(plan: &Plan, now: Time, edge: EdgeIndex) -> (Duration, f64) {
    let wired = plan.wiring.edge(edge);
    let mut latency = Duration::ZERO;
    let mut loss = 0.0;
    for fault in in_force(plan, now) {
        let hit = fault.target == FaultTarget::Edge(edge)
            || fault.hits_node(wired.callee)
            || fault.hits_node(wired.station);
        match fault.effect {
            Effect::Latency { added_ms } if hit => latency = latency + Duration::from_ms(added_ms),
            Effect::PacketLoss { ratio } if hit => loss = either(loss, ratio),
            _ => {}
        }
    }
    (latency, loss)
}

fn spike(plan: &Plan, now: Time, node: NodeIndex) -> f64 {
    let hits = in_force(plan, now).filter(|fault| fault.hits_node(node));
    hits.fold(1.0, |product, fault| match fault.effect {
        Effect::Spike { factor } => product * factor,
        _ => product,
    })
}

/// The chance of at least one of two independent things.
fn either(a: f64, b: f64) -> f64 {
    1.0 - (1.0 - a) * (1.0 - b)
}
