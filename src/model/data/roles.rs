//! Who serves which query of a database, and who is its primary while its servers come and go.
//!
//! How another server comes to be the primary is in `takeover`.

use super::copies::runs;
use super::replication::Phase;
use crate::engine::{Duration, Timer};
use crate::model::job::Query;
use crate::model::server::Running;
use crate::model::slab::Id;
use crate::model::station::Station;
use crate::model::{Event, Observer, World};
use crate::observation::{Observation, Outcome};
use crate::pattern::promotion;
use crate::plan::StationPlan;
use crate::scenario::Reads;

impl<O: Observer> World<O> {
    /// The server that a query goes to, or how it ends if there is none.
    pub(in crate::model) fn choose_copy(&mut self, id: Id) -> Result<u32, Outcome> {
        let job = &self.jobs[id];
        let luck = job.luck;
        let plan = &self.plan.stations[usize::from(job.station)];
        let Station { servers, replication, .. } = &self.stations[usize::from(job.station)];
        let (Some(rules), Some(state)) = (&plan.replication, replication) else { return Ok(0) };
        let writes = rules.queries[usize::from(job.endpoint)].writes;
        // In a promotion, clients that turn to the primary find nobody.
        let promoting = matches!(state.phase, Phase::Promoting { .. });
        let primary = (!promoting).then_some(state.primary);
        let standby = rules.standby.map(|_| plan.servers - 1);
        let reads = |server: &u32| {
            let serves = match *server == state.primary {
                true => rules.reads == Reads::Any && !promoting,
                false => Some(*server) != standby,
            };
            serves && servers[*server as usize].is_up()
        };
        let mut chosen = primary;
        if !writes && rules.reads != Reads::Primary {
            let count = (0..plan.servers).filter(reads).count() as u64;
            if count > 0 {
                let number = luck.draws(rules.site.then("reads"), 0).below(count) as usize;
                chosen = (0..plan.servers).filter(reads).nth(number);
            }
        }
        let query = if writes { Query::Write { sent: false } } else { Query::Read };
        self.jobs[id].extras.get_or_insert_default().query = Some(query);
        chosen.ok_or(Outcome::Failed)
    }

    /// A write that comes while roles are swapped waits until that is over; true if it does.
    #[cold]
    pub(in crate::model) fn holds_back(&mut self, id: Id) -> bool {
        let job = &self.jobs[id];
        let plan = &self.plan.stations[usize::from(job.station)].replication;
        let state = &mut self.stations[usize::from(job.station)].replication;
        let (Some(rules), Some(state)) = (plan, state) else { return false };
        let writes = rules.queries[usize::from(job.endpoint)].writes;
        let holds = writes && matches!(state.phase, Phase::Swapping { .. });
        if holds {
            state.held.push(id);
        }
        holds
    }

    /// A database is there from the start.
    pub(in crate::model) fn start_copies(&mut self, station: u16) {
        if self.stations[usize::from(station)].replication.is_some() {
            self.plan_check(station);
            self.follow_primary(station);
        }
    }

    /// A server went down, or is about to be taken away.
    pub(in crate::model) fn on_copy_down(&mut self, station: u16, server: u32) {
        let now = self.now;
        let backups = self.copies_plan(station).standby.map(|standby| standby.backup_every);
        let state = self.copies(station);
        let primary = state.primary;
        if server == primary {
            // Later there is nothing to back up.
            backups.into_iter().for_each(|every| state.back_up(every, now));
        } else {
            state.copies[server as usize].stop();
        }
        let timer = std::mem::take(&mut state.copies[server as usize].timer);
        let over = match state.phase {
            Phase::Steady => false,
            // The manager will notice at its next check.
            Phase::Promoting { to, .. } => server == to,
            Phase::Swapping { to, .. } => server == to || server == primary,
        };
        self.calendar.cancel(timer);
        if over {
            self.copies(station).wanted = None;
            self.end_phase(station);
        }
        self.follow_primary(station);
    }

    /// A server has booted.
    pub(in crate::model) fn on_copy_up(&mut self, station: u16, server: u32) {
        let state = self.copies(station);
        let restores = matches!(state.phase, Phase::Promoting { to, .. } if to == server);
        if restores && !state.copies[server as usize].complete {
            // Whoever comes in place of a dead primary finds nobody to copy from, only the backup.
            let position = state.backup.0;
            state.copies[server as usize].set_to(position);
        }
        self.follow_copies(station);
    }

    /// Servers of a database have come to run, or to stand still.
    pub(in crate::model) fn follow_copies(&mut self, station: u16) {
        for server in 0..self.plan.stations[usize::from(station)].servers {
            let Station { servers, replication, .. } = &mut self.stations[usize::from(station)];
            let Some(state) = replication else { return };
            let head = state.log.head();
            let awaited = matches!(state.phase, Phase::Promoting { to, .. } if to == server);
            let copy = &mut state.copies[server as usize];
            if runs(&servers[server as usize]) && !copy.complete && !awaited {
                copy.set_to(head);
                copy.complete = true;
            }
            self.apply_writes(station, server);
        }
        self.ship_all(station);
        self.go_on(station);
        self.follow_primary(station);
    }

    /// Tells observers who takes writes, if that has changed.
    pub(super) fn follow_primary(&mut self, station: u16) {
        let node = self.plan.stations[usize::from(station)].node;
        let Station { servers, replication, .. } = &mut self.stations[usize::from(station)];
        let Some(state) = replication else { return };
        let serves = state.phase == Phase::Steady && runs(&servers[state.primary as usize]);
        let primary = serves.then_some(state.primary);
        if std::mem::replace(&mut state.told, primary) != primary {
            self.tell(Observation::PrimaryChanged { node, primary });
        }
    }

    /// Plans the next check of the primary, if somebody checks it.
    pub(super) fn plan_check(&mut self, station: u16) {
        let plan = &self.plan.stations[usize::from(station)];
        let rules = plan.replication.as_ref().and_then(|rules| rules.failover.as_ref());
        let Some(rules) = rules.filter(|_| plan.servers > 1) else { return };
        let every = Duration::from_ms(rules.check_every_ms);
        let timer = self.schedule(self.now + every, Event::PrimaryCheckDue { station });
        self.copies(station).check = timer;
    }

    /// Makes room for the servers of a new plan.
    pub(in crate::model) fn resize_copies(&mut self, station: u16) {
        let servers = self.plan.stations[usize::from(station)].servers;
        let state = self.stations[usize::from(station)].replication.as_mut();
        state.into_iter().for_each(|state| state.resize(servers));
    }

    /// Whether a server of a database is switched off because that is its kind.
    pub(in crate::model) fn is_asleep(&self, station: u16, server: u32) -> bool {
        let plan = &self.plan.stations[usize::from(station)];
        let state = self.stations[usize::from(station)].replication.as_ref();
        state.is_some_and(|state| state.sleeps(plan, server))
    }

    /// Follows a new plan, when its servers are there.
    pub(in crate::model) fn retune_copies(&mut self, station: u16, before: &StationPlan) {
        let plan = &self.plan.stations[usize::from(station)];
        let Some(rules) = &plan.replication else { return };
        let (servers, wanted) = (plan.servers, rules.primary);
        let turned = before.replication.as_ref().is_some_and(|before| before.primary != wanted);
        let pace = |rules: &promotion::Params| rules.check_every_ms;
        let paces = [before.replication.as_ref(), Some(rules)]
            .map(|rules| rules.and_then(|rules| rules.failover.as_ref()).map(pace));
        let checks = rules.failover.is_some() && servers > 1;
        let Station { servers: machines, replication, .. } =
            &mut self.stations[usize::from(station)];
        let Some(state) = replication else { return };
        for (copy, machine) in state.copies.iter_mut().zip(machines) {
            if machine.running == Running::Removed {
                copy.forget();
                copy.awake = false;
            }
        }
        if turned {
            state.wanted = Some(wanted);
        }
        let (timer, gone) = (state.check, state.primary >= servers);
        if checks && (timer == Timer::NONE || paces[0] != paces[1]) {
            self.calendar.cancel(timer);
            self.plan_check(station);
        } else if !checks {
            state.watch = Default::default();
            state.check = Timer::NONE;
            self.calendar.cancel(timer);
        }
        if gone {
            self.replace_primary(station);
        }
        self.copies(station).trim();
        self.follow_copies(station);
    }
}
