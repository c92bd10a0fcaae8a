//! Distributions: values that make sense together, and means.

use crate::engine::math;
use crate::problem::Problems;
use crate::scenario::Distribution;

/// Checks what the ranges of its values do not say of a distribution.
pub(super) fn check(distribution: &Distribution, path: &str, problems: &mut Problems) {
    match distribution {
        Distribution::Uniform { min_ms, max_ms } if max_ms < min_ms => {
            let message = format!("{max_ms} ms is below min_ms, {min_ms} ms");
            problems.add(format!("{path}.max_ms"), message);
        }
        Distribution::Empirical { values_ms, weights } if !weights.is_empty() => {
            let (values, count) = (values_ms.len(), weights.len());
            let path = format!("{path}.weights");
            if values != count {
                problems.add(path, format!("{count} weights for {values} values in values_ms"));
            } else if weights.iter().all(|weight| *weight == 0.0) {
                problems.add(path, "all are 0: at least one above 0");
            }
        }
        _ => {}
    }
}

/// Checks a time that comes again and again: without any length it would never end.
pub(super) fn check_positive(distribution: &Distribution, path: &str, problems: &mut Problems) {
    check(distribution, path, problems);
    if mean_s(distribution) <= 0.0 {
        problems.add(path, "always takes no time: its mean must be above 0 ms");
    }
}

/// Mean of a distribution, in seconds.
pub(super) fn mean_s(distribution: &Distribution) -> f64 {
    let ms = match *distribution {
        Distribution::Constant { ms } => ms,
        Distribution::Uniform { min_ms, max_ms } => (min_ms + max_ms) / 2.0,
        Distribution::Exponential { mean_ms }
        | Distribution::Erlang { mean_ms, .. }
        | Distribution::Lognormal { mean_ms, .. }
        | Distribution::Pareto { mean_ms, .. }
        | Distribution::Hyperexponential { mean_ms, .. }
        | Distribution::Gamma { mean_ms, .. } => mean_ms,
        Distribution::Normal { mean_ms, sd_ms } => math::folded_normal_mean(mean_ms, sd_ms),
        Distribution::Empirical { ref values_ms, ref weights } => weighted(values_ms, weights),
    };
    ms / 1e3
}

fn weighted(values_ms: &[f64], weights: &[f64]) -> f64 {
    let weight = |number: usize| weights.get(number).copied().unwrap_or(1.0);
    let all: f64 = (0..values_ms.len()).map(weight).sum();
    let sum: f64 = values_ms.iter().enumerate().map(|(number, ms)| ms * weight(number)).sum();
    sum / all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_of_measured_values() {
        let mean =
            |weights| mean_s(&Distribution::Empirical { values_ms: vec![1e3, 3e3, 8e3], weights });
        assert_eq!(mean(Vec::new()), 4.0);
        assert_eq!(mean(vec![3.0, 1.0, 0.0]), 1.5);
    }
}
