//! The state of a replicated database: how far each server has come in the log of its writes, and who is
//! the primary.
//!
//! The primary has all writes; any other server has *received* those below one number and *applied* those
//! below another. Nothing here knows of work or of the network.

use super::write_log::Log;
use crate::engine::{Duration, Time, Timer};
use crate::model::slab::Id;
use crate::pattern::promotion::Watch;
use crate::plan::{ReplicationPlan, StationPlan};
use std::collections::{BTreeSet, VecDeque};

/// Writes that are kept for a server that is down. One that has missed more gets a copy of the whole when
/// it is back, as after a log that has been purged.
pub const KEPT: usize = 200_000;

/// A server's copy of the data.
///
/// Invariant: `applied` ≤ `started` ≤ `received`; `done` lies between `applied` and `started`; while the
/// copy is complete, what has been received and what is under way make the head of the log.
#[derive(Clone, Debug, Default)]
pub struct Replica {
    /// It has applied the writes below this number,
    pub applied: u64,
    /// has begun to apply those below this one,
    started: u64,
    /// and has got those below this one.
    pub received: u64,
    /// What it has applied before its turn.
    done: BTreeSet<u64>,
    /// When each of the others reaches it.
    under_way: VecDeque<Time>,
    last_arrival: Time,
    /// Fires when the next one does.
    pub timer: Timer,
    /// It has a copy. Otherwise it gets one when it runs.
    pub complete: bool,
    /// It was woken to become the primary, or has been it: it is no longer switched off by its kind.
    pub awake: bool,
}

impl Replica {
    /// It has everything below that number, and nothing is under way.
    pub fn set_to(&mut self, number: u64) {
        (self.applied, self.started, self.received) = (number, number, number);
        self.done.clear();
        self.under_way.clear();
        self.last_arrival = Time::ZERO;
    }

    /// The copy is gone.
    pub fn forget(&mut self) {
        self.complete = false;
        self.set_to(0);
    }

    /// One more write is on its way, behind all others.
    pub fn send(&mut self, arrives: Time) {
        self.last_arrival = self.last_arrival.max(arrives);
        self.under_way.push_back(self.last_arrival);
    }

    /// How many are on their way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// When the next one arrives.
    pub fn next_arrival(&self) -> Option<Time> {
        self.under_way.front().copied()
    }

    /// Takes in what has arrived by now.
    pub fn receive(&mut self, now: Time) {
        while self.next_arrival().is_some_and(|at| at <= now) {
            self.under_way.pop_front();
            self.received += 1;
        }
    }

    /// The write to begin with next; no more than so many at once, counted from the first that is not
    /// done, so that nothing runs far ahead of it.
    pub fn begin(&mut self, workers: u32) -> Option<u64> {
        let may = self.started < self.received && self.started < self.applied + u64::from(workers);
        may.then(|| {
            self.started += 1;
            self.started - 1
        })
    }

    /// A write is done. It counts when all before it are.
    pub fn finish(&mut self, number: u64) {
        if (self.applied..self.started).contains(&number) {
            self.done.insert(number);
        }
        while self.done.remove(&self.applied) {
            self.applied += 1;
        }
    }

    /// Its server went down: what was being applied has to begin anew.
    pub fn stop(&mut self) {
        self.started = self.applied;
        self.done.clear();
    }

    /// From now on another server is the primary, whose data end at `head`: what goes beyond is thrown
    /// away, and what lacks can be fetched at once.
    pub fn follow(&mut self, head: u64, now: Time) {
        self.applied = self.applied.min(head);
        self.started = self.started.min(head);
        self.received = self.received.min(head);
        self.done.retain(|number| *number < head);
        self.last_arrival = now;
        self.under_way.clear();
        self.under_way.resize((head - self.received) as usize, now);
    }

    /// Whether a write is being applied, or has been before its turn.
    pub fn has_begun(&self, number: u64) -> bool {
        (self.applied..self.started).contains(&number)
    }

    /// Whether the invariants hold, where the log has that head.
    pub fn is_in_order(&self, head: u64) -> bool {
        let ordered = self.applied <= self.started && self.started <= self.received;
        let counted = !self.complete || self.received + self.under_way.len() as u64 == head;
        ordered && counted && self.done.iter().all(|number| self.has_begun(*number))
    }
}

/// What is going on with the roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing.
    Steady,
    /// The primary is dead, another server is to take its place.
    Promoting {
        /// Who.
        to: u32,
        /// The time that a promotion takes is over.
        waited: bool,
    },
    /// The primary and another server change places; writes wait.
    Swapping {
        /// Who.
        to: u32,
        /// The least time that a swap takes is over.
        waited: bool,
    },
}

/// A database with its copies.
///
/// Invariant: `held` is empty but in [`Phase::Swapping`].
#[derive(Clone, Debug)]
pub struct Replication {
    /// The writes that somebody has still to apply.
    pub log: Log,
    /// By server; those of servers that were taken away stay.
    pub copies: Vec<Replica>,
    /// The server that takes the writes.
    pub primary: u32,
    /// What is going on with the roles.
    pub phase: Phase,
    /// Fires when the phase has lasted its time.
    pub due: Timer,
    /// The server that the operator wants as primary, until it is.
    pub wanted: Option<u32>,
    /// What the manager knows of the primary.
    pub watch: Watch,
    /// Fires at its next check.
    pub check: Timer,
    /// Writes that wait for the end of a swap.
    pub held: Vec<Id>,
    /// The head of the log at the last backup, and when the next one is due.
    pub backup: (u64, Time),
    /// What faults add to the way of each write.
    pub added_lag: Duration,
    /// What observers were last told: the server that takes writes, if one does.
    pub told: Option<u32>,
}

impl Replication {
    /// A database whose servers all have everything, but for one that is switched off.
    pub fn new(plan: &ReplicationPlan, station: &StationPlan) -> Replication {
        let every = plan.standby.map(|standby| standby.backup_every);
        let mut replication = Replication {
            log: Log::default(),
            copies: Vec::new(),
            primary: plan.primary,
            phase: Phase::Steady,
            due: Timer::NONE,
            wanted: None,
            watch: Watch::default(),
            check: Timer::NONE,
            held: Vec::new(),
            backup: (0, every.map_or(Time::ZERO, |every| Time::ZERO + every)),
            added_lag: Duration::ZERO,
            told: None,
        };
        replication.resize(station.servers);
        for server in 0..station.servers {
            replication.copies[server as usize].complete = !replication.sleeps(station, server);
        }
        replication
    }

    /// Makes room for so many servers; who is new has nothing yet.
    pub fn resize(&mut self, servers: u32) {
        let known = self.copies.len().max(servers as usize);
        self.copies.resize(known, Replica::default());
    }

    /// Whether a server is switched off because that is its kind.
    pub fn sleeps(&self, station: &StationPlan, server: u32) -> bool {
        let cold = station.cold_standby() == Some(server);
        cold && server != self.primary && !self.copies[server as usize].awake
    }

    /// Forgets the writes that every copy has.
    pub fn trim(&mut self) {
        let applied = self.copies.iter().filter(|copy| copy.complete).map(|copy| copy.applied);
        self.log.trim(applied.min().unwrap_or(self.log.head()));
    }

    /// Takes the backup that has come due since the last write.
    pub fn back_up(&mut self, every: Duration, now: Time) {
        let (position, due) = &mut self.backup;
        if now >= *due {
            let every = every.0.max(1);
            *position = self.log.head();
            *due = Time(now.0.saturating_add(every - (now.0 - due.0) % every));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Luck;
    use crate::model::data::write_log::Entry;

    #[test]
    fn writes_arrive_and_count_in_their_order() {
        let mut copy = Replica { complete: true, ..Replica::default() };
        for at in [30, 10, 50] {
            copy.send(Time(at));
        }
        copy.receive(Time(29));
        assert_eq!(copy.received, 0);
        copy.receive(Time(30));
        assert_eq!((copy.received, copy.next_arrival()), (2, Some(Time(50))));
        assert_eq!((copy.begin(2), copy.begin(2), copy.begin(2)), (Some(0), Some(1), None));
        copy.finish(1);
        assert_eq!(copy.applied, 0, "the first one is still being applied");
        copy.receive(Time(50));
        assert_eq!(copy.begin(2), None, "two at once, counted from the first");
        copy.finish(0);
        assert_eq!((copy.applied, copy.begin(2)), (2, Some(2)));
        assert!(copy.is_in_order(3));
        copy.stop();
        assert_eq!(copy.begin(2), Some(2), "what a crash interrupted begins anew");
    }

    #[test]
    fn who_follows_another_primary_throws_away_what_that_one_never_had() {
        let mut copy = Replica { complete: true, ..Replica::default() };
        copy.set_to(9);
        copy.follow(6, Time(5));
        assert_eq!((copy.applied, copy.received, copy.under_way()), (6, 6, 0));
        copy.follow(8, Time(7));
        assert_eq!((copy.received, copy.under_way(), copy.next_arrival()), (6, 2, Some(Time(7))));
        assert!(copy.is_in_order(8));
    }

    #[test]
    fn a_backup_is_taken_before_the_first_write_after_it_is_due() {
        let mut state = Replication {
            log: Log::default(),
            copies: Vec::new(),
            primary: 0,
            phase: Phase::Steady,
            due: Timer::NONE,
            wanted: None,
            watch: Watch::default(),
            check: Timer::NONE,
            held: Vec::new(),
            backup: (0, Time(10)),
            added_lag: Duration::ZERO,
            told: None,
        };
        for (now, position, due) in [(9, 0, 10), (10, 1, 20), (37, 2, 40), (39, 2, 40)] {
            state.back_up(Duration(10), Time(now));
            state.log.push(Entry { row: None, apply: 0, luck: Luck(0), at: Time::ZERO });
            assert_eq!(state.backup, (position, Time(due)), "at {now}");
        }
    }
}
