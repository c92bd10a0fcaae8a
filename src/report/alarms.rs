//! What monitors saw and told: alarms by name, and how long it took until anybody was told of the trouble.

use super::baseline::Phases;
use super::trouble::{Seen, Trouble};
use super::{Alarm, Alarms, Monitor};
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::wiring::{AlarmIndex, NodeKind};
use std::collections::BTreeMap;

/// All alarms of a run.
pub fn alarms(metrics: &Metrics, triggers: &[(Time, Option<Time>)]) -> Alarms {
    let phases = Phases::new(metrics, triggers);
    let trigger = phases.trigger_at;
    let wiring = metrics.wiring();
    let all = || (0..wiring.alarms.len() as u16).map(AlarmIndex);
    let each = |index: AlarmIndex| {
        let (raised, sent) = metrics.alarm(index).measured();
        let first_sent_at_s = first_sent(metrics, [index], Time::ZERO).map(Time::seconds);
        let detection_delay_s = detection_delay(metrics, [index], trigger);
        (wiring.alarm_name(index), Alarm { raised, sent, first_sent_at_s, detection_delay_s })
    };
    Alarms {
        raised: all().map(|index| metrics.alarm(index).measured().0).sum(),
        sent: all().map(|index| metrics.alarm(index).measured().1).sum(),
        first_sent_at_s: first_sent(metrics, all(), Time::ZERO).map(Time::seconds),
        detection_delay_s: detection_delay(metrics, all(), trigger),
        warning_lead_s: warning_lead(metrics, &phases),
        by_name: all().map(each).collect(),
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
    let all = (0..metrics.wiring().alarms.len() as u16).map(AlarmIndex);
    let warned = first_sent(metrics, all, Time::ZERO)?.seconds();
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
