//! The model's part of the invariants: counts everything under way anew.

use super::World;
use super::call::{Hedges, Origin, Stage};
use super::data::message;
use super::job::Doing;
use crate::census::{AtPool, AtStation, Census, OnEdge, Present};

impl<O> World<O> {
    /// How many places a census looks at.
    pub fn census_size(&self) -> u64 {
        (self.calls.slots() + self.jobs.slots() + self.records.slab.slots() + self.messages.slots())
            as u64
    }

    /// Everything that is under way between two events.
    pub fn census(&self) -> Census {
        let wiring = &self.plan.wiring;
        let mut census = Census {
            classes: vec![Present::default(); wiring.classes.len()],
            pools: vec![AtPool::default(); wiring.pools.len()],
            edges: vec![OnEdge::default(); wiring.edges.len()],
            stations: vec![AtStation::default(); wiring.nodes.len()],
        };
        for (_, call) in self.calls.iter().filter(|(_, call)| call.tries > 0) {
            if let Origin::Request(request) = call.origin {
                census.classes[usize::from(request.class.0)].add(request.intended);
            }
            let number = usize::from(call.edge.0);
            // Without a pool nobody is told of the connections that come and go.
            let pooled = self.plan.edges[number].connection_pool.is_some();
            let edge = &mut census.edges[number];
            edge.calls += 1;
            edge.connections += u64::from(pooled && call.holds_connection);
            if call.stage == Stage::OnWire {
                edge.attempts.add(call.sent_at);
            }
            let hedges = self.hedges.get(call.hedges).into_iter().flat_map(Hedges::moments);
            for sent_at in hedges {
                edge.attempts.add(sent_at);
                edge.connections += u64::from(pooled);
            }
        }
        let mut lock_waits = vec![Present::default(); wiring.nodes.len()];
        for (_, job) in self.jobs.iter().filter(|(_, job)| job.is_in_server()) {
            let pool = self.plan.stations[usize::from(job.station)].pool_index(job.pool);
            let pool = &mut census.pools[usize::from(pool.0)];
            if job.awaits_lock() {
                let node = self.plan.stations[usize::from(job.station)].node;
                lock_waits[usize::from(node.0)].add(job.asked_for_lock());
            }
            pool.present.add(job.arrived);
            if job.doing == Doing::Queued {
                pool.waiting.add(job.left.1);
            }
            pool.busy += u64::from(job.holds_thread);
        }
        for (plan, station) in self.plan.stations.iter().zip(&self.stations) {
            let servers = &station.servers;
            let busy = servers.iter().map(|server| u64::from(server.cpu.cores_busy())).sum();
            census.stations[usize::from(plan.node.0)] = AtStation {
                cores_busy: plan.cores.map(|_| busy),
                up: servers.iter().filter(|server| server.is_up()).count() as u64,
                records: 0,
                messages: 0,
                spooled: servers.iter().map(|server| u64::from(server.spooled())).sum(),
                lock_waits: lock_waits[usize::from(plan.node.0)],
            };
        }
        for (_, message) in self.messages.iter() {
            let queue = self.plan.stations[usize::from(message.queue)].node;
            let waits = message.stage != message::Stage::Delivered;
            census.stations[usize::from(queue.0)].messages += u64::from(waits);
        }
        for (_, record) in self.records.slab.iter().filter(|(_, record)| !record.is_stored()) {
            census.stations[usize::from(record.home.0)].records += 1;
        }
        census
    }
}
