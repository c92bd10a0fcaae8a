//! A census: everything that is under way, counted anew by the model.
//!
//! The model counts and the metrics compare, so that neither has to know the other's state.

use crate::engine::Time;

/// Those who are at a place at the moment of a census.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// How many.
    pub count: u64,
    /// Sum of the moments at which they came, in nanoseconds.
    pub arrivals: u128,
}

impl Present {
    /// One more, who came at that moment.
    pub fn add(&mut self, came: Time) {
        self.count += 1;
        self.arrivals += u128::from(came.0);
    }
}

/// What is at a pool, over all servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtPool {
    /// Work that waits or is worked on.
    pub present: Present,
    /// Work that waits for a thread.
    pub waiting: Present,
    /// Work that holds a thread.
    pub busy: u64,
}

/// What is under way on an edge, over all calling servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnEdge {
    /// Attempts on the wire.
    pub attempts: Present,
    /// Calls that have begun and not ended.
    pub calls: u64,
    /// Connections in use; 0 without a connection pool.
    pub connections: u64,
}

/// What a station has in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtStation {
    /// Cores in use over all servers; none without a limit of cores.
    pub cores_busy: Option<u64>,
    /// Servers that take requests.
    pub up: u64,
    /// Records that were born there, may still be stored and are not.
    pub records: u64,
    /// Records in the spools of its servers.
    pub spooled: u64,
    /// Work that waits for a row lock.
    pub lock_waits: Present,
    /// Messages in its queue that nobody deals with.
    pub messages: u64,
}

/// Everything under way at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Requests of users, by [`crate::wiring::ClassIndex`].
    pub classes: Vec<Present>,
    /// By [`crate::wiring::PoolIndex`].
    pub pools: Vec<AtPool>,
    /// By [`crate::wiring::EdgeIndex`].
    pub edges: Vec<OnEdge>,
    /// By [`crate::wiring::NodeIndex`]; only those of stations are used.
    pub stations: Vec<AtStation>,
}
