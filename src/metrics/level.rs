//! Levels over time, and counts, read per window and since the warm-up.
//!
//! A level is read only where a window or the warm-up ends, and looking at it changes nothing. Whole levels are integrated in whole nanoseconds times
//! units, so no sum depends on the order of its parts.

use super::integral::Integral;

/// A whole level over time: threads busy, requests waiting, servers up.
///
/// Changing it costs an addition. A level that rose by `d` at the moment `t` has added `d × (now − t)`
/// to its integral, so the integral up to now is `value × now` less the sum of all `d × t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    value: u32,
    peak: u32,
    low: u32,
    /// Set when the level was told to fall below zero: the model has counted wrongly.
    broken: bool,
    /// Sum of the moments of all changes, each times the change.
    moments: Integral,
    /// The integral at the moment when it was last settled.
    settled: Integral,
    at_window: Integral,
    /// None while nothing is measured yet.
    at_warmup: Option<Integral>,
}

impl Level {
    /// A level that starts at `value`.
    pub fn new(value: u32) -> Level {
        Level { value, peak: value, low: value, ..Level::default() }
    }

    /// Notes the integral up to `now`, for what is read from a settled level.
    pub fn settle(&mut self, now: u64) {
        self.settled = self.integral(now);
    }

    /// The level is `value` from now on.
    #[inline]
    pub fn set(&mut self, now: u64, value: u32) {
        self.moments = self.moments.minus(Integral::product(self.value, now));
        self.moments = self.moments.plus(Integral::product(value, now));
        self.value = value;
        self.peak = self.peak.max(value);
        self.low = self.low.min(value);
    }

    /// The level rises by one.
    #[inline]
    pub fn rise(&mut self, now: u64) {
        self.moments.add(now);
        self.value += 1;
        self.peak = self.peak.max(self.value);
    }

    /// The level falls by one.
    #[inline]
    pub fn fall(&mut self, now: u64) {
        match self.value.checked_sub(1) {
            Some(value) => {
                self.moments.subtract(now);
                self.value = value;
                self.low = self.low.min(value);
            }
            None => self.broken = true,
        }
    }

    /// The level changes by `by`.
    #[inline]
    pub fn change(&mut self, now: u64, by: i32) {
        self.broken |= by < 0 && by.unsigned_abs() > self.value;
        self.set(now, self.value.saturating_add_signed(by));
    }

    /// The level now.
    #[inline]
    pub fn value(&self) -> u32 {
        self.value
    }

    /// Highest level since the warm-up.
    pub fn peak(&self) -> u32 {
        self.peak
    }

    /// Lowest level in this window.
    pub fn low(&self) -> u32 {
        self.low
    }

    /// Whether the level was ever told to fall below zero.
    pub fn broken(&self) -> bool {
        self.broken
    }

    /// Integral since the start, up to `now`.
    pub fn integral(&self, now: u64) -> Integral {
        Integral::product(self.value, now).minus(self.moments)
    }

    /// Integral over this window, of a level that is settled.
    pub fn in_window(&self) -> f64 {
        self.settled.minus(self.at_window).as_f64()
    }

    /// Integral since the warm-up, up to `now`; 0 while it lasts.
    pub fn measured(&self, now: u64) -> f64 {
        self.at_warmup.map_or(0.0, |before| self.integral(now).minus(before).as_f64())
    }

    /// A new window begins; the level is settled.
    pub fn start_window(&mut self) {
        self.at_window = self.settled;
        self.low = self.value;
    }

    /// The warm-up is over; the level is settled.
    pub fn end_warmup(&mut self) {
        self.at_warmup = Some(self.settled);
        self.peak = self.value;
    }
}

/// Heights of a level that are told apart; what is higher counts as the highest.
const HEIGHTS: usize = 1_024;

/// How long a level stood at each height since the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heights {
    /// Nanoseconds, by height.
    nanos: Vec<u64>,
    /// Up to where they go.
    since: u64,
}

impl Heights {
    /// The level stood at `height` until `now`.
    #[inline]
    pub fn stood(&mut self, now: u64, height: u32) {
        let height = (height as usize).min(HEIGHTS - 1);
        if height >= self.nanos.len() {
            self.grow(height);
        }
        self.nanos[height] += now - self.since;
        self.since = now;
    }

    #[cold]
    fn grow(&mut self, height: usize) {
        self.nanos.resize((2 * height).clamp(16, HEIGHTS), 0);
    }

    /// The warm-up is over: what was before it is forgotten.
    pub fn end_warmup(&mut self, now: u64) {
        self.nanos.fill(0);
        self.since = now;
    }

    /// Share of the time until `now` in which the level, which is at `height`, stood above `bound`.
    /// None if such heights are not told apart, or no time has passed.
    pub fn share_above(&self, now: u64, height: u32, bound: u32) -> Option<f64> {
        let bound = bound as usize;
        if bound >= HEIGHTS - 1 {
            return None;
        }
        let mut known = self.clone();
        known.stood(now, height);
        let total: u64 = known.nanos.iter().sum();
        let above: u64 = known.nanos.iter().skip(bound + 1).sum();
        (total > 0).then(|| above as f64 / total as f64)
    }
}

/// A fractional level over time: cores in use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SmoothLevel {
    value: f64,
    since: u64,
    integral: f64,
    at_window: f64,
    at_warmup: Option<f64>,
}

impl SmoothLevel {
    /// Integrates up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.integral += self.value * (now - self.since) as f64;
        self.since = now;
    }

    /// The level is `value` from now on.
    #[inline]
    pub fn set(&mut self, now: u64, value: f64) {
        self.settle(now);
        self.value = value;
    }

    /// The level now.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Integral over this window, of a level that is settled.
    pub fn in_window(&self) -> f64 {
        self.integral - self.at_window
    }

    /// Integral since the warm-up, up to `now`; 0 while it lasts.
    pub fn measured(&self, now: u64) -> f64 {
        let integral = self.integral + self.value * (now - self.since) as f64;
        self.at_warmup.map_or(0.0, |before| integral - before)
    }

    /// A new window begins; the level is settled.
    pub fn start_window(&mut self) {
        self.at_window = self.integral;
    }

    /// The warm-up is over; the level is settled.
    pub fn end_warmup(&mut self) {
        self.at_warmup = Some(self.integral);
    }
}

/// Counts that only grow, indexed by constants of the meter that owns them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally<const N: usize> {
    all: [u64; N],
    at_window: [u64; N],
    at_warmup: Option<[u64; N]>,
}

impl<const N: usize> Default for Tally<N> {
    fn default() -> Self {
        Tally { all: [0; N], at_window: [0; N], at_warmup: None }
    }
}

impl<const N: usize> Tally<N> {
    /// Counts one more.
    #[inline]
    pub fn count(&mut self, index: usize) {
        self.all[index] += 1;
    }

    /// Counts so many more.
    pub fn add(&mut self, index: usize, count: u64) {
        self.all[index] += count;
    }

    /// Since the start of the run.
    pub fn all(&self, index: usize) -> u64 {
        self.all[index]
    }

    /// In this window.
    pub fn in_window(&self, index: usize) -> u64 {
        self.all[index] - self.at_window[index]
    }

    /// Since the warm-up; 0 while it lasts.
    pub fn measured(&self, index: usize) -> u64 {
        self.at_warmup.map_or(0, |before| self.all[index] - before[index])
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.at_window = self.all;
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.at_warmup = Some(self.all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_integrated_where_it_changes() {
        let mut level = Level::new(2);
        level.rise(10);
        level.fall(30);
        assert_eq!(level.integral(40).as_f64(), 2.0 * 10.0 + 3.0 * 20.0 + 2.0 * 10.0);
        assert_eq!((level.peak(), level.low(), level.broken()), (3, 2, false));
    }

    #[test]
    fn windows_and_warmup_are_differences() {
        let mut level = Level::new(4);
        level.settle(10);
        level.end_warmup();
        level.start_window();
        level.set(15, 1);
        level.settle(20);
        assert_eq!(level.in_window(), 25.0);
        assert_eq!(level.measured(30), 35.0);
        assert_eq!(level.peak(), 4);
    }

    #[test]
    fn below_zero_is_noticed_and_does_not_wrap() {
        let mut level = Level::new(0);
        level.fall(5);
        assert!(level.broken());
        assert_eq!(level.value(), 0);
        let mut connections = Level::new(1);
        connections.change(1, -2);
        assert!(connections.broken());
    }

    #[test]
    fn heights_know_how_long_a_level_stood_where() {
        let mut heights = Heights::default();
        heights.stood(5, 3);
        heights.end_warmup(10);
        heights.stood(20, 0);
        heights.stood(50, 2);
        assert_eq!(heights.share_above(110, 1, 0), Some(0.9));
        assert_eq!(heights.share_above(110, 1, 1), Some(0.3));
        assert_eq!(heights.share_above(110, 1, 2), Some(0.0));
        assert_eq!(heights.share_above(110, 1, 1_023), None);
        assert_eq!(Heights::default().share_above(0, 1, 0), None);
        heights.stood(120, u32::MAX);
        assert_eq!(heights.share_above(120, 0, 1_000), Some(70.0 / 110.0));
    }
}
