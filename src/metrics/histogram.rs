//! Distributions of times: log-linear histograms of whole nanoseconds.
//!
//! Every power of two is cut into 64 buckets of equal width, as in HdrHistogram, so a bucket is
//! at most 1/64 of its lower edge wide. A quantile is reported as the middle of its bucket and
//! is therefore within 1/128 of the exact one, well under the 1/64 that the report promises.
//! Count, mean, variance and maximum are kept beside the buckets and do not suffer from them.

use super::integral::Integral;

/// Buckets per power of two, as a power of two.
const SUB_BITS: u32 = 6;
const SUB_BUCKETS: usize = 1 << SUB_BITS;
/// Buckets looked at together when the full ones are sought.
const EMPTY_BLOCK: usize = 16;

/// The bucket of a value.
#[inline]
fn bucket_of(value: u64) -> usize {
    if value < SUB_BUCKETS as u64 {
        return value as usize;
    }
    let exponent = 63 - value.leading_zeros();
    let shift = exponent - SUB_BITS;
    let within = (value >> shift) as usize & (SUB_BUCKETS - 1);
    (shift as usize + 1) * SUB_BUCKETS + within
}

/// The middle of a bucket.
fn middle_of(bucket: usize) -> u64 {
    if bucket < SUB_BUCKETS {
        return bucket as u64;
    }
    let shift = (bucket / SUB_BUCKETS - 1) as u32;
    let lower = ((SUB_BUCKETS + bucket % SUB_BUCKETS) as u64) << shift;
    // Half the width; the buckets of width 1 are exact.
    lower + ((1u64 << shift) >> 1)
}

/// The bits that are set, from low to high.
fn powers(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (bits != 0).then_some(bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        lowest
    })
}

/// Counts per bucket. Memory grows to the largest value seen and is then kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    counts: Vec<u32>,
    /// Sum of all counts.
    total: u64,
    /// The powers of two in which there are counts: bit n stands for the n-th 64 buckets. Most are
    /// empty in a window, and are not looked at.
    used: u64,
}

impl Buckets {
    /// Counts a value.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.add(bucket_of(nanos), 1);
    }

    #[inline]
    fn add(&mut self, bucket: usize, count: u32) {
        if bucket >= self.counts.len() {
            self.grow(bucket);
        }
        // Saturates only after 4 billion equal values, where a quantile has long settled.
        self.counts[bucket] = self.counts[bucket].saturating_add(count);
        self.used |= 1 << (bucket / SUB_BUCKETS);
        self.total += u64::from(count);
    }

    /// Whole powers of two at a time, so that steady traffic soon stops asking for memory.
    #[cold]
    fn grow(&mut self, bucket: usize) {
        self.counts.resize((bucket / SUB_BUCKETS + 1) * SUB_BUCKETS, 0);
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// Forgets all values and keeps the memory.
    pub fn clear(&mut self) {
        for power in powers(self.used) {
            self.counts[power * SUB_BUCKETS..][..SUB_BUCKETS].fill(0);
        }
        self.total = 0;
        self.used = 0;
    }

    /// Adds the values of another histogram.
    pub fn merge(&mut self, other: &Buckets) {
        other.each_cell(|bucket, count| self.add(bucket, count));
    }

    /// Calls `visit` with every bucket in use and its count, from small values to large ones.
    fn each_cell(&self, mut visit: impl FnMut(usize, u32)) {
        for power in powers(self.used) {
            let first = power * SUB_BUCKETS;
            // Empty blocks are skipped at once here too.
            let blocks = self.counts[first..][..SUB_BUCKETS].chunks(EMPTY_BLOCK);
            for (block, counts) in blocks.enumerate() {
                if counts.iter().fold(0, |any, count| any | count) == 0 {
                    continue;
                }
                for (offset, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    visit(first + block * EMPTY_BLOCK + offset, *count);
                }
            }
        }
    }

    /// The smallest value that at least a share `quantile` (0 to 1) of all values does not exceed
    /// (nearest rank), in nanoseconds and within 1/128; none without values.
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        self.quantiles([quantile])[0]
    }

    /// Several quantiles at once.
    pub fn quantiles<const N: usize>(&self, quantiles: [f64; N]) -> [Option<u64>; N] {
        // The small amount keeps 0.55 × 100 = 55.000…01 from asking for the 56th value.
        let rank = |quantile: f64| (quantile * self.total as f64 - 1e-9).ceil().max(1.0) as u64;
        let ranks = quantiles.map(rank);
        let mut found = [None; N];
        let mut seen = 0;
        self.each_cell(|bucket, count| {
            seen += u64::from(count);
            for (rank, found) in ranks.iter().zip(&mut found) {
                if found.is_none() && seen >= *rank {
                    *found = Some(middle_of(bucket));
                }
            }
        });
        found
    }
}

impl Buckets {
    /// Share of all values that exceed `nanos`, 0 without values. Within the bucket that `nanos` falls
    /// into, values are taken to be spread evenly.
    pub fn share_above(&self, nanos: u64) -> f64 {
        if self.total == 0 {
            return 0.0;
        }
        let parted = bucket_of(nanos);
        let (mut above, mut within) = (0, 0.0);
        self.each_cell(|bucket, count| {
            if bucket > parted {
                above += u64::from(count);
            } else if bucket == parted {
                within = f64::from(count) * upper_share(parted, nanos);
            }
        });
        (above as f64 + within) / self.total as f64
    }
}

/// Which share of a bucket's width lies above one of its values.
fn upper_share(bucket: usize, value: u64) -> f64 {
    if bucket < SUB_BUCKETS {
        return 0.0;
    }
    let shift = (bucket / SUB_BUCKETS - 1) as u32;
    let width = 1u64 << shift;
    let next = ((SUB_BUCKETS + bucket % SUB_BUCKETS) as u128 + 1) << shift;
    // A bucket of one value has nothing above it.
    (next - 1 - u128::from(value)) as f64 / width as f64
}

/// The buckets of every closed window, without the empty ones, so that quantiles can be asked
/// for any spell of windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowedBuckets {
    /// One past the last cell of each window.
    ends: Vec<u32>,
    buckets: Vec<u16>,
    counts: Vec<u32>,
}

impl WindowedBuckets {
    /// Appends a window.
    pub fn push(&mut self, window: &Buckets) {
        window.each_cell(|bucket, count| {
            self.buckets.push(bucket as u16);
            self.counts.push(count);
        });
        self.ends.push(self.buckets.len() as u32);
    }

    /// Adds the values of the windows from `first` up to and without `end` to `sum`.
    pub fn add_to(&self, first: usize, end: usize, sum: &mut Buckets) {
        let end = end.min(self.ends.len());
        if first >= end {
            return;
        }
        let start = if first == 0 { 0 } else { self.ends[first - 1] as usize };
        for cell in start..self.ends[end - 1] as usize {
            sum.add(usize::from(self.buckets[cell]), self.counts[cell]);
        }
    }
}

/// A distribution of times: buckets, and what is exact beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    buckets: Buckets,
    sum: Integral,
    /// Squares of the distances from `shift`, the first value: subtracting two almost equal sums
    /// of squares would leave nothing of a small variance.
    squares: f64,
    shift: u64,
    min: u64,
    max: u64,
}

impl Distribution {
    /// Counts a value.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        if self.buckets.total == 0 {
            self.shift = nanos;
            self.min = nanos;
        }
        self.buckets.record(nanos);
        self.sum.add(nanos);
        let distance = nanos.wrapping_sub(self.shift) as i64 as f64;
        self.squares += distance * distance;
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.buckets.total
    }

    /// Smallest value in nanoseconds, 0 without values.
    pub fn min(&self) -> u64 {
        self.min
    }

    /// Share of the values that exceed `nanos`, see [`Buckets::share_above`]; exact where `nanos` is
    /// outside of what was recorded.
    pub fn share_above(&self, nanos: u64) -> f64 {
        match nanos {
            _ if nanos >= self.max => 0.0,
            _ if nanos < self.min => 1.0,
            _ => self.buckets.share_above(nanos),
        }
    }

    /// Largest value in nanoseconds, 0 without values.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Mean in nanoseconds, 0 without values.
    pub fn mean(&self) -> f64 {
        if self.count() == 0 { 0.0 } else { self.sum.as_f64() / self.count() as f64 }
    }

    /// Variance in square nanoseconds, dividing by the number of values; 0 without values.
    pub fn variance(&self) -> f64 {
        if self.count() == 0 {
            return 0.0;
        }
        let offset = self.mean() - self.shift as f64;
        (self.squares / self.count() as f64 - offset * offset).max(0.0)
    }

    /// The quantile (0 to 1) in nanoseconds, see [`Buckets::quantile`]; never outside of what was
    /// recorded, so equal values are exact.
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        self.buckets.quantile(quantile).map(|value| value.clamp(self.min, self.max))
    }

    /// Adds the values of another distribution.
    pub fn merge(&mut self, other: &Distribution) {
        if other.count() == 0 {
            return;
        }
        if self.count() == 0 {
            *self = other.clone();
            return;
        }
        // Squares around another centre: Σ(x−b)² = Σ(x−a)² + 2(a−b)Σ(x−a) + n(a−b)².
        let moved = other.shift as f64 - self.shift as f64;
        let count = other.count() as f64;
        let distances = (other.mean() - other.shift as f64) * count;
        self.squares += other.squares + 2.0 * moved * distances + count * moved * moved;
        self.buckets.merge(&other.buckets);
        self.sum = self.sum.plus(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

#[cfg(test)]
mod tests;
