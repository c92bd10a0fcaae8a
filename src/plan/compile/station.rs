//! Services and databases.

use super::{Compiler, SESSIONS};
use crate::engine::{Duration, Site};
use crate::plan::program::Memories;
use crate::plan::quantity::sampler;
use crate::plan::{
    DiskPlan, EndpointPlan, LivenessPlan, MemoryPlan, PatiencePlan, PoolPlan, StationPlan,
    StepPlan, StoredPlan,
};
use crate::scenario::{Database, Disk, Endpoint, Memory, Pool, Query, Service};
use crate::wiring::NodeIndex;

impl Compiler<'_> {
    pub(super) fn service(&self, node: NodeIndex, key: &str, service: &Service) -> StationPlan {
        let site = Site::named(key);
        let mut memories = Memories::default();
        let endpoint = |(name, endpoint): (&String, &Endpoint)| {
            let pool = endpoint.pool.as_ref().and_then(|pool| service.pools.get_index_of(pool));
            let step = |(number, step)| StepPlan {
                action: self.action(node, step, &mut memories),
                site: site.then(name).index(number as u64),
            };
            EndpointPlan {
                pool: pool.unwrap_or(0) as u16,
                steps: endpoint.steps.iter().enumerate().map(step).collect(),
            }
        };
        StationPlan {
            node,
            servers: service.servers,
            running: service.running,
            cores: service.cores,
            first_pool: self.first_pool(node),
            pools: service.pools.iter().map(|(name, pool)| self.pool(site, name, pool)).collect(),
            endpoints: service.endpoints.iter().map(endpoint).collect(),
            replays: memories.replays,
            rows: memories.rows.len() as u16,
            stored: StoredPlan::default(),
            memory: service.memory.as_ref().and_then(memory),
            disk: service.disk.as_ref().map(disk),
            boot: Duration::from_seconds(service.boot_s),
            pause_when_idle: service.pause_when_idle.as_ref().map(sampler),
            restart: service.restart.clone(),
            liveness_probe: service.liveness_probe.as_ref().map(|rules| LivenessPlan {
                endpoint: rules.endpoint.as_ref().map(|name| self.endpoint(node, Some(name))),
                rules: rules.clone(),
            }),
            error_site: site.then("errors"),
        }
    }

    fn pool(&self, station: Site, name: &str, pool: &Pool) -> PoolPlan {
        PoolPlan {
            threads: pool.threads,
            queue_limit: pool.queue_limit,
            queue_timeout: pool.queue_timeout_ms.map(Duration::from_ms),
            // No endpoint and no call can have a name with a blank, so the site is nobody else's.
            patience: pool.patience.as_ref().map(|lasts| PatiencePlan {
                lasts: sampler(lasts),
                site: station.then("patience in").then(name),
            }),
            discipline: pool.discipline,
            site: self.pool_site(station, name),
        }
    }

    fn pool_site(&self, station: Site, name: &str) -> Site {
        station.then("pools").then(name).index(self.scenario.seed)
    }

    pub(super) fn database(&self, node: NodeIndex, key: &str, database: &Database) -> StationPlan {
        let site = Site::named(key);
        let endpoint = |(name, query): (&String, &Query)| EndpointPlan {
            pool: 0,
            steps: vec![StepPlan {
                action: self.query(database, query),
                site: site.then(name).index(0),
            }],
        };
        let mut endpoints: Vec<_> = database.queries.iter().map(endpoint).collect();
        let stored = self.stored(site, database, &mut endpoints);
        StationPlan {
            node,
            servers: 1,
            running: database.running,
            cores: database.cores,
            first_pool: self.first_pool(node),
            pools: vec![PoolPlan {
                threads: database.connections,
                queue_limit: database.queue_limit,
                queue_timeout: database.queue_timeout_ms.map(Duration::from_ms),
                patience: None,
                discipline: database.discipline,
                site: self.pool_site(site, SESSIONS),
            }],
            endpoints,
            replays: 0,
            rows: 0,
            stored,
            memory: None,
            disk: None,
            boot: Duration::from_seconds(database.boot_s),
            pause_when_idle: None,
            restart: database.restart.clone(),
            liveness_probe: None,
            error_site: site.then("errors"),
        }
    }
}

fn memory(memory: &Memory) -> Option<MemoryPlan> {
    // Without a need per request, memory sets no limit (the checker refuses base above limit).
    let room = (memory.limit_mb - memory.base_mb) / memory.per_request_mb;
    (memory.per_request_mb > 0.0).then_some(MemoryPlan { max_requests: room as u64 })
}

fn disk(disk: &Disk) -> DiskPlan {
    DiskPlan {
        capacity: disk.capacity_bytes,
        used: disk.used_bytes,
        logrotate: disk.logrotate.clone(),
    }
}
