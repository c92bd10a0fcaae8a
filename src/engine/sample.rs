//! Samplers: the compiled form of a distribution, ready to be drawn from.
//!
//! Where it can be done, a sample is the inverse transform of a single draw. Then the same luck
//! gives a proportional sample when the mean changes, and two runs stay comparable draw by draw.
//! A sampler knows no unit; the model uses nanoseconds.

use super::math;
use super::random::Draws;

/// A distribution of non-negative numbers.
///
/// Parameters are checked where a scenario is read; here they are taken to be finite and in range.
#[derive(Clone, Debug, PartialEq)]
pub enum Sampler {
    /// Always the same. No draw.
    Constant(f64),
    /// Uniform between two bounds. One draw.
    Uniform {
        /// Smallest value.
        low: f64,
        /// Bound above, never reached.
        high: f64,
    },
    /// Exponential. One draw.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Sum of `shape` equal exponential phases. One draw per phase.
    Erlang {
        /// Number of phases, at least 1.
        shape: u32,
        /// Mean of the sum.
        mean: f64,
    },
    /// The exponential of a normal variable. One draw.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Pareto (type I): P(X > x) = (scale / x)^shape. One draw.
    Pareto {
        /// Smallest value.
        scale: f64,
        /// Tail index; the mean is finite above 1, the variance above 2.
        shape: f64,
    },
    /// One of two exponentials. One draw, which decides both which and how long.
    Hyperexponential {
        /// Probability of the first.
        p: f64,
        /// Mean of the first.
        mean1: f64,
        /// Mean of the second.
        mean2: f64,
    },
    /// Gamma. Two draws or more, by rejection.
    Gamma {
        /// Shape, above 0.
        shape: f64,
        /// Scale; the mean is shape × scale.
        scale: f64,
    },
    /// The absolute value of a normal variable. One draw.
    FoldedNormal {
        /// Mean of the normal variable.
        mean: f64,
        /// Its standard deviation.
        sd: f64,
    },
    /// Measured values with their weights. One draw.
    Empirical {
        /// Values in ascending order.
        values: Box<[f64]>,
        /// For each value the share of all that is not above it; the last is exactly 1.
        cumulative: Box<[f64]>,
    },
}

impl Sampler {
    /// Exponential with that mean.
    pub fn exponential(mean: f64) -> Sampler {
        Sampler::Exponential { mean }
    }

    /// Log-normal with that mean and squared coefficient of variation (variance ÷ mean²).
    ///
    /// σ² = ln(1 + scv), μ = ln(mean) − σ²/2.
    pub fn lognormal_mean_scv(mean: f64, scv: f64) -> Sampler {
        let variance = math::ln(1.0 + scv);
        Sampler::LogNormal { mu: math::ln(mean) - variance / 2.0, sigma: variance.sqrt() }
    }

    /// Pareto with that mean; `shape` must be above 1.
    pub fn pareto_mean_shape(mean: f64, shape: f64) -> Sampler {
        Sampler::Pareto { scale: mean * (shape - 1.0) / shape, shape }
    }

    /// Gamma with that mean and squared coefficient of variation, which must be above 0.
    pub fn gamma_mean_scv(mean: f64, scv: f64) -> Sampler {
        Sampler::Gamma { shape: 1.0 / scv, scale: mean * scv }
    }

    /// Hyperexponential with that mean and squared coefficient of variation, at least 1, whose two
    /// branches contribute equally to the mean ("balanced means").
    ///
    /// p = (1 + √((scv − 1) / (scv + 1))) / 2, with rates 2p and 2(1 − p) for mean 1. Source:
    /// W. Whitt, "The queueing network analyzer", Bell System Technical Journal 62 (1983).
    pub fn hyperexponential_mean_scv(mean: f64, scv: f64) -> Sampler {
        let p = (1.0 + ((scv - 1.0) / (scv + 1.0)).sqrt()) / 2.0;
        Sampler::Hyperexponential { p, mean1: mean / (2.0 * p), mean2: mean / (2.0 * (1.0 - p)) }
    }

    /// Draws from `(value, weight)` pairs in any order; weights are relative. None if there is no
    /// pair of positive weight.
    pub fn empirical(pairs: &[(f64, f64)]) -> Option<Sampler> {
        let mut pairs: Vec<_> = pairs.iter().copied().filter(|&(_, weight)| weight > 0.0).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = pairs.iter().map(|&(_, weight)| weight).sum();
        let mut sum = 0.0;
        let mut cumulative: Box<[f64]> = pairs
            .iter()
            .map(|&(_, weight)| {
                sum += weight;
                sum / total
            })
            .collect();
        // Rounding must not leave a gap at the top in which no value is found.
        *cumulative.last_mut()? = 1.0;
        Some(Sampler::Empirical { values: pairs.iter().map(|pair| pair.0).collect(), cumulative })
    }

    /// The next sample, zero or more.
    #[inline]
    pub fn sample(&self, draws: &mut Draws) -> f64 {
        match *self {
            Sampler::Constant(value) => value,
            Sampler::Uniform { low, high } => low + (high - low) * draws.next_unit(),
            Sampler::Exponential { mean } => exponential(mean, draws.next_open_unit()),
            Sampler::Erlang { shape, mean } => erlang(shape, mean, draws),
            Sampler::LogNormal { mu, sigma } => math::exp(mu + sigma * normal(draws)),
            Sampler::Pareto { scale, shape } => {
                scale * math::pow(draws.next_open_unit(), -1.0 / shape)
            }
            Sampler::Hyperexponential { p, mean1, mean2 } => {
                hyperexponential(p, mean1, mean2, draws.next_open_unit())
            }
            Sampler::Gamma { shape, scale } => scale * gamma(shape, draws),
            Sampler::FoldedNormal { mean, sd } => (mean + sd * normal(draws)).abs(),
            Sampler::Empirical { ref values, ref cumulative } => {
                let share = draws.next_unit();
                values[cumulative.partition_point(|&bound| bound <= share)]
            }
        }
    }

    /// The mean by formula, infinite for a Pareto of shape 1 or less.
    pub fn mean(&self) -> f64 {
        match *self {
            Sampler::Constant(value) => value,
            Sampler::Uniform { low, high } => (low + high) / 2.0,
            Sampler::Exponential { mean } | Sampler::Erlang { mean, .. } => mean,
            Sampler::LogNormal { mu, sigma } => math::exp(mu + sigma * sigma / 2.0),
            Sampler::Pareto { shape, .. } if shape <= 1.0 => f64::INFINITY,
            Sampler::Pareto { scale, shape } => scale * shape / (shape - 1.0),
            Sampler::Hyperexponential { p, mean1, mean2 } => p * mean1 + (1.0 - p) * mean2,
            Sampler::Gamma { shape, scale } => shape * scale,
            Sampler::FoldedNormal { mean, sd } => math::folded_normal_mean(mean, sd),
            Sampler::Empirical { ref values, ref cumulative } => {
                let mut below = 0.0;
                let shares =
                    cumulative.iter().map(|&bound| bound - std::mem::replace(&mut below, bound));
                values.iter().zip(shares).map(|(value, share)| value * share).sum()
            }
        }
    }
}

/// `u` in (0, 1]; the smaller, the longer.
#[inline]
fn exponential(mean: f64, u: f64) -> f64 {
    // The sign goes with the mean: −0 would be another bit pattern for the same nothing.
    mean * (0.0 - math::ln(u))
}

/// The logarithm of a product of uniform draws, one logarithm for sixteen of them: a product of
/// sixteen is at least 2^-848 and cannot underflow.
fn erlang(shape: u32, mean: f64, draws: &mut Draws) -> f64 {
    const AT_ONCE: u32 = 16;
    let mut sum = 0.0;
    let mut left = shape;
    while left > 0 {
        let phases = left.min(AT_ONCE);
        let product = (0..phases).fold(1.0, |product, _| product * draws.next_open_unit());
        sum -= math::ln(product);
        left -= phases;
    }
    mean / f64::from(shape) * sum
}

/// What is left of `u` in (0, 1] once it has chosen the branch is uniform in (0, 1] again.
fn hyperexponential(p: f64, mean1: f64, mean2: f64, u: f64) -> f64 {
    if u <= p { exponential(mean1, u / p) } else { exponential(mean2, (u - p) / (1.0 - p)) }
}

#[inline]
fn normal(draws: &mut Draws) -> f64 {
    math::normal_quantile(draws.next_inner_unit())
}

/// Gamma of scale 1. Source: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma
/// variables", ACM Transactions on Mathematical Software 26 (2000), 363–372, with its section 6
/// for shapes below 1.
fn gamma(shape: f64, draws: &mut Draws) -> f64 {
    if shape < 1.0 {
        let boost = math::pow(draws.next_open_unit(), 1.0 / shape);
        return gamma(shape + 1.0, draws) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(draws);
        let u = draws.next_open_unit();
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        if math::ln(u) < 0.5 * x * x + d - d * v + d * math::ln(v) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Luck, Site};

    const SAMPLES: u32 = 1_000_000;

    /// Mean and variance of a million samples are within five standard errors of theory.
    fn check(sampler: &Sampler, variance: f64) {
        let mut draws = Luck(2026).draws(Site::named("samples"), 0);
        let samples: Vec<f64> = (0..SAMPLES).map(|_| sampler.sample(&mut draws)).collect();
        assert!(samples.iter().all(|&sample| sample >= 0.0 && sample.is_finite()));
        let n = f64::from(SAMPLES);
        let mean = samples.iter().sum::<f64>() / n;
        let squares = || samples.iter().map(|sample| (sample - mean) * (sample - mean));
        let second = squares().sum::<f64>() / n;
        let fourth = squares().map(|square| square * square).sum::<f64>() / n;
        let mean_error = (mean - sampler.mean()).abs();
        let variance_error = (second - variance).abs();
        assert!(mean_error <= 5.0 * (second / n).sqrt() + 1e-12, "{sampler:?}: mean {mean}");
        let bound = 5.0 * ((fourth - second * second).max(0.0) / n).sqrt() + 1e-12;
        assert!(variance_error <= bound, "{sampler:?}: variance {second}, not {variance}");
    }

    #[test]
    fn mean_and_variance_are_those_of_the_formula() {
        check(&Sampler::Constant(3.0), 0.0);
        check(&Sampler::Uniform { low: 1.0, high: 4.0 }, 9.0 / 12.0);
        check(&Sampler::exponential(2.0), 4.0);
        check(&Sampler::Erlang { shape: 4, mean: 2.0 }, 1.0);
        check(&Sampler::Erlang { shape: 40, mean: 2.0 }, 0.1);
        check(&Sampler::lognormal_mean_scv(2.0, 0.25), 1.0);
        check(&Sampler::lognormal_mean_scv(2.0, 1.0), 4.0);
        // A fourth moment must exist for the check of the variance, hence the light tail.
        check(&Sampler::Pareto { scale: 1.0, shape: 10.0 }, 10.0 / (81.0 * 8.0));
        check(&Sampler::hyperexponential_mean_scv(1.0, 4.0), 4.0);
        check(&Sampler::gamma_mean_scv(2.0, 0.5), 2.0);
        check(&Sampler::gamma_mean_scv(2.0, 3.0), 12.0);
        // |N(μ, σ²)| has the second moment of N, hence the variance μ² + σ² − mean².
        let folded = Sampler::FoldedNormal { mean: 1.0, sd: 2.0 };
        check(&folded, 5.0 - folded.mean() * folded.mean());
        let half = Sampler::FoldedNormal { mean: 0.0, sd: 1.0 };
        assert!((half.mean() - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-15);
        check(&half, 1.0 - 2.0 / std::f64::consts::PI);
        check(&Sampler::FoldedNormal { mean: 50.0, sd: 2.0 }, 4.0);
        check(&Sampler::FoldedNormal { mean: 3.0, sd: 0.0 }, 0.0);
        let three = [(4.0, 1.0), (0.0, 2.0), (1.0, 1.0), (9.0, 0.0)];
        check(&Sampler::empirical(&three).unwrap(), 17.0 / 4.0 - 25.0 / 16.0);
    }

    #[test]
    fn constructors_give_the_mean_they_were_asked_for() {
        for sampler in [
            Sampler::exponential(7.0),
            Sampler::lognormal_mean_scv(7.0, 2.0),
            Sampler::pareto_mean_shape(7.0, 1.5),
            Sampler::gamma_mean_scv(7.0, 2.0),
            Sampler::hyperexponential_mean_scv(7.0, 2.0),
        ] {
            assert!((sampler.mean() - 7.0).abs() < 1e-12, "{sampler:?}");
        }
        let infinite = [1.0, 0.5].map(|shape| Sampler::Pareto { scale: 1.0, shape }.mean());
        assert_eq!(infinite, [f64::INFINITY; 2]);
    }

    #[test]
    fn the_balanced_hyperexponential_has_the_published_parameters() {
        let Sampler::Hyperexponential { p, mean1, mean2 } =
            Sampler::hyperexponential_mean_scv(1.0, 4.0)
        else {
            panic!("the constructor makes a hyperexponential");
        };
        assert!((p - 0.887_298).abs() < 1e-6);
        assert!((1.0 / mean1 - 2.0 * p).abs() < 1e-12);
        assert!((1.0 / mean2 - 2.0 * (1.0 - p)).abs() < 1e-12);
    }

    #[test]
    fn the_same_luck_gives_a_sample_in_proportion_to_the_mean() {
        for luck in 0..1_000 {
            let draw = |sampler: Sampler| sampler.sample(&mut Luck(luck).draws(Site(1), 0));
            for make in [
                Sampler::exponential,
                |mean| Sampler::lognormal_mean_scv(mean, 2.0),
                |mean| Sampler::pareto_mean_shape(mean, 2.5),
                |mean| Sampler::hyperexponential_mean_scv(mean, 4.0),
                |mean| Sampler::gamma_mean_scv(mean, 0.7),
                |mean| Sampler::FoldedNormal { mean, sd: mean / 2.0 },
                |mean| Sampler::Erlang { shape: 3, mean },
            ] {
                let (one, ten) = (draw(make(1.0)), draw(make(10.0)));
                assert!((ten - 10.0 * one).abs() <= 1e-12 * ten, "{one} and {ten}");
            }
        }
    }

    #[test]
    fn what_is_long_for_one_normal_variable_is_long_for_all() {
        for luck in 0..1_000 {
            let draw = |sampler: Sampler| sampler.sample(&mut Luck(luck).draws(Site(1), 0));
            let folded = draw(Sampler::FoldedNormal { mean: 50.0, sd: 2.0 });
            let logarithm = math::ln(draw(Sampler::LogNormal { mu: 0.0, sigma: 2.0 }));
            assert!((folded - 50.0 - logarithm).abs() < 1e-9, "{folded} and {logarithm}");
        }
    }

    #[test]
    fn a_gamma_of_shape_one_is_drawn_like_those_above() {
        for luck in 0..1_000 {
            let draw = |shape| {
                let sampler = Sampler::Gamma { shape, scale: 1.0 };
                sampler.sample(&mut Luck(luck).draws(Site(1), 0))
            };
            assert!((draw(1.0) - draw(1.0 + 1e-12)).abs() < 1e-9);
        }
    }

    #[test]
    fn zero_means_no_time_at_all() {
        let mut draws = Draws::seeded(1);
        assert_eq!(Sampler::exponential(0.0).sample(&mut draws).to_bits(), 0);
        assert_eq!(Sampler::lognormal_mean_scv(0.0, 1.0).sample(&mut draws), 0.0);
        assert_eq!(exponential(1.0, 1.0).to_bits(), 0, "not the negative zero");
        assert_eq!(Sampler::lognormal_mean_scv(2.0, 0.0).sample(&mut draws), 2.0);
    }

    #[test]
    fn an_empirical_sampler_needs_a_positive_weight() {
        assert_eq!(Sampler::empirical(&[]), None);
        assert_eq!(Sampler::empirical(&[(1.0, 0.0)]), None);
        let Some(single) = Sampler::empirical(&[(5.0, 0.1)]) else {
            panic!("one weight is enough")
        };
        assert_eq!(single.sample(&mut Draws::seeded(1)), 5.0);
    }
}
