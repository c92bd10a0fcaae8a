//! Meter of a database's copies: writes, reads and whether they were stale, what was lost, and how long
//! nobody took writes.

use super::histogram::Distribution;
use super::level::{Level, Tally};
use super::meter::{NO_DATA, Owner, Sink, Span};

const WRITES: usize = 0;
const READS: usize = 1;
const STALE: usize = 2;
const LOST: usize = 3;
const PROMOTIONS: usize = 4;
const SWAPS: usize = 5;

/// Meter of a database's copies.
#[derive(Clone, Debug, Default)]
pub struct ReplicationMeter {
    tally: Tally<6>,
    /// 1 while a server takes writes.
    primary: Level,
    /// That server.
    server: Option<u32>,
    /// From the commit of a write until another server had applied it.
    lag: Distribution,
    /// The longest in this window.
    longest: Option<u64>,
}

impl ReplicationMeter {
    /// A write was committed.
    pub fn committed(&mut self) {
        self.tally.count(WRITES);
    }

    /// A server applied a write, `lag` nanoseconds after its commit.
    pub fn applied(&mut self, lag: u64, measuring: bool) {
        self.longest = self.longest.max(Some(lag));
        if measuring {
            self.lag.record(lag);
        }
    }

    /// A query was answered.
    pub fn read(&mut self, stale: bool) {
        self.tally.count(READS);
        if stale {
            self.tally.count(STALE);
        }
    }

    /// So many writes were lost.
    pub fn lost(&mut self, count: u64) {
        self.tally.add(LOST, count);
    }

    /// A server was promoted.
    pub fn promoted(&mut self) {
        self.tally.count(PROMOTIONS);
    }

    /// Roles were swapped as planned.
    pub fn swapped(&mut self) {
        self.tally.count(SWAPS);
    }

    /// The server that takes writes from now on, if one does.
    pub fn primary_changed(&mut self, now: u64, server: Option<u32>) {
        self.primary.set(now, u32::from(server.is_some()));
        self.server = server;
    }

    /// The server that takes writes now.
    pub fn primary(&self) -> Option<u32> {
        self.server
    }

    /// Writes committed since the warm-up.
    pub fn writes(&self) -> u64 {
        self.tally.measured(WRITES)
    }

    /// Queries answered since the warm-up that write nothing.
    pub fn reads(&self) -> u64 {
        self.tally.measured(READS)
    }

    /// Of these, answered from data that lacked a write.
    pub fn stale_reads(&self) -> u64 {
        self.tally.measured(STALE)
    }

    /// Writes lost since the warm-up.
    pub fn lost_writes(&self) -> u64 {
        self.tally.measured(LOST)
    }

    /// Promotions since the warm-up.
    pub fn promotions(&self) -> u64 {
        self.tally.measured(PROMOTIONS)
    }

    /// Planned swaps of roles since the warm-up.
    pub fn swaps(&self) -> u64 {
        self.tally.measured(SWAPS)
    }

    /// Nanoseconds since the warm-up in which a server took writes.
    pub fn with_primary(&self, now: u64) -> f64 {
        self.primary.measured(now)
    }

    /// From the commit of a write until another server had applied it, since the warm-up.
    pub fn lag(&self) -> &Distribution {
        &self.lag
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.primary.settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
        self.primary.start_window();
        self.longest = None;
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tally.end_warmup();
        self.primary.end_warmup();
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, span: Span, sink: &mut Sink) {
        let lag = self.longest.map_or(NO_DATA, |nanos| nanos as f64 / 1e6);
        sink(owner, "primary", "ratio", span.mean(self.primary.in_window()));
        sink(owner, "replica_lag_ms", "ms", lag);
        sink(owner, "stale_reads", "per_s", span.rate(self.tally.in_window(STALE)));
        sink(owner, "lost_writes", "per_s", span.rate(self.tally.in_window(LOST)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_its_longest_lag_and_the_share_with_a_primary() {
        let mut meter = ReplicationMeter::default();
        meter.end_warmup();
        meter.primary_changed(0, Some(0));
        meter.applied(2_000_000, true);
        meter.applied(5_000_000, true);
        meter.read(true);
        meter.read(false);
        meter.lost(3);
        meter.primary_changed(75, None);
        meter.settle(100);
        let mut row = Vec::new();
        let owner = Owner::Node(crate::wiring::NodeIndex(0));
        meter.columns(owner, Span { nanos: 100.0 }, &mut |_, name, _, value| {
            row.push((name, value))
        });
        let expected = [
            ("primary", 0.75),
            ("replica_lag_ms", 5.0),
            ("stale_reads", 1e7),
            ("lost_writes", 3e7),
        ];
        assert_eq!(row, expected);
        assert_eq!((meter.reads(), meter.stale_reads(), meter.lost_writes()), (2, 1, 3));
        assert_eq!((meter.lag().max(), meter.with_primary(200)), (5_000_000, 75.0));
    }
}
