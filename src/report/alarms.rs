//! What monitors saw and told: alarms by name, and how long it took until anybody was told of the trouble.

use super::baseline::Phases;
use super::trouble::{Seen, Trouble};
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::wiring::{AlarmIndex, NodeKind};
use serde::Serialize;
use std::collections::BTreeMap;

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

/// All alarms of a run.
pub fn alarms(metrics: &Metrics, triggers: &[(Time, Option<Time>)]) -> Alarms {
    let phases = Phases::new(metrics, triggers);
    let trigger = phases.trigger_at;
    let wiring = metrics.wiring();
    let each = |index: AlarmIndex| {
        let (raised, sent) = metrics.alarm(index).measured();
        let first_sent_at_s = first_sent(metrics, [index], Time::ZERO).map(Time::seconds);
        let detection_delay_s = detection_delay(metrics, [index], trigger);
        (wiring.alarm_name(index), Alarm { raised, sent, first_sent_at_s, detection_delay_s })
    };
    Alarms {
        raised: wiring.alarms().map(|index| metrics.alarm(index).measured().0).sum(),
        sent: wiring.alarms().map(|index| metrics.alarm(index).measured().1).sum(),
        first_sent_at_s: first_sent(metrics, wiring.alarms(), Time::ZERO).map(Time::seconds),
        detection_delay_s: detection_delay(metrics, wiring.alarms(), trigger),
        warning_lead_s: warning_lead(metrics, &phases),
        by_name: wiring.alarms().map(each).collect(),
    }
}

/// The monitors of a run.
pub fn monitors(metrics: &Metrics) -> BTreeMap<String, Monitor> {
    let wiring = metrics.wiring();
    let monitors = wiring.nodes().filter(|(_, node)| node.kind == NodeKind::Monitor);
    let monitor = |(index, node): (_, &crate::wiring::WiredNode)| {
        let meter = metrics.monitor(index);
        let (tests, tests_failed) = meter.measured();
        let interfaces = meter.interfaces().value();
        (node.key.clone(), Monitor { interfaces, tests, tests_failed })
    };
    monitors.map(monitor).collect()
}

/// From the first alarm until goodput left its normal band, in seconds.
fn warning_lead(metrics: &Metrics, phases: &Phases) -> Option<f64> {
    let warned = first_sent(metrics, metrics.wiring().alarms(), Time::ZERO)?.seconds();
    let trouble = Trouble::find(&Seen::new(metrics), phases);
    let onset = phases.onset(trouble.stretches.first()?.start);
    Some(onset.seconds() - warned)
}

/// When any of those alarms was first told at or after a moment.
pub fn first_sent(
    metrics: &Metrics,
    alarms: impl IntoIterator<Item = AlarmIndex>,
    from: Time,
) -> Option<Time> {
    let first = |index: AlarmIndex| metrics.alarm(index).first_sent(from.0);
    alarms.into_iter().filter_map(first).min().map(Time)
}

/// From the trigger until any of those alarms was told, in seconds.
pub fn detection_delay(
    metrics: &Metrics,
    alarms: impl IntoIterator<Item = AlarmIndex>,
    trigger: Option<Time>,
) -> Option<f64> {
    let trigger = trigger?;
    first_sent(metrics, alarms, trigger).map(|at| at.since(trigger).seconds())
}
