//! Queues, and who takes messages from them.

use super::{Compiler, SESSIONS, node_index};
use crate::engine::{Duration, Site};
use crate::plan::quantity::sampler;
use crate::plan::{
    ConsumerPlan, EndpointPlan, PoolPlan, QueuePlan, StationPlan, StepAction, StepPlan, StoredPlan,
};
use crate::scenario::{Consumer, Discipline, Node, Queue, Service};
use crate::wiring::{DataKinds, NodeIndex};

impl Compiler<'_> {
    pub(super) fn queue(&self, node: NodeIndex, key: &str, queue: &Queue) -> StationPlan {
        let site = Site::named(key);
        let steps = [StepAction::Cpu(sampler(&queue.cost)), StepAction::Publish];
        let publish = site.then(crate::scenario::PUBLISH);
        let step = |(number, action)| StepPlan { action, site: publish.index(number) };
        let steps = (0..).zip(steps).map(step).collect();
        StationPlan {
            node,
            servers: 1,
            running: queue.running,
            cores: queue.cores,
            first_pool: self.first_pool(node),
            pools: vec![PoolPlan {
                threads: queue.connections,
                queue_limit: queue.queue_limit,
                queue_timeout: None,
                patience: None,
                discipline: Discipline::Fifo,
                site: self.pool_site(site, SESSIONS),
            }],
            endpoints: vec![EndpointPlan { pool: 0, steps }],
            replays: 0,
            rows: 0,
            first_cache: 0,
            caches: Vec::new(),
            stored: StoredPlan::default(),
            memory: None,
            disk: None,
            boot: Duration::from_seconds(queue.boot_s),
            pause_when_idle: None,
            restart: queue.restart.clone(),
            liveness_probe: None,
            spool: None,
            queue: Some(self.queue_plan(key, queue)),
            consumers: Vec::new(),
            data: DataKinds { records: true, queue: true, ..DataKinds::default() },
            restarts: 0,
            identity: None,
            drain: Duration::ZERO,
            autoscaler: None,
            governor: None,
            releases: Vec::new(),
            release: None,
            rollout: None,
            watched: false,
            replication: None,
            boot_needs: Vec::new(),
            error_site: site.then("errors"),
        }
    }

    fn queue_plan(&self, key: &str, queue: &Queue) -> QueuePlan {
        let mut consumers = Vec::new();
        for (position, node) in self.scenario.nodes.values().enumerate() {
            let Node::Service(service) = node else { continue };
            let station = self.station_of(NodeIndex(position as u16));
            let own = (0..).zip(service.consumes.values()).filter(|(_, own)| own.queue == key);
            consumers.extend(own.map(|(number, _)| (station, number)));
        }
        QueuePlan {
            depth_limit: queue.depth_limit,
            visibility_timeout: queue.visibility_timeout_ms.map(Duration::from_ms),
            redelivery_delay: Duration::from_ms(queue.redelivery_delay_ms),
            max_deliveries: queue.max_deliveries,
            durable: queue.durable,
            consumers,
        }
    }

    pub(super) fn consumers(
        &self,
        node: NodeIndex,
        site: Site,
        service: &Service,
    ) -> Vec<ConsumerPlan> {
        let consumer = |(name, consumer): (&String, &Consumer)| ConsumerPlan {
            queue: self.station_of(node_index(self.scenario, &consumer.queue)),
            endpoint: self.endpoint(node, Some(&consumer.endpoint)),
            prefetch: consumer.prefetch,
            latency: Duration::from_ms(consumer.latency_ms),
            // No endpoint and no call can have a name with a blank, so the site is nobody else's.
            site: site.then("messages of").then(name),
        };
        service.consumes.iter().map(consumer).collect()
    }
}
