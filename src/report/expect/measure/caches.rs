//! Figures of what is stored: caches and memory.

use super::{Judge, Measured, no_subject, or_never};
use crate::report::CacheReport;
use crate::report::expect::metric::{Quantity, Subject};
use std::ops::Range;

impl Judge<'_> {
    /// A figure of the memory of a station, over the whole run.
    pub(super) fn memory(&self, quantity: Quantity) -> Measured {
        let memory = self.a_station()?.memory.clone().unwrap_or_default();
        Ok(match quantity {
            Quantity::GcTime => memory.gc_s,
            Quantity::GcPauses => memory.collections as f64,
            Quantity::OutOfMemory => memory.out_of_memory as f64,
            Quantity::OutOfMemoryAt => or_never(memory.first_out_of_memory_s),
            _ => memory.gc_share,
        })
    }

    /// Share of the time in collections.
    pub(super) fn gc_share(&self, spell: Option<Range<usize>>) -> Measured {
        let node = self.station_index()?;
        match spell {
            Some(windows) => self.mean(&self.node_key(node), "gc", windows),
            None => self.memory(Quantity::GcShare),
        }
    }

    /// A figure of a cache.
    pub(super) fn cached(&self, quantity: Quantity, spell: Option<Range<usize>>) -> Measured {
        let Some(Subject::Cache(index)) = self.arguments.subject else { return Err(no_subject()) };
        let owner = self.metrics.wiring().cache_name(index);
        let report = CacheReport::of(self.metrics, index);
        let most = |name: &str| self.extreme_of(&owner, name, spell.clone(), f64::max);
        match quantity {
            Quantity::HitRatio => match &spell {
                None => report.hit_ratio.ok_or_else(|| "nobody looked for anything".into()),
                Some(windows) => {
                    let rate = |name| self.rate(std::slice::from_ref(&owner), name, windows);
                    let (hits, misses) = (rate("hits"), rate("misses"));
                    let asked = hits + misses > 0.0;
                    asked.then(|| hits / (hits + misses)).ok_or_else(|| "nobody looked then".into())
                }
            },
            Quantity::CacheEntries => most("entries"),
            Quantity::CacheBytes => most("bytes"),
            Quantity::CacheFetches => Ok(report.fetches as f64),
            Quantity::Evictions => Ok(report.evictions as f64),
            Quantity::StaleAnswers => Ok(report.stale as f64),
            _ => Err(no_subject()),
        }
    }
}
