//! What became of records: the part of the report that is about data.

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
        let Counts { born, kept, lost, stored, duplicated, ignored, .. } = counts;
        let data = Data {
            records: kinds.records.then_some(Records { born, kept, lost }),
            store: kinds.stores.then_some(Store { stored, duplicated, deduplicated: ignored }),
            spool: kinds.spool.then(|| SpoolReport {
                spooled: counts.spooled,
                replayed: counts.replayed,
                failed_replays: counts.failed_replays,
                batches: counts.batches,
                highest: spool.peak(),
                at_end: spool.value(),
            }),
        };
        (kinds != DataKinds::default()).then_some(data)
    }
}
