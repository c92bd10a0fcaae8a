//! Randomness that belongs to somebody: named streams, and each request's own luck.
//!
//! Nothing is drawn from a shared stream. A population's arrivals come from a ChaCha8 stream keyed
//! by names, and every later draw for a request is computed from the request's [`Luck`], the
//! [`Site`] that asks, and the attempt. So adding a node or a pattern moves no other draw, and two
//! runs that differ in one setting can be compared request by request.
//!
//! All of it is integer arithmetic of fixed width, hence the same bits on every target.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The fractional digits of the golden ratio, the increment of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// The fractional digits of √2 and of √3, made odd: factors without small common multiples.
const ROOT_2: u64 = 0x6a09_e667_f3bc_c909;
const ROOT_3: u64 = 0xbb67_ae85_84ca_a73b;

/// What a derived value is for, so that equal ingredients do not give equal results.
const TAG_THEN: u64 = 1;
const TAG_INDEX: u64 = 2;
const TAG_CHILD: u64 = 3;
const TAG_STREAM: u64 = 4;

/// The stream of `owner` for one `purpose`, the same for ever for the same seed and names.
///
/// The 256-bit key is the seed, the hashes of the two names and a constant, unmixed: ChaCha needs
/// no help with related keys, and streams of different seeds can never share one.
pub fn stream(seed: u64, owner: &str, purpose: &str) -> ChaCha8Rng {
    let mut key = [0; 32];
    let words = [seed, hash(owner), hash(purpose), TAG_STREAM];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// A stable 64-bit hash of a name: FNV-1a (draft-eastlake-fnv) over its bytes, then [`finalise`],
/// because FNV alone mixes the last bytes of short names poorly.
const fn hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
    let mut index = 0;
    while index < bytes.len() {
        sum = (sum ^ bytes[index] as u64).wrapping_mul(0x0100_0000_01b3);
        index += 1;
    }
    finalise(sum)
}

/// Spreads every bit of `x` over all 64; one-to-one.
///
/// The output function of SplitMix64: G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom
/// number generators", OOPSLA 2014, with D. Stafford's constants (variant 13).
#[inline]
pub const fn finalise(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// One word from three, in which each of them counts.
///
/// A sum with two odd factors, then [`finalise`]: one-to-one in each argument when the other two
/// are held fixed. It costs four multiplications, two of them side by side.
#[inline]
pub const fn mix(a: u64, b: u64, c: u64) -> u64 {
    let sum = a.wrapping_add(b.wrapping_mul(ROOT_2)).wrapping_add(c.wrapping_mul(ROOT_3));
    finalise(sum)
}

/// A place in the model that draws: the stable hash of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site(pub u64);

impl Site {
    /// The site of that name.
    pub const fn named(name: &str) -> Site {
        Site(hash(name))
    }

    /// A site within this one. `named("a").then("b")` is not `named("ab")`.
    pub const fn then(self, name: &str) -> Site {
        Site(mix(self.0, hash(name), TAG_THEN))
    }

    /// The `number`-th of several sites within this one.
    pub const fn index(self, number: u64) -> Site {
        Site(mix(self.0, number, TAG_INDEX))
    }
}

/// Everything that chance holds for one request, in 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Luck(pub u64);

impl Luck {
    /// The draws of this request at `site` in that attempt, always from the first one.
    #[inline]
    pub const fn draws(self, site: Site, attempt: u32) -> Draws {
        Draws { state: mix(self.0, site.0, attempt as u64) }
    }

    /// The luck of the `number`-th thing this request sets off at `site`: a refresh, a probe.
    #[inline]
    pub const fn derive(self, site: Site, number: u64) -> Luck {
        Luck(mix(self.0, site.index(TAG_CHILD).0, number))
    }
}

/// A short sequence of random numbers: the counter generator SplitMix64 (see [`finalise`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    state: u64,
}

impl Draws {
    /// The sequence that starts from a word of a [`stream`].
    #[inline]
    pub const fn seeded(word: u64) -> Draws {
        Draws { state: word }
    }

    /// 64 random bits.
    #[inline]
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        finalise(self.state)
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    #[inline]
    pub const fn next_unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * TWO_POW_MINUS_53
    }

    /// Uniform in (0, 1], a multiple of 2^-53: what a logarithm wants.
    #[inline]
    pub const fn next_open_unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) + 1) as f64 * TWO_POW_MINUS_53
    }

    /// Uniform strictly between 0 and 1, an odd multiple of 2^-53: what a quantile wants.
    #[inline]
    pub const fn next_inner_unit(&mut self) -> f64 {
        (self.next_u64() >> 11 | 1) as f64 * TWO_POW_MINUS_53
    }

    /// Uniform over 0 to `n` − 1, with a bias of at most `n` in 2^32 (in 2^64 if `n` needs more
    /// than 32 bits). Zero if `n` is zero. Always one draw, so that sequences stay in step.
    #[inline]
    pub const fn below(&mut self, n: u64) -> u64 {
        let word = self.next_u64();
        if n <= u32::MAX as u64 { ((word >> 32) * n) >> 32 } else { high_product(word, n) }
    }

    /// True with probability `p`: never for 0, always for 1. Always one draw.
    #[inline]
    pub const fn chance(&mut self, p: f64) -> bool {
        self.next_unit() < p
    }
}

const TWO_POW_MINUS_53: f64 = 1.0 / (1_u64 << 53) as f64;

/// The upper half of a product, from 32-bit halves: WebAssembly is slow at 128-bit arithmetic.
const fn high_product(a: u64, b: u64) -> u64 {
    const LOW: u64 = u32::MAX as u64;
    let (a_high, a_low) = (a >> 32, a & LOW);
    let (b_high, b_low) = (b >> 32, b & LOW);
    let middle = a_high * b_low + ((a_low * b_low) >> 32);
    let cross = a_low * b_high + (middle & LOW);
    a_high * b_high + (middle >> 32) + (cross >> 32)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    /// Draws per test, into 256 cells.
    const DRAWS: u32 = 100_000;

    /// With 255 degrees of freedom the statistic is 255 ± 22.6: five deviations on either side.
    fn assert_even(what: &str, bytes: impl Iterator<Item = u8>) {
        let mut cells = [0_u32; 256];
        let mut total = 0.0;
        for byte in bytes {
            cells[usize::from(byte)] += 1;
            total += 1.0;
        }
        let expected = total / 256.0;
        let gaps = cells.iter().map(|&count| f64::from(count) - expected);
        let statistic: f64 = gaps.map(|gap| gap * gap / expected).sum();
        assert!((142.0..368.0).contains(&statistic), "{what}: chi-square {statistic}");
    }

    fn first(mut draws: Draws) -> u64 {
        draws.next_u64()
    }

    #[test]
    fn the_algorithms_are_the_published_ones() {
        // The first outputs of SplitMix64 from zero, and a test vector of FNV-1a.
        let mut draws = Draws::seeded(0);
        assert_eq!(draws.next_u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(draws.next_u64(), 0x6e78_9e6a_a1b9_65f4);
        assert_eq!(hash("foobar"), finalise(0x8594_4171_f739_67e8));
    }

    #[test]
    fn streams_are_told_apart_by_seed_owner_and_purpose() {
        let words = |seed, owner, purpose| {
            let mut stream = stream(seed, owner, purpose);
            [stream.next_u64(), stream.next_u64()]
        };
        let plain = words(1, "users", "arrivals");
        assert_eq!(plain, words(1, "users", "arrivals"));
        assert_ne!(plain, words(2, "users", "arrivals"));
        assert_ne!(plain, words(1, "user", "sarrivals"));
        assert_ne!(plain, words(1, "arrivals", "users"));
    }

    #[test]
    fn another_stream_changes_nothing_in_the_others() {
        let mut alone = stream(7, "a", "arrivals");
        let expected: Vec<_> = (0..100).map(|_| alone.next_u64()).collect();
        let mut accompanied = stream(7, "a", "arrivals");
        let mut other = stream(7, "b", "arrivals");
        for word in expected {
            other.next_u64();
            assert_eq!(accompanied.next_u64(), word);
        }
    }

    #[test]
    fn neighbours_in_every_argument_are_independent() {
        let site = Site::named("checkout");
        let luck = Luck(99);
        // Structured luck is harder than the luck requests really have. The lowest and highest
        // bytes are where a weak mixer shows first.
        for shift in [0, 56] {
            let byte = |word: u64| (word >> shift) as u8;
            let numbers = 0..DRAWS;
            assert_even(
                "lucks",
                numbers.clone().map(|n| byte(first(Luck(n.into()).draws(site, 0)))),
            );
            assert_even("attempts", numbers.clone().map(|n| byte(first(luck.draws(site, n)))));
            assert_even(
                "sites",
                numbers.clone().map(|n| byte(first(luck.draws(site.index(n.into()), 0)))),
            );
            assert_even("children", numbers.clone().map(|n| byte(luck.derive(site, n.into()).0)));
            // The exclusive or of two independent even bytes is even again.
            assert_even(
                "pairs of attempts",
                numbers.clone().map(|n| {
                    let luck = Luck(n.into());
                    byte(first(luck.draws(site, 0)) ^ first(luck.draws(site, 1)))
                }),
            );
            assert_even(
                "pairs of sites",
                numbers.clone().map(|n| {
                    let luck = Luck(n.into());
                    byte(first(luck.draws(site, 0)) ^ first(luck.draws(site.then("db"), 0)))
                }),
            );
            let mut draws = luck.draws(site, 0);
            assert_even("sequence", numbers.map(|_| byte(draws.next_u64())));
        }
    }

    #[test]
    fn each_bit_of_each_argument_moves_about_half_of_the_mix() {
        let arguments = [3, 5, 7];
        let [a, b, c] = arguments;
        let plain = mix(a, b, c);
        for position in 0..3 {
            let moved: u32 = (0..64)
                .map(|bit| {
                    let mut changed = arguments;
                    changed[position] ^= 1 << bit;
                    let [a, b, c] = changed;
                    (mix(a, b, c) ^ plain).count_ones()
                })
                .sum();
            let mean = f64::from(moved) / 64.0;
            assert!((30.0..34.0).contains(&mean), "argument {position} moves {mean} bits");
        }
    }

    #[test]
    fn sites_of_different_paths_differ() {
        let a = Site::named("a");
        let sites = [
            a,
            Site::named("b"),
            Site::named("ab"),
            Site::named(""),
            a.then("b"),
            Site::named("b").then("a"),
            a.then(""),
            a.index(0),
            a.index(1),
            a.index(0).index(1),
            a.index(1).index(0),
        ];
        for (index, site) in sites.iter().enumerate() {
            assert!(!sites[..index].contains(site), "site {index} repeats an earlier one");
        }
    }

    #[test]
    fn units_keep_to_their_intervals() {
        // No state below gives all ones or all zeros, so the ends are checked on the formulae.
        let unit = |word: u64| (word >> 11) as f64 * TWO_POW_MINUS_53;
        assert_eq!(unit(0), 0.0);
        assert!(unit(u64::MAX) < 1.0);
        assert_eq!(((u64::MAX >> 11) + 1) as f64 * TWO_POW_MINUS_53, 1.0);
        let mut draws = Draws::seeded(1);
        let mut sum = 0.0;
        for _ in 0..DRAWS {
            let (unit, open, inner) =
                (draws.next_unit(), draws.next_open_unit(), draws.next_inner_unit());
            assert!((0.0..1.0).contains(&unit));
            assert!(open > 0.0 && open <= 1.0);
            assert!(inner > 0.0 && inner < 1.0);
            sum += unit + open + inner;
        }
        assert!((sum / f64::from(3 * DRAWS) - 0.5).abs() < 0.003);
    }

    #[test]
    fn below_is_even_and_stays_below() {
        let mut draws = Draws::seeded(2);
        assert_even("below 256", (0..DRAWS).map(|_| draws.below(256) as u8));
        assert_eq!(draws.below(0), 0);
        assert_eq!(draws.below(1), 0);
        for n in [3, u64::from(u32::MAX), 1 << 32, (1 << 40) + 1, u64::MAX] {
            assert!((0..1_000).all(|_| draws.below(n) < n));
        }
    }

    #[test]
    fn the_high_product_is_that_of_128_bits() {
        let mut draws = Draws::seeded(3);
        for _ in 0..10_000 {
            let (a, b) = (draws.next_u64(), draws.next_u64());
            let exact = ((u128::from(a) * u128::from(b)) >> 64) as u64;
            assert_eq!(high_product(a, b), exact);
        }
        assert_eq!(high_product(u64::MAX, u64::MAX), u64::MAX - 1);
    }

    #[test]
    fn chance_is_sure_at_both_ends_and_takes_one_draw() {
        let mut draws = Draws::seeded(4);
        assert!((0..1_000).all(|_| !draws.chance(0.0) && draws.chance(1.0)));
        // The one state whose next draw is 0.
        let mut least = Draws::seeded(GOLDEN.wrapping_neg());
        assert_eq!({ least }.next_unit(), 0.0);
        assert!(!least.chance(0.0));
        let hits = (0..DRAWS).filter(|_| draws.chance(0.1)).count() as f64;
        assert!((hits / f64::from(DRAWS) - 0.1).abs() < 0.005);
        let (mut once, mut twice) = (Draws::seeded(5), Draws::seeded(5));
        once.chance(0.5);
        twice.next_u64();
        assert_eq!(once, twice);
    }
}
