//! From metrics to the report.

use super::{
    BrokenInvariant, CacheReport, ConcurrencyLimit, Copies, Data, Edge, Invariants, Latency,
    Logins, MemoryReport, PoolReport, Report, Requests, ShareSpell, Station, Stored, TimelineEntry,
    UpShare, alarms, cascade, verdict, words,
};
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::metrics::class::Wishes;
use crate::metrics::histogram::Distribution;
use crate::metrics::pool::Work;
use crate::wiring::{CacheIndex, ClassIndex, EdgeIndex, NodeIndex, PoolIndex};
use std::collections::BTreeMap;

/// Name of a fault, a switch or an intervention, by [`crate::observation::LabelIndex`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its key in the scenario.
    pub key: String,
    /// Its name in English.
    pub en: String,
    /// Its name in Korean; English is used where it is missing.
    pub ko: Option<String>,
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
    /// Names of faults, switches and interventions.
    pub labels: &'a [Label],
    /// What may upset the system: start and end of each fault and change of load. Without an end it
    /// goes on to the end of the run.
    pub triggers: &'a [(Time, Option<Time>)],
    /// Events handled.
    pub events: u64,
    /// Digest over all events.
    pub digest: u64,
    /// Why the run ended before its time, if it did.
    pub stopped_early: Option<String>,
    /// Tokens in the retry budgets of each call, by [`EdgeIndex`].
    pub retry_tokens: Vec<Option<f64>>,
}

impl Report {
    /// The report over a run that has ended.
    pub fn build(metrics: &Metrics, context: &ReportContext) -> Report {
        let wiring = metrics.wiring();
        let cascade = cascade::trace(metrics, context.triggers);
        let classes = (0..wiring.classes.len() as u16).map(ClassIndex);
        let edges = (0..wiring.edges.len() as u16).map(EdgeIndex);
        let mut report = Report {
            scenario: context.scenario.to_owned(),
            seed: context.seed,
            switches: context.switches.clone(),
            simulated_s: metrics.now().seconds(),
            events: context.events,
            stopped_early: context.stopped_early.clone(),
            digest: format!("{:016x}", context.digest),
            invariants: invariants(metrics),
            totals: requests(metrics, classes.clone()),
            classes: classes
                .map(|class| (wiring.class_name(class), requests(metrics, [class])))
                .collect(),
            stations: wiring
                .stations()
                .map(|node| (wiring.node(node).key.clone(), station(metrics, node)))
                .collect(),
            edges: edges
                .map(|index| (wiring.edge_name(index), edge(metrics, index, context)))
                .collect(),
            monitors: alarms::monitors(metrics),
            alarms: alarms::alarms(metrics, context.triggers),
            timeline: timeline(metrics, context.labels),
            timeline_dropped: metrics.timeline().dropped(),
            cascade,
            verdict: Default::default(),
            expectations: Vec::new(),
        };
        report.verdict = verdict::judge(metrics, context.triggers, &report);
        report
    }
}

/// The invariants that were judged.
pub fn invariants(metrics: &Metrics) -> Invariants {
    let judge = metrics.invariants();
    let broken = judge.broken().iter().map(|broken| BrokenInvariant {
        at_s: broken.at.seconds(),
        subject: broken.owner.map_or(String::new(), |owner| metrics.owner_name(owner)),
        en: broken.law.en().to_owned(),
        ko: broken.law.ko().to_owned(),
    });
    Invariants { checks: judge.checks(), broken: broken.collect() }
}

/// The timeline in words. `labels` names faults, switches and interventions.
pub fn timeline(metrics: &Metrics, labels: &[Label]) -> Vec<TimelineEntry> {
    let entries = metrics.timeline().entries().iter();
    entries.map(|entry| words::timeline_entry(metrics.wiring(), labels, entry)).collect()
}

/// What became of the requests of those classes.
pub fn requests(metrics: &Metrics, classes: impl IntoIterator<Item = ClassIndex>) -> Requests {
    let mut wishes = Wishes::default();
    let now = metrics.now().0;
    classes.into_iter().for_each(|class| wishes.merge(&metrics.class(class).wishes(now)));
    let rejected: u64 = wishes.rejected.values().sum();
    let answered = wishes.ok + wishes.degraded;
    let ended = answered + wishes.failed + wishes.timed_out + rejected;
    let seconds = measured_seconds(metrics);
    Requests {
        offered: wishes.offered,
        refreshes: wishes.refreshes,
        ok: wishes.ok,
        degraded: wishes.degraded,
        failed: wishes.failed,
        timed_out: wishes.timed_out,
        abandoned: wishes.offered.saturating_sub(ended),
        goodput_ratio: ratio(answered as f64, wishes.offered as f64),
        offered_rps: ratio(wishes.offered as f64, seconds),
        goodput_rps: ratio(answered as f64, seconds),
        response: latency(&wishes.response),
        mean_in_flight: ratio(wishes.in_flight, metrics.measured_nanos() as f64),
        last_end_s: wishes.last_end.map(|end| Time(end).seconds()),
        rejected: wishes.rejected,
    }
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

pub(super) fn latency(times: &Distribution) -> Latency {
    let quantile_ms = |quantile| times.quantile(quantile).unwrap_or(0) as f64 / 1e6;
    Latency {
        count: times.count(),
        mean_ms: times.mean() / 1e6,
        variance_ms2: times.variance() / 1e12,
        sd_ms: times.variance().sqrt() / 1e6,
        min_ms: times.min() as f64 / 1e6,
        p50_ms: quantile_ms(0.50),
        p95_ms: quantile_ms(0.95),
        p99_ms: quantile_ms(0.99),
        max_ms: times.max() as f64 / 1e6,
    }
}

fn station(metrics: &Metrics, node: NodeIndex) -> Station {
    let (wiring, meter, now) = (metrics.wiring(), metrics.station(node), metrics.now().0);
    let work = work(metrics, node);
    let mut rejected = BTreeMap::new();
    for pool in wiring.pools_of(node) {
        for (cause, count) in metrics.pool(pool).refused_by_cause() {
            *rejected.entry(cause).or_default() += count;
        }
    }
    let present = wiring.pools_of(node).map(|pool| metrics.pool(pool).present().measured(now));
    Station {
        offered: work.arrived,
        ok: work.ok,
        failed: work.failed,
        rejected,
        wasted: work.wasted,
        wasted_ratio: ratio(work.wasted as f64, work.ended() as f64),
        response: latency(meter.response()),
        cpu_utilisation: meter.cpu_utilisation(now),
        mean_in_system: ratio(present.sum(), metrics.measured_nanos() as f64),
        in_system_at_end: wiring
            .pools_of(node)
            .map(|pool| metrics.pool(pool).present().value())
            .sum(),
        up: up_shares(metrics, node),
        pools: wiring
            .pools_of(node)
            .map(|index| (wiring.pool(index).key.clone(), pool(metrics, index)))
            .collect(),
        caches: wiring
            .caches_of(node)
            .map(|index| (wiring.caches[usize::from(index.0)].key.clone(), cache(metrics, index)))
            .collect(),
        shares: shares(metrics, node),
        memory: memory(metrics, node),
        disk_full_at_s: meter.disk_full_at().map(Time::seconds),
        stored: stored(metrics, node),
        server_hours: server_hours(metrics, node),
        data: Data::of(metrics, node),
        logins: logins(metrics, node),
        scale_actions: meter.scale_actions(),
        governor_alarms: meter.governor_alarms(),
        rollbacks: meter.rollbacks(),
        copies: Copies::of(metrics, node),
    }
}

/// What is known of the memory of a station.
pub fn memory(metrics: &Metrics, node: NodeIndex) -> Option<MemoryReport> {
    let (meter, now) = (metrics.station(node), metrics.now().0);
    let first = meter.first_out_of_memory();
    (meter.has_heap() || first.is_some()).then(|| MemoryReport {
        heap_used_bytes: meter.heap(),
        collections: meter.collections(),
        gc_s: meter.collecting(now) / 1e9,
        gc_share: ratio(meter.collecting(now), meter.up().measured(now)),
        out_of_memory: meter.out_of_memory(),
        first_out_of_memory_s: first.map(Time::seconds),
    })
}

/// What is known of a cache.
pub fn cache(metrics: &Metrics, index: CacheIndex) -> CacheReport {
    let meter = metrics.cache(index);
    let askings = meter.measured();
    CacheReport {
        hits: askings.hits,
        misses: askings.misses,
        hit_ratio: askings.hit_ratio(),
        fetches: askings.misses - askings.shared,
        stale: askings.stale,
        evictions: meter.evictions(),
        entries: meter.entries(),
        bytes: meter.bytes(),
    }
}

/// What is known of rows, if there are tables or anybody waited for a lock.
fn stored(metrics: &Metrics, node: NodeIndex) -> Option<Stored> {
    let meter = metrics.station(node).stored();
    let (rows, lock_waits) = (meter.rows(), meter.lock_waits());
    if rows.is_none() && lock_waits == 0 && meter.migrated_at().is_none() {
        return None;
    }
    let rows = rows.unwrap_or_default();
    let waiting = meter.waiting().level().measured(metrics.now().0);
    Some(Stored {
        rows: rows.live,
        dead_rows: rows.dead,
        purged_rows: meter.purged_rows(),
        copied_rows: meter.copied_rows(),
        forwarded_changes: meter.forwarded_changes(),
        migrated_at_s: meter.migrated_at().map(|at| Time(at).seconds()),
        lock_waits,
        lock_timeouts: meter.lock_timeouts(),
        lock_wait: latency(meter.wait()),
        mean_lock_waiting: ratio(waiting, metrics.measured_nanos() as f64),
    })
}

fn logins(metrics: &Metrics, node: NodeIndex) -> Option<Logins> {
    let meter = metrics.station(node).identity();
    let logins = meter.measured();
    let ended = logins.succeeded() + logins.failed();
    meter.is_present().then(|| Logins {
        by_token: logins.by_token,
        renewed: logins.renewed,
        renewed_alone: logins.renewed_alone,
        created: logins.created,
        existing_refused: logins.existing_refused,
        new_refused: logins.new_refused,
        success_ratio: ratio(logins.succeeded() as f64, ended as f64),
        switches: logins.switches,
        alone_s: meter.alone().measured(metrics.now().0) / 1e9,
    })
}

fn up_shares(metrics: &Metrics, node: NodeIndex) -> Vec<UpShare> {
    let (meter, now) = (metrics.station(node), metrics.now().0);
    let most = meter.up().peak().max(meter.servers().peak());
    let of = |at_least: u32| {
        let share = meter.up_share(now, at_least)?;
        let fell_below = meter.falls_below(at_least);
        (share < 1.0 || fell_below > 0).then_some(UpShare { at_least, share, fell_below })
    };
    (1..=most).filter_map(of).collect()
}

fn shares(metrics: &Metrics, node: NodeIndex) -> Vec<ShareSpell> {
    let meter = metrics.station(node);
    let spells = meter.spread().spells(metrics.now().0, meter.up().value());
    let share = |spell: crate::metrics::spread::Spell| ShareSpell {
        from_s: Time(spell.from).seconds(),
        to_s: Time(spell.to).seconds(),
        servers: spell.servers,
        share: ratio(1.0, f64::from(spell.servers)),
    };
    spells.into_iter().map(share).collect()
}

fn pool(metrics: &Metrics, index: PoolIndex) -> PoolReport {
    let (meter, now) = (metrics.pool(index), metrics.now().0);
    let nanos = metrics.measured_nanos() as f64;
    let servers = metrics.station(metrics.wiring().pool(index).node).servers().value();
    let (busy, work) = (meter.busy().measured(now), meter.measured());
    PoolReport {
        threads: meter.threads_per_server().saturating_mul(servers),
        utilisation: ratio(busy, meter.threads().measured(now)).min(1.0),
        mean_busy: ratio(busy, nanos),
        busy_s: busy / 1e9,
        mean_queue: ratio(meter.queue().measured(now), nanos),
        max_queue: meter.queue().peak(),
        waited_ratio: ratio(work.waited as f64, work.started as f64),
        wait: latency(meter.wait()),
        offered: work.arrived,
        started: work.started,
        waited: work.waited,
        ok: work.ok,
        failed: work.failed,
        wasted: work.wasted,
        rejected: meter.refused_by_cause(),
        mean_in_system: ratio(meter.present().measured(now), nanos),
        in_system_at_end: meter.present().value(),
        last_end_s: meter.last_end().map(|end| Time(end).seconds()),
    }
}

fn edge(metrics: &Metrics, index: EdgeIndex, context: &ReportContext) -> Edge {
    let meter = metrics.edge(index);
    let traffic = meter.measured();
    Edge {
        calls: traffic.calls,
        attempts: traffic.attempts,
        retries: traffic.retries,
        hedges: traffic.hedges,
        amplification: ratio(traffic.attempts as f64, traffic.calls as f64),
        ok: traffic.ok,
        failed: traffic.failed,
        timed_out: traffic.timed_out,
        refused: traffic.refused,
        outrun: traffic.outrun,
        rejected: traffic.rejected,
        skipped: traffic.skipped,
        fallbacks: traffic.fallbacks,
        retries_denied: traffic.retries_denied,
        hedges_denied: traffic.hedges_denied,
        breaker_opened: traffic.breaker_opened,
        concurrency_limit: concurrency_limit(metrics, index),
        retry_tokens: context.retry_tokens.get(usize::from(index.0)).copied().flatten(),
        attempt_time: latency(meter.time()),
    }
}

/// What is known of a call's adaptive limit, if it ever had one since the warm-up.
fn concurrency_limit(metrics: &Metrics, index: EdgeIndex) -> Option<ConcurrencyLimit> {
    let limit = metrics.edge(index).limit();
    let mean = ratio(limit.measured(metrics.now().0), metrics.measured_nanos() as f64);
    let limit = ConcurrencyLimit { mean, highest: limit.peak(), last: limit.value() };
    (limit.highest > 0).then_some(limit)
}
