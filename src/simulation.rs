//! A run of a scenario: the model, who watches it, and the switches that are flipped on the way.
//!
//! `run_until` may be called in any steps and gives the same result. A clone is a checkpoint.

mod changes;
mod watching;

pub use watching::metrics_setup;

use crate::engine::{Digest, Time};
use crate::metrics::Metrics;
use crate::model::{Event, Observer, World};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::report::{Label, Names, Report, ReportContext};
use crate::run::{Action, Change, Run, SwitchState};
use crate::scenario::{Node, Scenario};
use changes::{Planned, enter, label, planned, tell};

/// How many events pass between two looks at the bounds of a run. Few, because one event may start
/// ten thousand calls at once.
const EVENTS_BETWEEN_LOOKS: u64 = 16;

/// How many events pay for a look at one place in a census.
const EVENTS_PER_PLACE: u64 = 4;

/// Why a run ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It had handled as many events as it may.
    EventBudget,
    /// More requests were under way than a run may hold.
    Overfull,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Simulation<O = Metrics> {
    run: Run,
    world: World<O>,
    /// What is in force now.
    state: SwitchState,
    /// Everything that changes the plan on the way, by the number in [`Event::Switch`].
    changes: Vec<Planned>,
    /// How far the run has come.
    reached: Time,
    stop: Option<Stop>,
    /// The window at whose end the invariants are judged next.
    window: u32,
    /// Events handled when they were judged last.
    counted_at: u64,
}

impl Simulation<Metrics> {
    /// A run that is measured.
    pub fn new(run: Run) -> Simulation<Metrics> {
        Simulation::observed(run, |plan| Metrics::new(&plan.wiring, &metrics_setup(plan)))
    }

    /// The measurements up to the moment that the run has reached.
    pub fn metrics(&self) -> &Metrics {
        &self.world.observer
    }

    /// Goes on like [`Simulation::run_until`], and brings the measurements there.
    pub fn advance(&mut self, until: Time, most_events: u64) -> Time {
        let last_event = self.world.events().saturating_add(most_events);
        // The last window ends with the run, and is judged in its report.
        while self.window + 1 < self.world.plan().windows {
            let end = self.world.plan().end_of_window(self.window);
            if end > until {
                break;
            }
            let most_events = last_event - self.world.events();
            self.run_until(Time(end.0.saturating_sub(1)), most_events);
            if self.stop.is_some() || self.world.next_time().is_some_and(|next| next < end) {
                break;
            }
            self.world.observer.advance_to(end);
            self.take_census();
        }
        let reached = self.run_until(until, last_event - self.world.events());
        // While something may still happen at this very moment, its window stays open.
        if self.world.next_time().is_none_or(|next| next > reached) || self.is_done() {
            self.world.observer.advance_to(reached);
        }
        reached
    }

    /// Judges the invariants at the end of a window. Where a census would look at more places than
    /// events have come since the last one, it can wait: so it never costs more than a few per cent.
    fn take_census(&mut self) {
        let events = self.world.events();
        if (events - self.counted_at) / EVENTS_PER_PLACE >= self.world.census_size() {
            let census = self.world.census();
            self.world.observer.judge_invariants(&census);
            self.counted_at = events;
        }
        self.window += 1;
    }

    /// Goes on until the end.
    pub fn run_to_end(&mut self) {
        self.advance(Time::NEVER, u64::MAX);
    }

    /// Does something at the moment that the run has reached, and remembers it for the link. At the
    /// end of the run it changes nothing any more.
    ///
    /// # Errors
    /// The problems of the scenario that would come of it; then nothing has changed.
    pub fn act(&mut self, change: Change) -> Result<(), Vec<Problem>> {
        let at = self.reached;
        self.run.act(Action { at, change: change.clone() })?;
        if at == Time::ZERO {
            // What is done at the start belongs to the scenario that the run starts with.
            *self = Simulation::new(self.run.clone());
            return Ok(());
        }
        if at < self.world.plan().end {
            self.world.plan_switch(at, self.changes.len() as u32);
            self.changes.push(Planned::Action(change));
        }
        Ok(())
    }

    /// The names of nodes, faults, switches and interventions.
    pub fn names(&self) -> Names {
        let scenario = &self.run.scenario;
        let label = |key: &String| label(key, scenario, self.world.plan());
        let node = |(key, node): (&String, &Node)| match node.name() {
            Some(name) => Label { key: key.clone(), en: name.en.clone(), ko: name.ko.clone() },
            None => Label { key: key.clone(), en: key.clone(), ko: None },
        };
        Names {
            labels: self.world.labels().iter().map(label).collect(),
            nodes: scenario.nodes.iter().map(node).collect(),
        }
    }

    /// What the run has shown so far.
    pub fn report(&self) -> Report {
        let mut metrics = self.world.observer.clone();
        metrics.advance_to(self.reached);
        metrics.judge_invariants(&self.world.census());
        let scenario = &self.run.scenario;
        let triggers = self.world.plan().triggers();
        let context = ReportContext {
            scenario: &scenario.name.en,
            seed: self.run.seed,
            switches: self.run.actions.iter().map(Action::to_string).collect(),
            names: self.names(),
            triggers: &triggers,
            events: self.world.events(),
            digest: self.world.digest().value(),
            stopped_early: self.stopped_early(),
            retry_tokens: self.world.retry_tokens(),
        };
        Report::build(&metrics, &context)
    }
}

impl<O: Observer + Clone> Simulation<O> {
    /// A run that somebody watches.
    pub fn observed(run: Run, observer: impl FnOnce(&Plan) -> O) -> Simulation<O> {
        let mut state = SwitchState::default();
        let (at_start, later): (Vec<_>, Vec<_>) =
            planned(&run).into_iter().partition(|(at, _)| *at == Time::ZERO);
        for (_, change) in &at_start {
            enter(&mut state, change);
        }
        let scenario = run.scenario_at(&state).expect("a run's own actions were checked");
        let plan = plan_of(&run, &scenario);
        let (observer, end) = (observer(&plan), plan.end);
        let mut world = World::new(plan, observer);
        let mut changes = Vec::new();
        for (_, change) in at_start {
            tell(&mut world, &change);
        }
        // A change at the end comes too late: the last window may have been looked at before.
        for (at, change) in later.into_iter().filter(|(at, _)| *at < end) {
            world.plan_switch(at, changes.len() as u32);
            changes.push(change);
        }
        Simulation {
            run,
            state,
            changes,
            reached: Time::ZERO,
            stop: None,
            window: 0,
            counted_at: 0,
            world,
        }
    }

    /// Goes on until a moment, or until `most_events` events have been handled; returns the moment
    /// that was reached.
    pub fn run_until(&mut self, until: Time, most_events: u64) -> Time {
        let end = until.min(self.world.plan().end);
        let last_event = self.world.events().saturating_add(most_events);
        let budget = self.world.plan().max_events;
        while self.stop.is_none() {
            let events = self.world.events();
            if events >= budget {
                self.stop = Some(Stop::EventBudget);
            } else if events >= last_event {
                break;
            } else if events.is_multiple_of(EVENTS_BETWEEN_LOOKS) && self.world.is_overfull() {
                self.stop = Some(Stop::Overfull);
            } else {
                let next_look = events - events % EVENTS_BETWEEN_LOOKS + EVENTS_BETWEEN_LOOKS;
                if !self.handle_events(end, next_look.min(last_event).min(budget)) {
                    self.reached = self.reached.max(end);
                    return self.reached;
                }
            }
        }
        self.reached = self.reached.max(self.world.now());
        self.reached
    }

    /// Goes on until so many events have been handled; false if nothing is left until `end`.
    fn handle_events(&mut self, end: Time, last_event: u64) -> bool {
        while self.world.events() < last_event {
            match self.world.step(end) {
                Some(Event::Switch { action }) => self.flip(action),
                Some(_) => {}
                None => return false,
            }
        }
        true
    }

    fn flip(&mut self, number: u32) {
        let change = self.changes[number as usize].clone();
        let before = self.state.clone();
        enter(&mut self.state, &change);
        match self.run.scenario_at(&self.state) {
            Ok(scenario) => {
                self.world.retune(plan_of(&self.run, &scenario));
                tell(&mut self.world, &change);
            }
            // Two changes that are fine alone may contradict each other; the later one is void.
            Err(_) => self.state = before,
        }
    }

    /// The scenario, the seed and what was done.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The scenario with everything that is in force now.
    pub fn scenario_now(&self) -> Scenario {
        self.run.scenario_at(&self.state).expect("what is in force was checked")
    }

    /// The model.
    pub fn world(&self) -> &World<O> {
        &self.world
    }

    /// The moment that the run has reached.
    pub fn now(&self) -> Time {
        self.reached
    }

    /// Whether nothing more will happen.
    pub fn is_done(&self) -> bool {
        let end = self.world.plan().end;
        // A piece of a run may have ended between two events of its last instant.
        let at_end = || self.reached >= end && self.world.next_time().is_none_or(|next| next > end);
        self.stop.is_some() || at_end()
    }

    /// Digest over all events so far.
    pub fn digest(&self) -> Digest {
        self.world.digest()
    }

    /// Digest at the end of each window that is over.
    pub fn window_digests(&self) -> &[u64] {
        self.world.window_digests()
    }

    /// Why the run ended before its time, in words.
    pub fn stopped_early(&self) -> Option<String> {
        let at = self.world.now().seconds();
        self.stop.map(|stop| match stop {
            Stop::EventBudget => {
                let budget = self.world.plan().max_events;
                format!("the budget of {budget} events was spent at {at:.3} s")
            }
            Stop::Overfull => {
                format!("more requests were under way at {at:.3} s than a run may hold")
            }
        })
    }
}

/// The plan of what is in force in a run; the run's seed may be another than the scenario's.
fn plan_of(run: &Run, scenario: &Scenario) -> Plan {
    Plan { seed: run.seed, ..Plan::compile(scenario) }
}
