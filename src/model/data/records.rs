//! Records: what a user's request has to leave behind, in as many copies as are under way.
//!
//! A record is born where a program first undertakes to keep it. From then on whoever could still store
//! it holds a copy: each job along the calls, each entry of a spool. When the last copy is gone and
//! nobody has stored it, it is lost. A job that stores it does so also when its caller has given up, so
//! what is sent again may be there already: then a unique id ignores it, or it is there twice.

use crate::engine::Luck;
use crate::model::call::Origin;
use crate::model::slab::{Id, Slab};
use crate::model::{Observer, World};
use crate::observation::Observation;
use crate::wiring::NodeIndex;
use std::collections::{BTreeSet, VecDeque};

/// Requests that the stores remember for those who send them again under a record of its own. What is
/// older is forgotten, as unique ids with a time in them are.
const REMEMBERED: usize = 65_536;

/// A record under way.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// The service that it was born at.
    pub home: NodeIndex,
    /// Its unique id: the luck of the user's request, the same if the user sends it again.
    pub wish: Luck,
    /// The user.
    pub key: u64,
    /// Rank in pools that serve by priority.
    pub priority: u8,
    /// Those who could still store it.
    pub copies: u32,
    /// A message with it is a dead letter.
    pub set_aside: bool,
    /// The stores that have it, a bit for each.
    stored: u64,
}

impl Record {
    /// Whether some store has it.
    pub fn is_stored(&self) -> bool {
        self.stored != 0
    }
}

/// The records that were stored last under one name.
#[derive(Clone, Debug, Default)]
struct Known {
    ids: BTreeSet<u64>,
    order: VecDeque<u64>,
}

impl Known {
    /// Remembers an id. False: it was known.
    fn note(&mut self, id: u64) -> bool {
        let new = self.ids.insert(id);
        if new {
            self.order.push_back(id);
            if self.order.len() > REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.ids.remove(&oldest);
            }
        }
        new
    }
}

/// All records under way, and what the stores remember.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Under way.
    pub slab: Slab<Record>,
    known: Vec<Known>,
}

impl Records {
    /// Whether there has ever been a record.
    #[inline]
    pub fn are_there(&self) -> bool {
        self.slab.slots() > 0
    }

    fn known(&mut self, store: u8) -> &mut Known {
        let store = usize::from(store);
        if store >= self.known.len() {
            self.known.resize(store + 1, Known::default());
        }
        &mut self.known[store]
    }
}

impl<O: Observer> World<O> {
    /// The record of a job.
    pub(super) fn record_of(&self, job: Id) -> Option<Id> {
        self.jobs.get(job)?.extras.as_ref()?.record
    }

    /// A job's request has a record from now on.
    pub(in crate::model) fn bring_record(&mut self, id: Id) {
        if self.record_of(id).is_some() {
            return;
        }
        let job = &mut self.jobs[id];
        let home = self.plan.stations[usize::from(job.station)].node;
        let (wish, key, priority) = (job.wish, job.key, job.priority);
        let record = Record { home, wish, key, priority, copies: 1, set_aside: false, stored: 0 };
        let record = self.records.slab.insert(record);
        job.extras.get_or_insert_default().record = Some(record);
        self.tell(Observation::RecordBorn { node: home });
    }

    /// An attempt of a call takes the record of its caller along.
    #[inline(never)]
    pub(in crate::model) fn take_record_along(&mut self, call: Id, job: Id) {
        let record = match self.calls[call].origin {
            Origin::Request(_) | Origin::Test { .. } => None,
            Origin::Job(caller) => self.record_of(caller),
            Origin::Recovery { station, server } => self.replayed_record(station, server, call),
        };
        if let Some(record) = record {
            self.copy_record(record);
            self.jobs[job].extras.get_or_insert_default().record = Some(record);
        }
    }

    /// A job that could store a record has ended.
    pub(in crate::model) fn settle_record(&mut self, job: Id) {
        if let Some(record) = self.record_of(job) {
            self.drop_record(record);
        }
    }

    /// One more could store a record.
    pub(super) fn copy_record(&mut self, record: Id) {
        self.records.slab[record].copies += 1;
    }

    /// One fewer can. If there is nobody left, the record is stored or lost.
    pub(in crate::model) fn drop_record(&mut self, id: Id) {
        let record = &mut self.records.slab[id];
        record.copies -= 1;
        let Record { copies, home: node, set_aside, .. } = *record;
        if copies > 0 {
            return;
        }
        let stored = record.is_stored();
        self.records.slab.remove(id);
        if !stored && set_aside {
            self.tell(Observation::RecordSetAside { node });
        } else if !stored {
            self.tell(Observation::RecordLost { node });
        }
    }

    /// A job stores its request's record. Without one it is the request itself that is stored.
    pub(in crate::model) fn store_record(&mut self, id: Id, store: u8, unique: bool) {
        let job = &self.jobs[id];
        let node = self.plan.stations[usize::from(job.station)].node;
        let (wish, record) = (job.wish, self.record_of(id));
        let mut known = !self.records.known(store).note(wish.0);
        if let Some(record) = record {
            let record = &mut self.records.slab[record];
            let (first, home) = (!record.is_stored(), record.home);
            known |= record.stored & 1 << store != 0;
            record.stored |= 1 << store;
            if first {
                self.tell(Observation::RecordKept { node: home });
            }
        }
        self.tell(match (known, unique) {
            (false, _) => Observation::RecordStored { node },
            (true, false) => Observation::RecordDuplicated { node },
            (true, true) => Observation::RecordIgnored { node },
        });
    }
}
