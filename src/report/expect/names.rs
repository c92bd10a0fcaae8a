//! Names in clauses: which node, server, class, pool or call is meant.

use super::metric::{Kind, Metric, Subject};
use crate::nearest::did_you_mean;
use crate::observation::Cause;
use crate::report::cascade::STAGES;
use crate::wiring::{NodeIndex, NodeKind, Wiring};

/// What a metric can be about, in words.
pub fn wanted_subjects(metric: &Metric) -> String {
    let kinds: Vec<_> = metric.subjects.iter().map(|kind| kind.describe()).collect();
    if kinds.is_empty() { "nothing in parentheses".into() } else { kinds.join(" or ") }
}

/// What a name in the parentheses of that metric means.
pub fn subject(text: &str, metric: &Metric, wiring: &Wiring) -> Result<Subject, String> {
    let found = metric.subjects.iter().find_map(|kind| subject_of(*kind, text, wiring));
    found.ok_or_else(|| {
        let known: Vec<String> =
            metric.subjects.iter().flat_map(|kind| names_of(*kind, wiring)).collect();
        let mut near = did_you_mean(text, known.iter().map(String::as_str));
        if metric.by_cause && near.is_empty() {
            near = did_you_mean(text, Cause::ALL.iter().map(|cause| cause.key()));
        }
        format!("{}: \"{text}\" is not {}{near}", metric.name, wanted_subjects(metric))
    })
}

fn subject_of(kind: Kind, text: &str, wiring: &Wiring) -> Option<Subject> {
    let node = || wiring.node_named(text);
    let is = |node: &NodeIndex, kind: NodeKind| wiring.node(*node).kind == kind;
    let station = |node: Option<NodeIndex>| node.filter(|n| wiring.node(*n).kind.is_station());
    match kind {
        Kind::Users => {
            let population = node().filter(|n| is(n, NodeKind::Clients)).map(Subject::Population);
            let class = || wiring.classes().find(|class| wiring.class_name(*class) == text);
            population.or_else(|| class().map(Subject::Class))
        }
        Kind::Station => station(node()).map(Subject::Station),
        Kind::Server => {
            let (node, server) = text.split_once('#')?;
            let node = station(wiring.node_named(node))?;
            Some(Subject::Server(node, server.parse().ok()?))
        }
        Kind::Pool => {
            let named = wiring.pools().find(|pool| wiring.pool_name(*pool) == text);
            let only = || {
                let mut pools = wiring.pools_of(node()?);
                pools.next().filter(|_| pools.next().is_none())
            };
            named.or_else(only).map(Subject::Pool)
        }
        Kind::Edge => {
            wiring.edges().find(|edge| wiring.edge_name(*edge) == text).map(Subject::Edge)
        }
        Kind::Cache => {
            let named = wiring.caches().find(|cache| wiring.cache_name(*cache) == text);
            let only = || {
                let mut caches = wiring.caches_of(node()?);
                caches.next().filter(|_| caches.next().is_none())
            };
            named.or_else(only).map(Subject::Cache)
        }
        Kind::Monitor => {
            let node = node().filter(|n| is(n, NodeKind::Monitor));
            node.map(Subject::Monitor)
        }
        Kind::Alarm => {
            wiring.alarms().find(|alarm| wiring.alarm_name(*alarm) == text).map(Subject::Alarm)
        }
        Kind::Stage => {
            let (node, stage) = text.rsplit_once('.')?;
            let stage = STAGES.into_iter().find(|known| *known == stage)?;
            Some(Subject::Stage(wiring.node_named(node)?, stage))
        }
    }
}

fn names_of(kind: Kind, wiring: &Wiring) -> Vec<String> {
    let nodes = |wanted: fn(NodeKind) -> bool| {
        let nodes = wiring.nodes.iter().filter(move |node| wanted(node.kind));
        nodes.map(|node| node.key.clone())
    };
    match kind {
        Kind::Users => nodes(|kind| kind == NodeKind::Clients)
            .chain(wiring.classes().map(|class| wiring.class_name(class)))
            .collect(),
        Kind::Station => nodes(NodeKind::is_station).collect(),
        Kind::Server => nodes(NodeKind::is_station).map(|key| format!("{key}#0")).collect(),
        Kind::Pool => wiring.pools().map(|pool| wiring.pool_name(pool)).collect(),
        Kind::Edge => wiring.edges().map(|edge| wiring.edge_name(edge)).collect(),
        Kind::Cache => wiring.caches().map(|cache| wiring.cache_name(cache)).collect(),
        Kind::Monitor => nodes(|kind| kind == NodeKind::Monitor).collect(),
        Kind::Alarm => wiring.alarms().map(|alarm| wiring.alarm_name(alarm)).collect(),
        Kind::Stage => {
            let stages = |key: String| STAGES.map(|stage| format!("{key}.{stage}"));
            let shown = |kind| !matches!(kind, NodeKind::Balancer | NodeKind::Monitor);
            nodes(shown).flat_map(stages).collect()
        }
    }
}
