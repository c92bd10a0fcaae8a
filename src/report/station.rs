//! A service or a database in the report: its work, its servers, and what else it has.

use super::build::{ratio, server_hours, work};
use super::{CacheReport, Copies, Data, Latency, Logins, MemoryReport, PoolReport, Stored};
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::metrics::spread::Spell;
use crate::wiring::NodeIndex;
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// How often it added servers.
    pub scale_outs: u64,
    /// How often it took servers away.
    pub scale_ins: u64,
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

impl Station {
    /// The station in the report.
    pub(super) fn of(metrics: &Metrics, node: NodeIndex) -> Station {
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
            response: Latency::of(meter.response()),
            cpu_utilisation: meter.cpu_utilisation(now),
            mean_in_system: ratio(present.sum(), metrics.measured_nanos() as f64),
            in_system_at_end: wiring
                .pools_of(node)
                .map(|pool| metrics.pool(pool).present().value())
                .sum(),
            up: up_shares(metrics, node),
            pools: wiring
                .pools_of(node)
                .map(|index| (wiring.pool(index).key.clone(), PoolReport::of(metrics, index)))
                .collect(),
            caches: wiring
                .caches_of(node)
                .map(|index| {
                    (
                        wiring.caches[usize::from(index.0)].key.clone(),
                        CacheReport::of(metrics, index),
                    )
                })
                .collect(),
            shares: shares(metrics, node),
            memory: MemoryReport::of(metrics, node),
            disk_full_at_s: meter.disk_full_at().map(Time::seconds),
            stored: Stored::of(metrics, node),
            server_hours: server_hours(metrics, node),
            data: Data::of(metrics, node),
            logins: Logins::of(metrics, node),
            scale_actions: meter.scale_outs() + meter.scale_ins(),
            scale_outs: meter.scale_outs(),
            scale_ins: meter.scale_ins(),
            governor_alarms: meter.governor_alarms(),
            rollbacks: meter.rollbacks(),
            copies: Copies::of(metrics, node),
        }
    }
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
    let share = |spell: Spell| ShareSpell {
        from_s: Time(spell.from).seconds(),
        to_s: Time(spell.to).seconds(),
        servers: spell.servers,
        share: ratio(1.0, f64::from(spell.servers)),
    };
    spells.into_iter().map(share).collect()
}
