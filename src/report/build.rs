//! From metrics to the report.

use super::{
    Edge, Invariants, Report, Requests, Station, TimelineEntry, alarms, cascade, verdict, words,
};
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::metrics::pool::Work;
use crate::wiring::NodeIndex;

/// Name of a node, a fault, a switch or an intervention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its key in the scenario.
    pub key: String,
    /// Its name in English.
    pub en: String,
    /// Its name in Korean; English is used where it is missing.
    pub ko: Option<String>,
}

/// How sentences call what the scenario names by keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Faults, switches and interventions, by [`crate::observation::LabelIndex`].
    pub labels: Vec<Label>,
    /// Nodes, in the order of the scenario; those without a name of their own are called by their keys.
    pub nodes: Vec<Label>,
}

impl Names {
    /// A node in English and Korean.
    pub fn node(&self, key: &str) -> words::Words {
        match self.nodes.iter().find(|label| label.key == key) {
            Some(label) => (label.en.clone(), label.ko.as_ref().unwrap_or(&label.en).clone()),
            None => (key.to_owned(), key.to_owned()),
        }
    }
}

/// What the metrics do not know about a run.
#[derive(Clone, Debug, Default)]
pub struct ReportContext<'a> {
    /// Name of the scenario in English.
    pub scenario: &'a str,
    /// Seed of the run.
    pub seed: u64,
    /// See [`Report::switches`].
    pub switches: Vec<String>,
    /// Names of nodes, faults, switches and interventions.
    pub names: Names,
    /// What may upset the system: start and end of each fault and change of load. Without an end it
    /// goes on to the end of the run.
    pub triggers: &'a [(Time, Option<Time>)],
    /// Events handled.
    pub events: u64,
    /// Digest over all events.
    pub digest: u64,
    /// Why the run ended before its time, if it did.
    pub stopped_early: Option<String>,
    /// Tokens in the retry budgets of each call, by [`crate::wiring::EdgeIndex`].
    pub retry_tokens: Vec<Option<f64>>,
}

impl Report {
    /// The report over a run that has ended.
    pub fn build(metrics: &Metrics, context: &ReportContext) -> Report {
        let wiring = metrics.wiring();
        let cascade = cascade::trace(metrics, context.triggers);
        let mut report = Report {
            scenario: context.scenario.to_owned(),
            seed: context.seed,
            switches: context.switches.clone(),
            simulated_s: metrics.now().seconds(),
            events: context.events,
            stopped_early: context.stopped_early.clone(),
            digest: format!("{:016x}", context.digest),
            invariants: Invariants::of(metrics),
            totals: Requests::of(metrics, wiring.classes()),
            classes: wiring
                .classes()
                .map(|class| (wiring.class_name(class), Requests::of(metrics, [class])))
                .collect(),
            stations: wiring
                .stations()
                .map(|node| (wiring.node(node).key.clone(), Station::of(metrics, node)))
                .collect(),
            edges: wiring
                .edges()
                .map(|index| (wiring.edge_name(index), Edge::of(metrics, index, context)))
                .collect(),
            monitors: alarms::monitors(metrics),
            alarms: alarms::alarms(metrics, context.triggers),
            timeline: timeline(metrics, &context.names),
            timeline_dropped: metrics.timeline().dropped(),
            cascade,
            verdict: Default::default(),
            expectations: Vec::new(),
        };
        report.verdict = verdict::judge(metrics, context, &report);
        report
    }
}

/// The timeline in words.
fn timeline(metrics: &Metrics, names: &Names) -> Vec<TimelineEntry> {
    let entries = metrics.timeline().entries().iter();
    entries.map(|entry| words::timeline::entry(metrics.wiring(), names, entry)).collect()
}

/// Seconds since the warm-up.
pub fn measured_seconds(metrics: &Metrics) -> f64 {
    metrics.measured_nanos() as f64 / 1e9
}

/// A quotient, 0 where there is nothing to divide by.
pub fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// The counts of work of a station since the warm-up.
pub fn work(metrics: &Metrics, node: NodeIndex) -> Work {
    let pools = metrics.wiring().pools_of(node).map(|pool| metrics.pool(pool).measured());
    pools.fold(Work::default(), Work::plus)
}

/// Server-hours that a station used since the warm-up.
pub fn server_hours(metrics: &Metrics, node: NodeIndex) -> f64 {
    metrics.station(node).servers().measured(metrics.now().0) / 3.6e12
}
