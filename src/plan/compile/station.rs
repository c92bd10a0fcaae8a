//! Services and databases.

use super::replication::replication;
use super::{Compiler, SESSIONS, node_index};
use crate::engine::{Duration, Site};
use crate::pattern::cache::Limits;
use crate::pattern::heap::BYTES_PER_MB;
use crate::plan::program::{Memories, Program};
use crate::plan::quantity::{keys, sampler};
use crate::plan::{
    CachePlan, DiskPlan, EndpointPlan, HeapPlan, IdentityPlan, LivenessPlan, MemoryPlan,
    PatiencePlan, PoolPlan, ReleasePlan, StationPlan, StepAction, StepPlan, StoredPlan,
};
use crate::scenario::{
    Cache, CallMode, Database, Disk, Endpoint, Identity, Memory, Node, Pool, Release, Service,
    Step, walk,
};
use crate::wiring::{DataKinds, NodeIndex};
use indexmap::IndexSet;

impl Compiler<'_> {
    pub(super) fn service(&self, node: NodeIndex, key: &str, service: &Service) -> StationPlan {
        let site = Site::named(key);
        let mut memories = Memories::default();
        let endpoint = |(name, endpoint): (&String, &Endpoint)| {
            let pool = endpoint.pool.as_ref().and_then(|pool| service.pools.get_index_of(pool));
            let mut steps = Vec::new();
            let program = Program { node, caches: &service.caches };
            self.steps(&program, &endpoint.steps, site.then(name), &mut memories, &mut steps);
            EndpointPlan { pool: pool.unwrap_or(0) as u16, steps }
        };
        StationPlan {
            node,
            servers: service.servers,
            running: service.running,
            restarts: service.restarts,
            cores: service.cores,
            first_pool: self.first_pool(node),
            pools: service.pools.iter().map(|(name, pool)| self.pool(site, name, pool)).collect(),
            endpoints: service.endpoints.iter().map(endpoint).collect(),
            replays: memories.replays,
            rows: memories.rows.len() as u16,
            first_cache: self.first_cache(node),
            caches: service
                .caches
                .iter()
                .map(|(name, cache)| CachePlan {
                    fetches_async: fetches_async(service, name),
                    ..self.cache(site.then("cache of").then(name), cache)
                })
                .collect(),
            stored: StoredPlan::default(),
            memory: service.memory.as_ref().and_then(|own| memory(own, !service.caches.is_empty())),
            disk: service.disk.as_ref().map(disk),
            identity: service.identity.as_ref().map(|identity| self.identity(site, identity)),
            boot: Duration::from_seconds(service.boot_s),
            drain: Duration::from_seconds(service.drain_s),
            boot_needs: self.boot_needs(service),
            pause_when_idle: service.pause_when_idle.as_ref().map(sampler),
            restart: service.restart.clone(),
            liveness_probe: service.liveness_probe.as_ref().map(|rules| LivenessPlan {
                endpoint: rules.endpoint.as_ref().map(|name| self.endpoint(node, Some(name))),
                rules: rules.clone(),
            }),
            spool: service.spool.clone(),
            queue: None,
            consumers: self.consumers(node, site, service),
            data: data_of(service),
            autoscaler: service.autoscaler.clone(),
            governor: service.governor.clone(),
            releases: service.releases.iter().map(release).collect(),
            release: service.release.clone(),
            rollout: service.rollout.clone(),
            watched: false,
            error_site: site.then("errors"),
            replication: None,
        }
    }

    fn cache(&self, site: Site, cache: &Cache) -> CachePlan {
        CachePlan {
            keys: keys(&cache.keys),
            enabled: cache.enabled,
            single_flight: cache.single_flight,
            fetches_async: false,
            stale_if_error: cache.stale_if_error,
            limits: Limits {
                max_entries: cache.max_entries.unwrap_or(u64::MAX),
                max_bytes: cache.max_bytes.unwrap_or(u64::MAX),
                entry_bytes: cache.entry_bytes,
                ttl: cache.ttl_ms.map(Duration::from_ms),
                ttl_kind: cache.ttl_kind,
                eviction: cache.eviction,
                admit_after: cache.admit_after,
                keeps_stale: cache.stale_if_error,
            },
            site: site.index(self.scenario.seed),
        }
    }

    fn boot_needs(&self, service: &Service) -> Vec<u16> {
        let station = |node: &String| self.station_of(node_index(self.scenario, node));
        service.boot_needs.iter().map(station).collect()
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

    /// Number of the name under which a database stores something, among those of all databases.
    fn store(&self, database: &str, name: &str) -> u8 {
        let stores: IndexSet<(&str, &str)> = self
            .scenario
            .nodes
            .iter()
            .filter_map(|(key, node)| match node {
                Node::Database(database) => Some((key, database)),
                _ => None,
            })
            .flat_map(|(key, database)| {
                let names = database.queries.values().filter_map(|query| query.stores.as_deref());
                names.map(move |name| (key.as_str(), name))
            })
            .collect();
        stores.get_index_of(&(database, name)).expect("the name is that of a query") as u8
    }

    fn identity(&self, station: Site, identity: &Identity) -> IdentityPlan {
        IdentityPlan {
            users: keys(&identity.users),
            lifetime: Duration::from_seconds(identity.token_lifetime_s),
            valid_at_start: identity.valid_at_start_ratio,
            alone: identity.renew_without_provider.clone(),
            // No endpoint can have a name with a blank, so the site is nobody else's.
            site: station.then("tokens at the start").index(self.scenario.seed),
        }
    }

    pub(super) fn pool_site(&self, station: Site, name: &str) -> Site {
        station.then("pools").then(name).index(self.scenario.seed)
    }

    pub(super) fn database(&self, node: NodeIndex, key: &str, database: &Database) -> StationPlan {
        let site = Site::named(key);
        let endpoint = |site: Site, actions: Vec<StepAction>| {
            let step = |(number, action)| StepPlan { action, site: site.index(number) };
            EndpointPlan { pool: 0, steps: (0..).zip(actions).map(step).collect() }
        };
        let queries = database.queries.iter().map(|(name, query)| {
            let cost = self.query(database, query);
            let store = query.stores.as_ref().map(|stored| StepAction::Store {
                store: self.store(key, stored),
                unique: query.unique,
            });
            endpoint(site.then(name), [cost].into_iter().chain(store).collect())
        });
        // No query can have a name with a blank, so the site is nobody else's.
        let applied = database.queries.iter().map(|(name, query)| {
            let cost = self.applied(database, query);
            endpoint(site.then("apply of").then(name), vec![cost])
        });
        let mut endpoints: Vec<_> = queries.chain(applied).collect();
        let stored = self.stored(site, database, &mut endpoints);
        StationPlan {
            node,
            servers: database.servers(),
            running: database.running,
            restarts: 0,
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
            first_cache: 0,
            caches: Vec::new(),
            stored,
            memory: None,
            disk: None,
            identity: None,
            boot: Duration::from_seconds(database.boot_s),
            drain: Duration::ZERO,
            boot_needs: Vec::new(),
            pause_when_idle: None,
            restart: database.restart.clone(),
            liveness_probe: None,
            spool: None,
            queue: None,
            consumers: Vec::new(),
            data: DataKinds {
                stores: database.queries.values().any(|query| query.stores.is_some()),
                ..DataKinds::default()
            },
            autoscaler: None,
            governor: None,
            releases: Vec::new(),
            release: None,
            rollout: None,
            watched: false,
            error_site: site.then("errors"),
            replication: Some(replication(database, site)),
        }
    }
}

/// Whether some step that fetches for a cache gives its thread back meanwhile.
fn fetches_async(service: &Service, cache: &str) -> bool {
    let is_async = |call: &String| service.calls[call].mode == CallMode::Async;
    let gives_back = |step: &Step| match step {
        Step::Call { call, .. } | Step::Spool { call } | Step::Publish { call } => is_async(call),
        Step::Parallel { calls, .. } => calls.iter().all(is_async),
        _ => false,
    };
    let steps = service.endpoints.values().flat_map(|endpoint| walk(&endpoint.steps));
    let own =
        steps.filter(|(_, step)| matches!(step, Step::Cached { cache: own, .. } if own == cache));
    own.flat_map(|(_, step)| walk(step.inner())).any(|(_, step)| gives_back(step))
}

fn data_of(service: &Service) -> DataKinds {
    let steps = || service.endpoints.values().flat_map(|endpoint| walk(&endpoint.steps));
    let spool = steps().any(|(_, step)| matches!(step, Step::Spool { .. }));
    let publishes = steps().any(|(_, step)| matches!(step, Step::Publish { .. }));
    DataKinds { records: spool || publishes, spool, ..DataKinds::default() }
}

fn memory(memory: &Memory, has_caches: bool) -> Option<MemoryPlan> {
    let bytes = |mb: f64| (mb * BYTES_PER_MB) as u64;
    let heap = (has_caches || memory.gc.is_some()).then(|| HeapPlan {
        limit: bytes(memory.limit_mb),
        base: bytes(memory.base_mb),
        per_request: bytes(memory.per_request_mb),
        gc: memory.gc,
    });
    // Without a need per request, requests find no limit (the checker refuses base above limit).
    let needs = memory.per_request_mb > 0.0;
    let room = (memory.limit_mb - memory.base_mb) / memory.per_request_mb;
    let max_requests = if needs { room as u64 } else { u64::MAX };
    (needs || heap.is_some()).then_some(MemoryPlan {
        max_requests,
        heap,
        base: memory.base_mb / memory.limit_mb,
        per_request: memory.per_request_mb / memory.limit_mb,
    })
}

fn disk(disk: &Disk) -> DiskPlan {
    DiskPlan {
        capacity: disk.capacity_bytes,
        used: disk.used_bytes,
        logrotate: disk.logrotate.clone(),
    }
}

fn release((name, release): (&String, &Release)) -> (String, ReleasePlan) {
    let plan = ReleasePlan { error_ratio: release.error_ratio, slow_factor: release.slow_factor };
    (name.clone(), plan)
}
