//! Observations made by hand, for tests: users call a balanced service, which calls a database.

use super::{Metrics, MetricsSetup, NodeSetup};
use crate::engine::{Duration, Time};
use crate::observation::{Observation, Outcome};
use crate::wiring::{
    ClassIndex, EdgeIndex, NodeIndex, NodeKind, PoolIndex, WiredClass, WiredEdge, WiredNode,
    WiredPool, Wiring,
};

/// The population.
pub const USERS: NodeIndex = NodeIndex(0);
/// The balancer.
pub const BALANCER: NodeIndex = NodeIndex(1);
/// The service.
pub const API: NodeIndex = NodeIndex(2);
/// The database.
pub const DB: NodeIndex = NodeIndex(3);
/// New users.
pub const NEW: ClassIndex = ClassIndex(0);
/// Old users.
pub const OLD: ClassIndex = ClassIndex(1);
/// The pool of the service.
pub const WEB: PoolIndex = PoolIndex(0);
/// The sessions of the database.
pub const SESSIONS: PoolIndex = PoolIndex(1);
/// The call of the service.
pub const SQL: EdgeIndex = EdgeIndex(1);

/// users(new, old) → lb → api(web) → db(sessions).
pub fn wiring() -> Wiring {
    let node = |key: &str, kind| WiredNode { key: key.into(), kind };
    let edge =
        |owner, key: &str, callee, station| WiredEdge { owner, key: key.into(), callee, station };
    Wiring {
        nodes: vec![
            node("users", NodeKind::Clients),
            node("lb", NodeKind::Balancer),
            node("api", NodeKind::Service),
            node("db", NodeKind::Database),
        ],
        pools: vec![
            WiredPool { node: API, key: "web".into() },
            WiredPool { node: DB, key: "sessions".into() },
        ],
        edges: vec![edge(USERS, "login", BALANCER, API), edge(API, "sql", DB, DB)],
        classes: vec![
            WiredClass { node: USERS, key: "new".into() },
            WiredClass { node: USERS, key: "old".into() },
        ],
        caches: Vec::new(),
        alarms: Vec::new(),
    }
}

/// Eight servers of four cores and ten threads, and a database of 20 sessions.
pub fn setup(seconds: u64, windows: u32, warmup: Time) -> MetricsSetup {
    MetricsSetup {
        duration: Time(seconds * 1_000_000_000),
        windows,
        warmup,
        nodes: vec![
            NodeSetup::default(),
            NodeSetup::default(),
            NodeSetup { servers: 8, up: 8, cores: Some(4), ..NodeSetup::default() },
            NodeSetup::default(),
        ],
        pools: vec![10, 20],
    }
}

/// Observations in any order, played in the order of time.
#[derive(Default)]
pub struct Script {
    /// In the order of writing.
    pub observations: Vec<(Time, Observation)>,
}

impl Script {
    /// Something happens.
    pub fn at(&mut self, at: Time, observation: Observation) {
        self.observations.push((at, observation));
    }

    /// A user's request that takes `ms` and ends so; it never reaches a server.
    pub fn request(&mut self, at: Time, class: ClassIndex, ms: f64, outcome: Outcome) {
        let response = Duration::from_ms(ms);
        self.at(at, Observation::RequestStarted { class, luck: 0, refresh: false });
        self.at(at + response, Observation::RequestEnded { class, outcome, response });
    }

    /// Work that arrives at a server, waits, holds a thread and ends so.
    pub fn work(
        &mut self,
        at: Time,
        (pool, server): (PoolIndex, u32),
        (wait_ms, work_ms): (f64, f64),
        outcome: Outcome,
        wasted: bool,
    ) {
        let waited = Duration::from_ms(wait_ms);
        let (start, took) = (at + waited, waited + Duration::from_ms(work_ms));
        self.at(at, Observation::WorkArrived { pool, server });
        if waited > Duration::ZERO {
            self.at(at, Observation::Queued { pool });
            self.at(start, Observation::Dequeued { pool, waited });
        }
        self.at(start, Observation::WorkStarted { pool, waited });
        self.at(start, Observation::ThreadTaken { pool });
        self.at(at + took, Observation::ThreadFreed { pool });
        self.at(at + took, Observation::WorkEnded { pool, outcome, took, wasted });
    }

    /// Plays everything, calling `between` before each observation, up to the end of the run.
    pub fn play(mut self, metrics: &mut Metrics, mut between: impl FnMut(&mut Metrics, Time)) {
        self.observations.sort_by_key(|(at, _)| *at);
        let end = metrics.duration();
        for (at, observation) in self.observations.into_iter().take_while(|(at, _)| *at <= end) {
            between(metrics, at);
            metrics.clock(at);
            metrics.observe(at, observation);
        }
        metrics.advance_to(end);
    }

    /// Metrics of a run of so many seconds and windows in which all this happens.
    pub fn run(self, seconds: u64, windows: u32, warmup: Time) -> Metrics {
        let mut metrics = Metrics::new(&wiring(), &setup(seconds, windows, warmup));
        self.play(&mut metrics, |_, _| {});
        metrics
    }
}

/// A moment in milliseconds.
pub fn ms(ms: f64) -> Time {
    Time(Duration::from_ms(ms).0)
}
