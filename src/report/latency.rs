//! A distribution of times, as reports show it.

use crate::metrics::histogram::Distribution;
use serde::Serialize;

/// A distribution of times, in milliseconds. Quantiles have a relative error of at most 1/64.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Number of values.
    pub count: u64,
    /// Mean (exact).
    pub mean_ms: f64,
    /// Variance in ms² (exact).
    pub variance_ms2: f64,
    /// Standard deviation: the root of the variance.
    pub sd_ms: f64,
    /// Smallest (exact).
    pub min_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// Largest (exact).
    pub max_ms: f64,
}

impl Latency {
    /// Those times.
    pub(super) fn of(times: &Distribution) -> Latency {
        let quantile_ms = |quantile| times.quantile(quantile).unwrap_or(0) as f64 / 1e6;
        Latency {
            count: times.count(),
            mean_ms: times.mean() / 1e6,
            variance_ms2: times.variance() / 1e12,
            sd_ms: times.variance().sqrt() / 1e6,
            min_ms: times.min() as f64 / 1e6,
            p50_ms: quantile_ms(0.50),
            p95_ms: quantile_ms(0.95),
            p99_ms: quantile_ms(0.99),
            max_ms: times.max() as f64 / 1e6,
        }
    }
}
