//! The report: what a run has shown, in the words of the field.
//!
//! The types below are the output format of `brownout run --format json` and of the page.
//! Everything is derived from the metrics after the run; nothing is measured here.

mod alarms;
pub mod baseline;
mod build;
pub mod cascade;
mod copies;
mod data;
pub mod expect;
#[cfg(test)]
mod tests;
pub mod trouble;
pub mod verdict;
pub mod words;

pub use build::{Label, ReportContext};
pub use copies::Copies;
pub use data::{Data, QueueReport, Records, SpoolReport, Store};
pub use expect::Clause;

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

/// Conservation laws and the like, judged over the whole run at the end of each window.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Invariants {
    /// How many were judged.
    pub checks: u64,
    /// Those that did not hold: each is a bug in this program.
    pub broken: Vec<BrokenInvariant>,
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BrokenInvariant {
    /// Moment when it was noticed, in seconds.
    pub at_s: f64,
    /// Node, `node.pool`, `node.call` or `population.class` that it is about; empty for the run as a whole.
    pub subject: String,
    /// What is wrong, in English.
    pub en: String,
    /// The same in Korean.
    pub ko: String,
}

/// What became of the requests that arrived after the warm-up, whenever they ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Requests {
    /// Requests that arrived.
    pub offered: u64,
    /// Of these, presses of the refresh button.
    pub refreshes: u64,
    /// Answered in full.
    pub ok: u64,
    /// Answered by a fallback or without an optional part.
    pub degraded: u64,
    /// Ended with an error.
    pub failed: u64,
    /// Refused, by cause.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Given up by the user.
    pub timed_out: u64,
    /// Still under way when the run ended.
    pub abandoned: u64,
    /// (ok + degraded) ÷ offered.
    pub goodput_ratio: f64,
    /// Offered per second.
    pub offered_rps: f64,
    /// Answered (ok + degraded) per second.
    pub goodput_rps: f64,
    /// Response times of answered requests.
    pub response: Latency,
    /// Mean number of requests under way.
    pub mean_in_flight: f64,
    /// When a request last ended, in seconds; none if none ever did.
    pub last_end_s: Option<f64>,
}

/// A distribution of times, in milliseconds. Quantiles have a relative error of at most 1/64.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Number of values.
    pub count: u64,
    /// Mean (exact).
    pub mean_ms: f64,
    /// Variance in ms² (exact).
    pub variance_ms2: f64,
    /// Standard deviation: the root of the variance.
    pub sd_ms: f64,
    /// Smallest (exact).
    pub min_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// Largest (exact).
    pub max_ms: f64,
}

/// A service or a database, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Station {
    /// Requests that reached a server.
    pub offered: u64,
    /// Work that ended well with somebody waiting for it.
    pub ok: u64,
    /// Work that ended with an error.
    pub failed: u64,
    /// Refused, by cause.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Work that ended when nobody waited for it any more.
    pub wasted: u64,
    /// wasted ÷ all work that ended.
    pub wasted_ratio: f64,
    /// Time from arrival to the end of the work, wasted work included and refused work not.
    pub response: Latency,
    /// Mean share of cores in use; absent without a limit of cores.
    pub cpu_utilisation: Option<f64>,
    /// Mean number of requests in the station, waiting or worked on.
    pub mean_in_system: f64,
    /// Requests in the station at the end of the run.
    pub in_system_at_end: u32,
    /// For each number of servers that not as many were up all the time.
    pub up: Vec<UpShare>,
    /// Per pool.
    pub pools: BTreeMap<String, PoolReport>,
    /// Caches by key; absent without any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub caches: BTreeMap<String, CacheReport>,
    /// Share of the node's requests that each server received, per spell with the same number of
    /// servers that received any.
    pub shares: Vec<ShareSpell>,
    /// Memory; absent where it is not followed and never ran out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryReport>,
    /// Moment when the first disk was full, in seconds.
    pub disk_full_at_s: Option<f64>,
    /// What it stores; absent where nothing is known of rows.
    pub stored: Option<Stored>,
    /// Server-hours used.
    pub server_hours: f64,
    /// How often an autoscaler changed the number of servers.
    pub scale_actions: u64,
    /// Alarms of its governor.
    pub governor_alarms: u64,
    /// How often a release was taken back by itself.
    pub rollbacks: u64,
    /// What became of data; absent where the station has nothing to do with records.
    pub data: Option<Data>,
    /// How users logged in; absent where nobody does.
    pub logins: Option<Logins>,
    /// Of a database: its copies. Absent if it has only one and that was always there to take writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<Copies>,
}

/// What a database stores, and how long its queries waited for row locks since the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stored {
    /// Live rows over all tables at the end.
    pub rows: u64,
    /// Dead rows over all tables at the end.
    pub dead_rows: u64,
    /// Dead rows that were deleted.
    pub purged_rows: u64,
    /// Rows copied to another database.
    pub copied_rows: u64,
    /// Writes that came during the copy and were repeated there.
    pub forwarded_changes: u64,
    /// When queries began to go there, in seconds.
    pub migrated_at_s: Option<f64>,
    /// Queries that had to wait for a row lock.
    pub lock_waits: u64,
    /// Of these, failed because they had waited too long.
    pub lock_timeouts: u64,
    /// How long they waited.
    pub lock_wait: Latency,
    /// Mean number of queries that waited for a row lock.
    pub mean_lock_waiting: f64,
}

/// How users logged in at a service, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Logins {
    /// The service's own token was still valid.
    pub by_token: u64,
    /// The token was renewed after the identity provider had confirmed the user.
    pub renewed: u64,
    /// The token was renewed without the provider.
    pub renewed_alone: u64,
    /// New users that the provider confirmed.
    pub created: u64,
    /// Users with an account that were not let in.
    pub existing_refused: u64,
    /// New users that were not let in.
    pub new_refused: u64,
    /// Let in ÷ all.
    pub success_ratio: f64,
    /// How often a server began to renew tokens without the provider.
    pub switches: u64,
    /// Seconds for which servers did, over all of them.
    pub alone_s: f64,
}

/// How long, and how reliably, so many servers were up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UpShare {
    /// The number of servers.
    pub at_least: u32,
    /// Share of the time in which at least so many were up.
    pub share: f64,
    /// How often fewer came to be up.
    pub fell_below: u32,
}

/// A spell during which the same number of servers received requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareSpell {
    /// Start in seconds.
    pub from_s: f64,
    /// End in seconds.
    pub to_s: f64,
    /// Servers that received requests.
    pub servers: u32,
    /// Mean share of requests per such server, 0 to 1.
    pub share: f64,
}

/// A thread pool over all servers, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PoolReport {
    /// Threads over all servers that exist at the end.
    pub threads: u32,
    /// Mean share of the threads of servers that were up that were busy.
    pub utilisation: f64,
    /// Mean number of busy threads.
    pub mean_busy: f64,
    /// Seconds that threads were busy, over all of them.
    pub busy_s: f64,
    /// Mean number of requests waiting.
    pub mean_queue: f64,
    /// Longest queue over all servers together.
    pub max_queue: u32,
    /// Share of started requests that had to wait.
    pub waited_ratio: f64,
    /// Time between arrival and start.
    pub wait: Latency,
    /// Requests that reached the pool.
    pub offered: u64,
    /// Requests that a thread took up.
    pub started: u64,
    /// Of these, after waiting.
    pub waited: u64,
    /// Work that ended well with somebody waiting for it.
    pub ok: u64,
    /// Work that ended with an error.
    pub failed: u64,
    /// Work that ended when nobody waited for it any more.
    pub wasted: u64,
    /// Refused, or dropped before a thread took it up, by cause.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Mean number of requests waiting or worked on.
    pub mean_in_system: f64,
    /// Requests waiting or worked on at the end of the run.
    pub in_system_at_end: u32,
    /// When work last ended, in seconds; none if none ever did.
    pub last_end_s: Option<f64>,
}

/// Memory of the servers of a service, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MemoryReport {
    /// Bytes that live in the fullest server at the end, garbage left out.
    pub heap_used_bytes: u64,
    /// Collections of garbage.
    pub collections: u64,
    /// Seconds that servers stood still for them, over all servers.
    pub gc_s: f64,
    /// Share of the time of servers that were up.
    pub gc_share: f64,
    /// How often a server went out of memory.
    pub out_of_memory: u64,
    /// When the first one did, in seconds, warm-up included; none if none did.
    pub first_out_of_memory_s: Option<f64>,
}

/// A cache over all servers of its service, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CacheReport {
    /// Requests that found what they looked for.
    pub hits: u64,
    /// Requests that did not, or found it expired.
    pub misses: u64,
    /// hits ÷ (hits + misses); absent if nobody looked.
    pub hit_ratio: Option<f64>,
    /// Misses that began to fetch; the others waited for a fetch that was under way.
    pub fetches: u64,
    /// Answers by expired entries, because fetching had failed.
    pub stale: u64,
    /// Entries that had to go for others.
    pub evictions: u64,
    /// Entries at the end.
    pub entries: u64,
    /// Bytes at the end.
    pub bytes: u64,
}

/// A call, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Edge {
    /// Calls that ended.
    pub calls: u64,
    /// Attempts on the wire.
    pub attempts: u64,
    /// Of these, retries.
    pub retries: u64,
    /// Of these, hedges; attempts = first tries + retries + hedges.
    pub hedges: u64,
    /// Attempts on the wire ÷ calls.
    pub amplification: f64,
    /// Attempts that ended well.
    pub ok: u64,
    /// Attempts that ended with an error.
    pub failed: u64,
    /// Attempts that the caller gave up.
    pub timed_out: u64,
    /// Attempts that the callee refused.
    pub refused: u64,
    /// Attempts that were let go because another one of the same try was faster.
    pub outrun: u64,
    /// Tries that the caller itself refused, by cause.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Calls that were not made, because the feature was switched off.
    pub skipped: u64,
    /// Calls answered by the fallback.
    pub fallbacks: u64,
    /// Retries denied by the budget.
    pub retries_denied: u64,
    /// Hedges denied by the budget, or for want of a connection.
    pub hedges_denied: u64,
    /// How often the breaker opened, over all calling servers.
    pub breaker_opened: u64,
    /// Adaptive concurrency limit over all calling servers together; absent without one.
    pub concurrency_limit: Option<ConcurrencyLimit>,
    /// Tokens in the retry budgets of all calling servers at the end; absent without a budget.
    pub retry_tokens: Option<f64>,
    /// Time of an attempt, as the caller saw it.
    pub attempt_time: Latency,
}

/// A monitor, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Monitor {
    /// Interfaces of servers on its list at the end.
    pub interfaces: u32,
    /// Test calls that ended.
    pub tests: u64,
    /// Of these, without success.
    pub tests_failed: u64,
}

/// Alarms of all monitors; counts are those after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Alarms {
    /// How often alarms occurred.
    pub raised: u64,
    /// How often somebody was told.
    pub sent: u64,
    /// When somebody was first told, in seconds; none if never.
    pub first_sent_at_s: Option<f64>,
    /// From the trigger until somebody was told, in seconds; none if never, or without a trigger.
    pub detection_delay_s: Option<f64>,
    /// From the first alarm until goodput left its normal band, in seconds, below zero if it came late;
    /// none without an alarm, or if goodput never left it.
    pub warning_lead_s: Option<f64>,
    /// The same for each alarm, by `monitor.alarm`.
    pub by_name: BTreeMap<String, Alarm>,
}

/// An alarm.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Alarm {
    /// How often it occurred.
    pub raised: u64,
    /// How often it was told.
    pub sent: u64,
    /// When it was first told, in seconds; none if never.
    pub first_sent_at_s: Option<f64>,
    /// From the trigger until it was told, in seconds; none if never, or without a trigger.
    pub detection_delay_s: Option<f64>,
}

/// An adaptive concurrency limit over time, summed over the calling servers that are up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ConcurrencyLimit {
    /// Mean.
    pub mean: f64,
    /// Largest.
    pub highest: u32,
    /// At the end.
    pub last: u32,
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

/// A node leaving its normal band: one stage of the cascade.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CascadeStep {
    /// Moment in seconds.
    pub at_s: f64,
    /// Node.
    pub node: String,
    /// Stage: `errors`, `slow`, `saturated`, `down`, `stopped`.
    pub stage: &'static str,
    /// The figure that shows it, in English.
    pub en: String,
    /// The same in Korean.
    pub ko: String,
}

/// The judgement over a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// Share of requests that were answered: (ok + degraded) ÷ (offered − still under way).
    pub availability: f64,
    /// Goodput during the trouble ÷ goodput before it.
    pub goodput_ratio: f64,
    /// Attempts on the wire ÷ requests, over the calls of client populations.
    pub retry_amplification: f64,
    /// Share of all ended work that was wasted.
    pub wasted_ratio: f64,
    /// First moment of a fault or of a change of load, in seconds.
    pub trigger_at_s: Option<f64>,
    /// Moment when the last trigger ended; none if one goes on to the end.
    pub trigger_end_s: Option<f64>,
    /// From the trigger until goodput left its normal band, in seconds.
    pub time_to_detect_s: Option<f64>,
    /// From the trigger until goodput was back for good, in seconds, if it was.
    pub time_to_contain_s: Option<f64>,
    /// From the end of the trigger until goodput was back for good, 0 if it was back
    /// before; none if it never was.
    pub recovery_time_s: Option<f64>,
    /// Not recovered although the trigger is gone.
    pub metastable: bool,
    /// Share of services and databases that left their normal band.
    pub blast_radius: f64,
    /// Server-hours used over all nodes.
    pub server_hours: f64,
    /// One of `healthy`, `contained`, `recovered`, `down`, `metastable`; while a run goes on also `running`.
    pub state: &'static str,
    /// The judgement in a sentence, in English.
    pub en: String,
    /// The same in Korean.
    pub ko: String,
}

/// A clause and whether it holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expectation {
    /// The clause as written.
    pub clause: String,
    /// The measured value that it was judged on; none stands for never, or for a problem.
    pub measured: Option<f64>,
    /// Unit of the measured value: `ms`, `s`, `h`, `ratio`, `count`, `per_s`, `bytes`,
    /// `flag`, `state`.
    pub unit: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// Why it could not be judged, if so.
    pub problem: Option<String>,
}
