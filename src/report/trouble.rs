//! When goodput was in trouble, over all client populations together.
//!
//! Goodput (answers per second) is compared with what it was before the first trigger. It is *in
//! trouble* while it lies below the normal band **and** not nearly everything that is asked for is
//! answered: a quiet night is no outage. The band is the median of the normal windows less the
//! larger of 5 % and three standard deviations, these at most half of the median. Trouble counts
//! when it lasts for three windows.

use super::baseline::{Phases, median};
use super::build::ratio;
use crate::metrics::Metrics;
use crate::wiring::NodeKind;
use std::ops::Range;

/// Goodput this near to normal is normal, and so is a system that answers all but this share.
pub const TOLERANCE: f64 = 0.05;
/// Windows are judged together until they hold so many answers: the noise of counting is then 10 %.
const ANSWERS_PER_JUDGEMENT: f64 = 100.0;
/// … but never so many that the judgement loses sight of when things happened.
const MOST_WINDOWS: usize = 60;
/// So large a share of requests ending badly is trouble even where counting is too noisy for the band.
const MANY_BAD: f64 = 0.2;

/// What users saw, per window, as rates per second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Requests that arrived.
    pub offered: Vec<f64>,
    /// Answered in full or in part.
    pub goodput: Vec<f64>,
    /// Failed, rejected or given up.
    pub bad: Vec<f64>,
    /// Requests under way (mean).
    pub in_flight: Vec<f64>,
}

impl Seen {
    /// What the users of all populations saw.
    pub fn new(metrics: &Metrics) -> Seen {
        let rows = metrics.table().rows();
        let zero = || vec![0.0; rows];
        let (offered, goodput, bad, in_flight) = (zero(), zero(), zero(), zero());
        let mut seen = Seen { offered, goodput, bad, in_flight };
        for node in metrics.wiring().nodes.iter().filter(|node| node.kind == NodeKind::Clients) {
            let add = |sums: &mut [f64], name: &str| {
                let column = metrics.column(&format!("{}/{name}", node.key));
                sums.iter_mut().zip(column).for_each(|(sum, value)| *sum += value);
            };
            add(&mut seen.offered, "offered");
            add(&mut seen.goodput, "goodput");
            for name in ["failed", "rejected", "timed_out"] {
                add(&mut seen.bad, name);
            }
            add(&mut seen.in_flight, "in_flight");
        }
        seen
    }
}

/// When goodput was in trouble.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trouble {
    /// Normal goodput per second.
    pub normal: f64,
    /// Share of what ended in the normal windows that ended well.
    pub normal_share: f64,
    /// Stretches of windows in trouble, each long enough to count.
    pub stretches: Vec<Range<usize>>,
}

impl Trouble {
    /// Finds the trouble.
    pub fn find(seen: &Seen, phases: &Phases) -> Trouble {
        let normal = median(&seen.goodput, phases.normal.clone()).unwrap_or(0.0);
        let total = |rates: &[f64]| rates[phases.normal.clone()].iter().sum::<f64>();
        let (good, bad) = (total(&seen.goodput), total(&seen.bad));
        let normal_share = if good + bad > 0.0 { good / (good + bad) } else { 1.0 };
        let together = windows_together(normal, phases);
        let smooth = |rates: &[f64]| smooth(rates, together);
        let smoothed = Seen {
            offered: smooth(&seen.offered),
            goodput: smooth(&seen.goodput),
            bad: smooth(&seen.bad),
            in_flight: smooth(&seen.in_flight),
        };
        let lowest = normal - band(&smoothed.goodput[phases.normal.clone()], normal);
        let length = together as f64 * if phases.windows() > 0 { phases.seconds(0) } else { 1.0 };
        let bad_bound = TOLERANCE.max(3.0 * (1.0 - normal_share));
        let troubled = |window: usize| {
            let goodput = smoothed.goodput[window];
            let bad_share = ratio(smoothed.bad[window], smoothed.bad[window] + goodput);
            let answering = bad_share <= bad_bound && keeps_up(&smoothed, window, length);
            let low = goodput < lowest
                || bad_share > MANY_BAD.max(bad_bound) && goodput < (1.0 - TOLERANCE) * normal;
            low && !answering
        };
        let stretches = stretches(phases.judged.clone(), phases.sustained(), troubled);
        Trouble { normal, normal_share, stretches }
    }
}

/// How many windows are judged together.
fn windows_together(normal: f64, phases: &Phases) -> usize {
    if phases.windows() == 0 {
        return 1;
    }
    let answers = (normal * phases.seconds(0)).max(1e-9);
    let wanted = (ANSWERS_PER_JUDGEMENT / answers).ceil();
    let most = (phases.windows() / MOST_WINDOWS).max(1);
    (wanted as usize).clamp(1, most)
}

/// Means over each window and those before it.
fn smooth(rates: &[f64], together: usize) -> Vec<f64> {
    let mean = |window: usize| {
        let from = (window + 1).saturating_sub(together);
        let part = &rates[from..=window];
        part.iter().sum::<f64>() / part.len() as f64
    };
    (0..rates.len()).map(mean).collect()
}

/// Half the width of the normal band.
fn band(goodput: &[f64], normal: f64) -> f64 {
    let squares = goodput.iter().map(|value| (value - normal) * (value - normal));
    let deviation = ratio(squares.sum(), goodput.len() as f64).sqrt();
    (TOLERANCE * normal).max((3.0 * deviation).min(0.5 * normal))
}

/// Whether about as much is answered as is asked for. Arrivals are counted in one window and
/// their answers in a later one, so the noise of counting is allowed for.
fn keeps_up(smoothed: &Seen, window: usize, seconds: f64) -> bool {
    let offered = smoothed.offered[window] * seconds;
    let answered = smoothed.goodput[window] * seconds;
    if offered <= 0.0 && answered <= 0.0 {
        // Users who wait for an answer ask nothing new; users who are away do not either.
        return smoothed.in_flight[window] <= 0.0;
    }
    answered >= (1.0 - TOLERANCE) * offered - 3.0 * offered.sqrt()
}

fn stretches(
    judged: Range<usize>,
    sustained: usize,
    troubled: impl Fn(usize) -> bool,
) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for window in judged.filter(|window| troubled(*window)) {
        match found.last_mut() {
            Some(last) if last.end == window => last.end += 1,
            _ => found.push(window..window + 1),
        }
    }
    found.retain(|stretch| stretch.len() >= sustained);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Time;

    #[test]
    fn fewer_users_at_night_are_no_outage() {
        let starts: Vec<_> = (0..=100).map(|start| Time(start * 1_000_000_000)).collect();
        let phases = Phases::of_windows(starts, Time::ZERO, Time(100_000_000_000), &[]);
        let load: Vec<f64> = (0..100).map(|window| 1_000.0 - 9.0 * f64::from(window)).collect();
        let seen = Seen {
            offered: load.clone(),
            goodput: load,
            bad: vec![0.0; 100],
            in_flight: vec![1.0; 100],
        };
        assert_eq!(Trouble::find(&seen, &phases).stretches, []);
    }

    #[test]
    fn users_who_all_wait_are_an_outage_though_they_ask_nothing() {
        let starts: Vec<_> = (0..=100).map(|start| Time(start * 1_000_000_000)).collect();
        let phases = Phases::of_windows(starts, Time::ZERO, Time(100_000_000_000), &[]);
        let rates: Vec<f64> = (0..100).map(|w| if w < 50 { 100.0 } else { 0.0 }).collect();
        let seen = Seen {
            offered: rates.clone(),
            goodput: rates,
            bad: vec![0.0; 100],
            in_flight: vec![20.0; 100],
        };
        assert_eq!(Trouble::find(&seen, &phases).stretches.first(), Some(&(50..100)));
    }
}
