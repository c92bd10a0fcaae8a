//! Growing and randomised waits after Resilience4j 2.4.0 (`IntervalFunction`).
//!
//! Resilience4j counts in whole milliseconds: each exponential step is truncated before the next
//! one is taken, so 500 ms × 1.5 gives 500, 750, 1125, 1687 (not 1687.5), and 7 ms × 1.1 never
//! grows. A randomised wait is drawn from a range one millisecond wider than the factor suggests and
//! truncated. These are free functions because the circuit breaker and the retry share them and they
//! hold no state.

/// The wait before attempt `attempt` (1 is the first), in whole milliseconds: `initial_ms`
/// multiplied by `multiplier` once per further attempt, truncated at every step, at most `max_ms`.
pub fn exponential_ms(initial_ms: u64, multiplier: f64, max_ms: Option<u64>, attempt: u32) -> u64 {
    let max_ms = max_ms.unwrap_or(u64::MAX);
    let mut wait_ms = initial_ms;
    for _ in 1..attempt {
        // `as` truncates and saturates, like the cast to long in the original.
        let next_ms = (wait_ms as f64 * multiplier) as u64;
        if next_ms == wait_ms || wait_ms >= max_ms {
            break;
        }
        wait_ms = next_ms;
    }
    wait_ms.min(max_ms)
}

/// `wait_ms` spread by `factor` in both directions, in whole milliseconds, at least 1:
/// `(c − d) + unit · (2d + 1)` with `d = factor · c`, truncated. `unit` lies in [0, 1).
pub fn randomized_ms(wait_ms: u64, factor: f64, unit: f64) -> u64 {
    let centre = wait_ms as f64;
    let delta = factor * centre;
    let wait = (centre - delta) + unit * (2.0 * delta + 1.0);
    wait.max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_truncated_to_whole_milliseconds() {
        let waits = [1, 2, 3, 4, 5].map(|attempt| exponential_ms(500, 1.5, None, attempt));
        assert_eq!(waits, [500, 750, 1125, 1687, 2530]);
        assert_eq!(exponential_ms(7, 1.1, None, 12), 7);
    }

    #[test]
    fn the_cap_also_binds_the_first_wait_and_huge_attempts_saturate() {
        assert_eq!(exponential_ms(60_000, 2.0, Some(600_000), 5), 600_000);
        assert_eq!(exponential_ms(500, 2.0, Some(200), 1), 200);
        assert_eq!(exponential_ms(500, 2.0, None, u32::MAX), u64::MAX);
        // A wait that does not grow is not multiplied four billion times to find that out.
        assert_eq!(exponential_ms(7, 1.1, None, u32::MAX), 7);
    }

    #[test]
    fn a_randomised_wait_spans_its_range_and_is_never_zero() {
        assert_eq!([randomized_ms(500, 0.5, 0.0), randomized_ms(500, 0.5, 0.999_999)], [250, 750]);
        assert_eq!([randomized_ms(2, 0.9, 0.0), randomized_ms(2, 0.9, 0.999_999)], [1, 4]);
        assert_eq!(randomized_ms(10, 0.0, 0.999_999), 10);
    }
}
