//! The model: what happens in a system of clients, balancers, services and databases.
//!
//! The way of a request: a population ([`client`]) starts a *call* ([`call`]); each try of it that
//! passes the caller's policies ([`edge`]) becomes a *job* at a server ([`job`]), which a balancer
//! may choose ([`balancer`]). A job needs a thread of a pool ([`station`]) and cores ([`cpu`]), and
//! may start calls of its own, holding its thread until they end. Faults ([`fault`]) and switches
//! ([`retune`]) change the numbers while all this goes on.
//!
//! The model tells an [`Observer`] what has happened and never reads it back. It knows no clock but
//! the calendar's, no file, no browser.

pub mod arrivals;
mod audit;
pub mod balancer;
pub mod call;
mod census;
pub mod client;
pub mod cpu;
pub mod edge;
pub mod fault;
pub mod health_check;
pub mod job;
pub mod list;
pub mod liveness;
pub mod outlier;
pub mod pool;
pub mod retune;
pub mod server;
pub mod slab;
pub mod station;

use crate::engine::{Calendar, Digest, Rank, Time, Timer};
use crate::observation::{LabelIndex, Observation};
use crate::plan::Plan;
use crate::wiring::EdgeIndex;
use balancer::Balancer;
use call::{Call, Hedges};
use client::Population;
use edge::Edge;
use fault::Faults;
use job::Job;
use slab::{Id, Slab};
use station::Station;
use std::collections::VecDeque;

/// Calls and jobs alive at once beyond which a run stops: memory is bounded, overload or not.
const MAX_ALIVE: usize = 1_500_000;

/// Listens to what happens.
pub trait Observer {
    /// Whether it wants to hear what is going on inside of breakers and retry budgets, too.
    const DETAILED: bool = false;

    /// Something happened at `now`.
    fn observe(&mut self, now: Time, observation: Observation);

    /// The model goes on under a new plan from `now`.
    fn retuned(&mut self, now: Time, plan: &Plan) {
        let _ = (now, plan);
    }
}

/// Something that will happen. Closed and small; `World::handle` is the table of contents.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the variants' docs speak of their fields")]
pub enum Event {
    /// The next request of an open population arrives.
    Arrival { population: u16 },
    /// A user of a closed population has finished thinking.
    ThinkingDone { population: u16, user: u32 },
    /// A planned call begins: a refresh after its pause.
    CallBegins { call: Id },
    /// The rate limiter lets a call pass, or has kept it waiting for nothing.
    RateWaitDone { call: Id },
    /// A call has waited too long for a bulkhead permit or a connection.
    PermitWaitDone { call: Id },
    /// It is the turn of a try's next attempt, if it is still the one with that number.
    HedgeDue { call: Id, number: u16 },
    /// The caller gives up on the current try.
    Timeout { call: Id },
    /// The pause before a retry is over.
    BackoffDone { call: Id },
    /// The fallback has an answer.
    FallbackDone { call: Id },
    /// A request reaches the callee.
    Delivered { job: Id },
    /// A thread takes up a job.
    ThreadReady { job: Id },
    /// A job has waited too long for a thread.
    QueueTimeout { job: Id },
    /// A job's `wait` step is over, or its computing where cores are not limited.
    WaitDone { job: Id },
    /// A reply reaches the caller.
    Replied { job: Id },
    /// The next of the threads that share a server's cores is done.
    CpuDone { station: u16, server: u32 },
    /// A balancer checks its servers.
    HealthCheckDue { balancer: u16 },
    /// A health check got no answer in time.
    ProbeTimeout { balancer: u16, server: u32 },
    /// A server is asked whether it lives.
    LivenessDue { station: u16, server: u32 },
    /// A liveness probe got no answer in time.
    LivenessTimeout { station: u16, server: u32 },
    /// A balancer's outlier detection sweeps.
    OutlierSweep { balancer: u16 },
    /// A balancer notices the ejections of the last while.
    EjectionsMerged { balancer: u16 },
    /// Logrotate's timer fires on all servers of a station.
    LogRotateDue { station: u16 },
    /// The restart policy starts a crashed server.
    RestartDue { station: u16, server: u32 },
    /// A server has booted.
    Booted { station: u16, server: u32 },
    /// A breaker's own timer fires.
    BreakerDue { edge: u16, server: u32 },
    /// A fault begins or ends.
    FaultsChange,
    /// The rate of a modulated population jumps.
    RateChanges { population: u16 },
    /// The pause of a server that had nothing to do is over.
    PauseOver { station: u16, server: u32 },
    /// By the clock of a fault that recurs, a server or another target breaks down or is repaired.
    PhaseOver { clock: u16, unit: u32 },
    /// A switch of the run's list is flipped.
    Switch { action: u32 },
}

impl Event {
    /// The event as two words for the digest: its kind, and whom it concerns.
    #[inline(always)]
    fn words(self) -> (u64, u64) {
        let server = |group: u16, server: u32| u64::from(group) << 32 | u64::from(server);
        match self {
            Event::Arrival { population } => (1, u64::from(population)),
            Event::ThinkingDone { population, user } => (2, server(population, user)),
            Event::CallBegins { call } => (3, call.word()),
            Event::RateWaitDone { call } => (4, call.word()),
            Event::PermitWaitDone { call } => (5, call.word()),
            Event::Timeout { call } => (6, call.word()),
            Event::BackoffDone { call } => (7, call.word()),
            Event::FallbackDone { call } => (8, call.word()),
            Event::Delivered { job } => (9, job.word()),
            Event::ThreadReady { job } => (10, job.word()),
            Event::QueueTimeout { job } => (11, job.word()),
            Event::WaitDone { job } => (12, job.word()),
            Event::Replied { job } => (13, job.word()),
            Event::CpuDone { station, server: number } => (14, server(station, number)),
            Event::HealthCheckDue { balancer } => (15, u64::from(balancer)),
            Event::ProbeTimeout { balancer, server: number } => (16, server(balancer, number)),
            Event::LogRotateDue { station } => (17, u64::from(station)),
            Event::RestartDue { station, server: number } => (18, server(station, number)),
            Event::Booted { station, server: number } => (19, server(station, number)),
            Event::BreakerDue { edge, server: number } => (20, server(edge, number)),
            Event::FaultsChange => (21, 0),
            Event::RateChanges { population } => (42, u64::from(population)),
            Event::HedgeDue { call, .. } => (43, call.word()),
            Event::PhaseOver { clock, unit } => (44, server(clock, unit)),
            Event::PauseOver { station, server: number } => (45, server(station, number)),
            // Its number depends on whether it was planned from the start or flipped on the way.
            Event::Switch { .. } => (22, 0),
            Event::OutlierSweep { balancer } => (40, u64::from(balancer)),
            Event::EjectionsMerged { balancer } => (41, u64::from(balancer)),
            Event::LivenessDue { station, server: number } => (42, server(station, number)),
            Event::LivenessTimeout { station, server: number } => (43, server(station, number)),
        }
    }

    /// The order of things that happen at the same instant.
    #[inline]
    fn rank(self) -> Rank {
        match self {
            Event::Arrival { .. } | Event::ThinkingDone { .. } | Event::CallBegins { .. } => {
                Rank::Arrival
            }
            Event::Delivered { .. }
            | Event::ThreadReady { .. }
            | Event::WaitDone { .. }
            | Event::Replied { .. }
            | Event::CpuDone { .. }
            | Event::Booted { .. }
            | Event::FallbackDone { .. } => Rank::Completion,
            Event::FaultsChange | Event::RateChanges { .. } | Event::PhaseOver { .. } => {
                Rank::Fault
            }
            Event::Switch { .. } => Rank::Switch,
            Event::RateWaitDone { .. }
            | Event::PermitWaitDone { .. }
            | Event::HedgeDue { .. }
            | Event::Timeout { .. }
            | Event::BackoffDone { .. }
            | Event::QueueTimeout { .. }
            | Event::HealthCheckDue { .. }
            | Event::ProbeTimeout { .. }
            | Event::OutlierSweep { .. }
            | Event::EjectionsMerged { .. }
            | Event::LivenessDue { .. }
            | Event::LivenessTimeout { .. }
            | Event::LogRotateDue { .. }
            | Event::RestartDue { .. }
            | Event::PauseOver { .. }
            | Event::BreakerDue { .. } => Rank::Timer,
        }
    }
}

/// The state of everything in a run, and what will happen to it next. A clone is a checkpoint.
#[derive(Clone, Debug)]
pub struct World<O> {
    /// Who listens.
    pub observer: O,
    plan: Plan,
    calendar: Calendar<Event>,
    /// Consequences at the present instant, in their order; they come before the calendar's next.
    soon: VecDeque<Event>,
    now: Time,
    events: u64,
    digest: Digest,
    /// Digest at the end of each window that is over.
    window_digests: Vec<u64>,
    /// End of the window that is open.
    window_end: Time,
    calls: Slab<Call>,
    jobs: Slab<Job>,
    /// Of the calls that have, or had, several attempts in their present try.
    hedges: Slab<Hedges>,
    populations: Vec<Population>,
    balancers: Vec<Balancer>,
    stations: Vec<Station>,
    edges: Vec<Edge>,
    faults: Faults,
    /// Servers that stand still; while there are none, nobody needs to ask.
    frozen_servers: u32,
    /// Some pool is or has been preemptive; until then, nobody needs to ask.
    preempts: bool,
    /// Keys of faults and switches, in the order in which they first appeared.
    labels: Vec<String>,
}

impl<O: Observer> World<O> {
    /// The world at the start of a run.
    pub fn new(plan: Plan, observer: O) -> World<O> {
        let mut world = World {
            observer,
            calendar: Calendar::new(),
            soon: VecDeque::new(),
            now: Time::ZERO,
            events: 0,
            digest: Digest::default(),
            window_digests: Vec::new(),
            window_end: plan.end_of_window(0),
            calls: Slab::default(),
            jobs: Slab::default(),
            hedges: Slab::default(),
            populations: plan.populations.iter().map(|p| Population::new(p, &plan)).collect(),
            balancers: plan.balancers.iter().map(|b| Balancer::new(b, &plan)).collect(),
            stations: plan.stations.iter().map(Station::new).collect(),
            edges: plan.edges.iter().map(|edge| Edge::new(edge, &plan)).collect(),
            faults: Faults::default(),
            frozen_servers: 0,
            preempts: plan.preempts(),
            labels: Vec::new(),
            plan,
        };
        world.start();
        world
    }

    fn start(&mut self) {
        for station in 0..self.stations.len() as u16 {
            self.start_station(station);
        }
        for balancer in 0..self.balancers.len() as u16 {
            self.start_health_checks(balancer);
            self.start_outlier_detection(balancer);
        }
        self.match_clocks();
        self.plan_faults(Time::ZERO);
        for edge in 0..self.edges.len() as u16 {
            for server in 0..self.edges[usize::from(edge)].guards.len() as u32 {
                self.follow_breaker(EdgeIndex(edge), server);
                self.follow_limit(EdgeIndex(edge), server);
            }
        }
        for population in 0..self.populations.len() as u16 {
            self.start_population(population);
        }
    }

    /// Handles the next event until `end` and returns it, if there is one.
    ///
    /// Always inlined, with the table below: it is the body of the one loop that everything happens
    /// in, and a call for each event would cost a tenth of the whole.
    #[inline(always)]
    pub fn step(&mut self, end: Time) -> Option<Event> {
        let event = match self.soon.pop_front() {
            Some(event) => event,
            None => match self.calendar.pop_until(end) {
                Some((now, event)) => {
                    self.close_windows(now);
                    self.now = now;
                    event
                }
                None => return None,
            },
        };
        self.events += 1;
        let (kind, whom) = event.words();
        self.digest.absorb(self.now.0 ^ kind << 56);
        self.digest.absorb(whom);
        self.handle(event);
        Some(event)
    }

    /// Notes the digest of every window that ends before the next event.
    #[inline]
    fn close_windows(&mut self, next: Time) {
        while next >= self.window_end {
            self.window_digests.push(self.digest.value());
            let open = self.window_digests.len() as u32;
            let is_there = open < self.plan.windows;
            self.window_end = if is_there { self.plan.end_of_window(open) } else { Time::NEVER };
        }
    }

    /// Digest at the end of each window that an event has come after.
    pub fn window_digests(&self) -> &[u64] {
        &self.window_digests
    }

    #[inline(always)]
    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrival { population } => self.on_arrival(population),
            Event::ThinkingDone { population, user } => self.on_thinking_done(population, user),
            Event::CallBegins { call } => self.begin_call(call),
            Event::RateWaitDone { call } => self.on_rate_wait_done(call),
            Event::PermitWaitDone { call } => self.on_permit_wait_done(call),
            Event::HedgeDue { call, number } => self.on_hedge_due(call, number),
            Event::Timeout { call } => self.on_timeout(call),
            Event::BackoffDone { call } => self.on_backoff_done(call),
            Event::FallbackDone { call } => self.on_fallback_done(call),
            Event::Delivered { job } => self.on_delivered(job),
            Event::ThreadReady { job } => self.on_thread_ready(job),
            Event::QueueTimeout { job } => self.on_queue_timeout(job),
            Event::WaitDone { job } => self.on_wait_done(job),
            Event::Replied { job } => self.on_replied(job),
            Event::CpuDone { station, server } => self.on_cpu_done(station, server),
            Event::HealthCheckDue { balancer } => self.on_health_check_due(balancer),
            Event::ProbeTimeout { balancer, server } => self.on_probe_timeout(balancer, server),
            Event::OutlierSweep { balancer } => self.on_outlier_sweep(balancer),
            Event::LivenessDue { station, server } => self.on_liveness_due(station, server),
            Event::LivenessTimeout { station, server } => self.on_liveness_timeout(station, server),
            Event::EjectionsMerged { balancer } => self.on_ejections_merged(balancer),
            Event::LogRotateDue { station } => self.on_logrotate_due(station),
            Event::RestartDue { station, server } => self.on_restart_due(station, server),
            Event::Booted { station, server } => self.on_booted(station, server),
            Event::BreakerDue { edge, server } => self.on_breaker_due(edge, server),
            Event::FaultsChange => self.apply_faults(),
            Event::RateChanges { population } => self.on_rate_changes(population),
            Event::PhaseOver { clock, unit } => self.on_phase_over(clock, unit),
            Event::PauseOver { station, server } => self.on_pause_over(station, server),
            // The simulation flips the switch: only it knows the scenario.
            Event::Switch { .. } => {}
        }
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Moves the clock on to a moment before which nothing is left to happen.
    pub fn advance_to(&mut self, moment: Time) {
        debug_assert!(self.soon.is_empty(), "consequences come before the clock moves");
        self.now = self.now.max(moment);
    }

    /// Number of events handled.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Digest over all events handled.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The plan in force.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Keys of faults and switches, by [`LabelIndex`].
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Moment of the calendar's next event.
    pub fn next_time(&self) -> Option<Time> {
        if self.soon.is_empty() { self.calendar.next_time() } else { Some(self.now) }
    }

    /// Whether more is under way than a run may hold.
    pub fn is_overfull(&self) -> bool {
        self.calls.len() + self.jobs.len() > MAX_ALIVE
    }

    /// Calls and jobs alive: what a checkpoint has to hold.
    pub fn alive(&self) -> (usize, usize) {
        (self.calls.len(), self.jobs.len())
    }

    /// Plans the flip of a switch.
    pub fn plan_switch(&mut self, at: Time, action: u32) {
        self.schedule(at.max(self.now), Event::Switch { action });
    }

    /// The label of that key, a new one if it has not been seen yet.
    pub fn label(&mut self, key: &str) -> LabelIndex {
        let known = self.labels.iter().position(|label| label == key);
        let index = known.unwrap_or_else(|| {
            self.labels.push(key.to_owned());
            self.labels.len() - 1
        });
        LabelIndex(index as u32)
    }

    /// Tells the observer what has happened.
    #[inline(always)]
    pub fn tell(&mut self, observation: Observation) {
        self.observer.observe(self.now, observation);
    }

    #[inline]
    fn schedule(&mut self, at: Time, event: Event) -> Timer {
        self.calendar.schedule(at, event.rank(), event)
    }
}
