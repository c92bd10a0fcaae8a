//! When requests arrive, as the model runs on it.

use super::RateCurve;
use super::quantity::sampler;
use crate::engine::{Duration, Sampler, Time, math};
use crate::scenario::{Arrivals, Batch, Clients, Process, Profile};

/// When the requests of a population arrive.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrivalsPlan {
    /// Where requests come from.
    pub source: Source,
    /// Requests after which nobody arrives, refreshes not counted; `u64::MAX` for no limit.
    pub max_requests: u64,
}

/// Where requests come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Users come by themselves, however slow the system is.
    Stream(StreamPlan),
    /// Users wait for the end of their last request.
    Closed {
        /// Number of users.
        users: u32,
        /// Pause, in nanoseconds.
        think: Sampler,
    },
}

/// Users who come by themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamPlan {
    /// How moments of arrival follow each other on the clock that the rate drives.
    pub spacing: Spacing,
    /// How fast that clock goes; for [`Spacing::Modulated`] each state has its own.
    pub curve: RateCurve,
    /// Requests at each moment.
    pub batch: BatchPlan,
}

impl StreamPlan {
    /// The rate in force; `state` counts the changes of a modulated process.
    pub fn curve(&self, state: u64) -> &RateCurve {
        match &self.spacing {
            Spacing::Modulated(states) => &state_of(states, state).curve,
            _ => &self.curve,
        }
    }

    /// The mean stay in the present state, if the process has states.
    pub fn stay(&self, state: u64) -> Option<Duration> {
        match &self.spacing {
            Spacing::Modulated(states) => Some(state_of(states, state).stay),
            _ => None,
        }
    }

    /// The class of the request at that position of a trace, if it names them.
    pub fn class_at(&self, position: u32) -> Option<u16> {
        match &self.spacing {
            Spacing::Trace { classes, .. } => classes.get(position as usize).copied(),
            _ => None,
        }
    }

    /// Whether requests are told which class they belong to.
    pub fn names_classes(&self) -> bool {
        matches!(&self.spacing, Spacing::Trace { classes, .. } if !classes.is_empty())
    }
}

fn state_of(states: &[StatePlan], state: u64) -> &StatePlan {
    &states[(state % states.len() as u64) as usize]
}

/// How moments of arrival follow each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Spacing {
    /// At random.
    Poisson,
    /// Like clockwork, the first at the start.
    Clockwork,
    /// After independent times, in nanoseconds.
    Renewal(Sampler),
    /// At random at the rate of the present state.
    Modulated(Vec<StatePlan>),
    /// At given moments.
    Trace {
        /// The moments, ascending.
        moments: Vec<Time>,
        /// Class of each request, into [`super::PopulationPlan::classes`]; empty where they are drawn.
        classes: Vec<u16>,
    },
}

/// A state of a modulated process.
#[derive(Clone, Debug, PartialEq)]
pub struct StatePlan {
    /// Its rate.
    pub curve: RateCurve,
    /// Mean of the exponential stay.
    pub stay: Duration,
}

/// Requests at a moment of arrival.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BatchPlan {
    /// Always as many.
    Fixed(u32),
    /// At least one, each followed by another with the same chance.
    Geometric {
        /// Logarithm of that chance, −∞ for none.
        ln_chance: f64,
    },
}

pub(super) fn arrivals(clients: &Clients) -> ArrivalsPlan {
    let (source, max_requests) = match &clients.arrivals {
        Arrivals::Open { rate_rps, process, profile, start_s, stop_s, batch, max_requests } => {
            let stop = stop_s.map_or(Time::NEVER, Time::from_seconds);
            let start = Time::from_seconds(*start_s);
            let spacing = match process {
                Process::Poisson => Spacing::Poisson,
                Process::Constant => Spacing::Clockwork,
            };
            let curve = RateCurve::new(*rate_rps, profile, start, stop);
            (stream(spacing, curve, *batch), max_requests)
        }
        Arrivals::Closed { users, think, max_requests } => {
            (Source::Closed { users: *users, think: sampler(think) }, max_requests)
        }
        Arrivals::Renewal { interarrival, batch, max_requests } => {
            (stream(Spacing::Renewal(sampler(interarrival)), real_time(), *batch), max_requests)
        }
        Arrivals::Modulated { states, batch, max_requests } => {
            let state = |state: &crate::scenario::ArrivalState| StatePlan {
                curve: steady(state.rate_rps),
                stay: Duration::from_seconds(state.mean_s),
            };
            let states = states.iter().map(state).collect();
            (stream(Spacing::Modulated(states), real_time(), *batch), max_requests)
        }
        Arrivals::Trace { at_s, class, max_requests } => {
            let index = |name: &String| {
                let index = clients.classes.get_index_of(name);
                index.expect("the checker resolves every class") as u16
            };
            let moments = at_s.iter().map(|at_s| Time::from_seconds(*at_s)).collect();
            let classes = class.iter().map(index).collect();
            let spacing = Spacing::Trace { moments, classes };
            (stream(spacing, real_time(), Batch::default()), max_requests)
        }
    };
    ArrivalsPlan { source, max_requests: max_requests.unwrap_or(u64::MAX) }
}

fn stream(spacing: Spacing, curve: RateCurve, batch: Batch) -> Source {
    let batch = match batch {
        Batch::Fixed { size } => BatchPlan::Fixed(size),
        Batch::Geometric { mean } => BatchPlan::Geometric { ln_chance: math::ln(1.0 - 1.0 / mean) },
    };
    Source::Stream(StreamPlan { spacing, curve, batch })
}

fn steady(rate_rps: f64) -> RateCurve {
    RateCurve::new(rate_rps, &Profile::Constant, Time::ZERO, Time::NEVER)
}

/// A clock that counts nanoseconds, unless a spike makes it go faster.
fn real_time() -> RateCurve {
    steady(1e9)
}
