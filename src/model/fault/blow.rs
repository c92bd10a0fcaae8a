//! Faults that strike once instead of lasting: processes that die, machines that the provider takes back.
//! And those that only the autoscaler suffers, which asks for them.

use crate::engine::Duration;
use crate::model::station::leaving::Leave;
use crate::model::{Observer, World};
use crate::observation::DownCause;
use crate::plan::FaultPlan;
use crate::scenario::Effect;
use crate::wiring::NodeIndex;

impl<O: Observer> World<O> {
    /// Strikes a server with each blow that has come into force since it was struck last.
    pub(super) fn apply_blows(&mut self, station: u16, server: u32) {
        let node = self.plan.stations[usize::from(station)].node;
        let (mut kills, mut reclaims, mut notice) = (0, 0, Duration::ZERO);
        for fault in self.in_force(server).filter(|fault| fault.hits_server(node, server)) {
            match fault.effect {
                Effect::Kill => kills += 1,
                Effect::Reclaim { notice_s } => {
                    reclaims += 1;
                    notice = Duration::from_seconds(notice_s);
                }
                _ => {}
            }
        }
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        let before = std::mem::replace(&mut machine.blows, (kills, reclaims));
        if kills > before.0 {
            self.kill(station, server, DownCause::Fault);
        }
        if reclaims > before.1 {
            self.retire(station, server, Leave::Reclaim, notice);
        }
    }

    /// What the autoscaler of a node reads: as a share of the truth, and whether it is out of date.
    pub(in crate::model) fn perception(&self, node: NodeIndex) -> (f64, bool) {
        let hits = self.in_force(0).filter(|fault: &&FaultPlan| fault.hits_node(node));
        hits.fold((1.0, false), |(factor, stale), fault| match fault.effect {
            Effect::Misread { factor: share } => (factor * share, stale),
            Effect::Stale => (factor, true),
            _ => (factor, stale),
        })
    }
}
