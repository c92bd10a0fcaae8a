//! The natural logarithm by table, for the samplers: half of the time of a sample was spent in it.
//!
//! With `x = 2^k z` and `c` the multiple of 1/128 that is nearest to `z`, 1 ≤ z < 2,
//! `ln x = k ln 2 + ln c + ln(1 + r)` where `r = (z − c) / c` is at most 1/256 in size. The table holds
//! `ln c`, and seven terms of the series of `ln(1 + r)` are exact to 2^-67. (P. T. P. Tang,
//! "Table-driven implementation of the logarithm function in IEEE floating-point arithmetic", ACM TOMS
//! 16 (1990), 378–400, without his extra precision.)
//!
//! Only additions, multiplications and a table that the compiler computes in IEEE 754: the bits are
//! the same on every target.

/// Steps of the table between 1 and 2.
const STEPS: usize = 128;
const MANTISSA_BITS: u32 = 52;
const BIAS: i32 = 1_023;
const ONE: u64 = 1.0_f64.to_bits();
const LEAST_NORMAL: u64 = f64::MIN_POSITIVE.to_bits();
const INFINITY: u64 = f64::INFINITY.to_bits();

/// For each `c` from 1 to 2: 1 / c and ln c.
static TABLE: [[f64; 2]; STEPS + 1] = table();

const fn table() -> [[f64; 2]; STEPS + 1] {
    let mut table = [[0.0; 2]; STEPS + 1];
    let mut step = 0;
    while step < STEPS {
        let c = 1.0 + step as f64 / STEPS as f64;
        table[step] = [1.0 / c, ln_by_series(c)];
        step += 1;
    }
    // The very constant that each power of two counts with, so that just below 1 the two cancel.
    table[STEPS] = [0.5, std::f64::consts::LN_2];
    table
}

/// `ln c = 2 (s + s³/3 + s⁵/5 + …)` with `s = (c − 1) / (c + 1)`, below 1/3 here.
const fn ln_by_series(c: f64) -> f64 {
    let s = (c - 1.0) / (c + 1.0);
    let mut sum = 0.0;
    let mut odd = 41.0;
    while odd > 0.0 {
        sum = sum * s * s + 1.0 / odd;
        odd -= 2.0;
    }
    2.0 * s * sum
}

/// Natural logarithm. The error is below 2^-51 times the greater of 1 and the size of the result: a
/// sample of a mean of a second is off by less than a millionth of a nanosecond.
#[inline]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    // Neither zero, subnormal, negative, infinite nor NaN.
    if bits.wrapping_sub(LEAST_NORMAL) >= INFINITY - LEAST_NORMAL {
        return libm::log(x);
    }
    let exponent = (bits >> MANTISSA_BITS) as i32 - BIAS;
    let z = f64::from_bits(bits & ((1 << MANTISSA_BITS) - 1) | ONE);
    let step = ((bits >> (MANTISSA_BITS - 8) & 0xff) + 1) >> 1;
    let c = f64::from_bits(ONE + (step << (MANTISSA_BITS - 7)));
    let [inverse, ln_c] = TABLE[step as usize];
    let r = (z - c) * inverse;
    let square = r * r;
    let high = -1.0 / 6.0 + r * (1.0 / 7.0);
    let middle = -0.25 + r * 0.2;
    let low = -0.5 + r * (1.0 / 3.0);
    let rest = square * (low + square * (middle + square * high));
    (f64::from(exponent) * std::f64::consts::LN_2 + ln_c) + (r + rest)
}

#[cfg(test)]
mod tests {
    use super::ln;
    use crate::engine::random::finalise;

    /// The distance to libm's, whose error is below one unit in the last place, in units of 2^-52.
    fn distance(x: f64) -> f64 {
        let exact = libm::log(x);
        (ln(x) - exact).abs() / exact.abs().max(1.0) / f64::EPSILON
    }

    #[test]
    fn it_agrees_with_libm_over_all_magnitudes() {
        for number in 0..1_000_000_u64 {
            let x = f64::from_bits(finalise(number) >> 1);
            if x.is_normal() {
                assert!(distance(x) <= 2.0, "{x}: {}", distance(x));
            }
        }
    }

    #[test]
    fn it_agrees_with_libm_over_all_draws_and_around_one() {
        for number in 1..=1_000_000_u64 {
            let unit = (finalise(number) >> 11) as f64 * (1.0 / (1_u64 << 53) as f64);
            assert!(unit == 0.0 || distance(unit) <= 2.0, "{unit}: {}", distance(unit));
            let near = 1.0 - (number as f64 - 500_000.0) * 1e-12;
            assert!(distance(near) <= 2.0, "{near}: {}", distance(near));
        }
    }

    #[test]
    fn the_edges_are_those_of_a_logarithm() {
        assert_eq!(ln(1.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
        assert!((ln(5e-324) + 744.440_071_921_381_3).abs() < 1e-12);
        assert!(ln(1.0 - f64::EPSILON / 2.0) < 0.0, "just below 1 it is not 0");
    }
}
