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
