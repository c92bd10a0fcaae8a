//! Small value types of the scenario: texts in two languages and distributions of times.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text in English and, where it has been translated, Korean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    #[schemars(length(min = 1, max = 2_000))]
    pub en: String,
    /// Korean; English is shown where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2_000))]
    pub ko: Option<String>,
}

/// How long something takes, as a random quantity in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "dist", rename_all = "snake_case", deny_unknown_fields)]
pub enum Distribution {
    /// Always the same.
    Constant {
        /// The value.
        #[schemars(range(min = 0.0, max = 1e12), extend("x-unit" = "ms"))]
        ms: f64,
    },
    /// Memoryless: the classic service time of queueing theory.
    Exponential {
        /// Mean.
        #[schemars(range(min = 1e-6, max = 1e12), extend("x-unit" = "ms"))]
        mean_ms: f64,
    },
    /// Every value between two bounds is as likely as another.
    Uniform {
        /// Lower bound.
        #[schemars(range(min = 0.0, max = 1e12), extend("x-unit" = "ms"))]
        min_ms: f64,
        /// Upper bound, not below the lower one.
        #[schemars(range(min = 0.0, max = 1e12), extend("x-unit" = "ms"))]
        max_ms: f64,
    },
    /// Sum of `shape` exponential stages: more regular than one exponential.
    Erlang {
        /// Number of stages.
        #[schemars(range(min = 1, max = 1_000))]
        shape: u32,
        /// Mean of the sum.
        #[schemars(range(min = 1e-6, max = 1e12), extend("x-unit" = "ms"))]
        mean_ms: f64,
    },
    /// Log-normal: the usual shape of measured latencies.
    Lognormal {
        /// Mean.
        #[schemars(range(min = 1e-6, max = 1e12), extend("x-unit" = "ms"))]
        mean_ms: f64,
        /// Squared coefficient of variation: variance divided by the square of the mean.
        #[schemars(range(min = 0.0001, max = 1_000.0))]
        scv: f64,
    },
    /// Pareto: rare values are very large.
    Pareto {
        /// Mean.
        #[schemars(range(min = 1e-6, max = 1e12), extend("x-unit" = "ms"))]
        mean_ms: f64,
        /// Tail index; the smaller, the heavier the tail. Above 1, so that the mean exists.
        #[schemars(range(min = 1.01, max = 100.0))]
        shape: f64,
    },
    /// Mixture of two exponentials with balanced means: more variable than one exponential.
    Hyperexponential {
        /// Mean.
        #[schemars(range(min = 1e-6, max = 1e12), extend("x-unit" = "ms"))]
        mean_ms: f64,
        /// Squared coefficient of variation.
        #[schemars(range(min = 1.0, max = 1_000.0))]
        scv: f64,
    },
    /// Gamma: like an Erlang distribution of any shape; the exponential has an `scv` of 1.
    Gamma {
        /// Mean.
        #[schemars(range(min = 1e-6, max = 1e12), extend("x-unit" = "ms"))]
        mean_ms: f64,
        /// Squared coefficient of variation.
        #[schemars(range(min = 0.0001, max = 1_000.0))]
        scv: f64,
    },
    /// Normal, of which the absolute value counts.
    Normal {
        /// Mean of the normal distribution, before the absolute value is taken.
        #[schemars(range(min = 0.0, max = 1e12), extend("x-unit" = "ms"))]
        mean_ms: f64,
        /// Standard deviation of the normal distribution.
        #[schemars(range(min = 0.0, max = 1e12), extend("x-unit" = "ms"))]
        sd_ms: f64,
    },
    /// Measured values, each as likely as its weight says.
    Empirical {
        /// The values, in any order.
        #[schemars(
            length(min = 1, max = 10_000),
            inner(range(min = 0.0, max = 1e12)),
            extend("x-unit" = "ms")
        )]
        values_ms: Vec<f64>,
        /// Weight of each value, in the same order; without them all values weigh the same.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 10_000), inner(range(min = 0.0, max = 1e9)))]
        weights: Vec<f64>,
    },
}

/// Which of many like things a request is about: a page, a product, a row. A request and its refreshes
/// are about the same one wherever the key set has the same name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Name of the set; steps and queries that name the same set mean the same thing.
    #[schemars(length(min = 1, max = 64))]
    pub set: String,
    /// How many there are.
    #[schemars(range(min = 1, max = 1_000_000_000_u64))]
    pub count: u64,
    /// Exponent of Zipf's law: the k-th most popular key is asked for in proportion to 1 ÷ k^exponent.
    /// 0: all are equally popular.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 10.0))]
    pub zipf_exponent: f64,
    /// Share of requests that are about key 0, whatever its popularity: one hot row.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub hot_ratio: f64,
}
