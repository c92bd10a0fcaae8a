//! A monitor: test calls to the interfaces of services, alarms on what servers report, and what of all
//! that is told to whom is on duty.

use super::service::yes;
use super::{Call, Text};
use crate::pattern::alarm;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Watches over services: calls their interfaces, collects what their servers report, and raises alarms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// Name shown on the page; the key of the node where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Whether it works at all.
    #[serde(default = "yes")]
    pub running: bool,
    /// Test calls, by name. A server that starts sends the list of its interfaces; those that are called
    /// here are tested at once and from then on each round, on every server that has sent its list. A
    /// test call to a balancer takes the way of the users, as soon as one server has sent its list.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub calls: IndexMap<String, Call>,
    /// Time between two rounds of test calls.
    #[serde(default = "a_minute")]
    #[schemars(range(min = 0.1, max = 86_400.0), extend("x-unit" = "s"))]
    pub check_every_s: f64,
    /// Alarms, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub alarms: IndexMap<String, Alarm>,
    /// Tells groups of alarms instead of each one; without it everything that occurs is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<alarm::Params>,
}

/// When an alarm occurs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Name on the timeline; the key of the alarm where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// What is watched: a service, database or queue as `node`, one of its pools or endpoints as `node.part`;
    /// for failed tests one of the monitor's own calls.
    #[schemars(length(min = 1, max = 129))]
    pub of: String,
    /// What is looked at.
    pub metric: Metric,
    /// A level above this is too much.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1e15))]
    pub above: f64,
    /// A level must have been too much for so long.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 86_400.0), extend("x-unit" = "s"))]
    pub for_s: f64,
    /// Time between two looks at a level. Each look at each server that finds too much is an alarm.
    #[serde(default = "ten_seconds")]
    #[schemars(range(min = 0.1, max = 86_400.0), extend("x-unit" = "s"))]
    pub sample_every_s: f64,
}

fn a_minute() -> f64 {
    60.0
}

fn ten_seconds() -> f64 {
    10.0
}

/// What an alarm looks at: failures one by one, or a level of each server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Each request that ends with an error at a server, in its whole program or in one endpoint. A
    /// server that nobody can reach reports nothing.
    ApiError,
    /// Each test call of the monitor that does not succeed.
    TestFailed,
    /// Each recovery batch of a server that could not send everything.
    RecoveryFailed,
    /// Share of the cores in use since the last look.
    Cpu,
    /// Share of the threads that are busy, of the whole server or of a pool.
    Threads,
    /// Requests that wait, in the whole server or in a pool.
    Queue,
    /// Share of the memory in use.
    Memory,
    /// Share of the disk in use.
    Disk,
    /// Share of the work that ended with an error since the last look.
    ErrorRatio,
    /// Mean time in milliseconds from arrival to end of the work that ended since the last look.
    Response,
    /// 1 for a server that does not answer the monitor, 0 for others.
    Down,
}

impl Metric {
    /// Whether there is a level to look at from time to time.
    pub fn is_level(self) -> bool {
        !matches!(self, Metric::ApiError | Metric::TestFailed | Metric::RecoveryFailed)
    }
}
