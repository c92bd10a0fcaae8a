//! Figures of thread pools.

use super::{Judge, Measured, no_subject, percentile, share_above};
use crate::metrics::pool::PoolMeter;
use crate::report::PoolReport;
use crate::report::expect::metric::Subject;
use crate::wiring::PoolIndex;
use std::ops::Range;

impl Judge<'_> {
    fn pool_index(&self) -> Result<PoolIndex, String> {
        match self.arguments.subject {
            Some(Subject::Pool(pool)) => Ok(pool),
            _ => Err(no_subject()),
        }
    }

    pub(super) fn pool(&self, pool: PoolIndex) -> &PoolReport {
        let wired = self.metrics.wiring().pool(pool);
        &self.station(wired.node).pools[&wired.key]
    }

    pub(super) fn a_pool(&self) -> Result<&PoolReport, String> {
        self.pool_index().map(|pool| self.pool(pool))
    }

    fn pool_meter(&self) -> Result<&PoolMeter, String> {
        self.pool_index().map(|pool| self.metrics.pool(pool))
    }

    pub(super) fn pool_mean(
        &self,
        spell: Option<Range<usize>>,
        name: &str,
        whole_run: fn(&PoolReport) -> f64,
    ) -> Measured {
        let pool = self.pool_index()?;
        match spell {
            Some(windows) => self.mean(&self.metrics.wiring().pool_name(pool), name, windows),
            None => Ok(whole_run(self.pool(pool))),
        }
    }

    pub(super) fn time_above(&self) -> Measured {
        let share = self.pool_meter()?.time_above(self.now(), self.bound() as u32);
        share.ok_or_else(|| "so many requests are not told apart".into())
    }

    pub(super) fn wait_percentile(&self) -> Measured {
        percentile(self.pool_meter()?.wait(), self.quantile(), "nothing was started")
    }

    pub(super) fn waited_over(&self) -> Measured {
        share_above(self.pool_meter()?.wait(), self.bound())
    }
}
