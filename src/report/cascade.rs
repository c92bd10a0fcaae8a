//! The cascade: in which order nodes left their normal band, and what showed it.
//!
//! Stages follow the account of the game platform (if(kakao)dev 2019): an API errs, responses slow
//! down, servers cannot keep up, the whole system stops. Each node is compared with itself in the
//! windows before the first trigger; each stage is told once per node, when it first lasts.
//!
//! What windows show is dated to the start of the first window, but not before a known cause (a
//! trigger, a crash, a full disk) in it; slow responses are dated to their arrival, because
//! slowness is only seen when they end.

use super::baseline::{Phases, median};
use super::words;
use crate::engine::{Duration, Time};
use crate::metrics::{Metrics, NO_DATA};
use crate::wiring::{NodeIndex, NodeKind, Wiring};
use serde::Serialize;

/// Stages, as they follow from each other.
pub const STAGES: [&str; 5] = ["down", "errors", "slow", "saturated", "stopped"];

/// A share of errors below this is never a stage.
const LEAST_ERROR_SHARE: f64 = 0.05;
/// So many errors in one window need not last to count.
const MANY_ERRORS: f64 = 10.0;
/// Errors and slowness count when they are so many times what is normal.
const TIMES_NORMAL: f64 = 3.0;
/// Slower by less than this (ms) is never a stage.
const LEAST_SLOWDOWN_MS: f64 = 50.0;
/// Share of threads or cores in use that leaves nothing free.
const SATURATED: f64 = 0.98;
/// A queue shorter than this beside busy threads is no backlog.
const LEAST_QUEUE: f64 = 1.0;
/// A node that does less than this share of what is normal has stopped.
const STOPPED_SHARE: f64 = 0.1;
/// … when it lasts for so many windows: where responses become slower, answers pause for a moment.
const STOPPED_WINDOWS: usize = 10;

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

/// A stage that a node reached.
struct Found {
    at: Time,
    /// Callees come before their callers.
    height: usize,
    stage: usize,
    step: CascadeStep,
}

/// What happened at a node per window, as rates per second.
struct Flow {
    /// Requests that arrive or are there: without any, nothing can be answered.
    asked: Vec<f64>,
    good: Vec<f64>,
    bad: Vec<f64>,
    p95_ms: Vec<f64>,
}

/// The steps of the cascade, in the order of time.
pub fn trace(metrics: &Metrics, triggers: &[(Time, Option<Time>)]) -> Vec<CascadeStep> {
    let phases = Phases::new(metrics, triggers);
    let wiring = metrics.wiring();
    let causes = causes(metrics);
    let heights = heights(wiring);
    let mut found = Vec::new();
    for (node, wired) in wiring.nodes() {
        if matches!(wired.kind, NodeKind::Balancer | NodeKind::Monitor) {
            continue;
        }
        let mut note = |stage: &str, at: Time, (en, ko): (String, String)| {
            let index = STAGES.iter().position(|known| *known == stage).expect("a known stage");
            let node_key = wired.key.clone();
            let stage = STAGES[index];
            let at = after_cause(at, &causes, &phases);
            let step = CascadeStep { at_s: at.seconds(), node: node_key, stage, en, ko };
            found.push(Found { at, height: heights[usize::from(node.0)], stage: index, step });
        };
        let flow = flow(metrics, node);
        down(metrics, node, &mut note);
        errors(metrics, node, &flow, &phases, &mut note);
        slow(&flow, &phases, &mut note);
        if wired.kind.is_station() {
            saturated(metrics, node, &phases, &mut note);
        }
        stopped(&flow, &phases, &mut note);
    }
    found.sort_by_key(|found| (found.at, found.height, found.stage));
    found.into_iter().map(|found| found.step).collect()
}

/// Moments of crashes and full disks.
fn causes(metrics: &Metrics) -> Vec<Time> {
    let stations = metrics.wiring().stations().map(|node| metrics.station(node));
    let moments = stations.flat_map(|station| {
        [station.first_down().map(|down| down.at), station.disk_full_at()].into_iter().flatten()
    });
    moments.collect()
}

/// A stage dated to the start of a window, moved behind the first known cause in that window.
fn after_cause(at: Time, causes: &[Time], phases: &Phases) -> Time {
    let window = phases.window_of(at);
    let starts_window = window.is_some_and(|window| phases.onset(window) == at);
    let same = causes.iter().copied().filter(|cause| phases.window_of(*cause) == window);
    same.filter(|cause| starts_window && *cause > at).min().unwrap_or(at)
}

type Note<'a> = dyn FnMut(&str, Time, (String, String)) + 'a;

/// Distance from the deepest callee: a caller stands above all that it calls. Cycles stop growing
/// after as many rounds as there are nodes.
fn heights(wiring: &Wiring) -> Vec<usize> {
    let mut heights = vec![0; wiring.nodes.len()];
    for _ in 0..wiring.nodes.len() {
        for edge in &wiring.edges {
            let slot = |node: NodeIndex| usize::from(node.0);
            if edge.callee != edge.station {
                heights[slot(edge.callee)] =
                    heights[slot(edge.callee)].max(heights[slot(edge.station)] + 1);
            }
            let above = heights[slot(edge.callee)] + 1;
            heights[slot(edge.owner)] = heights[slot(edge.owner)].max(above);
        }
    }
    heights
}

fn flow(metrics: &Metrics, node: NodeIndex) -> Flow {
    let wired = metrics.wiring().node(node);
    let column = |name: &str| metrics.column(&format!("{}/{name}", wired.key));
    let sum = |names: &[&str]| {
        let mut sums = vec![0.0; metrics.table().rows()];
        for name in names {
            sums.iter_mut().zip(column(name)).for_each(|(sum, value)| *sum += value);
        }
        sums
    };
    let (asked, good, bad): (&[&str], &[&str], &[&str]) = match wired.kind {
        NodeKind::Clients => {
            (&["offered", "in_flight"], &["goodput"], &["failed", "rejected", "timed_out"])
        }
        _ => (&["offered", "in_system"], &["ok"], &["failed", "rejected"]),
    };
    Flow { asked: sum(asked), good: sum(good), bad: sum(bad), p95_ms: column("p95_ms") }
}

fn down(metrics: &Metrics, node: NodeIndex, note: &mut Note) {
    if let Some(first) = metrics.station(node).first_down() {
        note("down", first.at, words::cascade::down(first.server, first.cause));
    }
}

fn errors(metrics: &Metrics, node: NodeIndex, flow: &Flow, phases: &Phases, note: &mut Note) {
    let share = |window: usize| {
        let ended = flow.good[window] + flow.bad[window];
        if ended > 0.0 { flow.bad[window] / ended } else { NO_DATA }
    };
    let total = |rates: &[f64]| rates[phases.normal.clone()].iter().sum::<f64>();
    let (good, bad) = (total(&flow.good), total(&flow.bad));
    let normal = if good + bad > 0.0 { bad / (good + bad) } else { 0.0 };
    let bound = LEAST_ERROR_SHARE.max(TIMES_NORMAL * normal);
    let shown = |window: usize| (share(window) != NO_DATA).then(|| share(window) > bound);
    let many = |window: &usize| {
        shown(*window) == Some(true) && flow.bad[*window] * phases.seconds(*window) >= MANY_ERRORS
    };
    let lasting = phases.first_stretch(phases.sustained(), shown);
    let window = phases.judged.clone().find(many).into_iter().chain(lasting).min();
    let by_share = window.map(|window| (phases.onset(window), share(window)));
    match (metrics.station(node).disk_full_at(), by_share) {
        (Some(full), found) if found.is_none_or(|(at, _)| full <= at + one_window(phases)) => {
            note("errors", full, words::cascade::disk_full());
        }
        (_, Some((at, share))) => note("errors", at, words::cascade::errors(share, normal)),
        _ => {}
    }
}

/// A full disk explains errors seen from the start of the window that it fell into.
fn one_window(phases: &Phases) -> Duration {
    let known = phases.windows() > 0;
    if known { Duration::from_seconds(phases.seconds(0)) } else { Duration::ZERO }
}

fn slow(flow: &Flow, phases: &Phases, note: &mut Note) {
    let Some(normal) = median(&flow.p95_ms, phases.normal.clone()) else { return };
    let bound = (TIMES_NORMAL * normal).max(normal + LEAST_SLOWDOWN_MS);
    let shown = |window: usize| {
        let p95 = flow.p95_ms[window];
        (p95 != NO_DATA).then_some(p95 > bound)
    };
    if let Some(window) = phases.first_stretch(phases.sustained(), shown) {
        let p95 = flow.p95_ms[window];
        let at = phases.arrival(window, Duration::from_ms(p95));
        note("slow", at, words::cascade::slow(p95, normal));
    }
}

fn saturated(metrics: &Metrics, node: NodeIndex, phases: &Phases, note: &mut Note) {
    let wiring = metrics.wiring();
    let cpu = metrics.column(&format!("{}/cpu", wiring.node(node).key));
    let busy_cores = |window: usize| (cpu[window] != NO_DATA).then(|| cpu[window] >= SATURATED);
    let mut first = phases
        .first_stretch(phases.sustained(), busy_cores)
        .map(|window| (window, words::cascade::cpu()));
    for pool in wiring.pools_of(node) {
        let name = wiring.pool_name(pool);
        let busy = metrics.column(&format!("{name}/utilisation"));
        let queue = metrics.column(&format!("{name}/queue"));
        let normal = median(&queue, phases.normal.clone()).unwrap_or(0.0);
        let backlog = LEAST_QUEUE.max(2.0 * normal);
        let full = |window: usize| {
            (busy[window] != NO_DATA).then(|| busy[window] >= SATURATED && queue[window] > backlog)
        };
        if let Some(window) = phases.first_stretch(phases.sustained(), full)
            && first.as_ref().is_none_or(|(earliest, _)| window < *earliest)
        {
            let threads = metrics.pool(pool).threads().value();
            let words = words::cascade::pool(&wiring.pool(pool).key, threads, queue[window]);
            first = Some((window, words));
        }
    }
    if let Some((window, words)) = first {
        note("saturated", phases.onset(window), words);
    }
}

fn stopped(flow: &Flow, phases: &Phases, note: &mut Note) {
    let normal = median(&flow.good, phases.normal.clone()).unwrap_or(0.0);
    if normal <= 0.0 {
        return;
    }
    let shown = |window: usize| {
        (flow.asked[window] > 0.0).then(|| flow.good[window] < STOPPED_SHARE * normal)
    };
    let long = phases.at_most_a_twentieth(STOPPED_WINDOWS);
    if let Some(window) = phases.first_stretch(long, shown) {
        note("stopped", phases.onset(window), words::cascade::stopped(flow.good[window], normal));
    }
}
