//! AIMD after Netflix concurrency-limits (`AIMDLimit`): additive increase, multiplicative decrease.
//!
//! A call that was dropped or took longer than `timeout_ms` multiplies the limit by `backoff_ratio`,
//! rounded down; any other adds one, if at least half of the limit was in use.

use super::Sample;
use super::window::WindowParams;
use crate::engine::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parameters of AIMD under their names in the library, with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ConcurrencyLimitAimd")]
pub struct AimdParams {
    /// Limit at the start.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "calls"))]
    pub initial_limit: u32,
    /// Smallest limit.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "calls"))]
    pub min_limit: u32,
    /// Largest limit.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "calls"))]
    pub max_limit: u32,
    /// What the limit is multiplied by when a call was dropped.
    #[schemars(range(min = 0.5, max = 0.999))]
    pub backoff_ratio: f64,
    /// A call that takes longer counts as dropped.
    #[schemars(range(min = 0.001, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub timeout_ms: f64,
    /// Gathers samples over a window before the limit sees them.
    pub windowed: bool,
    /// That window.
    pub window: WindowParams,
}

impl Default for AimdParams {
    fn default() -> AimdParams {
        AimdParams {
            initial_limit: 20,
            min_limit: 20,
            max_limit: 200,
            backoff_ratio: 0.9,
            timeout_ms: 5_000.0,
            windowed: false,
            window: WindowParams::default(),
        }
    }
}

impl AimdParams {
    /// The limit within its bounds; the smallest one wins over the largest, as in the library.
    fn bounded(&self, limit: u32) -> u32 {
        limit.min(self.max_limit).max(self.min_limit)
    }
}

/// AIMD's state.
#[derive(Clone, Debug)]
pub struct Aimd {
    params: AimdParams,
    limit: u32,
}

impl Aimd {
    /// A limit that has seen nothing yet.
    pub fn new(params: &AimdParams) -> Aimd {
        Aimd { params: params.clone(), limit: params.initial_limit }
    }

    /// Most calls that may be under way.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Takes a sample.
    pub fn on_sample(&mut self, sample: Sample) {
        let timeout = Duration::from_ms(self.params.timeout_ms);
        let limit = if sample.dropped || sample.round_trip > timeout {
            (f64::from(self.limit) * self.params.backoff_ratio) as u32
        } else if u64::from(sample.in_flight) * 2 >= u64::from(self.limit) {
            self.limit + 1
        } else {
            self.limit
        };
        self.limit = self.params.bounded(limit);
    }

    /// Takes over new parameters and keeps what was learnt.
    pub fn retune(&mut self, params: &AimdParams) {
        self.params = params.clone();
        self.limit = params.bounded(self.limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_or_a_tenth_less() {
        let params = AimdParams { min_limit: 1, timeout_ms: 100.0, ..AimdParams::default() };
        let mut limit = Aimd::new(&params);
        let mut told = |ms: f64, in_flight, dropped| {
            limit.on_sample(Sample { round_trip: Duration::from_ms(ms), in_flight, dropped });
            limit.limit()
        };
        assert_eq!(told(100.0, 10, false), 21, "half of the limit in use, just in time");
        assert_eq!(told(100.0, 10, false), 21, "10 is less than half of 21");
        assert_eq!(told(100.1, 10, false), 18);
        assert_eq!(told(1.0, 1, true), 16);
    }
}
