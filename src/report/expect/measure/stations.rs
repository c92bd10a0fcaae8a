//! Figures of services, databases and their servers.

use super::{Judge, Measured, no_subject, or_never};
use crate::metrics::spread::SERVERS_PER_WINDOW;
use crate::metrics::station::StationMeter;
use crate::report::Station;
use crate::report::expect::metric::Subject;
use crate::wiring::NodeIndex;
use std::ops::Range;

impl Judge<'_> {
    pub(super) fn station_index(&self) -> Result<NodeIndex, String> {
        match self.arguments.subject {
            Some(Subject::Station(node)) => Ok(node),
            _ => Err(no_subject()),
        }
    }

    pub(super) fn station(&self, node: NodeIndex) -> &Station {
        &self.report.stations[&self.metrics.wiring().node(node).key]
    }

    pub(super) fn a_station(&self) -> Result<&Station, String> {
        self.station_index().map(|node| self.station(node))
    }

    pub(super) fn station_meter(&self) -> Result<&StationMeter, String> {
        self.station_index().map(|node| self.metrics.station(node))
    }

    /// The least or most of a column.
    pub(super) fn extreme(
        &self,
        name: &str,
        spell: Option<Range<usize>>,
        pick: fn(f64, f64) -> f64,
    ) -> Measured {
        self.extreme_of(&self.node_key(self.station_index()?), name, spell, pick)
    }

    pub(super) fn station_mean(
        &self,
        spell: Option<Range<usize>>,
        name: &str,
        whole_run: fn(&Station) -> Option<f64>,
    ) -> Measured {
        let node = self.station_index()?;
        match spell {
            Some(windows) => self.mean(&self.node_key(node), name, windows),
            None => {
                whole_run(self.station(node)).ok_or_else(|| "there is no limit of cores".into())
            }
        }
    }

    pub(super) fn drained_at(&self, spell: Option<Range<usize>>) -> Measured {
        let node = self.station_index()?;
        let column = self.metrics.column(&format!("{}/in_system", self.node_key(node)));
        let mut windows = spell.unwrap_or(0..column.len());
        let drained = windows.find(|window| column[*window] < self.bound());
        Ok(or_never(drained.map(|window| self.metrics.window_start(window).seconds())))
    }

    pub(super) fn share(&self, spell: Option<Range<usize>>) -> Measured {
        let windows = spell.unwrap_or(0..self.metrics.table().rows());
        let (node, server) = match self.arguments.subject {
            Some(Subject::Server(node, server)) => (node, Some(server as usize)),
            Some(Subject::Station(node)) => (node, None),
            _ => return Err(no_subject()),
        };
        let counts = self.metrics.station(node).spread().in_windows(windows.start, windows.end);
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return Err("no request reached a server".into());
        }
        match server {
            Some(server) if server >= SERVERS_PER_WINDOW => {
                Err(format!("shares are kept for the first {SERVERS_PER_WINDOW} servers"))
            }
            Some(server) => Ok(counts[server] as f64 / total as f64),
            None => Ok(1.0 / counts.iter().filter(|count| **count > 0).count() as f64),
        }
    }

    pub(super) fn cascade_stage(&self) -> Measured {
        let Some(Subject::Stage(node, stage)) = self.arguments.subject else {
            return Err(no_subject());
        };
        let key = self.node_key(node);
        let steps = &self.report.cascade;
        let step = steps.iter().find(|step| step.node == key && step.stage == stage);
        Ok(or_never(step.map(|step| step.at_s)))
    }

    pub(super) fn up_share(&self) -> Measured {
        let share = self.station_meter()?.up_share(self.now(), self.bound() as u32);
        share.ok_or_else(|| "so many servers are not told apart".into())
    }

    pub(super) fn falls_below(&self) -> Measured {
        self.station_meter().map(|meter| meter.falls_below(self.bound() as u32).into())
    }
}
