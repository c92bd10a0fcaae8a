//! The breaker's sliding windows: the last calls, or the calls of the last seconds.
//!
//! Memory is constant: a ring of one entry per call or per second.

use crate::engine::Time;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// How many calls were recorded, and how many of them failed or were slow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// All calls.
    pub total: u32,
    /// Failed calls.
    pub failed: u32,
    /// Slow calls.
    pub slow: u32,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.total += other.total;
        self.failed += other.failed;
        self.slow += other.slow;
    }

    fn subtract(&mut self, other: Counts) {
        self.total -= other.total;
        self.failed -= other.failed;
        self.slow -= other.slow;
    }
}

/// A sliding window.
///
/// Invariants: `sum` adds up `ring`, and the ring is never empty. Slot `head` is the next call's
/// place in a count window and holds the second `second` in a time window; the slots after it are
/// older the nearer they are.
#[derive(Clone, Debug)]
pub(super) struct Window {
    ring: Vec<Counts>,
    head: usize,
    sum: Counts,
    /// The newest second seen by a time window; `None` makes this a count window.
    second: Option<u64>,
}

impl Window {
    /// A window of the last `size` calls.
    pub fn calls(size: u32) -> Window {
        Window {
            ring: vec![Counts::default(); size.max(1) as usize],
            head: 0,
            sum: Counts::default(),
            second: None,
        }
    }

    /// A window of the calls in the last `size` seconds, the running one included.
    pub fn seconds(size: u32) -> Window {
        Window { second: Some(0), ..Window::calls(size) }
    }

    /// Adds a call at `now`, which must not lie before the last call's.
    pub fn record(&mut self, now: Time, failed: bool, slow: bool) {
        let call = Counts { total: 1, failed: failed.into(), slow: slow.into() };
        if self.second.is_some() {
            self.advance(now);
            self.ring[self.head].add(call);
        } else {
            self.sum.subtract(self.ring[self.head]);
            self.ring[self.head] = call;
            self.head = (self.head + 1) % self.ring.len();
        }
        self.sum.add(call);
    }

    /// Drops the seconds that have become too old at `now`.
    pub fn advance(&mut self, now: Time) {
        let Some(second) = self.second else { return };
        let current = now.0 / NANOS_PER_SECOND;
        // Once round the ring empties it, however long nothing happened.
        let steps = current.saturating_sub(second).min(self.ring.len() as u64);
        for _ in 0..steps {
            self.head = (self.head + 1) % self.ring.len();
            self.sum.subtract(self.ring[self.head]);
            self.ring[self.head] = Counts::default();
        }
        self.second = Some(second.max(current));
    }

    /// The counts over the whole window.
    pub fn counts(&self) -> Counts {
        self.sum
    }

    /// Changes the size, keeping the newest entries.
    pub fn resize(&mut self, size: u32) {
        let length = self.ring.len();
        let size = size.max(1) as usize;
        if size == length {
            return;
        }
        // Oldest first: in a time window the newest slot is the head itself, in a count window the
        // head is the oldest.
        let oldest = if self.second.is_some() { self.head + 1 } else { self.head };
        let mut ordered: Vec<Counts> =
            (0..length).map(|i| self.ring[(oldest + i) % length]).collect();
        ordered.drain(..length.saturating_sub(size));
        let missing = size - ordered.len();
        self.ring = vec![Counts::default(); missing];
        self.ring.append(&mut ordered);
        self.head = if self.second.is_some() { size - 1 } else { 0 };
        self.sum = Counts::default();
        for slot in &self.ring {
            self.sum.add(*slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(window: &mut Window, calls: &[(f64, bool)]) -> Vec<(u32, u32)> {
        let record = |&(seconds, failed): &(f64, bool)| {
            window.record(Time::from_seconds(seconds), failed, false);
            (window.counts().total, window.counts().failed)
        };
        calls.iter().map(record).collect()
    }

    #[test]
    fn a_time_window_holds_the_running_second_and_those_before() {
        let times = [0.0, 0.1, 0.2, 1.2, 2.2, 3.2, 4.2, 5.2, 6.2, 11.2];
        let calls: Vec<_> = times.iter().map(|&t| (t, t == 0.0 || t == 3.2)).collect();
        let expected =
            [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 2), (7, 2), (5, 1), (5, 1), (1, 0)];
        assert_eq!(totals(&mut Window::seconds(5), &calls), expected);
    }

    #[test]
    fn a_count_window_forgets_the_oldest_call() {
        let calls = [(0.0, true), (0.0, false), (0.0, false), (0.0, true)];
        assert_eq!(totals(&mut Window::calls(2), &calls), [(1, 1), (2, 1), (2, 0), (2, 1)]);
    }

    #[test]
    fn resizing_keeps_the_newest() {
        let calls = [(0.0, true), (0.5, true), (1.0, false), (2.0, true)];
        let mut count = Window::calls(4);
        let mut time = Window::seconds(4);
        totals(&mut count, &calls);
        totals(&mut time, &calls);
        count.resize(2);
        time.resize(2);
        assert_eq!(count.counts(), Counts { total: 2, failed: 1, slow: 0 });
        assert_eq!(time.counts(), Counts { total: 2, failed: 1, slow: 0 });
        count.resize(3);
        time.resize(3);
        assert_eq!(totals(&mut count, &[(2.0, true), (2.0, true)]), [(3, 2), (3, 3)]);
        assert_eq!(totals(&mut time, &[(3.0, true), (4.0, true)]), [(3, 2), (3, 3)]);
    }

    #[test]
    fn a_long_silence_empties_a_time_window_at_once() {
        let mut window = Window::seconds(10_000);
        window.record(Time::ZERO, true, true);
        window.advance(Time::NEVER);
        assert_eq!(window.counts(), Counts::default());
    }
}
