//! Gradient2 after Netflix concurrency-limits (`Gradient2Limit`).
//!
//! The gradient is what round trips use to be ÷ what the last one was, times a tolerance, and
//! between 0.5 and 1. The limit is drawn towards limit · gradient + `queue_size`. What round trips
//! use to be is an exponential average that begins as the plain mean of the first ten; when it is
//! more than twice the last round trip it decays faster, so that a past overload is soon forgotten.
//! Drops are not looked at.

use super::Sample;
use super::window::WindowParams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Samples whose plain mean the average begins with.
const FIRST_SAMPLES: u32 = 10;
/// An average so many times the last round trip is out of date …
const OUT_OF_DATE: f64 = 2.0;
/// … and is multiplied by this.
const DECAY: f64 = 0.95;
/// The limit never falls faster than by this factor.
const STEEPEST: f64 = 0.5;

/// Parameters of Gradient2 under their names in the library, with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ConcurrencyLimitGradient2")]
pub struct Gradient2Params {
    /// Limit at the start.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "calls"))]
    pub initial_limit: u32,
    /// Smallest limit.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "calls"))]
    pub min_limit: u32,
    /// Largest limit.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "calls"))]
    pub max_concurrency: u32,
    /// Share of each change that takes effect.
    #[schemars(range(min = 0.001, max = 1.0))]
    pub smoothing: f64,
    /// Calls that may wait in the callee's queue.
    #[schemars(range(min = 0, max = 100_000), extend("x-unit" = "calls"))]
    pub queue_size: u32,
    /// How many times as long as usual a round trip may take before the limit falls.
    #[schemars(range(min = 1.0, max = 100.0))]
    pub rtt_tolerance: f64,
    /// Samples that the long-run average looks back on.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "samples"))]
    pub long_window: u32,
    /// Gathers samples over a window before the limit sees them.
    pub windowed: bool,
    /// That window.
    pub window: WindowParams,
}

impl Default for Gradient2Params {
    fn default() -> Gradient2Params {
        Gradient2Params {
            initial_limit: 20,
            min_limit: 20,
            max_concurrency: 200,
            smoothing: 0.2,
            queue_size: 4,
            rtt_tolerance: 1.5,
            long_window: 600,
            windowed: false,
            window: WindowParams::default(),
        }
    }
}

impl Gradient2Params {
    /// The limit within its bounds; the smallest one wins over the largest, as in the library.
    fn bounded(&self, limit: f64) -> f64 {
        limit.min(f64::from(self.max_concurrency)).max(f64::from(self.min_limit))
    }
}

/// Gradient2's state.
#[derive(Clone, Debug)]
pub struct Gradient2 {
    params: Gradient2Params,
    estimate: f64,
    /// What round trips use to be, in nanoseconds.
    usual: f64,
    /// Sum of the first samples, and their number.
    first: (f64, u32),
}

impl Gradient2 {
    /// A limit that has seen nothing yet.
    pub fn new(params: &Gradient2Params) -> Gradient2 {
        let estimate = f64::from(params.initial_limit);
        Gradient2 { params: params.clone(), estimate, usual: 0.0, first: (0.0, 0) }
    }

    /// Most calls that may be under way.
    pub fn limit(&self) -> u32 {
        self.estimate as u32
    }

    /// Takes a sample.
    pub fn on_sample(&mut self, sample: Sample) {
        // A round trip of no time at all would make everything infinite.
        let last = sample.round_trip.0.max(1) as f64;
        self.average(last);
        let usual = self.usual;
        if usual / last > OUT_OF_DATE {
            self.usual *= DECAY;
        }
        if f64::from(sample.in_flight) < self.estimate / 2.0 {
            return;
        }
        let gradient = (self.params.rtt_tolerance * usual / last).clamp(STEEPEST, 1.0);
        let wanted = self.estimate * gradient + f64::from(self.params.queue_size);
        let smoothing = self.params.smoothing;
        let limit = self.estimate * (1.0 - smoothing) + wanted * smoothing;
        self.estimate = self.params.bounded(limit);
    }

    fn average(&mut self, last: f64) {
        let (sum, count) = &mut self.first;
        if *count < FIRST_SAMPLES {
            *sum += last;
            *count += 1;
            self.usual = *sum / f64::from(*count);
        } else {
            let factor = 2.0 / (f64::from(self.params.long_window) + 1.0);
            self.usual = self.usual * (1.0 - factor) + last * factor;
        }
    }

    /// Takes over new parameters and keeps what was learnt.
    pub fn retune(&mut self, params: &Gradient2Params) {
        self.params = params.clone();
        self.estimate = params.bounded(self.estimate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Duration;

    fn told(limit: &mut Gradient2, ms: f64, in_flight: u32) -> u32 {
        let round_trip = Duration::from_ms(ms);
        limit.on_sample(Sample { round_trip, in_flight, dropped: true });
        limit.limit()
    }

    #[test]
    fn it_grows_up_to_the_allowed_queue_and_falls_when_round_trips_grow() {
        let params = Gradient2Params { min_limit: 5, ..Gradient2Params::default() };
        let mut limit = Gradient2::new(&params);
        assert_eq!(told(&mut limit, 10.0, 9), 20, "less than half of the limit is in use");
        // 0.2 · 4 = 0.8 more per sample.
        assert_eq!([(); 5].map(|()| told(&mut limit, 10.0, 20)), [20, 21, 22, 23, 24]);
        // Half as many plus four, a fifth of the way: 24 + 0.2 · (−12 + 4) = 22.4.
        assert_eq!(told(&mut limit, 100.0, 24), 22);
    }

    #[test]
    fn with_exactly_half_of_the_limit_in_use_it_grows() {
        let params = Gradient2Params { queue_size: 10, ..Gradient2Params::default() };
        assert_eq!(told(&mut Gradient2::new(&params), 10.0, 10), 22);
    }

    #[test]
    fn a_past_overload_is_forgotten_faster() {
        let mut limit = Gradient2::new(&Gradient2Params::default());
        (0..10).for_each(|_| _ = told(&mut limit, 100.0, 1));
        told(&mut limit, 10.0, 1);
        let plain = 100e6 * (1.0 - 2.0 / 601.0) + 10e6 * 2.0 / 601.0;
        assert!((limit.usual - 0.95 * plain).abs() < 1.0);
        let mut twice = Gradient2::new(&Gradient2Params::default());
        told(&mut twice, 30.0, 1);
        told(&mut twice, 10.0, 1);
        assert_eq!(twice.usual, 20e6, "twice as long as the last one is not yet out of date");
    }
}
