//! The scenario: everything a run is made of, as its author wrote it.
//!
//! These types are the *one* definition of every parameter. The JSON Schema, the checker, the form on
//! the page, `--set` on the command line and the parameter reference all follow from them: a field's
//! doc comment is its help, `range` its bounds, `x-unit` its unit, `Default` its default.
//!
//! Scenario types hold no behaviour. [`crate::plan`] compiles them into what the model runs on.

mod arrivals;
mod balancer;
mod cache;
mod check;
mod client;
mod database;
mod edge;
mod fault;
mod migration;
mod monitor;
mod node;
pub mod patch;
mod quantity;
mod queue;
mod read;
mod schema;
mod service;
pub(crate) mod shape;
mod step;
mod table;

pub use arrivals::{ArrivalState, Arrivals, Batch, Process, Profile};
pub use balancer::{Balancer, HealthCheck};
pub use cache::Cache;
pub use check::{MAX_EVENTS, MAX_SERVERS, check};
pub(crate) use check::{check_edited, check_work, core_of};
pub use client::{Class, Clients, Refresh};
pub use database::{Database, Query, Reads, ReplicationMode, Standby, StandbyKind};
pub use edge::{Call, CallMode, Cancel, Fallback};
pub use fault::{Effect, Fault, Group, Recurrence};
pub use migration::Migration;
pub use monitor::{Alarm, Metric, Monitor};
pub use node::Node;
pub use quantity::{Distribution, Keys, Text};
pub(crate) use queue::PUBLISH;
pub use queue::{Consumer, Queue};
pub use read::{MAX_BYTES, MAX_DEPTH, read};
pub(crate) use read::{respell, same_in_order};
pub use schema::{MAX_NAME, SCHEMA, schema};
pub use service::{Discipline, Disk, Endpoint, Identity, Memory, Pool, Release, Service};
pub use shape::misfits;
pub(crate) use step::walk;
pub use step::{AfterLast, MAX_PARALLEL, RecordedAnswer, Step};
pub use table::{MAX_ROWS, Purge, Table};

pub use crate::problem::Problem;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Largest seed: JavaScript reads numbers exactly up to 2^53 - 1.
pub const MAX_SEED: u64 = (1 << 53) - 1;

/// A system, what goes wrong in it, the switches that may contain it and what is expected then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub v: u32,
    /// Name shown in lists and titles.
    pub name: Text,
    /// What happened: the outage behind the scenario, a paragraph an entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub story: Vec<Text>,
    /// What to look at while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<Text>,
    /// What the team did that had the outage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub they_did: Option<Text>,
    /// Identifiers of the incidents that this scenario reproduces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 64)))]
    pub covers: Vec<String>,
    /// The facts of these incidents, as clauses of `expect`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub figures: Vec<Figures>,
    /// Seed of every random stream.
    #[serde(default = "default_seed")]
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_u64))]
    pub seed: u64,
    /// Simulated length of the run.
    #[schemars(range(min = 0.001, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub duration_s: f64,
    /// Start of the run that totals and percentiles leave out.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub warmup_s: f64,
    /// Number of equal windows that the run is measured in.
    #[serde(default = "default_windows")]
    #[schemars(range(min = 1, max = 1_200))]
    pub windows: u32,
    /// The run stops early, and says so, after this many events.
    #[serde(default = "default_max_events")]
    #[schemars(range(min = 1, max = 20_000_000_000_u64))]
    pub max_events: u64,
    /// Clients, balancers, services, databases and monitors by name.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 200))]
    pub nodes: IndexMap<String, Node>,
    /// What hangs together, by name, so that one fault can hit it all.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub groups: IndexMap<String, Group>,
    /// What goes wrong, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 200))]
    pub faults: IndexMap<String, Fault>,
    /// Switches that the reader can flip, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub toggles: IndexMap<String, Toggle>,
    /// Changes that happen by themselves at a set time, whatever the switches say.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub interventions: IndexMap<String, Intervention>,
    /// Clauses that tell whether the failure was contained.
    #[serde(default)]
    pub expect: Expect,
}

fn default_seed() -> u64 {
    1
}

fn default_windows() -> u32 {
    600
}

fn default_max_events() -> u64 {
    100_000_000
}

/// The facts of an incident, as clauses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// One of those that the scenario covers.
    #[schemars(length(min = 1, max = 64))]
    pub incident: String,
    /// Clauses that stand in `expect`, to the letter.
    #[schemars(length(min = 1, max = 50), inner(length(min = 1, max = 200)))]
    pub clauses: Vec<String>,
}

/// A named edit of nodes and faults that can be switched on and off while the scenario runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Toggle {
    /// Name beside the switch.
    pub name: Text,
    /// What the switch does, in one line.
    pub help: Text,
    /// JSON merge patch (RFC 7396) of `nodes` and `faults`, in force while the switch is on.
    #[schemars(extend("type" = "object"))]
    pub patch: serde_json::Value,
}

/// A change at a set moment: an operator's step of the runbook, a release, a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intervention {
    /// Name on the timeline.
    pub name: Text,
    /// Moment of the change.
    #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub at_s: f64,
    /// JSON merge patch (RFC 7396) of `nodes` and `faults`, in force from then on.
    #[schemars(extend("type" = "object"))]
    pub patch: serde_json::Value,
}

/// What a run must show, as clauses such as `goodput_ratio >= 0.95`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The objective: holds when every switch is on, and each clause fails when none is.
    #[schemars(length(max = 50), inner(length(min = 1, max = 200)))]
    pub on: Vec<String>,
    /// What the failure looks like: holds when no switch is on.
    #[schemars(length(max = 50), inner(length(min = 1, max = 200)))]
    pub off: Vec<String>,
    /// Facts that hold either way.
    #[schemars(length(max = 50), inner(length(min = 1, max = 200)))]
    pub both: Vec<String>,
}
