//! Faults: which are in force, and what they do together.
//!
//! The effect on every target is computed afresh from all faults in force whenever one begins or
//! ends: factors multiply, latencies add, shares of errors and losses combine as independent chances.
//! A fault that recurs is in force where its clocks say so (`breakdown`).

mod blow;
mod breakdown;

use super::{Event, Observer, World};
use crate::engine::{Duration, Time, Timer};
use crate::observation::{DownCause, Observation};
use crate::plan::{FaultPlan, FaultTarget};
use crate::scenario::Effect;
use crate::wiring::{EdgeIndex, NodeIndex};
use breakdown::Breakdowns;
use std::collections::BTreeSet;

/// The faults in force.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Keys of the faults in force.
    active: BTreeSet<String>,
    /// Fires when the next fault begins or ends.
    timer: Timer,
    /// The clocks of all faults that recur or did so.
    recurring: Vec<Breakdowns>,
    /// For each fault of the plan its clocks among them, if it recurs.
    clocks: Vec<Option<usize>>,
    /// Servers and calls that no message reaches; while there are none, nobody needs to ask.
    pub(super) cuts: u32,
}

/// What all faults together do to one server.
struct Burden {
    slow_factor: f64,
    frozen: bool,
    error_ratio: f64,
    unreachable: bool,
}

impl FaultPlan {
    fn is_in_force(&self, now: Time) -> bool {
        self.start <= now && now < self.end
    }

    fn hits(&self, target: FaultTarget) -> bool {
        self.targets.contains(&target)
    }

    fn hits_node(&self, node: NodeIndex) -> bool {
        self.hits(FaultTarget::Node(node))
    }

    fn hits_server(&self, node: NodeIndex, server: u32) -> bool {
        self.hits_node(node) || self.hits(FaultTarget::Server(node, server))
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
        self.follow_recurring_faults();
        self.apply_burdens();
        self.apply_hindrances();
        self.apply_replication_lags();
        self.apply_spikes();
        self.apply_crashes();
        self.plan_faults(now + Duration(1));
    }

    /// Brings every server under what the faults in force do to it.
    fn apply_burdens(&mut self) {
        for station in 0..self.stations.len() as u16 {
            for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
                self.apply_burden(station, server);
            }
        }
    }

    pub(super) fn apply_burden(&mut self, station: u16, server: u32) {
        let mut burden = self.burden(self.plan.stations[usize::from(station)].node, server);
        if let Some(release) = self.release_of(station, server) {
            burden.slow_factor *= release.slow_factor;
            burden.error_ratio = either(burden.error_ratio, release.error_ratio);
        }
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        machine.error_ratio = burden.error_ratio;
        machine.note_peculiarity();
        let was = std::mem::replace(&mut machine.unreachable, burden.unreachable);
        self.faults.cuts += u32::from(burden.unreachable);
        self.faults.cuts -= u32::from(was);
        self.set_pace(station, server, burden.slow_factor, burden.frozen);
        if was && !burden.unreachable {
            self.wake_queues();
        }
        let copies = self.stations[usize::from(station)].replication.is_some();
        if was != burden.unreachable && copies {
            self.follow_copies(station);
        }
    }

    /// Brings every call under what the faults in force do to its messages.
    fn apply_hindrances(&mut self) {
        for number in 0..self.edges.len() {
            let (latency, loss, cut) = self.hindrance(EdgeIndex(number as u16));
            let edge = &mut self.edges[number];
            edge.added_latency = latency;
            edge.loss = loss;
            let was = std::mem::replace(&mut edge.cut, cut);
            self.faults.cuts += u32::from(cut);
            self.faults.cuts -= u32::from(was);
        }
    }

    /// Brings the copies of every database under what the faults in force do to the way there.
    fn apply_replication_lags(&mut self) {
        for station in 0..self.stations.len() {
            let node = self.plan.stations[station].node;
            let hits = self.in_force(0).filter(|fault| fault.hits_node(node));
            let added = hits.fold(Duration::ZERO, |sum, fault| match fault.effect {
                Effect::ReplicationLag { added_ms } => sum + Duration::from_ms(added_ms),
                _ => sum,
            });
            if let Some(replication) = &mut self.stations[station].replication {
                replication.added_lag = added;
            }
        }
    }

    /// Brings every population under what the faults in force do to its rate.
    fn apply_spikes(&mut self) {
        for number in 0..self.populations.len() {
            let factor = self.spike(self.plan.populations[number].node);
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
                self.apply_crash(station, server);
                self.apply_blows(station, server);
            }
        }
    }

    fn apply_crash(&mut self, station: u16, server: u32) {
        let strikes = self.is_struck_down(station, server);
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        match (std::mem::replace(&mut machine.struck, strikes), strikes) {
            (false, true) => self.take_down(station, server, DownCause::Fault),
            (true, false) => self.boot(station, server),
            _ => {}
        }
    }

    /// Whether a crash in force keeps a server down.
    pub(super) fn is_struck_down(&self, station: u16, server: u32) -> bool {
        let node = self.plan.stations[usize::from(station)].node;
        let crashes = |fault: &FaultPlan| fault.effect == Effect::Crash;
        self.in_force(server).any(|fault| crashes(fault) && fault.hits_server(node, server))
    }

    /// The faults in force; of those that recur only those that have broken that unit of their target.
    fn in_force(&self, unit: u32) -> impl Iterator<Item = &FaultPlan> {
        let faults = self.plan.faults.iter().zip(&self.faults.clocks);
        let in_force = faults.filter(move |(fault, clock)| match clock {
            None => fault.is_in_force(self.now),
            Some(clock) => {
                self.faults.recurring[*clock].is_down(if fault.as_one { 0 } else { unit })
            }
        });
        in_force.map(|(fault, _)| fault)
    }

    fn burden(&self, node: NodeIndex, server: u32) -> Burden {
        let mut burden =
            Burden { slow_factor: 1.0, frozen: false, error_ratio: 0.0, unreachable: false };
        for fault in self.in_force(server).filter(|fault| fault.hits_server(node, server)) {
            match fault.effect {
                Effect::Slow { factor } => burden.slow_factor *= factor,
                Effect::Freeze => burden.frozen = true,
                Effect::Errors { ratio } => burden.error_ratio = either(burden.error_ratio, ratio),
                Effect::Unreachable => burden.unreachable = true,
                Effect::Latency { .. }
                | Effect::Crash
                | Effect::Kill
                | Effect::Reclaim { .. }
                | Effect::Misread { .. }
                | Effect::Stale
                | Effect::PacketLoss { .. }
                | Effect::ReplicationLag { .. }
                | Effect::Spike { .. } => {}
            }
        }
        burden
    }

    /// What is added to a call's messages under way, how many are lost, and whether none arrives.
    fn hindrance(&self, edge: EdgeIndex) -> (Duration, f64, bool) {
        let wired = self.plan.wiring.edge(edge);
        let mut latency = Duration::ZERO;
        let (mut loss, mut cut) = (0.0, false);
        for fault in self.in_force(0) {
            let hit = fault.hits(FaultTarget::Edge(edge))
                || fault.hits_node(wired.callee)
                || fault.hits_node(wired.station);
            match fault.effect {
                Effect::Latency { added_ms } if hit => {
                    latency = latency + Duration::from_ms(added_ms);
                }
                Effect::PacketLoss { ratio } if hit => loss = either(loss, ratio),
                Effect::Unreachable => cut |= fault.hits(FaultTarget::Edge(edge)),
                _ => {}
            }
        }
        (latency, loss, cut)
    }

    fn spike(&self, node: NodeIndex) -> f64 {
        let hits = self.in_force(0).filter(|fault| fault.hits_node(node));
        hits.fold(1.0, |product, fault| match fault.effect {
            Effect::Spike { factor } => product * factor,
            _ => product,
        })
    }
}

/// The chance of at least one of two independent things.
fn either(a: f64, b: f64) -> f64 {
    1.0 - (1.0 - a) * (1.0 - b)
}
