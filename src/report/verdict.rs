//! The judgement: was it contained, did it come back, and if not, is anything left to blame?
//!
//! Goodput is *back for good* at the end of its last trouble ([`super::trouble`]). A run is
//! *metastable* (Bronson et al., HotOS 2021) when it is in trouble at its end although the last
//! trigger ended at least ten windows, and at least a fifth of the time since the first trigger,
//! before. Trouble that leaves four fifths of goodput counts as contained even if it lasts; what leaves less and
//! is over, be it before the trigger is, has recovered.

use super::baseline::Phases;
use super::build::{ratio, server_hours, work};
use super::trouble::{Seen, TOLERANCE, Trouble};
use super::{Report, ReportContext, words};
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::metrics::pool::Work;
use crate::wiring::NodeKind;
use serde::Serialize;

/// Trouble that leaves this share of goodput was contained even if it lasts; with less it was not, even if it is short.
const CONTAINED_RATIO: f64 = 0.8;
/// How long the trigger must be over before the system is held to be stuck.
const STUCK_WINDOWS: usize = 10;
const STUCK_SHARE: f64 = 0.2;

/// The judgement over a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// Share of requests that were answered: (ok + degraded) ÷ (offered − still under way).
    pub availability: f64,
    /// Goodput during the trouble ÷ goodput before it.
    pub goodput_ratio: f64,
    /// Attempts on the wire ÷ requests, over the calls of client populations.
    pub retry_amplification: f64,
    /// Share of all ended work that was wasted.
    pub wasted_ratio: f64,
    /// First moment of a fault or of a change of load, in seconds.
    pub trigger_at_s: Option<f64>,
    /// Moment when the last trigger ended; none if one goes on to the end.
    pub trigger_end_s: Option<f64>,
    /// From the trigger until goodput left its normal band, in seconds.
    pub time_to_detect_s: Option<f64>,
    /// From the trigger until goodput was back for good, in seconds, if it was.
    pub time_to_contain_s: Option<f64>,
    /// From the end of the trigger until goodput was back for good, 0 if it was back
    /// before; none if it never was.
    pub recovery_time_s: Option<f64>,
    /// Not recovered although the trigger is gone.
    pub metastable: bool,
    /// Share of services and databases that left their normal band.
    pub blast_radius: f64,
    /// Server-hours used over all nodes.
    pub server_hours: f64,
    /// One of `healthy`, `contained`, `recovered`, `down`, `metastable`; while a run goes on also `running`.
    pub state: &'static str,
    /// The judgement in a sentence, in English.
    pub en: String,
    /// The same in Korean.
    pub ko: String,
}

/// The judgement over a run whose report is otherwise complete.
pub fn judge(metrics: &Metrics, context: &ReportContext, report: &Report) -> Verdict {
    let phases = Phases::new(metrics, context.triggers);
    let seen = Seen::new(metrics);
    let totals = &report.totals;
    let answered = (totals.ok + totals.degraded) as f64;
    let ended = (totals.offered - totals.abandoned) as f64;
    let wiring = metrics.wiring();
    let work = wiring.stations().map(|node| work(metrics, node)).fold(Work::default(), Work::plus);
    let mut verdict = Verdict {
        // Nobody asked, nobody was let down.
        availability: if ended > 0.0 { answered / ended } else { 1.0 },
        retry_amplification: ratio(client_attempts(metrics) as f64, totals.offered as f64),
        wasted_ratio: ratio(work.wasted as f64, work.ended() as f64),
        blast_radius: blast_radius(metrics, report),
        server_hours: wiring.stations().map(|node| server_hours(metrics, node)).sum(),
        ..Verdict::default()
    };
    assess(&mut verdict, &seen, &phases);
    // While a run goes on, a node that has just left its normal band may yet take others along.
    if verdict.state == "contained"
        && onset_is_ahead(&verdict)
        && metrics.now() < metrics.duration()
    {
        verdict.state = "running";
    }
    let (en, ko) = match verdict.state {
        "down" if verdict.time_to_detect_s.is_none() && verdict.recovery_time_s.is_some() => {
            words::verdict::overloaded(&verdict)
        }
        _ => words::verdict::judgement(&verdict, report.cascade.first(), &context.names),
    };
    Verdict { en, ko, ..verdict }
}

/// Whether users have noticed nothing so far.
fn onset_is_ahead(verdict: &Verdict) -> bool {
    verdict.time_to_detect_s.is_none() && verdict.blast_radius > 0.0
}

fn client_attempts(metrics: &Metrics) -> u64 {
    let wiring = metrics.wiring();
    let of_clients = wiring
        .edges()
        .filter(|edge| wiring.node(wiring.edge(*edge).owner).kind == NodeKind::Clients);
    of_clients.map(|edge| metrics.edge(edge).measured().attempts).sum()
}

fn blast_radius(metrics: &Metrics, report: &Report) -> f64 {
    let wiring = metrics.wiring();
    let hit = |key: &str| report.cascade.iter().any(|step| step.node == key);
    let count = wiring.stations().count();
    let affected = wiring.stations().filter(|node| hit(&wiring.node(*node).key)).count();
    ratio(affected as f64, count as f64)
}

/// Fills in what follows from goodput over time: times, ratio, metastability and state.
///
/// Healthy is a run in which no station left its normal band either; if one did and users hardly
/// noticed, the trouble was contained.
pub fn assess(verdict: &mut Verdict, seen: &Seen, phases: &Phases) {
    let trouble = Trouble::find(seen, phases);
    let onset = trouble.stretches.first().map(|stretch| phases.onset(stretch.start));
    let last = trouble.stretches.last();
    let stuck = last.is_some_and(|last| last.end == phases.windows());
    let back = last.filter(|_| !stuck).map(|last| phases.end_of(last.end - 1));
    // Without a trigger, times count from the moment that goodput left its band.
    let start = phases.trigger_at.or(onset);
    verdict.trigger_at_s = phases.trigger_at.map(Time::seconds);
    verdict.trigger_end_s = phases.trigger_end.map(Time::seconds);
    verdict.time_to_detect_s =
        phases.trigger_at.zip(onset).map(|(trigger, onset)| onset.since(trigger).seconds());
    if !stuck {
        let from_end = |back: Time| phases.trigger_end.map(|end| back.since(end).seconds());
        let contained = back.zip(start).map(|(back, start)| back.since(start).seconds());
        verdict.time_to_contain_s = Some(contained.unwrap_or(0.0));
        verdict.recovery_time_s = Some(back.and_then(from_end).unwrap_or(0.0));
    }
    verdict.goodput_ratio = goodput_ratio(seen, phases, &trouble, stuck);
    verdict.metastable = stuck && trigger_long_over(phases);
    let before_end = |back: Time| phases.trigger_end.is_none_or(|end| back < end);
    let contained_in_time = phases.trigger_at.is_some() && back.is_some_and(before_end);
    let normally_answers = trouble.normal > 0.0 && trouble.normal_share >= 1.0 - TOLERANCE;
    let answers = |share: f64| verdict.availability >= share;
    // More goodput than usual is not enough where far more is asked for.
    let kept = verdict.goodput_ratio >= CONTAINED_RATIO && answers(0.5);
    verdict.state = match (stuck, trouble.stretches.is_empty()) {
        (true, _) if verdict.metastable => "metastable",
        (true, _) if verdict.goodput_ratio >= CONTAINED_RATIO => "contained",
        (true, _) => "down",
        (false, false) if contained_in_time && kept => "contained",
        (false, false) => "recovered",
        (false, true) if answers(1.0 - TOLERANCE) && verdict.blast_radius == 0.0 => "healthy",
        (false, true) if normally_answers || answers(0.5) => "contained",
        (false, true) => "down",
    };
}

/// Goodput from the trigger until the trouble or the trigger was over, whichever came later,
/// divided by normal goodput. Without either it is 1.
fn goodput_ratio(seen: &Seen, phases: &Phases, trouble: &Trouble, stuck: bool) -> f64 {
    let windows = phases.windows();
    let onset = trouble.stretches.first().map(|stretch| stretch.start);
    let Some(from) = phases.trigger_at.map(|_| phases.judged.start).or(onset) else { return 1.0 };
    let back = trouble.stretches.last().map_or(from, |last| last.end);
    let triggered = match (phases.trigger_at, phases.trigger_end) {
        (Some(_), None) => windows,
        (_, Some(end)) => (0..windows).take_while(|window| phases.end_of(*window) <= end).count(),
        (None, None) => from,
    };
    let to = if stuck { windows } else { back.max(triggered) }.max(from + 1).min(windows);
    if from >= to || trouble.normal <= 0.0 {
        return 1.0;
    }
    let goodput = seen.goodput[from..to].iter().sum::<f64>() / (to - from) as f64;
    goodput / trouble.normal
}

fn trigger_long_over(phases: &Phases) -> bool {
    let (Some(start), Some(end)) = (phases.trigger_at, phases.trigger_end) else { return false };
    let Some(last) = phases.windows().checked_sub(1) else { return false };
    let over = phases.end_of(last).since(end).seconds();
    let since_start = phases.end_of(last).since(start).seconds();
    over >= STUCK_WINDOWS as f64 * phases.seconds(last) && over >= STUCK_SHARE * since_start
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::Range;

    const WINDOWS: usize = 200;

    /// A run of 200 windows of a second at 1 000 requests a second; `answered` is the share that
    /// is answered in each window.
    fn verdict(triggers: &[(u64, Option<u64>)], answered: impl Fn(usize) -> f64) -> Verdict {
        verdict_under(|_| 1.0, triggers, answered)
    }

    /// The same where so many thousands are asked for in each window; `answered` are thousands, too.
    fn verdict_under(
        asked: impl Fn(usize) -> f64,
        triggers: &[(u64, Option<u64>)],
        answered: impl Fn(usize) -> f64,
    ) -> Verdict {
        let second = 1_000_000_000;
        let starts: Vec<_> = (0..=WINDOWS as u64).map(|start| Time(start * second)).collect();
        let triggers: Vec<_> = triggers
            .iter()
            .map(|(start, end)| (Time(start * second), end.map(|end| Time(end * second))))
            .collect();
        let now = Time(WINDOWS as u64 * second);
        let phases = Phases::of_windows(starts, Time::ZERO, now, &triggers);
        let goodput: Vec<f64> = (0..WINDOWS).map(|window| 1_000.0 * answered(window)).collect();
        let offered: Vec<f64> = (0..WINDOWS).map(|window| 1_000.0 * asked(window)).collect();
        let bad = offered.iter().zip(&goodput).map(|(asked, good)| (asked - good).max(0.0));
        let seen = Seen { bad: bad.collect(), offered, goodput, in_flight: vec![10.0; WINDOWS] };
        let availability = seen.goodput.iter().sum::<f64>() / seen.offered.iter().sum::<f64>();
        let mut verdict = Verdict { availability, ..Verdict::default() };
        assess(&mut verdict, &seen, &phases);
        verdict
    }

    fn during(range: Range<usize>, share: f64) -> impl Fn(usize) -> f64 {
        move |window| if range.contains(&window) { share } else { 1.0 }
    }

    #[test]
    fn nothing_happens() {
        let verdict = verdict(&[], |_| 1.0);
        assert_eq!(verdict.state, "healthy");
        assert_eq!((verdict.recovery_time_s, verdict.time_to_detect_s), (Some(0.0), None));
        assert_eq!(verdict.goodput_ratio, 1.0);
    }

    #[test]
    fn a_trigger_that_nobody_notices() {
        let verdict = verdict(&[(50, Some(60))], |_| 0.99);
        assert_eq!((verdict.state, verdict.metastable), ("healthy", false));
        assert_eq!(verdict.trigger_at_s, Some(50.0));
    }

    #[test]
    fn contained_while_the_trigger_goes_on() {
        let verdict = verdict(&[(50, Some(120))], during(52..60, 0.3));
        assert_eq!(verdict.state, "contained");
        assert_eq!(verdict.time_to_detect_s, Some(2.0));
        assert_eq!(verdict.time_to_contain_s, Some(10.0));
        assert_eq!(verdict.recovery_time_s, Some(0.0));
    }

    #[test]
    fn contained_though_the_trigger_never_ends() {
        assert_eq!(verdict(&[(50, None)], during(52..60, 0.3)).state, "contained");
        // A lasting loss of a tenth is damage limited, not an outage.
        let limited = verdict(&[(50, None)], during(52..200, 0.9));
        assert_eq!((limited.state, limited.time_to_contain_s), ("contained", None));
    }

    #[test]
    fn ten_minutes_without_an_answer_are_not_contained_though_the_trigger_goes_on() {
        let long = verdict(&[(50, None)], during(51..170, 0.1));
        assert_eq!((long.state, long.time_to_contain_s), ("recovered", Some(120.0)));
    }

    #[test]
    fn more_goodput_than_usual_is_not_contained_if_most_requests_go_without() {
        let crowd = |window: usize| if (50..120).contains(&window) { 6.0 } else { 1.0 };
        let answered = |window: usize| match window {
            52..60 => 0.5,
            60..120 => 1.5,
            _ => 1.0,
        };
        let crowded = verdict_under(crowd, &[(50, Some(120))], answered);
        assert!(crowded.goodput_ratio > 1.0 && crowded.availability < 0.5);
        assert_eq!(crowded.state, "recovered");
    }

    #[test]
    fn recovered_after_the_trigger_ended() {
        let verdict = verdict(&[(50, Some(60))], during(51..75, 0.1));
        assert_eq!(verdict.state, "recovered");
        assert_eq!(verdict.recovery_time_s, Some(15.0));
        assert!((verdict.goodput_ratio - (0.1 * 24.0 + 1.0) / 25.0).abs() < 1e-9);
    }

    #[test]
    fn metastable_when_stuck_long_after_the_trigger() {
        let verdict = verdict(&[(50, Some(60))], during(51..200, 0.1));
        assert_eq!((verdict.state, verdict.metastable), ("metastable", true));
        assert_eq!((verdict.recovery_time_s, verdict.time_to_contain_s), (None, None));
    }

    #[test]
    fn not_metastable_when_the_trigger_is_hardly_over_or_not_at_all() {
        let hardly = verdict(&[(50, Some(190))], during(51..200, 0.1));
        assert_eq!((hardly.state, hardly.metastable), ("down", false));
        let lasting = verdict(&[(50, None)], during(51..200, 0.1));
        assert_eq!((lasting.state, lasting.metastable), ("down", false));
    }

    #[test]
    fn trouble_without_a_trigger() {
        let filled = verdict(&[], during(100..200, 0.0));
        assert_eq!((filled.state, filled.trigger_at_s), ("down", None));
        assert_eq!(filled.goodput_ratio, 0.0);
        assert_eq!(verdict(&[], during(100..120, 0.0)).state, "recovered");
    }

    #[test]
    fn overloaded_all_along() {
        let verdict = verdict(&[], |_| 0.4);
        assert_eq!((verdict.state, verdict.recovery_time_s), ("down", Some(0.0)));
    }

    #[test]
    fn a_single_odd_window_is_noise() {
        assert_eq!(verdict(&[(50, Some(60))], during(100..101, 0.2)).state, "healthy");
    }
}
