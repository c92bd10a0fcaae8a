//! Monitors and their alarms.

use super::{Compiler, node_index, node_of};
use crate::engine::{Duration, Site};
use crate::plan::{AlarmPlan, MonitorPlan, Role, Signal};
use crate::scenario::{Alarm, Metric, Monitor, Node};
use crate::wiring::NodeIndex;
use std::ops::Range;

impl Compiler<'_> {
    pub(super) fn monitor(&self, node: NodeIndex, key: &str, monitor: &Monitor) -> MonitorPlan {
        let of_node = |owners: Vec<NodeIndex>| -> Range<u16> {
            let first = owners.iter().position(|owner| *owner == node).unwrap_or(0) as u16;
            let count = owners.iter().filter(|owner| **owner == node).count() as u16;
            first..first + count
        };
        MonitorPlan {
            node,
            running: monitor.running,
            edges: of_node(self.wiring.edges.iter().map(|edge| edge.owner).collect()),
            alarms: of_node(self.wiring.alarms.iter().map(|alarm| alarm.node).collect()),
            check_every: Duration::from_seconds(monitor.check_every_s),
            filter: monitor.filter.clone(),
            site: Site::named(key).then("tests"),
        }
    }

    pub(super) fn alarms(&self, node: NodeIndex, monitor: &Monitor) -> Vec<AlarmPlan> {
        let number = match self.roles[usize::from(node.0)] {
            Role::Monitor(number) => number,
            Role::Population(_) | Role::Balancer(_) | Role::Station(_) => {
                unreachable!("alarms belong to monitors")
            }
        };
        let alarm = |alarm: &Alarm| AlarmPlan {
            monitor: number,
            signal: self.signal(node, alarm),
            above: alarm.above,
            lasts: Duration::from_seconds(alarm.for_s),
            every: Duration::from_seconds(alarm.sample_every_s),
        };
        monitor.alarms.values().map(alarm).collect()
    }

    fn signal(&self, monitor: NodeIndex, alarm: &Alarm) -> Signal {
        if alarm.metric == Metric::TestFailed {
            return Signal::Test(self.edge_index(monitor, &alarm.of));
        }
        let node = node_index(self.scenario, node_of(&alarm.of));
        let station = self.station_of(node);
        let part = alarm.of.split_once('.').map(|(_, part)| part);
        match alarm.metric {
            Metric::ApiError => {
                let endpoint = part.map(|part| self.endpoint(node, Some(part)));
                Signal::Error { station, endpoint }
            }
            Metric::RecoveryFailed => Signal::Recovery(station),
            metric => {
                Signal::Level { station, pool: part.map(|part| self.pool_of(node, part)), metric }
            }
        }
    }

    fn pool_of(&self, node: NodeIndex, name: &str) -> u16 {
        let found = match &self.scenario.nodes[usize::from(node.0)] {
            Node::Service(service) => service.pools.get_index_of(name),
            // A database has one.
            _ => Some(0),
        };
        found.expect("the checker resolves every pool") as u16
    }
}
