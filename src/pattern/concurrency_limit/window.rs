//! Samples gathered over a window, after Netflix concurrency-limits (`WindowedLimit`).
//!
//! The first sample after the end of a window closes it. A window with enough samples becomes one
//! sample: the mean round trip, the most calls under way, and whether any was dropped; one with too
//! few is thrown away. The next window ends twice the shortest round trip later, kept between the
//! bounds; by default both bounds are one second. Round trips below a threshold are left out: they
//! are of calls that never got anywhere.

use super::Sample;
use crate::engine::{Duration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parameters of the window under their names in the library, with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ConcurrencyLimitWindow")]
pub struct WindowParams {
    /// Shortest window.
    #[schemars(range(min = 100.0, max = 3_600_000.0), extend("x-unit" = "ms"))]
    pub min_window_time_ms: f64,
    /// Longest window.
    #[schemars(range(min = 100.0, max = 3_600_000.0), extend("x-unit" = "ms"))]
    pub max_window_time_ms: f64,
    /// Fewest samples that count.
    #[schemars(range(min = 10, max = 1_000_000), extend("x-unit" = "samples"))]
    pub window_size: u32,
    /// Shortest round trip that counts.
    #[schemars(range(min = 0.0, max = 60_000.0), extend("x-unit" = "ms"))]
    pub min_rtt_threshold_ms: f64,
}

impl Default for WindowParams {
    fn default() -> WindowParams {
        WindowParams {
            min_window_time_ms: 1_000.0,
            max_window_time_ms: 1_000.0,
            window_size: 10,
            min_rtt_threshold_ms: 0.1,
        }
    }
}

/// What has been gathered since the last window.
#[derive(Clone, Copy, Debug, Default)]
struct Gathered {
    /// None as long as there is no sample.
    shortest: Option<Duration>,
    sum: u64,
    count: u32,
    in_flight: u32,
    dropped: bool,
}

/// A window over samples.
#[derive(Clone, Debug)]
pub struct Window {
    params: WindowParams,
    ends_at: Time,
    gathered: Gathered,
}

impl Window {
    /// An empty window, which the first sample closes.
    pub fn new(params: &WindowParams) -> Window {
        Window { params: params.clone(), ends_at: Time::ZERO, gathered: Gathered::default() }
    }

    /// Adds the sample of a call that ended `now`; answers the window's own one if that closes it.
    pub fn add(&mut self, now: Time, sample: Sample) -> Option<Sample> {
        if sample.round_trip < Duration::from_ms(self.params.min_rtt_threshold_ms) {
            return None;
        }
        let gathered = &mut self.gathered;
        let shortest = gathered.shortest.map_or(sample.round_trip, |s| s.min(sample.round_trip));
        gathered.shortest = Some(shortest);
        gathered.sum = gathered.sum.saturating_add(sample.round_trip.0);
        gathered.count += 1;
        gathered.in_flight = gathered.in_flight.max(sample.in_flight);
        gathered.dropped |= sample.dropped;
        if now <= self.ends_at {
            return None;
        }
        let whole = std::mem::take(gathered);
        let length = Duration(shortest.0.saturating_mul(2))
            .max(Duration::from_ms(self.params.min_window_time_ms))
            .min(Duration::from_ms(self.params.max_window_time_ms));
        self.ends_at = now + length;
        (whole.count >= self.params.window_size).then(|| Sample {
            round_trip: Duration(whole.sum / u64::from(whole.count)),
            in_flight: whole.in_flight,
            dropped: whole.dropped,
        })
    }

    /// Takes over new parameters; what has been gathered stays.
    pub fn retune(&mut self, params: &WindowParams) {
        self.params = params.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_the_mean_of_its_samples_and_the_most_under_way() {
        let mut window = Window::new(&WindowParams::default());
        let mut add = |at_ms: u64, ms: f64, in_flight, dropped| {
            let sample = Sample { round_trip: Duration::from_ms(ms), in_flight, dropped };
            window.add(Time(at_ms * 1_000_000), sample)
        };
        assert_eq!(add(1, 5.0, 1, false), None, "one sample is too few");
        for n in 0..9 {
            assert_eq!(add(10 + n, 10.0, 3, n == 4), None);
        }
        assert_eq!(add(20, 0.099, 99, true), None, "too short to be true");
        assert_eq!(add(1_001, 10.0, 2, false), None, "the window ends after this moment");
        let whole = Sample { round_trip: Duration::from_ms(11.0), in_flight: 7, dropped: true };
        assert_eq!(add(1_002, 21.0, 7, false), Some(whole));
        assert_eq!(add(2_003, 10.0, 1, false), None, "it was thrown away before");
        (0..9).for_each(|n| assert_eq!(add(2_004 + n, 0.1, 1, false), None));
        let whole = Sample { round_trip: Duration::from_ms(0.1), in_flight: 1, dropped: false };
        assert_eq!(add(3_004, 0.1, 1, false), Some(whole), "just long enough");
    }
}
