//! The plan: a checked scenario compiled into what the model runs on.
//!
//! Names have become indices, milliseconds have become nanoseconds, distributions have become
//! samplers. A plan is immutable; when a switch is flipped, the model receives a new one with the
//! same [`Wiring`]. Compiling a checked scenario cannot fail.

mod arrivals;
mod compile;
mod memory;
mod monitor;
mod profile;
mod program;
mod quantity;
mod replication;
mod station;
mod step;
mod table;

pub use arrivals::{ArrivalsPlan, BatchPlan, Source, Spacing, StatePlan, StreamPlan};
pub use memory::{HeapPlan, MemoryPlan};
pub use monitor::{AlarmPlan, MonitorPlan, Signal};
pub use profile::RateCurve;
pub use replication::{CopiedPlan, ReplicationPlan, StandbyPlan};
pub use station::{
    CachePlan, ConsumerPlan, DiskPlan, IdentityPlan, LivenessPlan, PatiencePlan, PoolPlan,
    QueuePlan, ReleasePlan, StationPlan,
};
pub use step::{Carries, EndpointPlan, ShardPlan, StepAction, StepPlan};
pub use table::{MigrationPlan, PurgePlan, QueryPlan, StoredPlan, TablePlan};

use crate::engine::{Duration, Luck, Sampler, Site, Time, Zipf};
use crate::pattern::{
    balance, bulkhead, circuit_breaker, concurrency_limit, connection_pool, failover, health,
    hedge, outlier, rate_limiter, retry,
};
use crate::scenario::{CallMode, Cancel, Discipline, Fallback, Scenario, Text};
use crate::wiring::{EdgeIndex, NodeIndex, Wiring};

/// A compiled scenario.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What exists, under which index.
    pub wiring: Wiring,
    /// Seed of every random stream.
    pub seed: u64,
    /// End of the run.
    pub end: Time,
    /// Start of the part that totals count.
    pub warmup: Time,
    /// Number of windows.
    pub windows: u32,
    /// Bound on the number of events.
    pub max_events: u64,
    /// What each node is and where its part of the plan stands, by [`NodeIndex`].
    pub roles: Vec<Role>,
    /// Client populations.
    pub populations: Vec<PopulationPlan>,
    /// Balancers.
    pub balancers: Vec<BalancerPlan>,
    /// Services and databases.
    pub stations: Vec<StationPlan>,
    /// Monitors.
    pub monitors: Vec<MonitorPlan>,
    /// Alarms, by [`crate::wiring::AlarmIndex`].
    pub alarms: Vec<AlarmPlan>,
    /// Calls, by [`EdgeIndex`].
    pub edges: Vec<EdgePlan>,
    /// Faults, in the order of the scenario.
    pub faults: Vec<FaultPlan>,
}

/// What a node is, with its index among its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Into [`Plan::populations`].
    Population(u16),
    /// Into [`Plan::balancers`].
    Balancer(u16),
    /// Into [`Plan::stations`].
    Station(u16),
    /// Into [`Plan::monitors`].
    Monitor(u16),
}

/// A client population.
#[derive(Clone, Debug)]
pub struct PopulationPlan {
    /// The node.
    pub node: NodeIndex,
    /// When requests arrive.
    pub arrivals: ArrivalsPlan,
    /// Its classes.
    pub classes: Vec<ClassPlan>,
    /// Index of the first of its classes over all populations.
    pub first_class: u16,
    /// Refresh behaviour.
    pub refresh: Option<RefreshPlan>,
    /// Where its requests draw their luck.
    pub site: Site,
}

impl PopulationPlan {
    /// The class of a user: a matter of who it is, so that it stays the same over refreshes.
    pub fn class_of(&self, user: u64) -> u16 {
        let last = self.classes.len() - 1;
        if last == 0 {
            return 0;
        }
        let share = Luck(user).draws(self.site.then("class"), 0).next_unit();
        let found = self.classes.iter().position(|class| share < class.cumulative_share);
        found.unwrap_or(last) as u16
    }

    /// Whether a user has read a notice that the service is down: a matter of who it is, too, so that
    /// more readers are the same ones and some others.
    pub fn has_read_notice(&self, user: u64) -> bool {
        let share = self.refresh.as_ref().map_or(0.0, |refresh| refresh.notice_ratio);
        share > 0.0 && Luck(user).draws(self.site.then("notice"), 0).chance(share)
    }
}

/// A class of users.
#[derive(Clone, Debug)]
pub struct ClassPlan {
    /// Share of this and all earlier classes.
    pub cumulative_share: f64,
    /// The call its users make.
    pub edge: EdgeIndex,
    /// Rank in pools that serve by priority.
    pub priority: u8,
    /// Its users have no account yet.
    pub newcomers: bool,
}

/// Refresh behaviour.
#[derive(Clone, Debug)]
pub struct RefreshPlan {
    /// Chance of a refresh after a request that did not succeed.
    pub probability: f64,
    /// Pause before it, in nanoseconds.
    pub delay: Sampler,
    /// Most refreshes in a row.
    pub max_refreshes: u32,
    /// Share of users who do not press refresh, because they have read a notice.
    pub notice_ratio: f64,
}

/// A balancer.
#[derive(Clone, Debug)]
pub struct BalancerPlan {
    /// The node.
    pub node: NodeIndex,
    /// The service behind it, into [`Plan::stations`].
    pub station: u16,
    /// How a server is chosen.
    pub algorithm: balance::Algorithm,
    /// How another server takes over, for the algorithm of that name.
    pub failover: failover::Params,
    /// Who of the tied is chosen.
    pub ties: balance::Ties,
    /// Weight of each server; 1 for those without.
    pub weights: Vec<u32>,
    /// Active health check: endpoint to ask for, and rules.
    pub health_check: Option<HealthCheckPlan>,
    /// Passive health rules.
    pub passive_health: Option<health::PassiveParams>,
    /// Outlier detection rules.
    pub outlier_detection: Option<outlier::Params>,
    /// Share of healthy servers, in percent, below which health is ignored.
    pub panic_threshold_percent: f64,
    /// Most requests under way.
    pub max_in_flight: Option<u32>,
    /// Where random choices draw their luck.
    pub site: Site,
}

/// Active health check.
#[derive(Clone, Debug)]
pub struct HealthCheckPlan {
    /// Endpoint of the service, into [`StationPlan::endpoints`]; without one only the connection.
    pub endpoint: Option<u16>,
    /// Time until the first check.
    pub initial_delay: Duration,
    /// When to check and how to judge.
    pub rules: health::ActiveParams,
}

/// A call with its policies.
#[derive(Clone, Debug)]
pub struct EdgePlan {
    /// The calling node.
    pub owner: NodeIndex,
    /// The caller is a monitor that says itself which server it asks.
    pub is_test: bool,
    /// Balancer in between, into [`Plan::balancers`].
    pub balancer: Option<u16>,
    /// Service or database that does the work, into [`Plan::stations`].
    pub station: u16,
    /// Program there, into [`StationPlan::endpoints`].
    pub endpoint: u16,
    /// Whether it is made at all.
    pub enabled: bool,
    /// Whether the caller's thread waits.
    pub mode: CallMode,
    /// Time under way, each direction.
    pub latency: Duration,
    /// What chance adds to it.
    pub latency_jitter: Option<Sampler>,
    /// Longest wait for an attempt.
    pub timeout: Option<Duration>,
    /// What a timeout does to the callee's work.
    pub cancel: Cancel,
    /// Whether the deadline goes along.
    pub propagate_deadline: bool,
    /// Retry rule.
    pub retry: Option<retry::Params>,
    /// Hedging rule.
    pub hedge: Option<hedge::Params>,
    /// Breaker rule.
    pub circuit_breaker: Option<circuit_breaker::Params>,
    /// Limiter rule.
    pub rate_limiter: Option<rate_limiter::Params>,
    /// Adaptive limit rule.
    pub concurrency_limit: Option<concurrency_limit::Params>,
    /// Bulkhead rule.
    pub bulkhead: Option<bulkhead::Params>,
    /// Connections.
    pub connection_pool: Option<connection_pool::Params>,
    /// Answer in the callee's place.
    pub fallback: Option<Fallback>,
    /// Where attempts and their policies draw their luck.
    pub site: Site,
}

impl EdgePlan {
    /// What chance adds to the time of a message on its way; `way` names the direction.
    pub fn jitter(&self, luck: Luck, way: &str) -> Duration {
        let sample = |jitter: &Sampler| jitter.sample(&mut luck.draws(self.site.then(way), 0));
        self.latency_jitter
            .as_ref()
            .map_or(Duration::ZERO, |jitter| Duration::from_nanos(sample(jitter)))
    }
}

/// Which of many like things requests are about.
#[derive(Clone, Debug, PartialEq)]
pub struct KeysPlan {
    /// Their popularity.
    pub zipf: Zipf,
    /// Share of requests that are about key 0.
    pub hot_ratio: f64,
    /// Where a request draws what it is about; the same wherever the set has the same name.
    pub site: Site,
}

impl KeysPlan {
    /// What a request of that luck is about: a number from 0, the most popular, to the count − 1.
    pub fn key_of(&self, wish: Luck) -> u64 {
        let mut draws = wish.draws(self.site, 0);
        if draws.chance(self.hot_ratio) { 0 } else { self.zipf.sample(&mut draws) - 1 }
    }
}

/// A fault.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// Its key in the scenario.
    pub key: String,
    /// Its name on the timeline.
    pub name: Option<Text>,
    /// First moment of the fault.
    pub start: Time,
    /// First moment after the fault, [`Time::NEVER`] if it stays.
    pub end: Time,
    /// What is hit; of a group all members.
    pub targets: Vec<FaultTarget>,
    /// The targets are a group, which breaks down and is repaired as one.
    pub as_one: bool,
    /// What it does.
    pub effect: crate::scenario::Effect,
    /// It comes and goes by itself from its start on.
    pub recurs: Option<RecurrencePlan>,
}

/// How a fault comes and goes by itself.
#[derive(Clone, Debug)]
pub struct RecurrencePlan {
    /// Time until the next breakdown, in nanoseconds.
    pub up: Sampler,
    /// Time of a repair, in nanoseconds.
    pub down: Sampler,
    /// Most repairs at once.
    pub crews: u32,
}

/// What a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultTarget {
    /// All of a node.
    Node(NodeIndex),
    /// One server of a service.
    Server(NodeIndex, u32),
    /// A call.
    Edge(EdgeIndex),
}

impl Plan {
    /// Compiles a scenario that the checker has accepted.
    pub fn compile(scenario: &Scenario) -> Plan {
        compile::compile(scenario)
    }

    /// Spells in which a fault or a raised load is in force; without an end, it stays.
    pub fn triggers(&self) -> Vec<(Time, Option<Time>)> {
        compile::triggers(self)
    }

    /// Whether some pool takes threads away from jobs.
    pub fn preempts(&self) -> bool {
        use Discipline::{PreemptiveLifo, PreemptivePriority};
        let mut pools = self.stations.iter().flat_map(|station| &station.pools);
        pools.any(|pool| matches!(pool.discipline, PreemptivePriority | PreemptiveLifo))
    }

    /// End of a window.
    pub fn end_of_window(&self, window: u32) -> Time {
        self.end.part(window + 1, self.windows)
    }
}
