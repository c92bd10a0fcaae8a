//! Transcendental functions whose bits are the same on every target.
//!
//! The standard library leaves them to the platform: native and WebAssembly then differ in the last
//! bit of up to one value in ten, and two runs of one seed drift apart. This and `logarithm`
//! are the only places that name `libm`. Square root, rounding and the four operations are exact in
//! IEEE 754, so the standard library's are used for those.

pub use super::logarithm::ln;

/// e to the power of `x`.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `base` to the power of `exponent`.
#[inline]
pub fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

/// e to the power of `x`, minus 1: exact to the last bits for small `x` too.
#[inline]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// The natural logarithm of 1 + `x`: exact to the last bits for small `x` too.
#[inline]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// Sine of `x` radians.
#[inline]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of `x` radians.
#[inline]
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// The mean of |X| for a normal X of mean `mean` and standard deviation `sd`.
///
/// σ √(2/π) e^(−μ²/2σ²) + μ erf(μ / σ√2). Source: F. C. Leone, L. S. Nelson and R. B. Nottingham,
/// "The folded normal distribution", Technometrics 3 (1961), 543–550.
pub fn folded_normal_mean(mean: f64, sd: f64) -> f64 {
    if sd == 0.0 {
        return mean.abs();
    }
    let ratio = mean / sd;
    let near = sd * std::f64::consts::FRAC_2_PI.sqrt() * exp(-ratio * ratio / 2.0);
    near + mean * libm::erf(ratio * std::f64::consts::FRAC_1_SQRT_2)
}

/// The quantile of the standard normal distribution: the `z` below which a share `p` lies.
///
/// `p` lies strictly between 0 and 1. Relative error below 1e-15. Source: M. J. Wichura, Algorithm
/// AS 241 (PPND16), Applied Statistics 37 (1988), 477–484; the coefficients are the paper's, to the
/// precision of an `f64`.
pub fn normal_quantile(p: f64) -> f64 {
    debug_assert!(p > 0.0 && p < 1.0, "a quantile needs a share strictly between 0 and 1");
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * ratio(r, &CENTRE);
    }
    let tail = if centred < 0.0 { p } else { 1.0 - p };
    let r = (-ln(tail)).sqrt();
    let z = if r <= 5.0 { ratio(r - 1.6, &FLANK) } else { ratio(r - 5.0, &TAIL) };
    if centred < 0.0 { -z } else { z }
}

/// Numerator and denominator of one of the paper's rational approximations, lowest power first.
type Ratio = [[f64; 8]; 2];

fn ratio(r: f64, [numerator, denominator]: &Ratio) -> f64 {
    polynomial(r, numerator) / polynomial(r, denominator)
}

fn polynomial(x: f64, coefficients: &[f64; 8]) -> f64 {
    // Horner's rule without fused multiply-add: Rust never contracts it, so the bits are fixed.
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// For |p − 1/2| ≤ 0.425.
const CENTRE: Ratio = [
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
];

/// For tails down to e^-25.
const FLANK: Ratio = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];

/// For tails below e^-25.
const TAIL: Ratio = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The reverse way is exact to the last bits in libm: Φ(z) = erfc(−z / √2) / 2.
    fn share_below(z: f64) -> f64 {
        libm::erfc(-z / 2.0_f64.sqrt()) / 2.0
    }

    #[test]
    fn the_normal_quantile_undoes_the_distribution_function() {
        for step in 1..2_000 {
            assert_undone(f64::from(step) / 2_000.0);
        }
        for exponent in 4..300 {
            assert_undone(pow(10.0, -f64::from(exponent)));
        }
    }

    fn assert_undone(p: f64) {
        let z = normal_quantile(p);
        let back = share_below(z);
        // A tail magnifies the error of z by z².
        let bound = 2e-15 * (z * z).max(1.0);
        assert!((back / p - 1.0).abs() < bound, "{p} came back as {back}");
    }

    #[test]
    fn the_folded_mean_is_the_mean_distance_from_zero() {
        for (mean, sd) in [(0.0, 1.0), (1.0, 2.0), (-3.0, 2.0), (5.0, 0.5)] {
            // Ten standard deviations on either side in steps of a thousandth of one.
            let part = |number: i32| {
                let z = (f64::from(number) + 0.5) / 1_000.0;
                (mean + z * sd).abs() * exp(-z * z / 2.0) / 1_000.0
            };
            let sum = (-10_000..10_000).map(part).sum::<f64>();
            let integral = sum / (2.0 * std::f64::consts::PI).sqrt();
            let gap = (folded_normal_mean(mean, sd) - integral).abs();
            assert!(gap < 1e-6, "{mean} ± {sd}: {gap} from {integral}");
        }
        assert_eq!(folded_normal_mean(-3.0, 0.0), 3.0);
    }

    #[test]
    fn the_normal_quantile_is_symmetric() {
        assert_eq!(normal_quantile(0.5), 0.0);
        for p in [0.25, 0.0625, pow(2.0, -30.0), pow(2.0, -52.0)] {
            assert_eq!(normal_quantile(p), -normal_quantile(1.0 - p));
        }
        // Tables give 1.959963984540054.
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }
}
