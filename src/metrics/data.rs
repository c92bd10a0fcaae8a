//! Meter of data at a station: records that are born, kept in spools, stored and lost.

use super::invariants::{Judge, Law};
use super::level::{Level, Tally};
use super::meter::{Owner, Sink, Span};
use crate::census::AtStation;
use crate::wiring::DataKinds;

const BORN: usize = 0;
const KEPT: usize = 1;
const LOST: usize = 2;
const STORED: usize = 3;
const DUPLICATED: usize = 4;
const IGNORED: usize = 5;
const SPOOLED: usize = 6;
const REPLAYED: usize = 7;
const BATCHES: usize = 8;
const FAILED_REPLAYS: usize = 9;
const SET_ASIDE: usize = 10;
const PUBLISHED: usize = 11;
const DELIVERED: usize = 12;
const REDELIVERED: usize = 13;
const DEAD: usize = 14;
const COUNTS: usize = 15;

/// Counts of records since the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Born here.
    pub born: u64,
    /// Born here, and stored somewhere.
    pub kept: u64,
    /// Born here, and lost.
    pub lost: u64,
    /// Stored here that were not there.
    pub stored: u64,
    /// Stored here though they were there.
    pub duplicated: u64,
    /// Left alone here because they were there.
    pub ignored: u64,
    /// Kept in spools.
    pub spooled: u64,
    /// Sent from spools.
    pub replayed: u64,
    /// Recovery batches that ended.
    pub batches: u64,
    /// Records that recovery batches could not send.
    pub failed_replays: u64,
    /// Born here, and with a dead letter now.
    pub set_aside: u64,
    /// Messages that the queue took.
    pub published: u64,
    /// Deliveries of messages.
    pub delivered: u64,
    /// Of these, not the first of their message.
    pub redelivered: u64,
    /// Messages that became dead letters.
    pub dead_letters: u64,
}

/// What has happened to a record or a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the counts above")]
pub enum Fate {
    Born = BORN as isize,
    Kept = KEPT as isize,
    Lost = LOST as isize,
    Stored = STORED as isize,
    Duplicated = DUPLICATED as isize,
    Ignored = IGNORED as isize,
    Spooled = SPOOLED as isize,
    Replayed = REPLAYED as isize,
    SetAside = SET_ASIDE as isize,
    Published = PUBLISHED as isize,
    Dead = DEAD as isize,
}

/// How old the oldest of some things gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Age {
    /// Since when the oldest is there.
    since: Option<u64>,
    /// The greatest age in this window, and since the warm-up, as far as it has been looked at.
    in_window: u64,
    highest: u64,
}

impl Age {
    /// The greatest age since the warm-up, up to `now`.
    pub fn highest(&self, now: u64) -> u64 {
        self.highest.max(self.at(now))
    }

    fn at(&self, now: u64) -> u64 {
        self.since.map_or(0, |since| now.saturating_sub(since))
    }

    fn settle(&mut self, now: u64) {
        self.in_window = self.in_window.max(self.at(now));
        self.highest = self.highest.max(self.at(now));
    }
}

/// Meter of data at a station.
#[derive(Clone, Debug, Default)]
pub struct DataMeter {
    kinds: DataKinds,
    tally: Tally<COUNTS>,
    spool: Level,
    queue: Level,
    oldest: Age,
}

impl DataMeter {
    /// Of a station that has to do with such data.
    pub fn new(kinds: DataKinds) -> DataMeter {
        DataMeter { kinds, ..DataMeter::default() }
    }

    /// Something happened to a record.
    pub fn count(&mut self, now: u64, fate: Fate) {
        self.tally.count(fate as usize);
        match fate {
            Fate::Spooled => self.spool.rise(now),
            Fate::Replayed => self.spool.fall(now),
            _ => {}
        }
    }

    /// A message was delivered; `again`: not for the first time.
    pub fn delivered(&mut self, again: bool) {
        self.tally.count(DELIVERED);
        if again {
            self.tally.count(REDELIVERED);
        }
    }

    /// Messages that nobody deals with, from now on.
    pub fn queue_depth(&mut self, now: u64, depth: u32) {
        self.queue.set(now, depth);
    }

    /// The oldest of these has been there since then, from now on.
    pub fn oldest(&mut self, now: u64, since: Option<u64>) {
        self.oldest.settle(now);
        self.oldest.since = since;
    }

    /// So many records of a spool are gone with its machine.
    pub fn spool_lost(&mut self, now: u64, records: u32) {
        (0..records).for_each(|_| self.spool.fall(now));
    }

    /// A recovery batch ended.
    pub fn batch_ended(&mut self, failed: u32) {
        self.tally.count(BATCHES);
        self.tally.add(FAILED_REPLAYS, failed.into());
    }

    /// What the station has to do with data.
    pub fn kinds(&self) -> DataKinds {
        self.kinds
    }

    /// Records in spools.
    pub fn spool(&self) -> &Level {
        &self.spool
    }

    /// Messages that nobody deals with.
    pub fn queue(&self) -> &Level {
        &self.queue
    }

    /// How old the oldest of these gets.
    pub fn oldest_message(&self) -> Age {
        self.oldest
    }

    /// The counts since the warm-up.
    pub fn measured(&self) -> Counts {
        let count = |index| self.tally.measured(index);
        Counts {
            born: count(BORN),
            kept: count(KEPT),
            lost: count(LOST),
            stored: count(STORED),
            duplicated: count(DUPLICATED),
            ignored: count(IGNORED),
            spooled: count(SPOOLED),
            replayed: count(REPLAYED),
            batches: count(BATCHES),
            failed_replays: count(FAILED_REPLAYS),
            set_aside: count(SET_ASIDE),
            published: count(PUBLISHED),
            delivered: count(DELIVERED),
            redelivered: count(REDELIVERED),
            dead_letters: count(DEAD),
        }
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.spool.settle(now);
        self.queue.settle(now);
        self.oldest.settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
        self.spool.start_window();
        self.queue.start_window();
        self.oldest.in_window = 0;
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tally.end_warmup();
        self.spool.end_warmup();
        self.queue.end_warmup();
        self.oldest.highest = 0;
    }

    /// Judges the invariants.
    pub fn judge(&self, counted: AtStation, judge: &mut Judge) {
        let all = |index| self.tally.all(index);
        judge.demand(Law::Levels, !self.spool.broken());
        judge.demand(Law::Census, u64::from(self.spool.value()) == counted.spooled);
        judge.demand(Law::Census, u64::from(self.queue.value()) == counted.messages);
        let known = all(KEPT) + all(LOST) + all(SET_ASIDE) + counted.records;
        judge.demand(Law::Records, all(BORN) == known);
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, span: Span, sink: &mut Sink) {
        let mut put = |name, unit, value| sink(owner, name, unit, value);
        let rate = |index| span.rate(self.tally.in_window(index));
        if self.kinds.records {
            put("lost", "per_s", rate(LOST));
        }
        if self.kinds.spool {
            put("spooled", "count", span.mean(self.spool.in_window()));
        }
        if self.kinds.queue {
            put("queue_depth", "count", span.mean(self.queue.in_window()));
            put("oldest_message_ms", "ms", self.oldest.in_window as f64 / 1e6);
            put("published", "per_s", rate(PUBLISHED));
            put("delivered", "per_s", rate(DELIVERED));
            put("redelivered", "per_s", rate(REDELIVERED));
        }
        if self.kinds.stores {
            put("stored", "per_s", rate(STORED));
            put("duplicated", "per_s", rate(DUPLICATED));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_grows_until_the_oldest_goes_and_each_window_begins_anew() {
        let mut meter = DataMeter::default();
        meter.oldest(100, Some(100));
        meter.settle(150);
        assert_eq!((meter.oldest.in_window, meter.oldest_message().highest(160)), (50, 60));
        meter.start_window();
        meter.oldest(170, Some(140));
        meter.settle(190);
        assert_eq!((meter.oldest.in_window, meter.oldest_message().highest(190)), (70, 70));
        meter.end_warmup();
        meter.oldest(195, None);
        assert_eq!(meter.oldest_message().highest(500), 55);
    }
}
