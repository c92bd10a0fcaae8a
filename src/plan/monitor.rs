//! Monitors and their alarms in a plan.

use crate::engine::{Duration, Site};
use crate::pattern::alarm;
use crate::scenario::Metric;
use crate::wiring::{EdgeIndex, NodeIndex};
use std::ops::Range;

/// A monitor.
#[derive(Clone, Debug)]
pub struct MonitorPlan {
    /// The node.
    pub node: NodeIndex,
    /// Whether it works at all.
    pub running: bool,
    /// Its test calls, into [`super::Plan::edges`].
    pub edges: Range<u16>,
    /// Its alarms, into [`super::Plan::alarms`].
    pub alarms: Range<u16>,
    /// Time between two rounds of test calls.
    pub check_every: Duration,
    /// What of all alarms is told.
    pub filter: Option<alarm::Params>,
    /// Where its test calls draw their luck.
    pub site: Site,
}

/// An alarm.
#[derive(Clone, Copy, Debug)]
pub struct AlarmPlan {
    /// Whose it is, into [`super::Plan::monitors`].
    pub monitor: u16,
    /// What makes it occur.
    pub signal: Signal,
    /// A level above this is too much.
    pub above: f64,
    /// For how long it must have been.
    pub lasts: Duration,
    /// Time between two looks.
    pub every: Duration,
}

/// What makes an alarm occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A failed test call.
    Test(EdgeIndex),
    /// A failed request at a station, into [`super::Plan::stations`], in one of its endpoints or in any.
    Error {
        /// The station.
        station: u16,
        /// The endpoint.
        endpoint: Option<u16>,
    },
    /// A recovery batch at a station that could not send everything.
    Recovery(u16),
    /// A level of each server of a station.
    Level {
        /// The station.
        station: u16,
        /// One of its pools; none for all.
        pool: Option<u16>,
        /// Which level.
        metric: Metric,
    },
}

impl Signal {
    /// The station that is watched.
    pub fn station(self) -> Option<u16> {
        match self {
            Signal::Test(_) => None,
            Signal::Error { station, .. }
            | Signal::Recovery(station)
            | Signal::Level { station, .. } => Some(station),
        }
    }
}
