//! What became of records: the part of the report that is about data.

use super::build::ratio;
use crate::metrics::Metrics;
use crate::metrics::data::Counts;
use crate::wiring::{DataKinds, NodeIndex};
use serde::Serialize;

/// Data at a station, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Data {
    /// Records that came from its programs; absent where there are none.
    pub records: Option<Records>,
    /// What it has stored; absent where it stores no records.
    pub store: Option<Store>,
    /// Its spools; absent where there are none.
    pub spool: Option<SpoolReport>,
    /// Its messages; absent where it is no queue.
    pub queue: Option<QueueReport>,
}

/// What became of the records of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Records {
    /// Records that its programs undertook to keep.
    pub born: u64,
    /// Of these, stored somewhere.
    pub kept: u64,
    /// Of these, lost: nobody is left who could store them.
    pub lost: u64,
    /// Of these, with a dead letter.
    pub set_aside: u64,
}

/// The messages of a queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueueReport {
    /// Messages that the queue took.
    pub published: u64,
    /// Deliveries.
    pub delivered: u64,
    /// Of these, not the first of their message.
    pub redelivered: u64,
    /// Messages that failed too often.
    pub dead_letters: u64,
    /// Most messages that nobody dealt with.
    pub deepest: u32,
    /// Mean number of messages that nobody dealt with.
    pub mean_depth: f64,
    /// Messages that nobody dealt with at the end.
    pub at_end: u32,
    /// Greatest age of a message that nobody dealt with, in seconds.
    pub oldest_s: f64,
}

/// What a database has stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Store {
    /// Records that were not there before.
    pub stored: u64,
    /// Records that were there, and are there once more.
    pub duplicated: u64,
    /// Records that were there, and were left alone by their unique id.
    pub deduplicated: u64,
}

/// The spools of a service, over all servers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SpoolReport {
    /// Records that were kept for later.
    pub spooled: u64,
    /// Records that recovery batches sent.
    pub replayed: u64,
    /// Times that a recovery batch could not send a record.
    pub failed_replays: u64,
    /// Recovery batches.
    pub batches: u64,
    /// Most records in the spools.
    pub highest: u32,
    /// Records in the spools at the end.
    pub at_end: u32,
}

impl Data {
    /// The data at a station, if there is any to tell of.
    pub(super) fn of(metrics: &Metrics, node: NodeIndex) -> Option<Data> {
        let meter = metrics.station(node).data();
        let (kinds, counts, spool) = (meter.kinds(), meter.measured(), meter.spool());
        let Counts { born, kept, lost, stored, duplicated, ignored, set_aside, .. } = counts;
        let data = Data {
            records: kinds.records.then_some(Records { born, kept, lost, set_aside }),
            store: kinds.stores.then_some(Store { stored, duplicated, deduplicated: ignored }),
            spool: kinds.spool.then(|| SpoolReport {
                spooled: counts.spooled,
                replayed: counts.replayed,
                failed_replays: counts.failed_replays,
                batches: counts.batches,
                highest: spool.peak(),
                at_end: spool.value(),
            }),
            queue: kinds.queue.then(|| QueueReport {
                published: counts.published,
                delivered: counts.delivered,
                redelivered: counts.redelivered,
                dead_letters: counts.dead_letters,
                deepest: meter.queue().peak(),
                mean_depth: ratio(
                    meter.queue().measured(metrics.now().0),
                    metrics.measured_nanos() as f64,
                ),
                at_end: meter.queue().value(),
                oldest_s: meter.oldest_message().highest(metrics.now().0) as f64 / 1e9,
            }),
        };
        (kinds != DataKinds::default()).then_some(data)
    }
}
