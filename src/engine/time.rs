//! Simulated time: whole nanoseconds, so that sums never drift and ties are exact.
//!
//! A [`Time`] is a moment since the start of the run, a [`Duration`] a distance between moments.
//! Neither knows the wall clock.

use std::ops::{Add, AddAssign, Sub};

/// A moment of simulated time, in nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// A length of simulated time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub u64);

const NANOS_PER_MS: f64 = 1e6;
const NANOS_PER_SECOND: f64 = 1e9;

impl Time {
    /// The start of every run.
    pub const ZERO: Time = Time(0);
    /// Later than any moment a run can reach.
    pub const NEVER: Time = Time(u64::MAX);

    /// The moment `seconds` after the start, rounded to the nearest nanosecond.
    pub fn from_seconds(seconds: f64) -> Time {
        Time(Duration::from_seconds(seconds).0)
    }

    /// Seconds since the start.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND
    }

    /// The end of part `number` of `parts` equal ones of the time until this moment, as exact as whole
    /// nanoseconds allow: `self × number ÷ parts`, without the product, which may not fit 64 bits.
    pub fn part(self, number: u32, parts: u32) -> Time {
        let (number, parts) = (u64::from(number), u64::from(parts));
        Time(self.0 / parts * number + self.0 % parts * number / parts)
    }

    /// The time passed since `earlier`, zero if `earlier` lies ahead.
    #[inline]
    pub fn since(self, earlier: Time) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);

    /// From milliseconds, rounded to the nearest nanosecond. Negative values and NaN become zero.
    pub fn from_ms(ms: f64) -> Duration {
        Duration::from_nanos(ms * NANOS_PER_MS)
    }

    /// From seconds, rounded to the nearest nanosecond. Negative values and NaN become zero.
    pub fn from_seconds(seconds: f64) -> Duration {
        Duration::from_nanos(seconds * NANOS_PER_SECOND)
    }

    /// From a fractional count of nanoseconds, rounded to the nearest one, halves up; saturates at
    /// both ends.
    #[inline]
    pub fn from_nanos(nanos: f64) -> Duration {
        // What `f64::round` gives, which is a call of a function on processors without SSE 4.1: what
        // `as` cuts off is exact. Most fit a signed number, which a processor converts at once.
        if nanos >= 0.0 && nanos < i64::MAX as f64 {
            let whole = nanos as i64;
            return Duration((whole + i64::from(nanos - whole as f64 >= 0.5)) as u64);
        }
        // The others are negative, no number, or so large that they are whole. `as` saturates and
        // maps NaN to 0.
        Duration(nanos as u64)
    }

    /// From a fractional count of nanoseconds, rounded up to a whole one; saturates at both ends.
    #[inline]
    pub fn from_nanos_up(nanos: f64) -> Duration {
        let whole = nanos as u64;
        Duration(whole.saturating_add(u64::from(nanos > whole as f64)))
    }

    /// Length in milliseconds.
    pub fn ms(self) -> f64 {
        self.0 as f64 / NANOS_PER_MS
    }

    /// Length in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND
    }
}

impl Add<Duration> for Time {
    type Output = Time;
    #[inline]
    fn add(self, rhs: Duration) -> Time {
        Time(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign<Duration> for Time {
    #[inline]
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Sub<Time> for Time {
    type Output = Duration;
    /// Panics in debug builds if `rhs` is later: callers compare first or use [`Time::since`].
    #[inline]
    fn sub(self, rhs: Time) -> Duration {
        Duration(self.0 - rhs.0)
    }
}

impl Add for Duration {
    type Output = Duration;
    #[inline]
    fn add(self, rhs: Duration) -> Duration {
        Duration(self.0.saturating_add(rhs.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_and_seconds_are_exact_nanoseconds() {
        assert_eq!(Duration::from_ms(0.5), Duration(500_000));
        assert_eq!(Duration::from_seconds(1.5), Duration(1_500_000_000));
        assert_eq!(Time::from_seconds(2.0) - Time::from_seconds(0.5), Duration(1_500_000_000));
        assert_eq!(Time(1_500_000_000).seconds(), 1.5);
        assert_eq!((Duration(1_500_000_000).seconds(), Duration(1_500_000).ms()), (1.5, 1.5));
    }

    #[test]
    fn moments_and_durations_add_up() {
        let start = Time(30);
        let mut end = start;
        end += Duration(12);
        assert_eq!((end, end), (Time(42), start + Duration(5) + Duration(7)));
        assert_eq!(Duration(5) + Duration(7), Duration(12));
        assert_eq!((end.since(start), end - start), (Duration(12), Duration(12)));
        assert_eq!(start.since(end), Duration::ZERO, "nothing has passed before it began");
    }

    #[test]
    fn parts_of_a_time_are_exact_and_do_not_overflow() {
        let parts = (1..=3).map(|number| Time(10).part(number, 3));
        assert_eq!(parts.collect::<Vec<_>>(), [Time(3), Time(6), Time(10)]);
        assert_eq!(Time(u64::MAX).part(1_200, 1_200), Time(u64::MAX));
    }

    #[test]
    fn whole_nanoseconds_are_those_of_the_standard_library() {
        let mut draws = crate::engine::Draws::seeded(1);
        let edges = [0.0, -0.0, 0.499_999_999_999_999_94, 0.5, 1.5, -0.5, -1e9, 1e300, f64::NAN];
        let large =
            [9_007_199_254_740_993.0, 1.8446744073709552e19, f64::INFINITY, 4503599627370497.5];
        // The largest below 2^63, 2^63 itself, and the largest below 2^64.
        let signed = [9.223372036854775e18, 9.223_372_036_854_776e18, 1.844674407370955e19];
        let random = (0..10_000).map(|n| draws.next_unit() * f64::from(1 << (n % 31)));
        for nanos in edges.into_iter().chain(large).chain(signed).chain(random) {
            assert_eq!(Duration::from_nanos(nanos).0, nanos.round() as u64, "{nanos}");
            assert_eq!(Duration::from_nanos_up(nanos).0, nanos.ceil() as u64, "{nanos}");
        }
    }

    #[test]
    fn nonsense_saturates_instead_of_wrapping() {
        assert_eq!(Duration::from_ms(f64::NAN), Duration::ZERO);
        assert_eq!(Duration::from_ms(-1.0), Duration::ZERO);
        assert_eq!(Time::NEVER + Duration(1), Time::NEVER);
    }
}
