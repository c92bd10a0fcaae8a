//! Spools: what a `spool` step could not send is kept on the server's disk, and the recovery batch makes
//! the same call again.
//!
//! The batch is part of the service: it uses the policies of its server, and while the server is down
//! or stands still nothing is sent. What is in the spool survives that.

use crate::engine::{Luck, Timer};
use crate::model::call::{Call, LetGo, Origin};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::{Observation, Outcome};
use crate::pattern::spool::{BatchResult, Recovery, Spool};
use crate::wiring::EdgeIndex;

/// A record in a spool.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    record: Id,
    /// The call that failed.
    edge: EdgeIndex,
    /// The luck of the job that made it.
    luck: Luck,
    bytes: u64,
    /// Batches that have tried it.
    tries: u32,
}

/// The spool of a server.
#[derive(Clone, Debug, Default)]
pub struct ServerSpool {
    /// What is in it.
    pub(in crate::model) entries: Spool<Entry>,
    /// What is on its way, with the calls.
    pub(in crate::model) under_way: Vec<(Id, Entry)>,
    /// What it needs of the disk.
    bytes: u64,
    /// Fires at the next batch.
    due: Timer,
    /// Sent since it was empty.
    replayed: u64,
    /// The last batch sent nothing.
    failing: bool,
}

impl ServerSpool {
    /// What it needs of the disk.
    pub(in crate::model) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What is in it: records, with the calls of those on their way.
    pub(in crate::model) fn records(&self) -> impl Iterator<Item = (Option<Id>, Id)> {
        let waiting = self.entries.waiting().map(|entry| (None, entry.record));
        waiting.chain(self.under_way.iter().map(|(call, entry)| (Some(*call), entry.record)))
    }
}

impl<O: Observer> World<O> {
    fn spool(&mut self, station: u16, server: u32) -> &mut ServerSpool {
        let servers = &mut self.stations[usize::from(station)].servers;
        servers[server as usize].spool.get_or_insert_default()
    }

    fn recovery(&self, station: u16) -> Option<&Recovery> {
        self.plan.stations[usize::from(station)].spool.as_ref()?.recovery.as_ref()
    }

    /// Keeps the record of a job whose call has failed. False: it cannot be kept.
    pub(in crate::model) fn spool_record(&mut self, id: Id, edge: EdgeIndex) -> bool {
        let job = &self.jobs[id];
        let (station, server, luck) = (job.station, job.server, job.luck);
        let plan = &self.plan.stations[usize::from(station)];
        let (Some(params), Some(record)) = (plan.spool.clone(), self.record_of(id)) else {
            return false;
        };
        let (node, bytes) = (plan.node, params.bytes_per_record);
        if !self.has_room_on_disk(station, server, bytes) {
            return false;
        }
        let spool = self.spool(station, server);
        let entry = Entry { record, edge, luck, bytes, tries: 0 };
        let first = spool.entries.is_empty();
        if !spool.entries.keep(entry, &params) {
            return false;
        }
        spool.bytes += bytes;
        self.copy_record(record);
        self.tell(Observation::RecordSpooled { node });
        self.tell_disk(station, server);
        if first {
            self.spool(station, server).replayed = 0;
            self.tell(Observation::SpoolBegan { node, server });
        }
        self.plan_recovery(station, server);
        true
    }

    /// Plans the next batch, if there is anything to send and no batch is planned.
    fn plan_recovery(&mut self, station: u16, server: u32) {
        let next = self.recovery(station).map(|recovery| recovery.next_batch(self.now));
        let spool = self.spool(station, server);
        if let Some(next) = next
            && spool.due == Timer::NONE
            && !spool.entries.is_empty()
        {
            let due = self.schedule(next, Event::RecoveryDue { station, server });
            self.spool(station, server).due = due;
        }
    }

    /// Follows a batch that comes, goes or changes its pace.
    pub(in crate::model) fn retune_spool(&mut self, station: u16, server: u32) {
        let servers = &mut self.stations[usize::from(station)].servers;
        let Some(spool) = &mut servers[server as usize].spool else { return };
        let due = std::mem::take(&mut spool.due);
        self.calendar.cancel(due);
        self.plan_recovery(station, server);
    }

    pub(in crate::model) fn on_recovery_due(&mut self, station: u16, server: u32) {
        self.spool(station, server).due = Timer::NONE;
        self.plan_recovery(station, server);
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        let runs = machine.is_up() && !machine.is_frozen();
        if let Some(recovery) = self.recovery(station)
            && runs
        {
            let batch = recovery.batch;
            self.spool(station, server).entries.begin_batch(batch);
            self.replay_more(station, server);
        }
    }

    /// Sends records of the present batch, as many at once as it may.
    fn replay_more(&mut self, station: u16, server: u32) {
        // A batch that was taken away meanwhile sends what it has begun with.
        let parallel = self.recovery(station).map_or(1, |recovery| recovery.parallel);
        while let Some(entry) = self.spool(station, server).entries.take(parallel) {
            let Entry { record, edge, luck, tries, .. } = entry;
            let record = self.records.slab[record];
            let site = self.plan.stations[usize::from(station)].error_site.then("recovery");
            let luck = luck.derive(site, u64::from(tries));
            let origin = Origin::Recovery { station, server };
            let mut call = Call::new(origin, edge, server, luck, record.key);
            (call.wish, call.priority) = (record.wish, record.priority);
            let call = self.calls.insert(call);
            let entry = Entry { tries: tries + 1, ..entry };
            self.spool(station, server).under_way.push((call, entry));
            // Not at once: a batch whose calls are all refused would go ever deeper.
            self.soon.push(Event::ReplayBegins { call });
        }
    }

    pub(in crate::model) fn on_replay_begins(&mut self, call: Id) {
        let parked = self.park_if_frozen(call, Event::ReplayBegins { call });
        if !parked && self.calls.get(call).is_some() {
            self.begin_call(call);
        }
    }

    /// The record that a call of the batch sends.
    pub(super) fn replayed_record(&self, station: u16, server: u32, call: Id) -> Option<Id> {
        let servers = &self.stations[usize::from(station)].servers;
        let under_way = &servers[server as usize].spool.as_ref()?.under_way;
        under_way.iter().find(|(id, _)| *id == call).map(|(_, entry)| entry.record)
    }

    /// A call of the batch ended.
    pub(in crate::model) fn end_replay(
        &mut self,
        (station, server): (u16, u32),
        call: Id,
        outcome: Outcome,
    ) {
        let node = self.plan.stations[usize::from(station)].node;
        let spool = self.spool(station, server);
        let place = spool.under_way.iter().position(|(id, _)| *id == call);
        let (_, entry) = spool.under_way.swap_remove(place.expect("the batch knows its calls"));
        let result = if outcome.is_success() {
            let result = spool.entries.sent();
            spool.bytes -= entry.bytes;
            spool.replayed += 1;
            self.drop_record(entry.record);
            self.tell(Observation::RecordReplayed { node });
            self.tell_disk(station, server);
            result
        } else {
            spool.entries.failed(entry)
        };
        match result {
            Some(result) => self.end_recovery_batch(station, server, result),
            None => self.replay_more(station, server),
        }
    }

    fn end_recovery_batch(&mut self, station: u16, server: u32, result: BatchResult) {
        let node = self.plan.stations[usize::from(station)].node;
        let BatchResult { replayed, failed } = result;
        let spool = self.spool(station, server);
        let failing = replayed == 0;
        let failed_before = std::mem::replace(&mut spool.failing, failing);
        let drained = spool.entries.is_empty();
        let sent = spool.replayed;
        self.tell(Observation::RecoveryBatchEnded { node, server, replayed, failed });
        if failed > 0 {
            self.report_failed_recovery(station, server);
        }
        if failing && !failed_before {
            self.tell(Observation::RecoveryFails { node, server });
        }
        if drained {
            self.tell(Observation::SpoolDrained { node, server, replayed: sent });
        }
    }

    /// A machine is gone, and its disk with it: what nobody else has is lost.
    pub(in crate::model) fn lose_spool(&mut self, station: u16, server: u32) {
        let servers = &mut self.stations[usize::from(station)].servers;
        let Some(spool) = servers[server as usize].spool.take() else { return };
        self.calendar.cancel(spool.due);
        let (node, records) = (self.plan.stations[usize::from(station)].node, spool.entries.len());
        if records > 0 {
            self.tell(Observation::SpoolLost { node, server, records });
        }
        for (call, record) in spool.records() {
            debug_assert!(call.is_none(), "the process ends before its machine");
            self.drop_record(record);
        }
    }

    /// The process of a server has ended, and with it its batch; what the batch had taken is kept.
    pub(in crate::model) fn cut_off_recovery(&mut self, station: u16, server: u32) {
        let servers = &mut self.stations[usize::from(station)].servers;
        let Some(spool) = &mut servers[server as usize].spool else { return };
        let under_way = std::mem::take(&mut spool.under_way);
        spool.entries.cut_off(under_way.iter().map(|(_, entry)| *entry));
        for (call, _) in under_way {
            if self.calls[call].tries > 0 {
                self.abandon_call(call, LetGo::Abandoned);
            } else {
                self.calls.remove(call);
            }
        }
    }
}
