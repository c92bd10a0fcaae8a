//! Figures of calls.

use super::{Judge, Measured, no_subject, percentile};
use crate::metrics::NO_DATA;
use crate::report::Edge;
use crate::report::expect::metric::Subject;
use crate::wiring::EdgeIndex;
use std::ops::Range;

impl Judge<'_> {
    fn edge_index(&self) -> Result<EdgeIndex, String> {
        match self.arguments.subject {
            Some(Subject::Edge(edge)) => Ok(edge),
            _ => Err(no_subject()),
        }
    }

    pub(super) fn edge(&self, edge: EdgeIndex) -> &Edge {
        &self.report.edges[&self.metrics.wiring().edge_name(edge)]
    }

    pub(super) fn an_edge(&self) -> Result<&Edge, String> {
        self.edge_index().map(|edge| self.edge(edge))
    }

    /// Attempts of a kind.
    pub(super) fn attempts(
        &self,
        spell: Option<Range<usize>>,
        column: &str,
        count: impl Fn(&Edge) -> u64,
    ) -> Measured {
        let edge = self.edge_index()?;
        Ok(match spell {
            Some(windows) => self.total(&[self.metrics.wiring().edge_name(edge)], column, &windows),
            None => count(self.edge(edge)) as f64,
        })
    }

    pub(super) fn attempt_percentile(&self) -> Measured {
        let times = self.metrics.edge(self.edge_index()?).time();
        percentile(times, self.quantile(), "no attempt ended")
    }

    pub(super) fn concurrency_limit(&self, spell: Option<Range<usize>>) -> Measured {
        let edge = self.edge_index()?;
        let none = || "the call has no concurrency limit then".to_owned();
        let Some(windows) = spell else {
            return self.edge(edge).concurrency_limit.as_ref().map(|l| l.mean).ok_or_else(none);
        };
        let owner = self.metrics.wiring().edge_name(edge);
        let mut measured = self.readings(&owner, "concurrency_limit", Some(windows));
        measured.retain(|limit| *limit != NO_DATA);
        if measured.is_empty() {
            return Err(none());
        }
        Ok(measured.iter().sum::<f64>() / measured.len() as f64)
    }
}
