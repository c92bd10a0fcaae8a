//! Distributions of times as samplers.

use super::KeysPlan;
use crate::engine::{Sampler, Site, Zipf};
use crate::scenario::{Distribution, Keys};

/// Nanoseconds in a millisecond.
const NANOS: f64 = 1e6;

/// A distribution in milliseconds as a sampler of nanoseconds.
pub(super) fn sampler(distribution: &Distribution) -> Sampler {
    match *distribution {
        Distribution::Constant { ms } => Sampler::Constant(ms * NANOS),
        Distribution::Exponential { mean_ms } => Sampler::exponential(mean_ms * NANOS),
        Distribution::Uniform { min_ms, max_ms } => {
            Sampler::Uniform { low: min_ms * NANOS, high: max_ms * NANOS }
        }
        Distribution::Erlang { shape, mean_ms } => Sampler::Erlang { shape, mean: mean_ms * NANOS },
        Distribution::Lognormal { mean_ms, scv } => {
            Sampler::lognormal_mean_scv(mean_ms * NANOS, scv)
        }
        Distribution::Pareto { mean_ms, shape } => {
            Sampler::pareto_mean_shape(mean_ms * NANOS, shape)
        }
        Distribution::Hyperexponential { mean_ms, scv } => {
            Sampler::hyperexponential_mean_scv(mean_ms * NANOS, scv)
        }
        Distribution::Gamma { mean_ms, scv } => Sampler::gamma_mean_scv(mean_ms * NANOS, scv),
        Distribution::Normal { mean_ms, sd_ms } => {
            Sampler::FoldedNormal { mean: mean_ms * NANOS, sd: sd_ms * NANOS }
        }
        Distribution::Empirical { ref values_ms, ref weights } => {
            let weight = |number: usize| weights.get(number).copied().unwrap_or(1.0);
            let pairs = values_ms.iter().enumerate();
            let pairs: Vec<_> = pairs.map(|(number, ms)| (ms * NANOS, weight(number))).collect();
            Sampler::empirical(&pairs).expect("the checker wants a positive weight")
        }
    }
}

/// Which of many like things requests are about.
pub(super) fn keys(keys: &Keys) -> KeysPlan {
    KeysPlan {
        zipf: Zipf::new(keys.count, keys.zipf_exponent),
        hot_ratio: keys.hot_ratio,
        // No node and no call can have a name with a blank, so the site is nobody else's.
        site: Site::named("keys of").then(&keys.set),
    }
}
