//! Randomness of the floor: the fastest parts that were measured for this work.

/// xoshiro256++ 1.0 (D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", 2019).
pub struct Random([u64; 4]);

impl Random {
    /// The generator, always from the same seed.
    pub fn new() -> Random {
        Random([0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb, 1])
    }

    /// 64 random bits.
    #[inline]
    pub fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Above 0, at most 1.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }
}

/// Exponential times by a ziggurat of 256 layers (G. Marsaglia and W. Tsang, "The ziggurat method for
/// generating random variables", Journal of Statistical Software 5, 2000).
pub struct Ziggurat {
    x: [f64; LAYERS + 1],
    f: [f64; LAYERS + 1],
}

const LAYERS: usize = 256;
/// Right end of the lowest layer's rectangle, and the area of a layer.
const RIGHT: f64 = 7.697_117_470_131_05;
const AREA: f64 = 0.003_949_659_822_581_572;

impl Ziggurat {
    /// The layers, computed.
    pub fn new() -> Ziggurat {
        let density = |x: f64| libm::exp(-x);
        let mut x = [0.0; LAYERS + 1];
        x[0] = AREA / density(RIGHT);
        x[1] = RIGHT;
        for layer in 2..LAYERS {
            x[layer] = -libm::log(density(x[layer - 1]) + AREA / x[layer - 1]);
        }
        Ziggurat { x, f: x.map(density) }
    }

    #[inline]
    fn sample(&self, random: &mut Random) -> f64 {
        loop {
            let bits = random.next();
            let layer = (bits & 0xff) as usize;
            let x = (bits >> 11) as f64 / (1u64 << 53) as f64 * self.x[layer];
            if x < self.x[layer + 1] {
                return x;
            }
            if layer == 0 {
                return RIGHT - libm::log(random.unit());
            }
            let (low, high) = (self.f[layer], self.f[layer + 1]);
            if low + (high - low) * random.unit() < libm::exp(-x) {
                return x;
            }
        }
    }

    /// A time with that mean, in nanoseconds.
    #[inline]
    pub fn nanos(&self, random: &mut Random, mean: f64) -> u64 {
        (self.sample(random) * mean) as u64
    }
}
