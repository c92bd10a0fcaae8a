//! Balancers: which server of a service a request goes to.

use super::call::{Avoided, Origin};
use super::control::outlier::Outlier;
use super::job::Caller;
use super::slab::Id;
use super::{Observer, World};
use crate::engine::{Time, Timer};
use crate::observation::{Cause, Observation, Outcome};
use crate::pattern::balance::{self, Algorithm};
use crate::pattern::failover::Failover;
use crate::pattern::health::{ActiveCheck, ActiveParams, PassiveMark, panics};
use crate::plan::{BalancerPlan, Plan};

/// A balancer's state.
///
/// Invariant: `total` is the sum of `in_flight`, the jobs whose `balancer` is this one.
#[derive(Clone, Debug)]
pub struct Balancer {
    picker: balance::Balancer,
    /// Jobs under way, by server.
    pub(super) in_flight: Vec<u32>,
    pub(super) total: u32,
    /// Who is in charge, where one server does all the work.
    failover: Failover,
    /// What it knows of its servers' health.
    pub(super) health: Health,
    /// What observers were last told: whether a server is in rotation.
    shown: Vec<bool>,
    /// Checks under way, by server: the job and its timeout.
    pub probes: Vec<(Id, Timer)>,
    /// When each server was last checked.
    pub asked: Vec<Option<Time>>,
    /// Fires at the next round of checks, and when that is.
    pub timer: (Timer, Time),
}

/// What a balancer knows of its servers' health.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Active checks, by server.
    pub checks: Vec<ActiveCheck>,
    /// Passive marks, by server.
    pub marks: Vec<PassiveMark>,
    /// Outlier detection, if there is any.
    pub outlier: Option<Outlier>,
    /// Servers that get no new requests because they will be gone.
    pub leaving: Vec<bool>,
}

impl Health {
    /// Whether a server of so many is to get requests.
    pub fn is_well(&self, plan: &BalancerPlan, server: u32, servers: u32, now: Time) -> bool {
        let at = server as usize;
        let passive = plan.passive_health.as_ref();
        !self.leaving[at]
            && self.checks[at].is_up()
            && passive.is_none_or(|rules| self.marks[at].is_usable(rules, now, servers))
            && self.outlier.as_ref().is_none_or(|outlier| !outlier.view.is_out(server))
    }
}

impl Balancer {
    /// A balancer that believes all its servers to be well.
    pub fn new(plan: &BalancerPlan, whole: &Plan) -> Balancer {
        let servers = whole.stations[usize::from(plan.station)].servers;
        let mut balancer = Balancer {
            picker: balance::Balancer::new(plan.algorithm, &[]),
            in_flight: Vec::new(),
            total: 0,
            failover: Failover::new(),
            health: Health::default(),
            shown: Vec::new(),
            probes: Vec::new(),
            asked: Vec::new(),
            timer: (Timer::NONE, Time::NEVER),
        };
        balancer.resize(plan, servers);
        balancer
    }

    /// Follows the number of servers, their weights and the algorithm.
    pub fn resize(&mut self, plan: &BalancerPlan, servers: u32) {
        let weight = |server: usize| plan.weights.get(server).copied().unwrap_or(1);
        let known = self.in_flight.len().max(servers as usize);
        let weights: Vec<u32> = (0..servers as usize).map(weight).collect();
        self.picker.set_algorithm(plan.algorithm, plan.ties);
        self.picker.resize(&weights);
        self.in_flight.resize(known, 0);
        let rules = plan.health_check.as_ref().map(|check| check.rules.clone());
        let starts_up = rules.as_ref().is_none_or(ActiveParams::starts_up);
        let fresh = ActiveCheck::new(&rules.clone().unwrap_or_default(), starts_up);
        if let Some(rules) = &rules {
            self.health.checks.iter_mut().for_each(|check| check.retune(rules));
        } else {
            // Nobody checks any more, so nobody knows of an unwell server.
            self.health.checks.fill(fresh.clone());
        }
        self.health.checks.resize(known, fresh);
        self.health.marks.resize(known, PassiveMark::new());
        self.health.leaving.resize(known, false);
        self.shown.resize(known, true);
        self.probes.resize(known, (Id::NONE, Timer::NONE));
        // A server that is taken away and comes back is checked with the others again.
        self.asked.truncate(servers as usize);
        self.asked.resize(known, None);
    }
}

impl<O: Observer> World<O> {
    /// The server that a job goes to, or how it ends if there is none.
    #[inline]
    pub(super) fn choose_server(&mut self, id: Id) -> Result<u32, Outcome> {
        let edge = self.jobs[id].edge.expect("health checks go straight to their server");
        let plan = &self.plan.edges[usize::from(edge.0)];
        let Some(balancer) = plan.balancer else {
            // Not the plan's: the database may have moved.
            let number = usize::from(self.jobs[id].station);
            let rules = &self.plan.stations[number];
            let servers = rules.servers;
            let station = &self.stations[number];
            if station.closed {
                self.jobs[id].broken = true;
                return Err(Outcome::Failed);
            }
            // The servers of a database that has moved are others.
            if plan.is_test
                && number == usize::from(plan.station)
                && let Caller::Call(call) = self.jobs[id].caller
                && let Origin::Test { server } = self.calls[call].origin
            {
                return Ok(server);
            }
            if servers > 1 && rules.replication.is_some() {
                return self.choose_copy(id);
            }
            let edge = &mut self.edges[usize::from(edge.0)];
            let mut server = if edge.turn < servers { edge.turn } else { edge.turn % servers };
            if station.leaving > 0 {
                server = station.next_staying(server, servers);
            }
            edge.turn = if server + 1 < servers { server + 1 } else { 0 };
            return Ok(server);
        };
        self.balance(id, balancer)
    }

    fn balance(&mut self, id: Id, number: u16) -> Result<u32, Outcome> {
        let now = self.now;
        let avoided = self.servers_to_avoid(id);
        let plan = &self.plan.balancers[usize::from(number)];
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        let state = &mut self.balancers[usize::from(number)];
        if plan.max_in_flight.is_some_and(|most| state.total >= most) {
            let node = plan.node;
            self.tell(Observation::Shed { balancer: node });
            return Err(Outcome::Rejected(Cause::Shed));
        }
        let Balancer { picker, in_flight, health, failover, .. } = state;
        let elected = plan.algorithm == Algorithm::Failover;
        let reports = (plan.algorithm == Algorithm::Adaptive)
            .then(|| &self.stations[usize::from(plan.station)].servers);
        picker.clock(now);
        let is_well = |server: u32| {
            let chosen = !elected || failover.serving(now) == Some(server);
            chosen && health.is_well(plan, server, servers, now)
        };
        let threshold = plan.panic_threshold_percent;
        let panic = threshold > 0.0 && !elected && {
            let healthy = (0..servers).filter(|server| is_well(*server)).count() as u32;
            panics(threshold, healthy, servers)
        };
        let job = &mut self.jobs[id];
        let takes_more = |server: u32| match panic {
            true => !health.leaving[server as usize],
            false => is_well(server),
        };
        let load = |server: u32| {
            let usable = takes_more(server);
            match reports {
                None => usable.then_some(in_flight[server as usize]),
                Some(servers) => {
                    let server = &servers[server as usize];
                    (usable && server.is_up()).then_some(server.residents.len())
                }
            }
        };
        let (luck, key) = (job.luck, job.key);
        let units = || {
            let mut draws = luck.draws(plan.site, 0);
            (draws.next_unit(), draws.next_unit())
        };
        let elsewhere = avoided.and_then(|avoided| {
            let load = |server: u32| load(server).filter(|_| !avoided.contains(server));
            picker.pick(load, key, units)
        });
        let picked = elsewhere.or_else(|| picker.pick(load, key, units));
        let server = picked.ok_or(Outcome::Failed)?;
        let passive = plan.passive_health.as_ref();
        let watches = passive.is_some();
        if let Some(rules) = passive {
            health.marks[server as usize].on_pick(rules, now);
        }
        // A request whose caller gave up on it on the way is nobody's to wait for here either.
        if job.caller != Caller::Nobody {
            in_flight[server as usize] += 1;
            state.total += 1;
            job.balancer = Some(number);
        }
        if watches {
            // A server whose quarantine is over is back when it is picked again.
            self.show_rotation(number, server);
        }
        Ok(server)
    }

    /// Servers at which other attempts of the same try are or have failed: a hedge goes elsewhere, if
    /// it can.
    #[inline]
    fn servers_to_avoid(&self, id: Id) -> Option<Avoided> {
        let job = &self.jobs[id];
        let edge = job.edge.expect("health checks go straight to their server");
        self.edges[usize::from(edge.0)].hedge.as_ref()?;
        let Caller::Call(call) = job.caller else { return None };
        Some(self.avoided(call)).filter(|avoided| !avoided.is_empty())
    }

    /// Where one server does all the work, another one takes over if it is out.
    pub(super) fn elect(&mut self, number: u16) {
        let plan = &self.plan.balancers[usize::from(number)];
        if plan.algorithm != Algorithm::Failover {
            return;
        }
        let (now, balancer) = (self.now, plan.node);
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        let Balancer { failover, health, .. } = &mut self.balancers[usize::from(number)];
        let is_well = |server: u32| health.is_well(plan, server, servers, now);
        if let Some(server) = failover.follow(&plan.failover, servers, is_well, now) {
            self.tell(Observation::TakesOver { balancer, server });
        }
    }

    /// A job no longer counts as under way at its balancer, which learns how it went; nothing if its
    /// caller is gone.
    #[inline]
    pub(super) fn leave_balancer(&mut self, id: Id, outcome: Option<Outcome>) {
        let now = self.now;
        let job = &mut self.jobs[id];
        let Some(number) = job.balancer.take() else { return };
        let server = job.server;
        let state = &mut self.balancers[usize::from(number)];
        state.in_flight[server as usize] -= 1;
        state.total -= 1;
        let broken = job.broken;
        let Some(outcome) = outcome else { return };
        let plan = &self.plan.balancers[usize::from(number)];
        if plan.algorithm == Algorithm::FastestResponse && !broken {
            state.picker.clock(now);
            state.picker.on_answer(server, now - job.arrived);
        }
        if let Some(rules) = &plan.passive_health {
            let failed = matches!(outcome, Outcome::Failed | Outcome::TimedOut);
            if failed {
                state.picker.on_failure(server, rules.max_fails);
            }
            state.health.marks[server as usize].on_outcome(!failed, now);
            self.show_rotation(number, server);
        }
        self.watch_for_outliers(number, server, outcome, broken);
    }

    /// Tells observers when a server has left or entered the rotation.
    pub(super) fn show_rotation(&mut self, number: u16, server: u32) {
        let plan = &self.plan.balancers[usize::from(number)];
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        let state = &mut self.balancers[usize::from(number)];
        let well = state.health.is_well(plan, server, servers, self.now);
        let at = server as usize;
        if std::mem::replace(&mut state.shown[at], well) != well {
            let balancer = plan.node;
            self.tell(if well {
                Observation::BackInRotation { balancer, server }
            } else {
                Observation::OutOfRotation { balancer, server }
            });
            self.elect(number);
        }
    }
}
