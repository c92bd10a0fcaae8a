//! Services and databases in a plan: their pools, queues, caches and disks, and what looks after them.

use super::{EndpointPlan, KeysPlan, MemoryPlan, ReplicationPlan, StoredPlan};
use crate::engine::{Duration, Sampler, Site};
use crate::pattern::cache::Limits;
use crate::pattern::{
    autoscaler, governor, identity, liveness, logrotate, restart, rollout, spool,
};
use crate::scenario::Discipline;
use crate::wiring::{DataKinds, NodeIndex, PoolIndex};

/// Liveness probe of a service.
#[derive(Clone, Debug)]
pub struct LivenessPlan {
    /// Endpoint, into [`StationPlan::endpoints`]; without one only the connection.
    pub endpoint: Option<u16>,
    /// When to probe and how to judge.
    pub rules: liveness::Params,
}

/// A service or a database.
#[derive(Clone, Debug)]
pub struct StationPlan {
    /// The node.
    pub node: NodeIndex,
    /// Number of servers. In the plan that a world goes by it is the number that there are now, whoever
    /// decided it.
    pub servers: u32,
    /// Whether it runs at all.
    pub running: bool,
    /// Restarts by hand so far.
    pub restarts: u32,
    /// Cores of a server.
    pub cores: Option<u32>,
    /// Index of the first of its pools over all nodes.
    pub first_pool: u16,
    /// Its pools.
    pub pools: Vec<PoolPlan>,
    /// Its programs.
    pub endpoints: Vec<EndpointPlan>,
    /// Number of `replay` steps in all its programs.
    pub replays: u16,
    /// Number of rows that its programs read and write.
    pub rows: u16,
    /// Index of the first of its caches over all nodes.
    pub first_cache: u16,
    /// Caches of a server.
    pub caches: Vec<CachePlan>,
    /// What it stores, if it is a database.
    pub stored: StoredPlan,
    /// Memory of a server.
    pub memory: Option<MemoryPlan>,
    /// Disk of a server.
    pub disk: Option<DiskPlan>,
    /// Users who log in and their tokens.
    pub identity: Option<IdentityPlan>,
    /// Time from start until a server takes requests.
    pub boot: Duration,
    /// How long a server works on when it is taken away.
    pub drain: Duration,
    /// Stations that must be up before a server of it has booted, into [`super::Plan::stations`].
    pub boot_needs: Vec<u16>,
    /// How long a server stands still that has nothing to do, in nanoseconds.
    pub pause_when_idle: Option<Sampler>,
    /// Starts crashed servers again.
    pub restart: Option<restart::Params>,
    /// Kills servers that do not live any more.
    pub liveness_probe: Option<LivenessPlan>,
    /// Keeps what `spool` steps could not send.
    pub spool: Option<spool::Params>,
    /// What makes it a message broker.
    pub queue: Option<QueuePlan>,
    /// What its servers take from queues.
    pub consumers: Vec<ConsumerPlan>,
    /// What of the data there is to tell of.
    pub data: DataKinds,
    /// Follows the use of cores with the number of servers.
    pub autoscaler: Option<Box<autoscaler::Params>>,
    /// Slows the autoscaler down.
    pub governor: Option<governor::Params>,
    /// Its releases, by name.
    pub releases: Vec<(String, ReleasePlan)>,
    /// The release that its servers are to have.
    pub release: Option<String>,
    /// How another release comes to the servers.
    pub rollout: Option<rollout::Params>,
    /// A monitor has alarms on it.
    pub watched: bool,
    /// Where its requests draw whether an error fault hits them.
    pub error_site: Site,
    /// How the servers of a database divide its work; none for a service.
    pub replication: Option<ReplicationPlan>,
}

/// What a release does to a server's work.
#[derive(Clone, Copy, Debug)]
pub struct ReleasePlan {
    /// Share of the requests that end at once with an error.
    pub error_ratio: f64,
    /// Factor on the time that everything takes.
    pub slow_factor: f64,
}

impl StationPlan {
    /// Whether the memory of its servers is followed byte by byte.
    #[inline]
    pub fn has_heap(&self) -> bool {
        self.memory.is_some_and(|memory| memory.heap.is_some())
    }

    /// Index over all nodes of its pool `local`.
    pub fn pool_index(&self, local: u16) -> PoolIndex {
        PoolIndex(self.first_pool + local)
    }
}

/// A queue.
#[derive(Clone, Debug)]
pub struct QueuePlan {
    /// Most messages that nobody deals with.
    pub depth_limit: Option<u32>,
    /// Longest time that somebody may deal with a message.
    pub visibility_timeout: Option<Duration>,
    /// Pause after a failure.
    pub redelivery_delay: Duration,
    /// Deliveries after which a message is set aside.
    pub max_deliveries: Option<u32>,
    /// Messages survive a crash.
    pub durable: bool,
    /// Who takes messages: stations, and which of their consumers.
    pub consumers: Vec<(u16, u16)>,
}

/// What the servers of a station take from a queue.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerPlan {
    /// The queue's station.
    pub queue: u16,
    /// Program, into [`StationPlan::endpoints`].
    pub endpoint: u16,
    /// Messages that a server takes at once.
    pub prefetch: u32,
    /// Time under way, each direction.
    pub latency: Duration,
    /// Where deliveries draw their luck.
    pub site: Site,
}

/// A thread pool of one server.
#[derive(Clone, Debug)]
pub struct PoolPlan {
    /// Number of threads.
    pub threads: u32,
    /// Most requests that wait.
    pub queue_limit: u32,
    /// Longest wait.
    pub queue_timeout: Option<Duration>,
    /// How long each request waits.
    pub patience: Option<PatiencePlan>,
    /// Who is next.
    pub discipline: Discipline,
    /// Where a random choice of who is next draws its luck; it holds the seed of the run.
    pub site: Site,
}

/// How long each request waits for a thread.
#[derive(Clone, Debug)]
pub struct PatiencePlan {
    /// In nanoseconds.
    pub lasts: Sampler,
    /// Where requests draw it.
    pub site: Site,
}

/// A cache of each server of a service.
#[derive(Clone, Debug)]
pub struct CachePlan {
    /// What requests look for.
    pub keys: KeysPlan,
    /// Whether it is in use.
    pub enabled: bool,
    /// Whether requests wait for another one that fetches the same key.
    pub single_flight: bool,
    /// Whether some program gives its thread back while it fetches.
    pub fetches_async: bool,
    /// Whether an expired entry is good enough when fetching fails.
    pub stale_if_error: bool,
    /// What it may hold, and for how long.
    pub limits: Limits,
    /// Where a random choice of what goes draws its luck; it holds the seed of the run.
    pub site: Site,
}

/// Users of a service and its own tokens.
#[derive(Clone, Debug)]
pub struct IdentityPlan {
    /// Who logs in.
    pub users: KeysPlan,
    /// How long a token is valid.
    pub lifetime: Duration,
    /// Share of users with a valid token at the start.
    pub valid_at_start: f64,
    /// Renewal without the provider.
    pub alone: Option<identity::Params>,
    /// Where users draw how old their first token is; it holds the seed of the run.
    pub site: Site,
}

/// Disk of a server.
#[derive(Clone, Debug)]
pub struct DiskPlan {
    /// Size in bytes.
    pub capacity: u64,
    /// In use by other things than the log.
    pub used: u64,
    /// Rotation of the log.
    pub logrotate: Option<logrotate::Params>,
}
