//! What clauses ask of what a database stores.

use super::{Judge, Measured, percentile};
use crate::report::Stored;
use std::ops::Range;

impl Judge<'_> {
    /// What is known of rows and locks; nothing happened where nothing is known.
    pub(super) fn stored(&self) -> Result<Stored, String> {
        Ok(self.a_station()?.stored.clone().unwrap_or_default())
    }

    pub(super) fn lock_waiting(&self, spell: Option<Range<usize>>) -> Measured {
        self.station_mean(spell, "lock_waiting", |station| {
            Some(station.stored.as_ref().map_or(0.0, |stored| stored.mean_lock_waiting))
        })
    }

    pub(super) fn lock_wait_percentile(&self) -> Measured {
        let waits = self.station_meter()?.stored().wait();
        percentile(waits, self.quantile(), "nobody waited for a lock")
    }
}
