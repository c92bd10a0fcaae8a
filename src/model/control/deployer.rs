//! The deployer: brings another release to the servers, and back.
//!
//! A server that gets it goes down, after it has been drained, and boots. The deployer watches canaries by
//! itself: it counts the work that ends on them.

use crate::engine::Timer;
use crate::model::server::Running;
use crate::model::slab::Id;
use crate::model::station::leaving::Leave;
use crate::model::{Event, Observer, World};
use crate::observation::{Observation, Outcome};
use crate::pattern::rollout::{Next, Params, Rollout};
use crate::plan::ReleasePlan;

/// The releases of a station.
#[derive(Clone, Debug, Default)]
pub struct Releases {
    /// What the scenario asked for last.
    asked: Option<String>,
    /// What all servers had when nothing was on its way.
    live: Option<String>,
    /// What is on its way.
    way: Option<Box<Way>>,
}

/// A release on its way.
#[derive(Clone, Debug)]
struct Way {
    to: Option<String>,
    rollout: Rollout,
    /// Fires when the canaries have been watched for long enough.
    timer: Timer,
}

impl Releases {
    /// The release that a station begins with.
    pub fn new(release: Option<&String>) -> Releases {
        Releases { asked: release.cloned(), live: release.cloned(), way: None }
    }

    /// The release that a new server gets.
    pub fn of_new_servers(&self) -> Option<String> {
        let way = self.way.as_ref().filter(|way| way.rollout.is_for_all());
        way.map_or(&self.live, |way| &way.to).clone()
    }
}

impl<O: Observer> World<O> {
    fn rollout_rules(&self, station: u16) -> Option<&Params> {
        self.plan.stations[usize::from(station)].rollout.as_ref()
    }

    fn releases(&mut self, station: u16) -> &mut Releases {
        &mut self.stations[usize::from(station)].releases
    }

    /// What the release of a server does to its work, if it does anything.
    pub(in crate::model) fn release_of(&self, station: u16, server: u32) -> Option<ReleasePlan> {
        let name = self.stations[usize::from(station)].servers[server as usize].release.as_ref()?;
        let releases = &self.plan.stations[usize::from(station)].releases;
        releases.iter().find(|(known, _)| known == name).map(|(_, release)| *release)
    }

    /// Follows a scenario that asks for another release.
    pub(in crate::model) fn retune_releases(&mut self, station: u16) {
        let wanted = self.plan.stations[usize::from(station)].release.clone();
        if self.releases(station).asked != wanted {
            self.releases(station).asked = wanted.clone();
            let rollout = Rollout::new(self.rollout_rules(station));
            self.tell_release(station, &wanted, false);
            self.send_out(station, wanted, rollout);
        } else {
            self.follow_rollout(station);
        }
    }

    fn tell_release(&mut self, station: u16, release: &Option<String>, back: bool) {
        let node = self.plan.stations[usize::from(station)].node;
        let release = self.label(release.as_deref().unwrap_or("–"));
        self.tell(match back {
            true => Observation::RolledBack { node, release },
            false => Observation::ReleaseChanged { node, release },
        });
    }

    fn send_out(&mut self, station: u16, to: Option<String>, rollout: Rollout) {
        let way = Way { to, rollout, timer: Timer::NONE };
        let before = self.releases(station).way.replace(Box::new(way));
        if let Some(before) = before {
            self.calendar.cancel(before.timer);
        }
        self.watch_canaries(station);
        self.follow_rollout(station);
    }

    /// Does what can be done now for the release on its way.
    pub(in crate::model) fn follow_rollout(&mut self, station: u16) {
        let plan = &self.plan.stations[usize::from(station)];
        let (servers, running, rules) = (plan.servers, plan.running, plan.rollout.clone());
        let Some(way) = &self.stations[usize::from(station)].releases.way else { return };
        if !running {
            return;
        }
        let scope = way.rollout.scope(rules.as_ref(), servers);
        let to = way.to.clone();
        let state = &self.stations[usize::from(station)];
        let is_there = |server: u32| {
            let machine = &state.servers[server as usize];
            machine.is_up() && machine.leaving.is_none()
        };
        let has_it = |server: u32| state.servers[server as usize].release == to;
        let lacking: Vec<u32> = (0..scope).filter(|server| !has_it(*server)).collect();
        let mut down = (0..servers).filter(|server| !is_there(*server)).count() as u32;
        let most = rules.as_ref().map_or(u32::MAX, |rules| rules.max_unavailable);
        let complete = lacking.is_empty() && (0..scope).all(is_there);
        let chosen: Vec<u32> = lacking
            .into_iter()
            .filter(|server| {
                let free = !is_there(*server);
                let may = free || down < most;
                down += u32::from(may && !free);
                may
            })
            .collect();
        for server in chosen {
            self.replace(station, server);
        }
        if complete {
            self.on_rollout_reached(station);
        }
    }

    /// A server gets the release that is on its way: it goes down and boots.
    fn replace(&mut self, station: u16, server: u32) {
        let drain = self.plan.stations[usize::from(station)].drain;
        self.retire(station, server, Leave::Release, drain);
    }

    /// Installs the release that is on its way on a server that is down.
    pub(in crate::model) fn install(&mut self, station: u16, server: u32) {
        let releases = &self.stations[usize::from(station)].releases;
        let Some(to) = releases.way.as_ref().map(|way| way.to.clone()) else { return };
        self.stations[usize::from(station)].servers[server as usize].release = to;
        self.apply_burden(station, server);
    }

    /// A server that is new gets the release of the others.
    pub(in crate::model) fn give_release(&mut self, station: u16, server: u32) {
        let release = self.releases(station).of_new_servers();
        self.stations[usize::from(station)].servers[server as usize].release = release;
    }

    fn on_rollout_reached(&mut self, station: u16) {
        let now = self.now;
        let rules = self.rollout_rules(station).cloned();
        let Some(way) = &mut self.releases(station).way else { return };
        match way.rollout.reached(rules.as_ref(), now) {
            Some(Next::WatchUntil(until)) => {
                let timer = self.schedule(until, Event::CanaryDue { station });
                if let Some(way) = &mut self.releases(station).way {
                    way.timer = timer;
                }
                self.watch_canaries(station);
            }
            Some(Next::Done) => {
                let way = self.releases(station).way.take().expect("it is on its way");
                self.releases(station).live = way.to;
                self.calendar.cancel(way.timer);
                self.watch_canaries(station);
            }
            Some(Next::GoOn) => self.follow_rollout(station),
            Some(Next::RollBack | Next::Stop) | None => {}
        }
    }

    /// The canaries have been watched for long enough.
    pub(in crate::model) fn on_canary_due(&mut self, station: u16) {
        let rules = self.rollout_rules(station).cloned();
        let Some(way) = &mut self.releases(station).way else { return };
        way.timer = Timer::NONE;
        let next = way.rollout.judge(rules.as_ref());
        let release = way.to.clone();
        self.watch_canaries(station);
        match next {
            Next::RollBack => {
                self.tell_release(station, &release, true);
                let live = self.releases(station).live.clone();
                self.send_out(station, live, Rollout::back());
            }
            Next::GoOn => self.follow_rollout(station),
            Next::WatchUntil(_) | Next::Stop | Next::Done => {}
        }
    }

    /// Marks the servers whose work is counted.
    fn watch_canaries(&mut self, station: u16) {
        let plan = &self.plan.stations[usize::from(station)];
        let state = &mut self.stations[usize::from(station)];
        let way = state.releases.way.as_ref().filter(|way| way.rollout.watches());
        let scope = way.map_or(0, |way| way.rollout.scope(plan.rollout.as_ref(), plan.servers));
        for (server, machine) in state.servers.iter_mut().enumerate() {
            machine.watched = (server as u32) < scope && machine.running != Running::Removed;
            machine.note_peculiarity();
        }
    }

    /// A request comes to a server whose work is counted.
    pub(in crate::model) fn watch_job(&mut self, id: Id) {
        self.jobs[id].extras.get_or_insert_default().watched = true;
    }

    /// Work that is counted ended.
    pub(in crate::model) fn settle_watched(&mut self, id: Id, outcome: Option<Outcome>) {
        let job = &self.jobs[id];
        let watched = job.extras.as_ref().is_some_and(|extras| extras.watched);
        if let Some(outcome) = outcome.filter(|_| watched)
            && let Some(way) = &mut self.stations[usize::from(job.station)].releases.way
        {
            way.rollout.record(outcome == Outcome::Failed);
        }
    }
}
