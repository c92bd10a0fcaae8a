//! Vegas after Netflix concurrency-limits (`VegasLimit`), named after TCP Vegas.
//!
//! The shortest round trip stands for a callee without a queue. With the limit L and a round trip of
//! r, about q = ⌈L · (1 − shortest ÷ r)⌉ calls wait in the callee's queue. With g = max(1, ⌊log₁₀ L⌋)
//! the limit grows by 6 g while q ≤ g, by g while q < 3 g, and shrinks by g while q > 6 g or when a
//! call was dropped; it stays when less than half of it is in use. A callee may become slower for
//! good, so now and then, after between 15 L and 30 L samples, the present round trip is taken for
//! the shortest one (a *probe*).

use super::Sample;
use super::window::WindowParams;
use crate::engine::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lower and upper edge of the queue that Vegas wants, and its fast growth, as multiples of g.
const ALPHA: u32 = 3;
const BETA: u32 = 6;

/// Parameters of Vegas under their names in the library, with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ConcurrencyLimitVegas")]
pub struct VegasParams {
    /// Limit at the start.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "calls"))]
    pub initial_limit: u32,
    /// Largest limit.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "calls"))]
    pub max_concurrency: u32,
    /// Share of each change that takes effect.
    #[schemars(range(min = 0.001, max = 1.0))]
    pub smoothing: f64,
    /// Samples per unit of the limit after which the shortest round trip is measured anew at the
    /// latest; at the earliest after half as many.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "samples"))]
    pub probe_multiplier: u32,
    /// Gathers samples over a window before the limit sees them.
    pub windowed: bool,
    /// That window.
    pub window: WindowParams,
}

impl Default for VegasParams {
    fn default() -> VegasParams {
        VegasParams {
            initial_limit: 20,
            max_concurrency: 1_000,
            smoothing: 1.0,
            probe_multiplier: 30,
            windowed: false,
            window: WindowParams::default(),
        }
    }
}

/// Vegas' state.
///
/// Invariant: `estimate` lies between 1 and `max_concurrency`; `jitter` between 0.5 and 1.
#[derive(Clone, Debug)]
pub struct Vegas {
    params: VegasParams,
    estimate: f64,
    /// Shortest round trip since the last probe; none before the first sample.
    shortest: Option<Duration>,
    samples_since_probe: u64,
    jitter: f64,
}

impl Vegas {
    /// A limit that has seen nothing yet.
    pub fn new(params: &VegasParams, unit: f64) -> Vegas {
        let estimate = f64::from(params.initial_limit.min(params.max_concurrency));
        let params = params.clone();
        Vegas { params, estimate, shortest: None, samples_since_probe: 0, jitter: jitter(unit) }
    }

    /// Most calls that may be under way.
    pub fn limit(&self) -> u32 {
        self.estimate as u32
    }

    /// Takes a sample; `unit` is the luck of the next probe.
    pub fn on_sample(&mut self, sample: Sample, unit: f64) {
        self.samples_since_probe += 1;
        let probe_after = self.jitter * f64::from(self.params.probe_multiplier) * self.estimate;
        if probe_after <= self.samples_since_probe as f64 {
            self.jitter = jitter(unit);
            self.samples_since_probe = 0;
            self.shortest = Some(sample.round_trip);
            return;
        }
        match self.shortest {
            Some(shortest) if sample.round_trip >= shortest => self.follow(shortest, sample),
            _ => self.shortest = Some(sample.round_trip),
        }
    }

    fn follow(&mut self, shortest: Duration, sample: Sample) {
        let limit = self.estimate;
        let step = step(self.limit());
        let share = if sample.round_trip == Duration::ZERO {
            1.0
        } else {
            shortest.0 as f64 / sample.round_trip.0 as f64
        };
        let queue = (limit * (1.0 - share)).ceil();
        let wanted = if sample.dropped {
            limit - f64::from(step)
        } else if f64::from(sample.in_flight) * 2.0 < limit {
            return;
        } else if queue <= f64::from(step) {
            limit + f64::from(BETA * step)
        } else if queue < f64::from(ALPHA * step) {
            limit + f64::from(step)
        } else if queue > f64::from(BETA * step) {
            limit - f64::from(step)
        } else {
            return;
        };
        let wanted = wanted.clamp(1.0, f64::from(self.params.max_concurrency));
        let smoothing = self.params.smoothing;
        self.estimate = (1.0 - smoothing) * limit + smoothing * wanted;
    }

    /// Takes over new parameters and keeps what was learnt.
    pub fn retune(&mut self, params: &VegasParams) {
        self.params = params.clone();
        self.estimate = self.estimate.min(f64::from(params.max_concurrency));
    }
}

/// ⌊log₁₀⌋ of the limit, at least 1, counted in whole numbers.
fn step(limit: u32) -> u32 {
    limit.checked_ilog10().unwrap_or(0).max(1)
}

fn jitter(unit: f64) -> f64 {
    0.5 + unit / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(vegas: &mut Vegas, ms: f64, in_flight: u32) -> u32 {
        let round_trip = Duration::from_ms(ms);
        vegas.on_sample(Sample { round_trip, in_flight, dropped: false }, 0.0);
        vegas.limit()
    }

    #[test]
    fn it_grows_without_a_queue_and_shrinks_with_one() {
        let mut vegas = Vegas::new(&VegasParams::default(), 0.0);
        assert_eq!(told(&mut vegas, 10.0, 20), 20, "the first sample is the shortest");
        assert_eq!(told(&mut vegas, 10.0, 9), 20, "less than half of the limit is in use");
        assert_eq!(told(&mut vegas, 10.0, 10), 26);
        assert_eq!(told(&mut vegas, 10.6, 26), 27, "two wait: one more is welcome");
        assert_eq!(told(&mut vegas, 12.0, 27), 27, "five wait: that is how it should be");
        assert_eq!(told(&mut vegas, 20.0, 27), 26);
        let round_trip = Duration::from_ms(10.0);
        vegas.on_sample(Sample { round_trip, in_flight: 1, dropped: true }, 0.0);
        assert_eq!(vegas.limit(), 25, "a drop counts however few are under way");
    }

    #[test]
    fn only_the_smoothed_share_of_a_change_takes_effect() {
        let params = VegasParams { smoothing: 0.5, ..VegasParams::default() };
        let mut vegas = Vegas::new(&params, 0.0);
        told(&mut vegas, 10.0, 20);
        assert_eq!([(); 2].map(|()| told(&mut vegas, 10.0, 20)), [23, 26]);
    }

    #[test]
    fn from_a_hundred_on_the_edges_of_the_queue_and_the_steps_are_wider() {
        let params = VegasParams { initial_limit: 200, ..VegasParams::default() };
        let mut vegas = Vegas::new(&params, 0.0);
        assert_eq!(told(&mut vegas, 100.0, 200), 200);
        // The round trip with which so many wait.
        let with_queue = |vegas: &mut Vegas, queue: f64| {
            let share = (queue - 0.5) / f64::from(vegas.limit());
            told(vegas, 100.0 / (1.0 - share), 200)
        };
        assert_eq!([2.0, 3.0, 5.0].map(|queue| with_queue(&mut vegas, queue)), [212, 214, 216]);
        assert_eq!([6.0, 12.0, 13.0].map(|queue| with_queue(&mut vegas, queue)), [216, 216, 214]);
    }

    #[test]
    fn luck_decides_when_a_probe_comes_between_half_of_the_samples_and_all() {
        let params = VegasParams { probe_multiplier: 1, ..VegasParams::default() };
        let probed_at = |unit| {
            let mut vegas = Vegas::new(&params, unit);
            told(&mut vegas, 10.0, 1);
            let probed = |_: &i32| {
                told(&mut vegas, 20.0, 1);
                vegas.shortest == Some(Duration::from_ms(20.0))
            };
            (2..100).find(probed)
        };
        assert_eq!([0.0, 0.5, 0.9].map(probed_at), [10, 15, 19].map(Some));
    }

    #[test]
    fn a_probe_forgets_the_shortest_round_trip() {
        let params = VegasParams { probe_multiplier: 1, ..VegasParams::default() };
        let mut vegas = Vegas::new(&params, 0.0);
        told(&mut vegas, 10.0, 1);
        (0..8).for_each(|_| assert_eq!(told(&mut vegas, 20.0, 1), 20));
        assert_eq!(vegas.shortest, Some(Duration::from_ms(10.0)));
        // Half of 20 samples are over.
        told(&mut vegas, 20.0, 1);
        assert_eq!(vegas.shortest, Some(Duration::from_ms(20.0)));
    }

    #[test]
    fn the_step_is_the_decimal_logarithm() {
        assert_eq!([1, 9, 99, 100, 999, 1_000].map(step), [1, 1, 1, 2, 2, 3]);
    }
}
