//! Bulkhead after Resilience4j 2.4.0 (`SemaphoreBulkhead`): at most so many calls at once.
//!
//! A call that finds no permit waits for one, first come first served, and is refused when its wait
//! is over; a longest wait of zero refuses at once. The waiting calls are the model's, because they
//! need names and timers: it asks `try_acquire`, queues the call if that fails, and on
//! every release hands the permit to the call that has waited longest by asking again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parameters under their names in Resilience4j (`resilience4j.bulkhead`), with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Bulkhead")]
pub struct Params {
    /// Most calls at once.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "calls"))]
    pub max_concurrent_calls: u32,
    /// Longest wait for a permit; zero refuses at once.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub max_wait_duration_ms: f64,
}

impl Default for Params {
    fn default() -> Params {
        Params { max_concurrent_calls: 25, max_wait_duration_ms: 0.0 }
    }
}

/// A count of permits, for bulkheads and connection pools alike.
///
/// Invariant: `in_use` grows only while it is below `limit`; after the limit was lowered it may lie
/// above it until enough permits have come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Semaphore {
    limit: u32,
    in_use: u32,
}

impl Semaphore {
    /// All of `limit` permits are free.
    pub fn new(limit: u32) -> Semaphore {
        Semaphore { limit, in_use: 0 }
    }

    /// Takes a permit if one is free. Each taken permit must come back by [`release`](Self::release).
    pub fn try_acquire(&mut self) -> bool {
        let free = self.in_use < self.limit;
        self.in_use += u32::from(free);
        free
    }

    /// Gives a permit back.
    pub fn release(&mut self) {
        self.in_use = self.in_use.checked_sub(1).expect("every released permit was acquired");
    }

    /// Changes the number of permits; permits in use are never taken away. After raising the limit
    /// up to [`free`](Self::free) waiting calls can be served.
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Permits in use.
    pub fn in_use(&self) -> u32 {
        self.in_use
    }

    /// Permits in all.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Permits that can be taken now.
    pub fn free(&self) -> u32 {
        self.limit.saturating_sub(self.in_use)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn permits_run_out_and_come_back() {
        let mut permits = Semaphore::new(2);
        assert_eq!([(); 3].map(|()| permits.try_acquire()), [true, true, false]);
        permits.release();
        assert!(permits.try_acquire() && !permits.try_acquire());
    }

    #[test]
    fn what_nobody_holds_is_free() {
        let mut permits = Semaphore::new(5);
        (0..2).for_each(|_| assert!(permits.try_acquire()));
        assert_eq!((permits.limit(), permits.in_use(), permits.free()), (5, 2, 3));
        permits.set_limit(7);
        assert_eq!((permits.limit(), permits.in_use(), permits.free()), (7, 2, 5));
    }

    #[test]
    fn a_lowered_limit_waits_for_permits_to_come_back() {
        let mut permits = Semaphore::new(3);
        assert_eq!([(); 3].map(|()| permits.try_acquire()), [true; 3]);
        permits.set_limit(1);
        assert_eq!((permits.in_use(), permits.free()), (3, 0));
        (0..2).for_each(|_| permits.release());
        assert!(!permits.try_acquire());
        permits.release();
        assert!(permits.try_acquire());
    }

    #[test]
    #[should_panic(expected = "every released permit was acquired")]
    fn releasing_too_often_is_a_bug() {
        Semaphore::new(1).release();
    }
}
