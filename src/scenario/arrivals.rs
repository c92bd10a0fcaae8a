//! Arrivals: when the requests of a client population come in.

use super::Distribution;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// When requests arrive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Users come at a rate of their own, however slow the system is.
    Open {
        /// Mean arrival rate.
        #[schemars(range(min = 0.0, max = 1e6), extend("x-unit" = "rps"))]
        rate_rps: f64,
        /// How arrivals are spaced.
        #[serde(default)]
        process: Process,
        /// How the rate changes over time.
        #[serde(default)]
        profile: Profile,
        /// No arrival before this moment.
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
        start_s: f64,
        /// No arrival at or after this moment; none means until the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
        stop_s: Option<f64>,
        /// Requests that come together at each moment of arrival; `rate_rps` counts the moments.
        #[serde(default)]
        batch: Batch,
        /// Nobody arrives after so many requests; refreshes are not counted. None means no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
        max_requests: Option<u64>,
    },
    /// A fixed number of users, each of whom thinks, sends a request and waits for its end.
    Closed {
        /// Number of users.
        #[schemars(range(min = 1, max = 100_000))]
        users: u32,
        /// Pause between the end of a request and the user's next one.
        think: Distribution,
        /// Nobody sends a request after so many; refreshes are not counted. None means no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
        max_requests: Option<u64>,
    },
    /// The time between arrivals is drawn afresh each time (a renewal process).
    Renewal {
        /// Time between arrivals, and before the first. Its mean is above 0.
        interarrival: Distribution,
        /// Requests that come together at each moment of arrival.
        #[serde(default)]
        batch: Batch,
        /// Nobody arrives after so many requests; refreshes are not counted. None means no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
        max_requests: Option<u64>,
    },
    /// Users come at random at a rate that jumps between states (a Markov-modulated Poisson process).
    Modulated {
        /// The states. The population starts in the first, stays in each for an exponential time and
        /// goes on to the next; after the last comes the first again.
        #[schemars(length(min = 1, max = 100))]
        states: Vec<ArrivalState>,
        /// Requests that come together at each moment of arrival.
        #[serde(default)]
        batch: Batch,
        /// Nobody arrives after so many requests; refreshes are not counted. None means no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
        max_requests: Option<u64>,
    },
    /// Requests come at exactly the moments of a list: a recording.
    Trace {
        /// The moments, in the order of time; equal ones keep their order.
        #[schemars(
            length(min = 1, max = 20_000),
            inner(range(min = 0.0, max = 31_536_000.0)),
            extend("x-unit" = "s")
        )]
        at_s: Vec<f64>,
        /// The class of each request, in the same order; without it classes are drawn by their shares.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 20_000), inner(length(min = 1, max = 64)))]
        class: Vec<String>,
        /// Nobody arrives after so many requests; refreshes are not counted. None means no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
        max_requests: Option<u64>,
    },
}

/// Requests that arrive at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Batch {
    /// Always as many.
    Fixed {
        /// Requests at each moment.
        #[schemars(range(min = 1, max = 10_000))]
        size: u32,
    },
    /// At least one; each that has come is followed by another with the same chance.
    Geometric {
        /// Mean number of requests at a moment.
        #[schemars(range(min = 1.0, max = 10_000.0))]
        mean: f64,
    },
}

impl Default for Batch {
    fn default() -> Self {
        Batch::Fixed { size: 1 }
    }
}

/// A state of a population whose rate jumps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalState {
    /// Mean arrival rate in this state.
    #[schemars(range(min = 0.0, max = 1e6), extend("x-unit" = "rps"))]
    pub rate_rps: f64,
    /// Mean stay in this state.
    #[schemars(range(min = 0.001, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub mean_s: f64,
}

/// How the arrivals of an open population are spaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// At random and independently: many users who know nothing of each other.
    #[default]
    Poisson,
    /// Like clockwork, the first at the start.
    Constant,
}

/// How the rate of an open population changes over time, as a factor on `rate_rps`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "shape", rename_all = "snake_case", deny_unknown_fields)]
pub enum Profile {
    /// No change.
    #[default]
    Constant,
    /// From a moment on, the rate is multiplied.
    Step {
        /// Moment of the step.
        #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
        at_s: f64,
        /// Factor from then on.
        #[schemars(range(min = 0.0, max = 1_000.0))]
        factor: f64,
    },
    /// The factor moves in a straight line from 1 to its final value.
    Ramp {
        /// Start of the ramp.
        #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
        from_s: f64,
        /// End of the ramp, after its start.
        #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
        to_s: f64,
        /// Factor at the end and after it.
        #[schemars(range(min = 0.0, max = 1_000.0))]
        factor: f64,
    },
    /// For a while the rate is multiplied.
    Spike {
        /// Start of the spike.
        #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
        at_s: f64,
        /// Length of the spike.
        #[schemars(range(min = 0.001, max = 31_536_000.0), extend("x-unit" = "s"))]
        for_s: f64,
        /// Factor during the spike.
        #[schemars(range(min = 0.0, max = 1_000.0))]
        factor: f64,
    },
    /// A day that repeats: lowest at one time, highest half a day later.
    Daily {
        /// Length of the day.
        #[serde(default = "seconds_per_day")]
        #[schemars(range(min = 1.0, max = 31_536_000.0), extend("x-unit" = "s"))]
        day_s: f64,
        /// Moment of the highest rate within the day.
        #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
        peak_s: f64,
        /// Lowest factor; the highest is 2 minus this, so that the mean stays 1.
        #[schemars(range(min = 0.0, max = 1.0))]
        lowest: f64,
    },
    /// Straight lines between points of (moment in seconds, factor).
    Points {
        /// The points, in the order of time. Before the first its factor holds, after the last likewise.
        #[schemars(length(min = 1, max = 200), extend("items" = point_schema()))]
        points: Vec<(f64, f64)>,
    },
}

fn seconds_per_day() -> f64 {
    86_400.0
}

/// Ranges of a point of a profile, which schemars cannot put on the parts of a tuple.
fn point_schema() -> Value {
    json!({
        "type": "array",
        "prefixItems": [
            {"type": "number", "minimum": 0, "maximum": 31_536_000, "x-unit": "s"},
            {"type": "number", "minimum": 0, "maximum": 1_000},
        ],
        "minItems": 2,
        "maxItems": 2,
    })
}
