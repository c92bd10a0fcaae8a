//! How writes get from the primary to the other servers, and what reads see there.
//!
//! A write that ends well at the primary is committed; it is sent to every other server, arrives there in
//! order after its lag, and is applied by a job of its own, which waits for a session and computes as any
//! other does. The primary sends its log itself: while it is down or stands still nothing arrives.

use super::replication::{KEPT, Replication};
use super::write_log::Entry;
use crate::engine::{Duration, Luck, Timer};
use crate::model::job::{Caller, Job, Query};
use crate::model::server::Server;
use crate::model::slab::Id;
use crate::model::station::Station;
use crate::model::{Event, Observer, World};
use crate::observation::{Observation, Outcome};
use crate::plan::ReplicationPlan;

/// Whether a server works, and anybody can hear of it.
pub(super) fn runs(server: &Server) -> bool {
    works(server) && !server.unreachable
}

/// Whether a server does anything.
fn works(server: &Server) -> bool {
    server.is_up() && !server.is_frozen()
}

/// The row that a query of that luck is about.
fn row_of(plan: &ReplicationPlan, endpoint: u16, wish: Luck) -> Option<u64> {
    let keys = plan.queries[usize::from(endpoint)].keys.as_ref()?;
    Some(keys.site.index(keys.key_of(wish)).0)
}

/// How long a write takes to reach a server.
fn lag_of(plan: &ReplicationPlan, luck: Luck, server: u32, added: Duration) -> Duration {
    let site = || plan.site.then("lag").index(u64::from(server));
    let drawn = plan.lag.as_ref().map(|lag| lag.sample(&mut luck.draws(site(), 0)));
    drawn.map_or(Duration::ZERO, Duration::from_nanos) + added
}

impl<O: Observer> World<O> {
    /// The plan of a database's copies.
    pub(super) fn copies_plan(&self, station: u16) -> &ReplicationPlan {
        let plan = &self.plan.stations[usize::from(station)].replication;
        plan.as_ref().expect("databases have a plan for their copies")
    }

    /// The copies of a database.
    pub(super) fn copies(&mut self, station: u16) -> &mut Replication {
        let state = &mut self.stations[usize::from(station)].replication;
        state.as_mut().expect("databases have copies")
    }

    /// The program of a job is over. A write may have to wait until the other servers have it: then it
    /// does, and this is true.
    pub(in crate::model) fn waits_for_copies(&mut self, id: Id) -> bool {
        let job = &mut self.jobs[id];
        let Some(extras) = &mut job.extras else { return false };
        let Some(Query::Write { sent }) = &mut extras.query else { return false };
        if std::mem::replace(sent, true) {
            return false;
        }
        let (own, luck) = (job.server, job.luck);
        let plan = &self.plan.stations[usize::from(job.station)];
        let Station { servers, replication, .. } = &self.stations[usize::from(job.station)];
        let (Some(rules), Some(state)) = (&plan.replication, replication) else { return false };
        let others = (0..plan.servers).filter(|server| {
            let copy = &state.copies[*server as usize];
            *server != own && copy.complete && runs(&servers[*server as usize])
        });
        let lags = others.map(|server| lag_of(rules, luck, server, state.added_lag));
        let longest = lags.max().filter(|lag| rules.sync && *lag > Duration::ZERO);
        if let Some(lag) = longest {
            self.wait_on(id, lag);
        }
        longest.is_some()
    }

    /// A query leaves its server: it has written, or has read what was there. `outcome`: none if its work
    /// was stopped.
    pub(in crate::model) fn settle_copies(&mut self, id: Id, outcome: Option<Outcome>) {
        let job = &mut self.jobs[id];
        let station = job.station;
        let query = job.extras.as_mut().and_then(|extras| extras.query.take());
        let good = outcome.is_some_and(Outcome::is_success);
        match query {
            Some(Query::Write { .. }) => {
                if good {
                    self.commit(id);
                }
                // A swap of roles waits for the writes that are still under way.
                self.go_on(station);
            }
            Some(Query::Read) if good => self.judge_read(id),
            Some(Query::Read) | None => {}
        }
    }

    /// A write has ended well: the primary has it, and the others will get it.
    fn commit(&mut self, id: Id) {
        let now = self.now;
        let job = &self.jobs[id];
        let (station, server, luck) = (job.station, job.server, job.luck);
        let plan = &self.plan.stations[usize::from(station)];
        let Station { servers, replication, .. } = &mut self.stations[usize::from(station)];
        let (Some(rules), Some(state)) = (&plan.replication, replication) else { return };
        let node = plan.node;
        if server != state.primary {
            // It was begun at a server that is no longer the primary, and nobody will ever look there.
            return self.tell(Observation::WritesLost { node, server, count: 1 });
        }
        if let Some(standby) = &rules.standby {
            state.back_up(standby.backup_every, now);
        }
        let row = row_of(rules, job.endpoint, job.wish);
        let apply = rules.queries[usize::from(job.endpoint)].apply;
        state.log.push(Entry { row, apply, luck, at: now });
        let head = state.log.head();
        for (number, copy) in state.copies.iter_mut().enumerate() {
            if number as u32 == server {
                copy.set_to(head);
            } else if copy.complete && copy.under_way() >= KEPT && !servers[number].is_up() {
                copy.forget();
            } else if copy.complete {
                let lag = || lag_of(rules, luck, number as u32, state.added_lag);
                copy.send(now + if rules.sync { Duration::ZERO } else { lag() });
            }
        }
        state.trim();
        self.tell(Observation::WriteCommitted { node });
        self.ship_all(station);
    }

    /// A read has ended well: whether it has seen everything that was committed by then.
    fn judge_read(&mut self, id: Id) {
        let job = &self.jobs[id];
        let plan = &self.plan.stations[usize::from(job.station)];
        let state = &self.stations[usize::from(job.station)].replication;
        let (Some(rules), Some(state)) = (&plan.replication, state) else { return };
        let applied = state.copies[job.server as usize].applied;
        let stale = job.server != state.primary
            && state.log.is_stale(row_of(rules, job.endpoint, job.wish), applied);
        let (node, server) = (plan.node, job.server);
        self.tell(Observation::DataRead { node, server, stale });
    }

    /// Whatever can go to another server is planned to.
    pub(super) fn ship_all(&mut self, station: u16) {
        for server in 0..self.plan.stations[usize::from(station)].servers {
            self.ship(station, server);
        }
    }

    /// Plans when the next write reaches a server, if the primary can send it and the server can take it.
    fn ship(&mut self, station: u16, server: u32) {
        let now = self.now;
        let Station { servers, replication, .. } = &mut self.stations[usize::from(station)];
        let Some(state) = replication else { return };
        let (primary, copy) = (state.primary, &mut state.copies[server as usize]);
        if copy.timer != Timer::NONE || server == primary {
            return;
        }
        let Some(at) = copy.next_arrival() else { return };
        if runs(&servers[primary as usize]) && runs(&servers[server as usize]) {
            let event = Event::WritesArrive { station, server };
            copy.timer = self.calendar.schedule(at.max(now), event.rank(), event);
        }
    }

    /// Writes reach a server, unless it or the primary has stopped meanwhile.
    pub(in crate::model) fn on_writes_arrive(&mut self, station: u16, server: u32) {
        let now = self.now;
        let Station { servers, replication, .. } = &mut self.stations[usize::from(station)];
        let Some(state) = replication else { return };
        let copy = &mut state.copies[server as usize];
        copy.timer = Timer::NONE;
        if runs(&servers[state.primary as usize]) && runs(&servers[server as usize]) {
            copy.receive(now);
            self.apply_writes(station, server);
            self.ship(station, server);
        }
    }

    /// Begins to apply what a server has got, as far as it may.
    pub(super) fn apply_writes(&mut self, station: u16, server: u32) {
        let workers = self.copies_plan(station).workers;
        let site = self.copies_plan(station).site;
        while works(&self.stations[usize::from(station)].servers[server as usize]) {
            let state = self.copies(station);
            let Some(number) = state.copies[server as usize].begin(workers) else { return };
            let entry = state.log.entry(number).expect("what somebody lacks is kept");
            let luck = entry.luck.derive(site, u64::from(server));
            let job = Job::new(Caller::Replication, station, entry.apply, luck, number);
            let job = self.jobs.insert(job);
            self.admit(job, server);
        }
    }

    /// A server has applied the write of that number.
    pub(in crate::model) fn on_write_applied(&mut self, station: u16, server: u32, number: u64) {
        let now = self.now;
        let node = self.plan.stations[usize::from(station)].node;
        let copy = &mut self.copies(station).copies[server as usize];
        let before = copy.applied;
        copy.finish(number);
        for number in before..copy.applied {
            let entry = self.copies(station).log.entry(number);
            let lag = now.since(entry.expect("it had still to be applied").at);
            self.tell(Observation::WriteApplied { node, server, lag });
        }
        self.copies(station).trim();
        self.apply_writes(station, server);
        self.go_on(station);
    }

    /// A server is not to apply the writes from a number on any more.
    pub(super) fn stop_applying(&mut self, station: u16, server: u32, from: u64) {
        let residents = self.stations[usize::from(station)].servers[server as usize].residents;
        for id in residents.ids(&self.jobs) {
            let job = &self.jobs[id];
            if job.caller == Caller::Replication && job.key >= from {
                self.cancel_job(id);
            }
        }
    }

    /// Writes in all logs: they take memory, too.
    pub(in crate::model) fn writes_logged(&self) -> usize {
        let states = self.stations.iter().filter_map(|station| station.replication.as_ref());
        states.map(|state| state.log.held()).sum()
    }
}
