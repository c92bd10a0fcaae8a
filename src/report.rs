//! The report: what a run has shown, in the words of the field.
//!
//! The types of this module are the output format of `brownout run --format json` and of the page: each part
//! stands in a file of its own, with how it comes from the metrics. Everything is derived from the metrics after the run; nothing is measured here.

mod alarms;
pub mod baseline;
mod build;
pub mod cascade;
mod copies;
mod data;
mod edge;
pub mod expect;
mod invariants;
mod latency;
mod logins;
mod memory;
mod pool;
mod requests;
mod station;
mod stored;
#[cfg(test)]
mod tests;
pub mod trouble;
pub mod verdict;
pub mod words;

pub use alarms::{Alarm, Alarms, Monitor};
pub use build::{Label, Names, ReportContext};
pub use cascade::CascadeStep;
pub use copies::Copies;
pub use data::{Data, QueueReport, Records, SpoolReport, Store};
pub use edge::{ConcurrencyLimit, Edge};
pub use expect::{Clause, Expectation};
pub use invariants::{BrokenInvariant, Invariants};
pub use latency::Latency;
pub use logins::Logins;
pub use memory::{CacheReport, MemoryReport};
pub use pool::PoolReport;
pub use requests::Requests;
pub use station::{ShareSpell, Station, UpShare};
pub use stored::Stored;
pub use verdict::Verdict;

use serde::Serialize;
use std::collections::BTreeMap;

/// What a run has shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the scenario in English.
    pub scenario: String,
    /// Seed of the run.
    pub seed: u64,
    /// What was switched, and when: `id@seconds` in the order of time, `-id@seconds` for off.
    pub switches: Vec<String>,
    /// Simulated length that was reached, in seconds.
    pub simulated_s: f64,
    /// Events handled.
    pub events: u64,
    /// Why the run ended before its time, if it did.
    pub stopped_early: Option<String>,
    /// Digest over all events, 16 hexadecimal digits.
    pub digest: String,
    /// What must hold of every run, and whether it did.
    pub invariants: Invariants,
    /// Everything that users wished, over all populations.
    pub totals: Requests,
    /// The same per class of users, by `population.class`.
    pub classes: BTreeMap<String, Requests>,
    /// Per service and database, by key.
    pub stations: BTreeMap<String, Station>,
    /// Per call, by `node.call`.
    pub edges: BTreeMap<String, Edge>,
    /// Per monitor, by key.
    pub monitors: BTreeMap<String, Monitor>,
    /// Alarms of all monitors.
    pub alarms: Alarms,
    /// What happened, in the order of time.
    pub timeline: Vec<TimelineEntry>,
    /// Entries that the timeline had no room for.
    pub timeline_dropped: u64,
    /// The order in which nodes left their normal band.
    pub cascade: Vec<CascadeStep>,
    /// The judgement.
    pub verdict: Verdict,
    /// Clauses and whether they hold; empty unless they were asked for.
    pub expectations: Vec<Expectation>,
}

/// An entry of the timeline. `text` says it in words; the other fields are for programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelineEntry {
    /// Moment in seconds.
    pub at_s: f64,
    /// Kind of entry, stable: `fault_started`, `server_down`, `breaker_open`, …
    pub kind: &'static str,
    /// Node, call (`node.call`), fault or switch that it is about.
    pub subject: String,
    /// How bad: 0 neutral, 1 good, 2 warning, 3 bad.
    pub severity: u8,
    /// In English.
    pub en: String,
    /// In Korean.
    pub ko: String,
}
