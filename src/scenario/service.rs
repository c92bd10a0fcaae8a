//! A service: servers with thread pools, memory and disks, and the programs that they run.

use super::{Cache, Call, Consumer, Distribution, Keys, Step, Text};
use crate::pattern::{
    autoscaler, governor, heap, identity, liveness, logrotate, restart, rollout, spool,
};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Servers that run the same programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Name shown on the page; the key of the node where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Number of servers; where there is an autoscaler, at the start. Servers added while the run goes on boot
    /// first; those taken away stop at once, or when `drain_s` is over. A new number counts until the
    /// autoscaler finds another.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000))]
    pub servers: u32,
    /// Whether the service runs at all; an operator may stop it.
    #[serde(default = "yes")]
    pub running: bool,
    /// How often the service has been restarted by hand. When an operator raises it, all servers go
    /// down at once, those that are down too, and boot.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub restarts: u32,
    /// Processor cores of a server, shared evenly by the threads that compute; none means that
    /// threads never wait for a core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_024))]
    pub cores: Option<u32>,
    /// Thread pools of a server, by name.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 50))]
    pub pools: IndexMap<String, Pool>,
    /// Programs that callers can ask for, by name.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 50))]
    pub endpoints: IndexMap<String, Endpoint>,
    /// Calls that the programs make, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub calls: IndexMap<String, Call>,
    /// Caches of a server, by name; each server has its own, cold when it boots.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 20))]
    pub caches: IndexMap<String, Cache>,
    /// Memory of a server; a server that needs more than it has crashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Disk of a server, filled by `log` steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Disk>,
    /// Users who log in, and the tokens that the service issues to them; for `login` steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Box<Identity>>,
    /// Time from start until a server takes requests.
    #[serde(default = "default_boot_s")]
    #[schemars(range(min = 0.0, max = 86_400.0), extend("x-unit" = "s"))]
    pub boot_s: f64,
    /// A server that is taken away gets no new requests and works for so long on what it has; what is left
    /// then is lost.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0.0, max = 86_400.0), extend("x-unit" = "s"))]
    pub drain_s: f64,
    /// Services and databases without which a server cannot boot: it stays booting until at least one
    /// server of each is up, and looks again every second. Servers that run do not need them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 64)))]
    pub boot_needs: Vec<String>,
    /// A server that has nothing to do stands still for so long, again and again until it finds work
    /// at the end of a pause: garbage collection, maintenance. Its mean is above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_when_idle: Option<Distribution>,
    /// Starts crashed servers again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<restart::Params>,
    /// Kills servers that do not answer any more, for `restart` to start them again, as Kubernetes does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liveness_probe: Option<liveness::Params>,
    /// Keeps on the server's disk what `spool` steps could not send; it survives a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spool: Option<spool::Params>,
    /// Follows the use of cores, and a schedule, with the number of servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaler: Option<Box<autoscaler::Params>>,
    /// Slows the autoscaler down to what people can follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governor: Option<governor::Params>,
    /// Releases of its programs, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 20))]
    pub releases: IndexMap<String, Release>,
    /// Release that runs on the servers. When another one is named while the run goes on, each server goes down
    /// for it and boots. None means the programs as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub release: Option<String>,
    /// How another release comes to the servers; none means to all of them at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<rollout::Params>,
    /// Messages that its servers take from queues, by names of your own.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 20))]
    pub consumes: IndexMap<String, Consumer>,
}

/// What a release does to the programs of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Release {
    /// Share of the requests that end at once with an error.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub error_ratio: f64,
    /// Factor on the time that everything takes.
    #[schemars(range(min = 0.01, max = 10_000.0))]
    pub slow_factor: f64,
}

impl Default for Release {
    fn default() -> Release {
        Release { error_ratio: 0.0, slow_factor: 1.0 }
    }
}

impl Service {
    /// Most servers that it ever has, unless somebody changes the number on the way.
    pub fn most_servers(&self) -> u32 {
        let scaled = self.autoscaler.as_ref().map_or(0, |autoscaler| autoscaler.most());
        self.servers.max(scaled)
    }
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

fn one() -> u32 {
    1
}

pub(super) fn yes() -> bool {
    true
}

pub(super) fn default_boot_s() -> f64 {
    30.0
}

/// A pool of threads with the queue in front of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pool {
    /// Number of threads: as many requests are worked on at once. 200 is Tomcat's default.
    #[schemars(range(min = 1, max = 100_000))]
    pub threads: u32,
    /// Requests that may wait; one more is refused. 8192 is Tomcat's limit of connections.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub queue_limit: u32,
    /// A request that has waited this long is refused; none means that it waits for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub queue_timeout_ms: Option<f64>,
    /// How long a request waits for its first thread before it leaves, each for a time of its own; it
    /// is refused then. None means that it waits for ever. Beside a queue timeout the shorter counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<Distribution>,
    /// Which of the waiting requests is next.
    pub discipline: Discipline,
}

impl Default for Pool {
    fn default() -> Self {
        Pool {
            threads: 200,
            queue_limit: 8_192,
            queue_timeout_ms: None,
            patience: None,
            discipline: Discipline::Fifo,
        }
    }
}

/// Which of the waiting requests is next, and whether it waits for a thread at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Discipline {
    /// The one that came first.
    #[default]
    Fifo,
    /// The one that came last: under overload, the only one whose caller still waits.
    Lifo,
    /// The one of the most important class; among equals the one that came first.
    Priority,
    /// Anyone, each as likely as another.
    Random,
    /// The one with the least work in its first `cpu` or `wait` step. Whoever has a thread keeps it.
    ShortestFirst,
    /// The one of the most important class, which takes the thread of the least important request
    /// that computes or waits in a step. That one goes back to the head of its class and later goes
    /// on where it was. Requests in calls keep their threads.
    PreemptivePriority,
    /// The one that came last, which takes the thread of the one that came first of those that compute
    /// or wait in a step; that one later goes on where it was. Requests in calls keep their threads.
    PreemptiveLifo,
}

/// A program that callers can ask a service for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Pool whose thread runs it; the first pool where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub pool: Option<String>,
    /// What the thread does, in order.
    #[schemars(length(max = 50))]
    pub steps: Vec<Step>,
}

/// Memory of a server: what it needs in any case, its requests and its caches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// A server that would need more than this is killed.
    #[schemars(range(min = 1.0, max = 1e7), extend("x-unit" = "MB"))]
    pub limit_mb: f64,
    /// Needed without any request.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1e7), extend("x-unit" = "MB"))]
    pub base_mb: f64,
    /// Needed by each request that waits or is worked on.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1e6), extend("x-unit" = "MB"))]
    pub per_request_mb: f64,
    /// Garbage that requests leave behind, and collections that stop the world; none for a process
    /// that frees its memory at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gc: Option<heap::Params>,
}

/// Disk of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Size.
    #[schemars(range(min = 1, max = 1_000_000_000_000_000_u64), extend("x-unit" = "bytes"))]
    pub capacity_bytes: u64,
    /// In use at the start by other things than the log.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000_000_000_000_u64), extend("x-unit" = "bytes"))]
    pub used_bytes: u64,
    /// Rotates the log when its timer fires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logrotate: Option<logrotate::Params>,
}

/// Users of a service and its own tokens. A token is signed, so every server of the service accepts it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Who logs in; at most a million users. Users of a class of new users are none of them.
    pub users: Keys,
    /// How long a token is valid after it was issued.
    #[schemars(range(min = 0.001, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub token_lifetime_s: f64,
    /// Share of users whose token is still valid at the start, for anything up to its lifetime.
    #[serde(default = "all")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub valid_at_start_ratio: f64,
    /// Renews expired tokens without the identity provider while it is unreachable; new users must
    /// wait. Without this every expired token needs the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew_without_provider: Option<identity::Params>,
}

fn all() -> f64 {
    1.0
}
