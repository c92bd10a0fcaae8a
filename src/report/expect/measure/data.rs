//! Figures of data: records lost, stored and kept for later.

use super::{Judge, Measured};
use crate::metrics::data::Counts;
use crate::report::expect::metric::Subject;
use crate::wiring::NodeIndex;
use std::ops::Range;

impl Judge<'_> {
    /// The stations asked for: one, or all.
    fn stations(&self) -> Vec<NodeIndex> {
        match self.arguments.subject {
            Some(Subject::Station(node)) => vec![node],
            _ => self.metrics.wiring().stations().collect(),
        }
    }

    /// A count of records over the whole run.
    pub(super) fn records(&self, count: fn(Counts) -> u64) -> Measured {
        let of = |node: NodeIndex| count(self.metrics.station(node).data().measured());
        Ok(self.stations().into_iter().map(of).sum::<u64>() as f64)
    }

    /// The same, or in a spell by the column of that name.
    pub(super) fn records_in(
        &self,
        spell: Option<Range<usize>>,
        name: &str,
        count: fn(Counts) -> u64,
    ) -> Measured {
        let Some(windows) = spell else { return self.records(count) };
        let keys = self.stations().into_iter().map(|node| self.node_key(node));
        let table = self.metrics.table();
        let is_measured = |key: &String| table.column(&format!("{key}/{name}")).is_some();
        let owners: Vec<String> = keys.filter(is_measured).collect();
        if owners.is_empty() {
            return Err("nothing has to do with such records there".into());
        }
        Ok(self.total(&owners, name, &windows))
    }

    /// The highest level of a station, in a spell by the means of its windows.
    pub(super) fn highest(
        &self,
        spell: Option<Range<usize>>,
        name: &str,
        whole_run: u32,
    ) -> Measured {
        let node = self.station_index()?;
        let Some(windows) = spell else { return Ok(whole_run.into()) };
        self.extreme_of(&self.node_key(node), name, Some(windows), f64::max)
    }
}
