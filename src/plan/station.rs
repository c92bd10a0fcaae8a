//! Services and databases in a plan: their pools, programs, memory and disks.

use super::{KeysPlan, QueryPlan, ReplicationPlan, StoredPlan};
use crate::engine::{Duration, Luck, Sampler, Site};
use crate::pattern::cache::Limits;
use crate::pattern::sharding::Sharding;
use crate::pattern::{
    autoscaler, governor, heap, identity, liveness, logrotate, restart, rollout, spool,
};
use crate::scenario::{AfterLast, Discipline};
use crate::wiring::{DataKinds, EdgeIndex, NodeIndex, PoolIndex};

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

/// A program.
#[derive(Clone, Debug)]
pub struct EndpointPlan {
    /// Pool, into [`StationPlan::pools`].
    pub pool: u16,
    /// Steps in order.
    pub steps: Vec<StepPlan>,
}

/// A step of a program, with the site where it draws its luck.
#[derive(Clone, Debug)]
pub struct StepPlan {
    /// What is done.
    pub action: StepAction,
    /// Where it draws.
    pub site: Site,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepAction {
    /// Computes for so many nanoseconds of core time.
    Cpu(Sampler),
    /// Waits for so many nanoseconds.
    Wait(Sampler),
    /// Does what a query does that has to do with rows.
    Query(Box<QueryPlan>),
    /// Does a batch of background work.
    Batch,
    /// Calls and waits for the end of the calls.
    Call {
        /// The calls.
        edges: Box<[EdgeIndex]>,
        /// Share of requests that make them.
        ratio: f64,
        /// Good answers that are enough; none means that all calls are waited for and must succeed.
        needs: Option<u32>,
        /// A failure only degrades the answer.
        optional: bool,
        /// What becomes of the request's record.
        record: Carries,
        /// Only one of the calls is made, by the request's key.
        shard: Option<Box<ShardPlan>>,
    },
    /// Logs the user in; the call asks the identity provider.
    Login(Box<[EdgeIndex; 1]>),
    /// Gives recorded answers in their order.
    Replay {
        /// Time that passes before each answer, and whether the request goes on.
        answers: Box<[(Duration, bool)]>,
        /// What comes after the last.
        after_last: AfterLast,
        /// Which of the station's replays it is.
        replay: u16,
    },
    /// Notes the version of that row of the station.
    Read(u16),
    /// Raises the version of that row, or fails if it is not the noted one any more.
    Commit(u16),
    /// Writes so many bytes to the log.
    Log(u64),
    /// Looks for its key in that cache of the server; a hit goes on at step `over`.
    Look {
        /// Into [`StationPlan::caches`].
        cache: u16,
        /// The step behind the matching [`StepAction::Keep`].
        over: u16,
    },
    /// Keeps what the steps since the matching [`StepAction::Look`] have fetched.
    Keep {
        /// Into [`StationPlan::caches`].
        cache: u16,
    },
    /// Fails with that probability.
    Fail(f64),
    /// Leaves a message in the queue.
    Publish,
    /// Stores the record.
    Store {
        /// Under which name of all databases, below 64.
        store: u8,
        /// A record that is there already is left alone.
        unique: bool,
    },
}

/// What becomes of a request's record at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// It goes along, if there is one.
    Any,
    /// There is one from now on.
    Some,
    /// There is one from now on; it is kept in the spool if the call fails.
    Spooled,
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

impl StepAction {
    /// The calls that the step makes at once for a request of that wish, and how many good answers are
    /// enough. Whichever shard it is, the call's luck is that of the first call.
    pub fn calls(&self, wish: Luck) -> Option<(&[EdgeIndex], Option<u32>)> {
        match self {
            StepAction::Call { edges, shard: Some(shard), .. } => {
                let shard = shard.shard_of(wish);
                Some((&edges[shard..=shard], None))
            }
            StepAction::Call { edges, needs, .. } => Some((edges, *needs)),
            StepAction::Login(edge) => Some((edge.as_slice(), None)),
            _ => None,
        }
    }
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

/// Which of several calls a request makes.
#[derive(Clone, Debug)]
pub struct ShardPlan {
    /// What requests are about.
    pub keys: KeysPlan,
    /// Number of keys.
    pub count: u64,
    /// Where a key lives.
    pub by: Sharding,
    /// Number of shards in use.
    pub shards: u32,
}

impl ShardPlan {
    /// The shard of a request, by the luck of what it is about.
    pub fn shard_of(&self, wish: Luck) -> usize {
        self.by.shard_of(self.keys.key_of(wish), self.count, self.shards) as usize
    }
}

/// Memory of a server, as what it has room for.
#[derive(Clone, Copy, Debug)]
pub struct MemoryPlan {
    /// Requests in the server beyond which it is killed.
    pub max_requests: u64,
    /// What it holds byte by byte, where more than requests count.
    pub heap: Option<HeapPlan>,
    /// Share of it that is needed without any request.
    pub base: f64,
    /// Share of it that each request needs.
    pub per_request: f64,
}

/// Memory of a server with caches or garbage, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct HeapPlan {
    /// More than this kills it.
    pub limit: u64,
    /// Needed without any request.
    pub base: u64,
    /// Needed by each request.
    pub per_request: u64,
    /// Garbage and its collection.
    pub gc: Option<heap::Params>,
}

impl HeapPlan {
    /// What lives with so many requests and so many bytes in caches.
    pub fn live(self, requests: u32, cached: u64) -> u64 {
        let needed = self.per_request.saturating_mul(u64::from(requests));
        self.base.saturating_add(needed).saturating_add(cached)
    }
}

impl MemoryPlan {
    /// Share of it in use with so many requests in the server.
    pub fn share_in_use(self, requests: u32) -> f64 {
        self.base + self.per_request * f64::from(requests)
    }

    /// Whether one more request would be more than the memory holds.
    pub fn is_full(self, requests: u32, cached: impl FnOnce() -> u64) -> bool {
        let bursts = |heap: HeapPlan| heap.live(requests + 1, cached()) > heap.limit;
        u64::from(requests) >= self.max_requests || self.heap.is_some_and(bursts)
    }
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
