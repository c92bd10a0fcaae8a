//! Where choices come from: a seed, or the bytes of a fuzzer.

/// A source of choices. The same source makes the same choices on every machine.
#[derive(Clone, Debug)]
pub enum Dice<'b> {
    /// SplitMix64 (Steele, Lea and Flood 2014).
    Seed(u64),
    /// Bytes, one a choice, then zeros: fewer and smaller bytes make a simpler story.
    Bytes(&'b [u8]),
}

impl Dice<'_> {
    /// 64 random bits; of bytes, one spread over all of them.
    pub fn bits(&mut self) -> u64 {
        match self {
            Dice::Seed(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut mixed = *state;
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                mixed ^ (mixed >> 31)
            }
            Dice::Bytes(bytes) => {
                let Some((first, rest)) = bytes.split_first() else { return 0 };
                *bytes = rest;
                u64::from(*first) * 0x0101_0101_0101_0101
            }
        }
    }

    /// A number below `sides`, which is at least 1.
    pub fn roll(&mut self, sides: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(sides)) >> 64) as u64
    }

    /// A number from `least` to `most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.roll(most - least + 1)
    }

    /// From 0 up to 1, in 1024ths.
    pub fn unit(&mut self) -> f64 {
        self.roll(1_025) as f64 / 1_024.0
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        // High rolls are the rare ones, so that zeros choose what is common.
        self.roll(100) >= 100 - percent
    }

    /// One of several.
    pub fn pick<'t, T>(&mut self, choices: &'t [T]) -> &'t T {
        &choices[self.roll(choices.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut dice = Dice::Seed(1_234_567);
        let first = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([dice.bits(), dice.bits()], first);
    }

    #[test]
    fn bytes_run_out_into_zeros() {
        let mut dice = Dice::Bytes(&[255]);
        assert_eq!((dice.roll(10), dice.roll(10), dice.between(3, 5)), (9, 0, 3));
        assert!(!dice.percent(99));
    }
}
