//! Figures of monitors and their alarms.

use super::{Judge, Measured, no_subject, or_never};
use crate::engine::Time;
use crate::report::Alarm;
use crate::report::alarms::{detection_delay, first_sent};
use crate::report::expect::metric::Subject;
use crate::wiring::AlarmIndex;
use std::ops::Range;

impl Judge<'_> {
    /// The alarms asked for: one, those of a monitor, or all.
    fn alarms_meant(&self) -> Vec<AlarmIndex> {
        let wiring = self.metrics.wiring();
        match self.arguments.subject {
            Some(Subject::Alarm(alarm)) => vec![alarm],
            Some(Subject::Monitor(node)) => wiring.alarms_of(node).collect(),
            _ => wiring.alarms().collect(),
        }
    }

    pub(super) fn alarms(
        &self,
        spell: Option<Range<usize>>,
        column: &str,
        count: impl Fn(&Alarm) -> u64,
    ) -> Measured {
        let names = self.alarms_meant().into_iter();
        let names: Vec<String> =
            names.map(|alarm| self.metrics.wiring().alarm_name(alarm)).collect();
        Ok(match spell {
            Some(windows) => self.total(&names, column, &windows),
            None => names.iter().map(|name| count(&self.report.alarms.by_name[name]) as f64).sum(),
        })
    }

    pub(super) fn first_alarm(&self) -> Option<f64> {
        first_sent(self.metrics, self.alarms_meant(), Time::ZERO).map(Time::seconds)
    }

    pub(super) fn detection_delay(&self) -> Measured {
        let trigger = self.report.verdict.trigger_at_s.map(Time::from_seconds);
        if trigger.is_none() {
            return Err("nothing was there to be detected".into());
        }
        Ok(or_never(detection_delay(self.metrics, self.alarms_meant(), trigger)))
    }

    pub(super) fn warning_lead(&self) -> Measured {
        let alarms = &self.report.alarms;
        match (alarms.warning_lead_s, alarms.first_sent_at_s) {
            (Some(lead), _) => Ok(lead),
            (None, Some(_)) => Ok(f64::INFINITY),
            (None, None) => Err("nobody was told of an alarm".into()),
        }
    }

    pub(super) fn tests_failed(&self, spell: Option<Range<usize>>) -> Measured {
        let Some(Subject::Monitor(node)) = self.arguments.subject else { return Err(no_subject()) };
        let key = self.node_key(node);
        Ok(match spell {
            Some(windows) => self.total(&[key], "tests_failed", &windows),
            None => self.report.monitors[&key].tests_failed as f64,
        })
    }
}
