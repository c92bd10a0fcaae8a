//! The copies of databases.

use super::{Judge, Measured};
use crate::metrics::NO_DATA;
use crate::metrics::replication::ReplicationMeter;
use crate::report::build::ratio;
use crate::report::copies::no_primary_s;
use crate::report::expect::metric::Quantity;
use crate::wiring::{NodeIndex, NodeKind};
use std::ops::Range;

impl Judge<'_> {
    /// What is asked of a database's copies.
    pub(super) fn copies(&self, quantity: Quantity, spell: Option<Range<usize>>) -> Measured {
        let node = self.database()?;
        let meter = self.metrics.station(node).copies();
        let total = |column: &str, windows: Range<usize>| {
            let rate = self.rate(&[self.node_key(node)], column, &windows);
            rate * self.seconds(&windows)
        };
        Ok(match (quantity, spell) {
            (Quantity::StaleReads, Some(windows)) => total("stale_reads", windows).round(),
            (Quantity::LostWrites, Some(windows)) => total("lost_writes", windows).round(),
            (Quantity::NoPrimaryTime, Some(windows)) => {
                self.seconds(&windows) - total("primary", windows)
            }
            (Quantity::ReplicaLag, Some(windows)) => return self.longest_lag(node, windows),
            (Quantity::StaleReads, None) => meter.stale_reads() as f64,
            (Quantity::StaleRatio, _) => ratio(meter.stale_reads() as f64, meter.reads() as f64),
            (Quantity::LostWrites, None) => meter.lost_writes() as f64,
            (Quantity::Promotions, _) => meter.promotions() as f64,
            (Quantity::RoleSwaps, _) => meter.swaps() as f64,
            (Quantity::NoPrimaryTime, None) => no_primary_s(self.metrics, node),
            (Quantity::ReplicaLagPercentile, _) => {
                applied(meter, |meter| meter.lag().quantile(self.quantile()).unwrap_or(0))?
            }
            _ => applied(meter, |meter| meter.lag().max())?,
        })
    }

    fn longest_lag(&self, node: NodeIndex, windows: Range<usize>) -> Measured {
        let readings = self.readings(&self.node_key(node), "replica_lag_ms", Some(windows));
        let known = readings.into_iter().filter(|lag| *lag != NO_DATA);
        known.reduce(f64::max).ok_or_else(|| "no other server applied a write then".into())
    }

    fn database(&self) -> Result<NodeIndex, String> {
        let node = self.station_index()?;
        match self.metrics.wiring().node(node).kind {
            NodeKind::Database => Ok(node),
            _ => Err(format!("{} is no database", self.node_key(node))),
        }
    }
}

/// A figure of the writes that were applied, in milliseconds.
fn applied(meter: &ReplicationMeter, figure: impl Fn(&ReplicationMeter) -> u64) -> Measured {
    if meter.lag().count() == 0 {
        return Err("no other server applied a write".into());
    }
    Ok(figure(meter) as f64 / 1e6)
}
