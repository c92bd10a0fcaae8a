//! A rolling 64-bit digest of everything a run did.
//!
//! Two runs with equal digests did, for all practical purposes, the same. It is a checksum against
//! accident, not cryptographic: whoever wants two runs with one digest can make them.

use std::fmt;

use super::random::finalise;

/// The fractional digits of √2, so that a run of zero words leaves a trace.
const START: u64 = 0x6a09_e667_f3bc_c909;
/// The fractional digits of √3: an odd factor, so that multiplying by it loses nothing.
const FACTOR: u64 = 0xbb67_ae85_84ca_a73b;
/// Brings the well-mixed high bits of a product down to where the next one starts from.
const ROTATION: u32 = 29;

/// The digest of the words absorbed so far.
///
/// Each step is one-to-one in the word and in the state, so two sequences that differ in a single
/// word never share a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    /// The digest of nothing.
    pub const fn new() -> Digest {
        Digest(START)
    }

    /// Takes one more word in. The order of words matters.
    #[inline]
    pub fn absorb(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(ROTATION) ^ word).wrapping_mul(FACTOR);
    }

    /// The digest so far: each bit depends on every bit absorbed.
    #[inline]
    pub fn value(self) -> u64 {
        finalise(self.0)
    }
}

impl Default for Digest {
    fn default() -> Digest {
        Digest::new()
    }
}

impl fmt::Display for Digest {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(words: &[u64]) -> Digest {
        let mut digest = Digest::new();
        words.iter().for_each(|&word| digest.absorb(word));
        digest
    }

    #[test]
    fn order_number_and_value_of_words_count() {
        let variants: [&[u64]; 8] =
            [&[], &[0], &[0, 0], &[1, 2, 3], &[1, 3, 2], &[2, 1, 3], &[1, 2], &[1, 2, 3, 0]];
        for (index, first) in variants.iter().enumerate() {
            for second in &variants[..index] {
                assert_ne!(digest(first), digest(second), "{first:?} and {second:?}");
            }
        }
    }

    #[test]
    fn each_bit_of_a_word_moves_about_half_of_the_digest() {
        let plain = digest(&[7, 8, 9]).value();
        for bit in 0..64 {
            // The last word has had the least time to spread.
            let flipped = digest(&[7, 8, 9 ^ (1 << bit)]).value();
            let moved = (plain ^ flipped).count_ones();
            assert!((14..=50).contains(&moved), "bit {bit} moved {moved} bits");
        }
    }

    #[test]
    fn it_prints_as_sixteen_digits() {
        assert_eq!(Digest(0).to_string(), "0000000000000000");
        assert_eq!(Digest::new().to_string().len(), 16);
    }
}
