//! How another server of a database comes to be its primary.
//!
//! A manager checks the primary and, when it counts as dead, promotes another server: what that one has not
//! got is lost. An operator may also let the primary change places with another server: then writes wait
//! until that one has everything.

use super::copies::runs;
use super::replication::Phase;
use crate::engine::{Duration, Timer};
use crate::model::job::Query;
use crate::model::server::Running;
use crate::model::station::Station;
use crate::model::{Event, Observer, World};
use crate::observation::Observation;
use crate::pattern::promotion::{Candidate, choose};
use crate::scenario::StandbyKind;

impl<O: Observer> World<O> {
    /// Whatever has happened may be what a phase has waited for.
    pub(super) fn go_on(&mut self, station: u16) {
        let state = self.copies(station);
        match state.phase {
            Phase::Steady if state.wanted.is_none() => {}
            Phase::Steady => self.begin_swap(station),
            Phase::Promoting { to, waited: true } => self.try_to_promote(station, to),
            Phase::Swapping { to, waited: true } => self.try_to_swap(station, to),
            Phase::Promoting { .. } | Phase::Swapping { .. } => {}
        }
    }

    /// A phase has lasted its time.
    pub(in crate::model) fn on_roles_due(&mut self, station: u16) {
        let state = self.copies(station);
        state.due = Timer::NONE;
        match &mut state.phase {
            Phase::Steady => {}
            Phase::Promoting { waited, .. } | Phase::Swapping { waited, .. } => *waited = true,
        }
        self.go_on(station);
    }

    fn begin_phase(&mut self, station: u16, phase: Phase, lasts: Duration) {
        self.end_phase(station);
        self.swapping += u32::from(matches!(phase, Phase::Swapping { .. }));
        let due = self.schedule(self.now + lasts, Event::RolesDue { station });
        let state = self.copies(station);
        (state.phase, state.due) = (phase, due);
        self.follow_primary(station);
    }

    /// The phase is over, whatever has come of it. Writes that have waited go on.
    pub(super) fn end_phase(&mut self, station: u16) {
        let state = self.copies(station);
        let before = std::mem::replace(&mut state.phase, Phase::Steady);
        let timer = std::mem::take(&mut state.due);
        let held = std::mem::take(&mut state.held);
        self.swapping -= u32::from(matches!(before, Phase::Swapping { .. }));
        self.calendar.cancel(timer);
        held.into_iter().for_each(|job| self.soon.push(Event::Delivered { job }));
    }

    // --- the planned swap ---

    /// The wanted server and the primary begin to change places, as soon as both run.
    fn begin_swap(&mut self, station: u16) {
        let plan = &self.plan.stations[usize::from(station)];
        let (node, count) = (plan.node, plan.servers);
        let lasts = self.copies_plan(station).swap;
        let Station { servers, replication, .. } = &mut self.stations[usize::from(station)];
        let Some(state) = replication else { return };
        let Some(to) = state.wanted else { return };
        if to == state.primary || to >= count {
            state.wanted = None;
            return;
        }
        let able = |server: u32| runs(&servers[server as usize]);
        if state.copies[to as usize].complete && able(to) && able(state.primary) {
            self.tell(Observation::SwapStarted { node, server: to });
            self.begin_phase(station, Phase::Swapping { to, waited: false }, lasts);
        }
    }

    /// Roles change when the new primary has everything and the old one writes nothing any more.
    fn try_to_swap(&mut self, station: u16, to: u32) {
        let node = self.plan.stations[usize::from(station)].node;
        let Station { servers, replication, .. } = &self.stations[usize::from(station)];
        let Some(state) = replication else { return };
        let head = state.log.head();
        let caught_up = state.copies[to as usize].applied == head;
        if !caught_up || !runs(&servers[to as usize]) || self.writes_at(station, state.primary) {
            return;
        }
        let state = self.copies(station);
        state.primary = to;
        state.wanted = None;
        state.copies[to as usize].awake = true;
        self.end_phase(station);
        self.tell(Observation::RolesSwapped { node, server: to });
        self.follow_copies(station);
    }

    /// Whether writes of clients wait or work at a server.
    fn writes_at(&self, station: u16, server: u32) -> bool {
        let residents = self.stations[usize::from(station)].servers[server as usize].residents;
        residents.ids(&self.jobs).into_iter().any(|job| {
            let query = self.jobs[job].extras.as_ref().and_then(|extras| extras.query);
            matches!(query, Some(Query::Write { .. }))
        })
    }

    // --- the promotion ---

    pub(in crate::model) fn on_primary_check_due(&mut self, station: u16) {
        self.plan_check(station);
        let plan = &self.plan.stations[usize::from(station)];
        let rules = plan.replication.as_ref().and_then(|rules| rules.failover.as_ref());
        let (Some(rules), true) = (rules, plan.running) else { return };
        let Station { servers, replication, .. } = &mut self.stations[usize::from(station)];
        let Some(state) = replication else { return };
        if let Phase::Promoting { to, .. } = state.phase {
            let new = &servers[to as usize];
            if new.is_up() && !runs(new) {
                // That one has stopped, too: somebody else may be better.
                self.end_phase(station);
                self.promote_somebody(station);
            }
            return;
        }
        let answers = runs(&servers[state.primary as usize]);
        if state.watch.record(rules, answers) {
            self.promote_somebody(station);
        }
    }

    /// The primary counts as dead: another server begins to take its place, if there is one.
    fn promote_somebody(&mut self, station: u16) {
        let Some((to, ready)) = self.successor(station) else { return };
        let node = self.plan.stations[usize::from(station)].node;
        let rules = self.copies_plan(station).failover.as_ref();
        let takes = rules.map_or(Duration::ZERO, |rules| Duration::from_ms(rules.promotion_ms));
        self.tell(Observation::PromotionStarted { node, server: to });
        self.begin_phase(station, Phase::Promoting { to, waited: false }, takes + ready);
        if self.is_asleep(station, to) {
            self.wake(station, to, ready);
        }
    }

    /// Who is to take the primary's place, and what it takes to make it ready: one that serves at once,
    /// else the standby that has to be started.
    fn successor(&self, station: u16) -> Option<(u32, Duration)> {
        let plan = &self.plan.stations[usize::from(station)];
        let Station { servers, replication, .. } = &self.stations[usize::from(station)];
        let (Some(rules), Some(state)) = (&plan.replication, replication) else { return None };
        let copy = |server: u32| &state.copies[server as usize];
        let able = |server: &u32| {
            let able = copy(*server).complete && runs(&servers[*server as usize]);
            able && *server != state.primary
        };
        let standby = rules.standby.map(|standby| (plan.servers - 1, standby));
        let of_standby = |server: u32| standby.filter(|(number, _)| *number == server);
        let quick = |server: &u32| {
            let own = of_standby(*server);
            own.is_none_or(|(_, own)| own.kind == StandbyKind::Hot) || copy(*server).awake
        };
        let candidate = |server: u32| Candidate {
            server,
            received: copy(server).received,
            standby: of_standby(server).is_some(),
        };
        let candidates = (0..plan.servers).filter(able).filter(quick).map(candidate);
        if let Some(server) = choose(candidates) {
            let own = of_standby(server).filter(|_| !copy(server).awake);
            return Some((server, own.map_or(Duration::ZERO, |(_, own)| own.ready)));
        }
        let (server, own) = standby?;
        let asleep = state.sleeps(plan, server) && !self.is_struck_down(station, server);
        (able(&server) || asleep).then_some((server, own.ready))
    }

    /// A server that was switched off boots and restores the last backup.
    fn wake(&mut self, station: u16, server: u32, ready: Duration) {
        let node = self.plan.stations[usize::from(station)].node;
        let timer = self.schedule(self.now + ready, Event::Booted { station, server });
        self.copies(station).copies[server as usize].awake = true;
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        (machine.running, machine.timer) = (Running::Booting, timer);
        self.tell(Observation::ServerBooting { node, server });
        self.tell_servers(station);
    }

    /// The promotion ends when the new primary runs and has applied what it has got.
    fn try_to_promote(&mut self, station: u16, to: u32) {
        let Station { servers, replication, .. } = &self.stations[usize::from(station)];
        let Some(state) = replication else { return };
        let copy = &state.copies[to as usize];
        if runs(&servers[to as usize]) && copy.applied == copy.received {
            self.promote(station, to);
        }
    }

    /// A server is the primary from now on. Its data are the data: what it has not got is lost.
    fn promote(&mut self, station: u16, to: u32) {
        let now = self.now;
        let node = self.plan.stations[usize::from(station)].node;
        let state = self.copies(station);
        let before = state.log.head();
        let head = state.copies[to as usize].received.min(before);
        for server in 0..state.copies.len() as u32 {
            self.stop_applying(station, server, head);
            let copy = &mut self.copies(station).copies[server as usize];
            let timer = std::mem::take(&mut copy.timer);
            if server == to {
                copy.set_to(head);
                (copy.complete, copy.awake) = (true, true);
            } else if copy.complete {
                copy.follow(head, now);
            }
            self.calendar.cancel(timer);
        }
        let state = self.copies(station);
        state.log.truncate(head);
        state.primary = to;
        state.backup.0 = state.backup.0.min(head);
        state.watch = Default::default();
        state.trim();
        self.end_phase(station);
        if before > head {
            let count = before - head;
            self.tell(Observation::WritesLost { node, server: to, count });
        }
        self.tell(Observation::Promoted { node, server: to });
        self.follow_copies(station);
    }

    /// The primary has been taken away: somebody else is it from now on.
    pub(super) fn replace_primary(&mut self, station: u16) {
        let successor = self.successor(station).map(|(server, _)| server);
        let successor = successor.filter(|server| !self.is_asleep(station, *server));
        self.promote(station, successor.unwrap_or(0));
    }
}
