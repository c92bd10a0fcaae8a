//! Calls and faults: what hangs on names of other nodes.

use super::{Compiler, node_index};
use crate::engine::{Duration, Site, Time};
use crate::plan::quantity::sampler;
use crate::plan::{EdgePlan, FaultPlan, FaultTarget, RecurrencePlan, Role};
use crate::scenario::{Call, Effect, Fault, Node};
use crate::wiring::NodeIndex;

impl Compiler<'_> {
    pub(super) fn edge(
        &self,
        owner: NodeIndex,
        node_key: &str,
        key: &str,
        call: &Call,
    ) -> EdgePlan {
        let index = self.edge_index(owner, key);
        let wired = &self.wiring.edges[usize::from(index.0)];
        let balancer = match self.roles[usize::from(wired.callee.0)] {
            Role::Balancer(balancer) => Some(balancer),
            Role::Population(_) | Role::Station(_) | Role::Monitor(_) => None,
        };
        let endpoint = call.to.split_once('.').map(|(_, endpoint)| endpoint);
        EdgePlan {
            owner,
            is_test: matches!(self.roles[usize::from(owner.0)], Role::Monitor(_)),
            balancer,
            station: self.station_of(wired.station),
            endpoint: self.endpoint(wired.station, endpoint),
            enabled: call.enabled,
            mode: call.mode,
            latency: Duration::from_ms(call.latency_ms),
            latency_jitter: call.latency_jitter.as_ref().map(sampler),
            timeout: call.timeout_ms.map(Duration::from_ms),
            cancel: call.cancel,
            propagate_deadline: call.propagate_deadline,
            retry: call.retry.clone(),
            hedge: call.hedge.clone(),
            circuit_breaker: call.circuit_breaker.clone(),
            rate_limiter: call.rate_limiter.clone(),
            concurrency_limit: call.concurrency_limit.clone(),
            bulkhead: call.bulkhead.clone(),
            connection_pool: call.connection_pool.clone(),
            fallback: call.fallback.clone(),
            site: Site::named(node_key).then(key),
        }
    }

    pub(super) fn endpoint(&self, station: NodeIndex, name: Option<&str>) -> u16 {
        let node = &self.scenario.nodes[usize::from(station.0)];
        let found = name.map(|name| match node {
            Node::Service(service) => service.endpoints.get_index_of(name),
            Node::Database(database) => database.queries.get_index_of(name),
            Node::Queue(_) => Some(0),
            Node::Clients(_) | Node::Balancer(_) | Node::Monitor(_) => None,
        });
        found.map_or(0, |index| index.expect("the checker resolves every endpoint") as u16)
    }

    pub(super) fn fault(&self, key: &str, fault: &Fault) -> FaultPlan {
        let start = Time::from_seconds(fault.at_s);
        FaultPlan {
            key: key.to_owned(),
            name: fault.name.clone(),
            start,
            end: length_of(fault).map_or(Time::NEVER, |length| start + length),
            targets: self.fault_targets(&fault.target),
            as_one: self.scenario.groups.contains_key(&fault.target),
            effect: fault.effect.clone(),
            recurs: fault.recurs.as_ref().map(|recurs| RecurrencePlan {
                up: sampler(&recurs.up),
                down: sampler(&recurs.down),
                crews: recurs.crews.unwrap_or(u32::MAX),
            }),
        }
    }

    fn fault_targets(&self, target: &str) -> Vec<FaultTarget> {
        match self.scenario.groups.get(target) {
            Some(group) => group.members.iter().map(|member| self.fault_target(member)).collect(),
            None => vec![self.fault_target(target)],
        }
    }

    fn fault_target(&self, target: &str) -> FaultTarget {
        if let Some((node, call)) = target.split_once('.') {
            return FaultTarget::Edge(self.edge_index(node_index(self.scenario, node), call));
        }
        let Some((node, server)) = target.split_once('#') else {
            return FaultTarget::Node(node_index(self.scenario, target));
        };
        let server = server.parse().expect("the checker reads the number of the server");
        FaultTarget::Server(node_index(self.scenario, node), server)
    }
}

/// How long a fault is in force; none means to the end.
fn length_of(fault: &Fault) -> Option<Duration> {
    // What happens at once is over at once, unless it comes again.
    const AT_ONCE: Duration = Duration(1);
    match fault.effect {
        Effect::Kill if fault.recurs.is_none() => Some(AT_ONCE),
        Effect::Reclaim { notice_s } if fault.recurs.is_none() => {
            Some(Duration::from_seconds(notice_s).max(AT_ONCE))
        }
        _ => fault.for_s.map(Duration::from_seconds),
    }
}
