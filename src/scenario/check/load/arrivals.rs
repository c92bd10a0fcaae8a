//! How many requests a population may send, from above.

use crate::scenario::check::quantity::mean_s;
use crate::scenario::{ArrivalState, Arrivals, Batch, Clients, Profile};

/// Requests of a population within `duration` seconds, refreshes not counted. `spikes` is what spike
/// faults add, as seconds at the usual rate; the fastest request takes `fastest` seconds.
pub(super) fn requests(clients: &Clients, duration: f64, spikes: f64, fastest: f64) -> f64 {
    let (requests, limit) = match &clients.arrivals {
        Arrivals::Open { rate_rps, profile, start_s, stop_s, batch, max_requests, .. } => {
            let stop = stop_s.unwrap_or(duration).min(duration);
            let (area, peak) = area(profile, *start_s, stop);
            (rate_rps * (area + peak * spikes) * mean_size(*batch), max_requests)
        }
        Arrivals::Closed { users, think, max_requests } => {
            let cycle = mean_s(think) + fastest;
            (f64::from(*users) * (duration + spikes) / cycle, max_requests)
        }
        Arrivals::Renewal { interarrival, batch, max_requests } => {
            let moments = (duration + spikes) / mean_s(interarrival);
            (moments * mean_size(*batch), max_requests)
        }
        Arrivals::Modulated { states, batch, max_requests } => {
            (modulated(states, duration, spikes) * mean_size(*batch), max_requests)
        }
        Arrivals::Trace { at_s, max_requests, .. } => {
            // A spike plays the recording faster: then all of it may come.
            let there = at_s.iter().filter(|at_s| spikes > 0.0 || **at_s <= duration);
            (there.count() as f64, max_requests)
        }
    };
    limit.map_or(requests, |limit| requests.min(limit as f64))
}

/// Jumps of the rate within `duration` seconds.
pub(super) fn changes_of_rate(arrivals: &Arrivals, duration: f64) -> f64 {
    match arrivals {
        Arrivals::Modulated { states, .. } => {
            let round: f64 = states.iter().map(|state| state.mean_s).sum();
            (duration / round + 1.0) * states.len() as f64
        }
        _ => 0.0,
    }
}

/// Requests of a modulated process. It may begin in its busiest state, so it is given two rounds
/// more than it makes on average: for sums of exponential times no bound needs more (G. Lorden, "On
/// excess over the boundary", Annals of Mathematical Statistics 41, 1970).
fn modulated(states: &[ArrivalState], duration: f64, spikes: f64) -> f64 {
    let round: f64 = states.iter().map(|state| state.mean_s).sum();
    let a_round: f64 = states.iter().map(|state| state.mean_s * state.rate_rps).sum();
    let peak = states.iter().map(|state| state.rate_rps).fold(0.0, f64::max);
    (a_round * (duration / round + 2.0)).min(peak * duration) + peak * spikes
}

fn mean_size(batch: Batch) -> f64 {
    match batch {
        Batch::Fixed { size } => size.into(),
        Batch::Geometric { mean } => mean,
    }
}

/// Integral of a profile's factor between two moments, from above, and its highest value.
fn area(profile: &Profile, from: f64, to: f64) -> (f64, f64) {
    let length = (to - from).max(0.0);
    let points: Vec<(f64, f64)> = match profile {
        Profile::Constant => vec![(0.0, 1.0)],
        Profile::Step { at_s, factor } => vec![(*at_s, 1.0), (*at_s, *factor)],
        Profile::Ramp { from_s, to_s, factor } => vec![(*from_s, 1.0), (*to_s, *factor)],
        Profile::Spike { at_s, for_s, factor } => {
            let end = at_s + for_s;
            vec![(*at_s, 1.0), (*at_s, *factor), (end, *factor), (end, 1.0)]
        }
        // Whole days have a mean of 1; the rest of a day has at most its highest factor.
        Profile::Daily { day_s, lowest, .. } => {
            return (length + day_s.min(length) * (1.0 - lowest), 2.0 - lowest);
        }
        Profile::Points { points } => points.clone(),
    };
    let peak = points.iter().map(|(_, factor)| *factor).fold(0.0, f64::max);
    let (first, last) = (points[0], points[points.len() - 1]);
    let before = first.1 * (first.0.min(to) - from).max(0.0);
    let after = last.1 * (to - last.0.max(from)).max(0.0);
    let between: f64 = points.windows(2).map(|pair| piece(pair[0], pair[1], from, to)).sum();
    (before + between + after, peak)
}

/// Area under a straight piece, as far as it lies within the bounds, from above.
fn piece(left: (f64, f64), right: (f64, f64), from: f64, to: f64) -> f64 {
    let width = (right.0.min(to) - left.0.max(from)).max(0.0);
    let whole = width == right.0 - left.0;
    let height = if whole { (left.1 + right.1) / 2.0 } else { left.1.max(right.1) };
    width * height
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_profiles() {
        let spike = Profile::Spike { at_s: 10.0, for_s: 5.0, factor: 3.0 };
        assert_eq!(area(&Profile::Constant, 0.0, 60.0), (60.0, 1.0));
        assert_eq!(area(&spike, 0.0, 60.0), (70.0, 3.0));
        assert_eq!(area(&spike, 20.0, 60.0), (40.0, 3.0));
        let ramp = Profile::Ramp { from_s: 0.0, to_s: 10.0, factor: 3.0 };
        assert_eq!(area(&ramp, 0.0, 20.0), (50.0, 3.0));
        let points = Profile::Points { points: vec![(10.0, 2.0)] };
        assert_eq!(area(&points, 0.0, 20.0), (40.0, 2.0));
        assert_eq!(area(&spike, 60.0, 20.0).0, 0.0);
    }

    #[test]
    fn requests_of_a_modulated_process() {
        let state = |rate_rps, mean_s| ArrivalState { rate_rps, mean_s };
        let states = [state(100.0, 1.0), state(0.0, 9.0)];
        // 10 rps on average, and two rounds of 100 requests on top; never more than the peak.
        assert_eq!(modulated(&states, 1_000.0, 0.0), 10_200.0);
        assert_eq!(modulated(&states, 1.0, 0.0), 100.0);
    }
}
