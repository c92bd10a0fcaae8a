//! A heap whose garbage is collected: when the world stops, for how long, and when that is no use.
//!
//! What lives stays; what requests leave behind is garbage. When both together fill the heap, a
//! collection stops the world for a time in proportion to what lives, because that is what it marks
//! and moves, and clears the garbage. So the cost of collecting grows as live ÷ (limit − live): pauses
//! become longer *and* more frequent as live data fills the heap (A. Appel, "Garbage collection can be
//! faster than stack allocation", 1987).
//!
//! A process that does little else than collecting gives up: HotSpot throws `OutOfMemoryError: GC
//! overhead limit exceeded` when five full collections in a row take more than `GCTimeLimit` percent of
//! the time and less than `GCHeapFreeLimit` percent of the heap is free after them.

use crate::engine::{Duration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Collections in a row over the limits before a process gives up: HotSpot's
/// `AdaptiveSizePolicyGCTimeLimitThreshold`.
const MOST_IN_VAIN: u32 = 5;

/// Share of the time in collections from which on, and below which again, it is worth telling.
const STRAINED: f64 = 0.5;
const RELAXED: f64 = 0.25;

/// Garbage collection of a server.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "GarbageCollection")]
pub struct Params {
    /// What each request leaves behind when its work ends.
    #[schemars(range(min = 0.0, max = 1e6), extend("x-unit" = "MB"))]
    pub garbage_per_request_mb: f64,
    /// Length of a collection per megabyte that lives: a full collection of 1 GB takes about a second.
    #[schemars(range(min = 0.0, max = 1e6), extend("x-unit" = "ms"))]
    pub pause_ms_per_live_mb: f64,
    /// Share of the time in collections above which the process gives up: HotSpot's `GCTimeLimit`.
    #[schemars(range(min = 0.0, max = 100.0), extend("x-unit" = "%"))]
    pub time_limit_percent: f64,
    /// It gives up only while less than this share of the heap is free after a collection: HotSpot's
    /// `GCHeapFreeLimit`.
    #[schemars(range(min = 0.0, max = 100.0), extend("x-unit" = "%"))]
    pub heap_free_limit_percent: f64,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            garbage_per_request_mb: 1.0,
            pause_ms_per_live_mb: 1.0,
            time_limit_percent: 98.0,
            heap_free_limit_percent: 2.0,
        }
    }
}

impl Params {
    /// Bytes that each request leaves behind.
    pub fn garbage_per_request(&self) -> u64 {
        (self.garbage_per_request_mb * BYTES_PER_MB) as u64
    }
}

/// Bytes in a megabyte.
pub const BYTES_PER_MB: f64 = 1e6;

/// A collection that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection {
    /// How long the world stops.
    pub pause: Duration,
    /// The process gives up after it.
    pub in_vain: bool,
    /// From now on most of the time goes into collections.
    pub strains: bool,
}

/// The garbage of a process, and how its last collections went.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    garbage: u64,
    /// End of the last collection, or start of the process.
    idle_since: Time,
    /// Collections in a row over the limits.
    in_vain: u32,
    strained: bool,
}

impl Collector {
    /// A process that starts.
    pub fn new(now: Time) -> Collector {
        Collector { idle_since: now, ..Collector::default() }
    }

    /// Bytes of garbage.
    pub fn garbage(&self) -> u64 {
        self.garbage
    }

    /// A request leaves garbage behind.
    pub fn leave(&mut self, bytes: u64) {
        self.garbage = self.garbage.saturating_add(bytes);
    }

    /// Whether garbage and what lives do not fit the heap together.
    pub fn is_due(&self, live: u64, limit: u64) -> bool {
        self.garbage > 0 && live.saturating_add(self.garbage) > limit
    }

    /// A collection begins, on a server that takes `slow` times as long for everything. It ends by
    /// [`Collector::end`].
    pub fn begin(
        &mut self,
        now: Time,
        live: u64,
        limit: u64,
        params: &Params,
        slow: f64,
    ) -> Collection {
        self.garbage = 0;
        let live_mb = live as f64 / BYTES_PER_MB;
        let pause = Duration::from_ms(live_mb * params.pause_ms_per_live_mb * slow);
        // It takes some time, however little lives, so that no moment lasts for ever.
        let pause = pause.max(Duration(1));
        let worked = now.since(self.idle_since);
        let share = pause.0 as f64 / (pause.0 as f64 + worked.0 as f64);
        let free = limit.saturating_sub(live) as f64 / limit as f64;
        let over = share * 100.0 > params.time_limit_percent
            && free * 100.0 < params.heap_free_limit_percent;
        self.in_vain = if over { self.in_vain + 1 } else { 0 };
        let strains = share > STRAINED && !self.strained;
        self.strained = share > if self.strained { RELAXED } else { STRAINED };
        Collection { pause, in_vain: self.in_vain >= MOST_IN_VAIN, strains }
    }

    /// A collection is over.
    pub fn end(&mut self, now: Time) {
        self.idle_since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::testing::check_params;

    const MB: u64 = 1_000_000;

    #[test]
    fn parameters() {
        check_params::<Params>();
    }

    #[test]
    fn garbage_fills_what_is_free_and_a_collection_clears_it() {
        let mut collector = Collector::new(Time::ZERO);
        for _ in 0..40 {
            assert!(!collector.is_due(600 * MB, 1_000 * MB));
            collector.leave(10 * MB);
        }
        assert!(!collector.is_due(600 * MB, 1_000 * MB));
        collector.leave(1);
        assert!(collector.is_due(600 * MB, 1_000 * MB));
        let collection = collector.begin(
            Time::from_seconds(10.0),
            600 * MB,
            1_000 * MB,
            &Params::default(),
            2.0,
        );
        assert_eq!(collection.pause, Duration::from_ms(1_200.0));
        assert_eq!((collection.in_vain, collector.garbage()), (false, 0));
    }

    /// The time between two collections, of 100 ms of pause each, and what the last of ten says.
    fn tenth(worked_ms: f64, live: u64) -> Collection {
        let params =
            Params { pause_ms_per_live_mb: 100.0 / live as f64 * 1e6, ..Params::default() };
        let mut collector = Collector::new(Time::ZERO);
        let mut now = Time::ZERO;
        let mut last = None;
        for _ in 0..10 {
            now += Duration::from_ms(worked_ms);
            collector.leave(1);
            last = Some(collector.begin(now, live, 1_000, &params, 1.0));
            now += Duration::from_ms(100.0);
            collector.end(now);
        }
        last.expect("there were ten")
    }

    #[test]
    fn a_process_that_only_collects_gives_up() {
        assert!(tenth(1.0, 990).in_vain);
        // Enough is free, or enough time is left.
        assert!(!tenth(1.0, 970).in_vain);
        assert!(!tenth(3.0, 990).in_vain);
    }

    #[test]
    fn it_gives_up_after_five_in_a_row() {
        let params = Params { pause_ms_per_live_mb: 1e6, ..Params::default() };
        let mut collector = Collector::new(Time::ZERO);
        let mut collect = |now: f64| {
            let now = Time::from_seconds(now);
            let collection = collector.begin(now, 990, 1_000, &params, 1.0);
            collector.end(now + collection.pause);
            collection.in_vain
        };
        // Each takes 0.99 s; the first comes after a while.
        let moments = [100.0, 100.991, 101.982, 102.973, 103.964, 104.955];
        assert_eq!(moments.map(&mut collect), [false, false, false, false, false, true]);
    }

    #[test]
    fn strain_is_told_once() {
        let params = Params { pause_ms_per_live_mb: 1.0, ..Params::default() };
        let mut collector = Collector::new(Time::ZERO);
        let mut now = Time::ZERO;
        let mut strains = |worked_ms: f64| {
            now += Duration::from_ms(worked_ms);
            let collection = collector.begin(now, 100 * MB, 1_000 * MB, &params, 1.0);
            now += collection.pause;
            collector.end(now);
            collection.strains
        };
        let told = [200.0, 90.0, 90.0, 200.0, 90.0, 400.0, 90.0].map(&mut strains);
        assert_eq!(told, [false, true, false, false, false, false, true]);
    }
}
