//! Store and forward: what could not be sent is written to the server's own disk and sent later, batch
//! after batch, as mail servers and the batch that collects a game platform's records do.
//!
//! Records wait in the order in which they came. A recovery batch begins at each multiple of `every_s`,
//! as by cron, unless the last one is still at work. It takes no more records than waited when it began;
//! one that fails again goes back to the end of the line, so a single bad record cannot hold up the
//! others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

use crate::engine::{Duration, Time};

/// What a server keeps for later, and what sends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Spool")]
pub struct Params {
    /// Records that a server keeps; one more is refused.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "records"))]
    pub max_records: u32,
    /// What a record needs of the server's disk, where it has one.
    #[schemars(range(min = 1, max = 1_000_000_000), extend("x-unit" = "bytes"))]
    pub bytes_per_record: u64,
    /// The batch that sends what was kept; without it somebody has to do that by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
}

impl Default for Params {
    fn default() -> Params {
        Params { max_records: 100_000, bytes_per_record: 1_000, recovery: None }
    }
}

/// The batch that sends what was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Recovery")]
pub struct Recovery {
    /// Time between two batches; they begin at its multiples, on all servers at once, as by cron.
    #[schemars(range(min = 0.1, max = 86_400.0), extend("x-unit" = "s"))]
    pub every_s: f64,
    /// Most records of one batch.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "records"))]
    pub batch: u32,
    /// Records that are sent at once.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "records"))]
    pub parallel: u32,
}

impl Default for Recovery {
    fn default() -> Recovery {
        Recovery { every_s: 60.0, batch: 1_000, parallel: 10 }
    }
}

impl Recovery {
    /// The first batch after `now`.
    pub fn next_batch(&self, now: Time) -> Time {
        let every = Duration::from_seconds(self.every_s).0.max(1);
        Time((now.0 / every + 1).saturating_mul(every))
    }
}

/// What became of the records of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchResult {
    /// Sent.
    pub replayed: u32,
    /// Kept for the next batch.
    pub failed: u32,
}

/// The spool of one server.
///
/// Invariant: a batch is at work while records of it are left or under way.
#[derive(Clone, Debug)]
pub struct Spool<T> {
    waiting: VecDeque<T>,
    /// Records that the present batch may still take.
    left: u32,
    /// Records on their way.
    under_way: u32,
    result: BatchResult,
}

impl<T> Default for Spool<T> {
    fn default() -> Spool<T> {
        let result = BatchResult::default();
        Spool { waiting: VecDeque::new(), left: 0, under_way: 0, result }
    }
}

impl<T> Spool<T> {
    /// Records in it, those on their way included.
    pub fn len(&self) -> u32 {
        self.waiting.len() as u32 + self.under_way
    }

    /// The records that are not on their way, in their order.
    pub fn waiting(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a batch is at work.
    pub fn is_at_work(&self) -> bool {
        self.left > 0 || self.under_way > 0
    }

    /// Keeps a record. False: there is no room.
    pub fn keep(&mut self, record: T, params: &Params) -> bool {
        let room = self.len() < params.max_records;
        if room {
            self.waiting.push_back(record);
        }
        room
    }

    /// A batch begins, unless the last one is still at work.
    pub fn begin_batch(&mut self, most: u32) {
        if !self.is_at_work() {
            self.left = most.min(self.waiting.len() as u32);
            self.result = BatchResult::default();
        }
    }

    /// The next record of the batch, if it has one and fewer than `parallel` are on their way.
    pub fn take(&mut self, parallel: u32) -> Option<T> {
        if self.left == 0 || self.under_way >= parallel {
            return None;
        }
        self.left -= 1;
        self.under_way += 1;
        Some(self.waiting.pop_front().expect("a batch takes no more than waited when it began"))
    }

    /// A record has arrived. The result of the batch, if this was its last.
    pub fn sent(&mut self) -> Option<BatchResult> {
        self.under_way -= 1;
        self.result.replayed += 1;
        self.result()
    }

    /// A record has failed again. The result of the batch, if this was its last.
    pub fn failed(&mut self, record: T) -> Option<BatchResult> {
        self.under_way -= 1;
        self.result.failed += 1;
        self.waiting.push_back(record);
        self.result()
    }

    /// The batch is cut off: what was on its way is kept.
    pub fn cut_off(&mut self, under_way: impl IntoIterator<Item = T>) {
        for record in under_way {
            self.waiting.push_back(record);
        }
        (self.left, self.under_way) = (0, 0);
    }

    fn result(&self) -> Option<BatchResult> {
        (!self.is_at_work()).then_some(self.result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::testing::check_params;

    fn spool(records: u32) -> Spool<u32> {
        let mut spool = Spool::default();
        assert!((0..records).all(|record| spool.keep(record, &Params::default())));
        spool
    }

    #[test]
    fn parameters_are_plain_data() {
        check_params::<Params>();
        check_params::<Recovery>();
    }

    #[test]
    fn a_batch_sends_so_many_at_once_and_keeps_what_fails() {
        let mut spool = spool(5);
        spool.begin_batch(3);
        assert_eq!((spool.take(2), spool.take(2), spool.take(2)), (Some(0), Some(1), None));
        assert_eq!(spool.sent(), None);
        assert_eq!(spool.take(2), Some(2));
        assert_eq!(spool.failed(1), None);
        assert_eq!(spool.sent(), Some(BatchResult { replayed: 2, failed: 1 }));
        assert_eq!((spool.len(), spool.take(2)), (3, None));
        spool.begin_batch(9);
        assert_eq!([0; 3].map(|_| spool.take(9)), [Some(3), Some(4), Some(1)]);
    }

    #[test]
    fn a_batch_that_is_at_work_is_not_joined_by_another() {
        let mut spool = spool(4);
        spool.begin_batch(2);
        assert_eq!(spool.take(1), Some(0));
        spool.begin_batch(4);
        assert_eq!(spool.sent(), None);
        assert_eq!((spool.take(1), spool.take(1)), (Some(1), None));
        assert_eq!(spool.sent(), Some(BatchResult { replayed: 2, failed: 0 }));
    }

    #[test]
    fn what_was_on_its_way_when_the_process_ended_is_kept() {
        let mut spool = spool(2);
        spool.begin_batch(2);
        let record = spool.take(1).expect("a record");
        spool.cut_off([record]);
        assert!(!spool.is_at_work() && spool.len() == 2);
    }

    #[test]
    fn a_full_spool_refuses() {
        let params = Params { max_records: 1, ..Params::default() };
        let mut spool = Spool::default();
        assert!(spool.keep(1, &params) && !spool.keep(2, &params));
        spool.begin_batch(1);
        assert_eq!(spool.take(1), Some(1));
        assert!(!spool.keep(2, &params), "what is on its way needs its place until it has arrived");
    }

    #[test]
    fn batches_begin_at_multiples() {
        let recovery = Recovery { every_s: 10.0, ..Recovery::default() };
        let next = |seconds| recovery.next_batch(Time::from_seconds(seconds)).seconds();
        assert_eq!([0.0, 9.9, 10.0, 19.0].map(next), [10.0, 10.0, 20.0, 20.0]);
    }
}
