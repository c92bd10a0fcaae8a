//! Exact sums of times.

/// An exact sum of nanoseconds times units, 128 bits wide in two words.
///
/// A year in nanoseconds times a long queue does not fit 64 bits. `u128` would do, but WebAssembly
/// has no such arithmetic and calls a function for each product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Integral {
    high: u64,
    low: u64,
}

impl Integral {
    /// Adds a whole number.
    #[inline]
    pub fn add(&mut self, value: u64) {
        let (low, carried) = self.low.overflowing_add(value);
        self.low = low;
        self.high = self.high.wrapping_add(u64::from(carried));
    }

    /// Takes a whole number away.
    #[inline]
    pub fn subtract(&mut self, value: u64) {
        let (low, borrowed) = self.low.overflowing_sub(value);
        self.low = low;
        self.high = self.high.wrapping_sub(u64::from(borrowed));
    }

    /// `level` times `nanos`.
    #[inline]
    pub fn product(level: u32, nanos: u64) -> Integral {
        let level = u64::from(level);
        // Each half of the time is below 2^32 and the level too, so neither product overflows.
        let (lower, upper) = (level * (nanos & 0xffff_ffff), level * (nanos >> 32));
        let mut product = Integral { high: upper >> 32, low: upper << 32 };
        product.add(lower);
        product
    }

    /// The sum of two.
    pub fn plus(mut self, other: Integral) -> Integral {
        self.add(other.low);
        self.high = self.high.wrapping_add(other.high);
        self
    }

    /// What has been added since `earlier`.
    pub fn minus(self, earlier: Integral) -> Integral {
        let (low, borrowed) = self.low.overflowing_sub(earlier.low);
        let high = self.high.wrapping_sub(earlier.high).wrapping_sub(u64::from(borrowed));
        Integral { high, low }
    }

    /// As a whole number.
    pub fn as_u128(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    /// As a number: exact up to 2^53, within one part in 2^52 beyond.
    pub fn as_f64(self) -> f64 {
        self.high as f64 * 18_446_744_073_709_551_616.0 + self.low as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integrals_are_exact(parts in prop::collection::vec((any::<u32>(), 0u64..1 << 56), 0..50)) {
            let mut integral = Integral::default();
            let mut exact = 0u128;
            for (level, nanos) in parts {
                integral = integral.plus(Integral::product(level, nanos));
                exact += u128::from(level) * u128::from(nanos);
            }
            prop_assert_eq!(integral, Integral { high: (exact >> 64) as u64, low: exact as u64 });
            let mut back = integral;
            back.add(7);
            back.subtract(7);
            prop_assert_eq!(back, integral);
            let half = Integral { high: 0, low: u64::MAX / 3 };
            prop_assert_eq!(integral.plus(half).minus(half), integral);
        }
    }
}
