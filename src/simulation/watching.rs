//! How metrics watch a model: what they start with, and what they are told when the plan changes.

use crate::engine::Time;
use crate::metrics::{Metrics, MetricsSetup, NodeSetup};
use crate::model::Observer;
use crate::observation::Observation;
use crate::plan::{Plan, Role, StationPlan};

impl Observer for Metrics {
    #[inline(always)]
    fn clock(&mut self, now: Time) {
        Metrics::clock(self, now);
    }

    #[inline(always)]
    fn observe(&mut self, now: Time, observation: Observation) {
        Metrics::observe(self, now, observation);
    }

    fn retuned(&mut self, now: Time, plan: &Plan) {
        for station in &plan.stations {
            self.retune_cores(now, station.node, station.cores);
            for (local, pool) in station.pools.iter().enumerate() {
                self.retune_threads(now, station.pool_index(local as u16), pool.threads);
            }
        }
    }
}

/// What metrics need to know of a plan.
pub fn metrics_setup(plan: &Plan) -> MetricsSetup {
    let node = |role: &Role| match role {
        Role::Station(station) => {
            let station = &plan.stations[usize::from(*station)];
            let servers = station.servers_at_start();
            let up = if station.running { servers } else { 0 };
            let StationPlan { cores, data, .. } = *station;
            let logins = station.identity.is_some();
            NodeSetup { servers, up, cores, data, logins }
        }
        Role::Population(_) | Role::Balancer(_) | Role::Monitor(_) => NodeSetup::default(),
    };
    MetricsSetup {
        duration: plan.end,
        windows: plan.windows,
        warmup: plan.warmup,
        nodes: plan.roles.iter().map(node).collect(),
        pools: plan.stations.iter().flat_map(|s| s.pools.iter().map(|p| p.threads)).collect(),
    }
}
