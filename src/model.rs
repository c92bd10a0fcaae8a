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
pub mod control;
pub mod cpu;
pub mod data;
pub mod edge;
mod event;
pub mod fault;
pub mod job;
pub mod list;
mod outside;
pub mod pool;
pub mod retune;
pub mod server;
pub mod slab;
mod soon;
pub mod station;

use crate::engine::{Calendar, Digest, Time, Timer};
use crate::observation::Observation;
use crate::plan::Plan;
use crate::wiring::EdgeIndex;
use balancer::Balancer;
use call::{Call, Hedges};
use client::Population;
use control::alarm::Alarm;
use control::monitor::Monitor;
use data::message::Message;
use data::records::Records;
use edge::Edge;
pub use event::Event;
use fault::Faults;
use job::Job;
use slab::Slab;
use soon::Soon;
use station::Station;

/// Calls, jobs, records, messages and writes kept at once beyond which a run stops: memory is bounded,
/// overload or not.
const MAX_ALIVE: usize = 1_500_000;

/// Entries of all caches together beyond which a run stops.
const MAX_CACHED: u64 = 4_000_000;

/// Listens to what happens.
pub trait Observer {
    /// Whether it wants to hear what is going on inside of breakers and retry budgets, too.
    const DETAILED: bool = false;

    /// The clock moves on to `now`; what is observed from here on happens then.
    #[inline(always)]
    fn clock(&mut self, now: Time) {
        let _ = now;
    }

    /// Something happened at `now`.
    fn observe(&mut self, now: Time, observation: Observation);

    /// The model goes on under a new plan from `now`.
    fn retuned(&mut self, now: Time, plan: &Plan) {
        let _ = (now, plan);
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
    soon: Soon,
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
    records: Records,
    messages: Slab<Message>,
    populations: Vec<Population>,
    balancers: Vec<Balancer>,
    stations: Vec<Station>,
    edges: Vec<Edge>,
    monitors: Vec<Monitor>,
    alarms: Vec<Alarm>,
    faults: Faults,
    /// Servers that stand still; while there are none, nobody needs to ask.
    frozen_servers: u32,
    /// Databases whose primary and another server change places; while there are none, nobody asks.
    swapping: u32,
    /// Some pool is or has been preemptive; until then, nobody needs to ask.
    preempts: bool,
    /// Entries of all caches, and keys that they remember.
    cached: u64,
    /// Keys of faults and switches, in the order in which they first appeared.
    labels: Vec<String>,
}

impl<O: Observer> World<O> {
    /// The world at the start of a run.
    pub fn new(plan: Plan, observer: O) -> World<O> {
        let mut world = World {
            observer,
            calendar: Calendar::new(),
            soon: Soon::default(),
            now: Time::ZERO,
            events: 0,
            digest: Digest::default(),
            window_digests: Vec::new(),
            window_end: plan.end_of_window(0),
            calls: Slab::default(),
            jobs: Slab::default(),
            hedges: Slab::default(),
            records: Records::default(),
            messages: Slab::default(),
            populations: plan.populations.iter().map(|p| Population::new(p, &plan)).collect(),
            balancers: plan.balancers.iter().map(|b| Balancer::new(b, &plan)).collect(),
            stations: plan.stations.iter().map(Station::new).collect(),
            edges: plan.edges.iter().map(|edge| Edge::new(edge, &plan)).collect(),
            monitors: vec![Monitor::default(); plan.monitors.len()],
            alarms: vec![Alarm::default(); plan.alarms.len()],
            faults: Faults::default(),
            frozen_servers: 0,
            swapping: 0,
            preempts: plan.preempts(),
            cached: 0,
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
        for monitor in 0..self.monitors.len() as u16 {
            self.follow_monitor(monitor, false);
        }
        for alarm in 0..self.alarms.len() as u16 {
            self.follow_alarm(alarm, false);
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
        let event = match self.soon.pop() {
            Some(event) => event,
            None => match self.calendar.pop_until(end) {
                Some((now, event)) => {
                    self.close_windows(now);
                    self.now = now;
                    self.observer.clock(now);
                    event
                }
                None => return None,
            },
        };
        self.events += 1;
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

    /// The table of contents: what the digest hears of each event, as its kind and whom it concerns,
    /// and where it is handled. One table for both, because an event's kind is hard to foresee, and a
    /// processor that has guessed wrong has to begin anew.
    #[inline(always)]
    fn handle(&mut self, event: Event) {
        let member = |group: u16, number: u32| u64::from(group) << 32 | u64::from(number);
        match event {
            Event::Arrival { population } => self.note(1, population.into()).on_arrival(population),
            Event::ThinkingDone { population, user } => {
                self.note(2, member(population, user)).on_thinking_done(population, user)
            }
            Event::CallBegins { call } => self.note(3, call.word()).begin_call(call),
            Event::RateWaitDone { call } => self.note(4, call.word()).on_rate_wait_done(call),
            Event::PermitWaitDone { call } => self.note(5, call.word()).on_permit_wait_done(call),
            Event::HedgeDue { call, number } => {
                self.note(43, call.word()).on_hedge_due(call, number)
            }
            Event::Timeout { call } => self.note(6, call.word()).on_timeout(call),
            Event::BackoffDone { call } => self.note(7, call.word()).on_backoff_done(call),
            Event::FallbackDone { call } => self.note(8, call.word()).on_fallback_done(call),
            Event::Delivered { job } => self.note(9, job.word()).on_delivered(job),
            Event::ThreadReady { job } => self.note(10, job.word()).on_thread_ready(job),
            Event::QueueTimeout { job } => self.note(11, job.word()).on_queue_timeout(job),
            Event::WaitDone { job } => self.note(12, job.word()).on_wait_done(job),
            Event::Replied { job } => self.note(13, job.word()).on_replied(job),
            Event::SentAgain { job, number, chosen } => {
                self.note(85, job.word()).on_sent_again(job, number, chosen)
            }
            Event::CpuDone { station, server } => {
                self.note(14, member(station, server)).on_cpu_done(station, server)
            }
            Event::HealthCheckDue { balancer } => {
                self.note(15, balancer.into()).on_health_check_due(balancer)
            }
            Event::ProbeTimeout { balancer, server } => {
                self.note(16, member(balancer, server)).on_probe_timeout(balancer, server)
            }
            Event::OutlierSweep { balancer } => {
                self.note(40, balancer.into()).on_outlier_sweep(balancer)
            }
            Event::LivenessDue { station, server } => {
                self.note(46, member(station, server)).on_liveness_due(station, server)
            }
            Event::LivenessTimeout { station, server } => {
                self.note(47, member(station, server)).on_liveness_timeout(station, server)
            }
            Event::EjectionsMerged { balancer } => {
                self.note(41, balancer.into()).on_ejections_merged(balancer)
            }
            Event::MonitorRound { monitor } => {
                self.note(86, monitor.into()).on_monitor_round(monitor)
            }
            Event::AlarmLook { alarm } => self.note(87, alarm.into()).on_alarm_look(alarm),
            Event::LogRotateDue { station } => {
                self.note(17, station.into()).on_logrotate_due(station)
            }
            Event::RestartDue { station, server } => {
                self.note(18, member(station, server)).on_restart_due(station, server)
            }
            Event::Booted { station, server } => {
                self.note(19, member(station, server)).on_booted(station, server)
            }
            Event::ScalingDue { station } => self.note(73, station.into()).on_scaling_due(station),
            Event::CanaryDue { station } => self.note(75, station.into()).on_canary_due(station),
            Event::LeavingOver { station, server } => {
                self.note(74, member(station, server)).on_leaving_over(station, server)
            }
            Event::BreakerDue { edge, server } => {
                self.note(20, member(edge, server)).on_breaker_due(edge, server)
            }
            Event::FaultsChange => self.note(21, 0).apply_faults(),
            Event::RateChanges { population } => {
                self.note(42, population.into()).on_rate_changes(population)
            }
            Event::PhaseOver { clock, unit } => {
                self.note(44, member(clock, unit)).on_phase_over(clock, unit)
            }
            Event::PauseOver { station, server } => {
                self.note(45, member(station, server)).on_pause_over(station, server)
            }
            Event::HeapTight { station, server } => {
                self.note(66, member(station, server)).on_heap_tight(station, server)
            }
            Event::CollectionOver { station, server } => {
                self.note(67, member(station, server)).on_collection_over(station, server)
            }
            Event::FetchOver { job, outcome } => {
                self.note(65, job.word()).on_fetch_over(job, outcome)
            }
            Event::RecoveryDue { station, server } => {
                self.note(60, member(station, server)).on_recovery_due(station, server)
            }
            Event::QueueWakes { queue } => self.note(62, queue.into()).on_queue_wakes(queue),
            Event::MessageArrives { job } => self.note(63, job.word()).on_message_arrives(job),
            Event::MessageDue { message } => self.note(64, message.word()).on_message_due(message),
            Event::ReplayBegins { call } => self.note(61, call.word()).on_replay_begins(call),
            Event::LockGranted { job } => self.note(55, job.word()).on_lock_granted(job),
            Event::LockTimeout { job } => self.note(56, job.word()).on_lock_timeout(job),
            Event::TaskDue { station, task } => {
                self.note(57, member(station, task.number())).on_task_due(station, task)
            }
            Event::WritesArrive { station, server } => {
                self.note(50, member(station, server)).on_writes_arrive(station, server)
            }
            Event::PrimaryCheckDue { station } => {
                self.note(51, station.into()).on_primary_check_due(station)
            }
            Event::RolesDue { station } => self.note(52, station.into()).on_roles_due(station),
            // The simulation flips the switch: only it knows the scenario. Its number depends on whether
            // it was planned from the start or flipped on the way.
            Event::Switch { .. } => {
                self.note(22, 0);
            }
        }
    }

    /// Tells the digest of an event.
    #[inline(always)]
    fn note(&mut self, kind: u64, whom: u64) -> &mut Self {
        self.digest.absorb(self.now.0 ^ kind << 56);
        self.digest.absorb(whom);
        self
    }

    /// Tells the observer what has happened.
    #[inline(always)]
    pub fn tell(&mut self, observation: Observation) {
        self.observer.observe(self.now, observation);
    }

    #[inline(always)]
    fn schedule(&mut self, at: Time, event: Event) -> Timer {
        self.calendar.schedule(at, event.rank(), event)
    }
}
