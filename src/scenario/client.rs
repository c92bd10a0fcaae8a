//! Client populations: who sends requests, when, and what they do when a request fails.

use super::{Call, Distribution, Text};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A population of users. Response time is measured from the intended arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// Name shown on the page; the key of the node where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// Calls that these clients make, by name.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 50))]
    pub calls: IndexMap<String, Call>,
    /// Classes of users; without any, all users make the first call.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 20))]
    pub classes: IndexMap<String, Class>,
    /// Users who press refresh when a request fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
}

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
    },
    /// A fixed number of users, each of whom thinks, sends a request and waits for its end.
    Closed {
        /// Number of users.
        #[schemars(range(min = 1, max = 100_000))]
        users: u32,
        /// Pause between the end of a request and the user's next one.
        think: Distribution,
    },
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

/// A class of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Name shown on the page; the key of the class where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Share of the population; the shares of all classes make 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Which of the population's calls they make.
    #[schemars(length(min = 1, max = 64))]
    pub call: String,
    /// Rank where a pool serves by priority; 0 is served first.
    #[serde(default)]
    #[schemars(range(min = 0, max = 9))]
    pub priority: u8,
}

/// What users do when a request was not answered: they press refresh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// Chance that a user whose request did not succeed presses refresh.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// Pause before the refresh.
    pub delay: Distribution,
    /// A user gives up after this many refreshes of one page.
    #[serde(default = "default_refreshes")]
    #[schemars(range(min = 1, max = 100))]
    pub max_refreshes: u32,
}

fn default_refreshes() -> u32 {
    5
}
