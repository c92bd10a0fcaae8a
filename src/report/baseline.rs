//! Before and after: which windows show the system as it normally is, and which are judged.

use crate::engine::Time;
use crate::metrics::{Metrics, NO_DATA};
use std::ops::Range;

/// Windows that a change must last to count: one odd window is noise. Runs of few windows ask less.
pub const SUSTAINED: usize = 3;
/// Share of the run taken as normal where nothing triggers the trouble.
const NORMAL_SHARE: usize = 10;

/// How the closed windows of a run divide into the normal ones and those judged against them.
///
/// Normal are the windows between the warm-up and the first trigger; without a trigger, or with one at
/// the very start, the first tenth after the warm-up.
#[derive(Clone, Debug, PartialEq)]
pub struct Phases {
    /// Windows that show the normal state; empty only when no window has closed.
    pub normal: Range<usize>,
    /// Windows judged.
    pub judged: Range<usize>,
    /// Start of the first trigger.
    pub trigger_at: Option<Time>,
    /// End of the last trigger; none while one goes on, or without any.
    pub trigger_end: Option<Time>,
    /// Starts of the windows, and the end of the last one.
    starts: Vec<Time>,
}

impl Phases {
    /// The phases of a run with those triggers (start, and end where there is one).
    pub fn new(metrics: &Metrics, triggers: &[(Time, Option<Time>)]) -> Phases {
        let starts = (0..=metrics.table().rows()).map(|window| metrics.window_start(window));
        Phases::of_windows(starts.collect(), metrics.warmup(), metrics.now(), triggers)
    }

    /// The phases of windows that start at those moments; the last moment is the end of the last.
    pub fn of_windows(
        starts: Vec<Time>,
        warmup: Time,
        now: Time,
        triggers: &[(Time, Option<Time>)],
    ) -> Phases {
        let end = starts.len() - 1;
        let first = starts[..end].iter().position(|&start| start >= warmup).unwrap_or(end);
        let begun = || triggers.iter().filter(|(start, _)| *start < now);
        let trigger_at = begun().map(|(start, _)| *start).min();
        let ends: Option<Vec<Time>> = begun().map(|(_, end)| *end).collect();
        let trigger_end = ends.unwrap_or_default().into_iter().max().filter(|end| *end < now);
        let tenth = first + (end - first).div_ceil(NORMAL_SHARE);
        let hit = trigger_at.map(|at| starts[1..].partition_point(|window_end| *window_end <= at));
        let normal = match hit {
            Some(window) if window > first => first..window.min(end),
            _ => first..tenth,
        };
        let judged = hit.map_or(normal.end, |window| window.clamp(first, end))..end;
        Phases { normal, judged, trigger_at, trigger_end, starts }
    }

    /// Number of closed windows.
    pub fn windows(&self) -> usize {
        self.starts.len() - 1
    }

    /// When something first seen in that window began: its start, but not before the trigger in it.
    pub fn onset(&self, window: usize) -> Time {
        let trigger = self.trigger_at.filter(|at| *at < self.starts[window + 1]);
        trigger.map_or(self.starts[window], |at| at.max(self.starts[window]))
    }

    /// The window that a moment lies in; none after the last.
    pub fn window_of(&self, at: Time) -> Option<usize> {
        let window = self.starts[1..].partition_point(|end| *end <= at);
        (window < self.windows()).then_some(window)
    }

    /// End of a window.
    pub fn end_of(&self, window: usize) -> Time {
        self.starts[window + 1]
    }

    /// Length of a window in seconds.
    pub fn seconds(&self, window: usize) -> f64 {
        self.starts[window + 1].since(self.starts[window]).seconds()
    }

    /// How many windows a change must last to count.
    pub fn sustained(&self) -> usize {
        self.at_most_a_twentieth(SUSTAINED)
    }

    /// So many windows, but at most a twentieth of all and at least one.
    pub fn at_most_a_twentieth(&self, windows: usize) -> usize {
        windows.min((self.windows() / 20).max(1))
    }

    /// The first window of the first stretch of at least `long` judged windows in which `shown` holds.
    /// Windows that show nothing either way (`None`) neither end a stretch nor count for it.
    pub fn first_stretch(
        &self,
        long: usize,
        shown: impl Fn(usize) -> Option<bool>,
    ) -> Option<usize> {
        let (mut first, mut length) = (None, 0);
        for window in self.judged.clone() {
            match shown(window) {
                Some(true) => {
                    first.get_or_insert(window);
                    length += 1;
                    if length >= long {
                        return first;
                    }
                }
                Some(false) => (first, length) = (None, 0),
                None => {}
            }
        }
        None
    }
}

/// The middle value of those windows that hold data; none if none does.
pub fn median(values: &[f64], windows: Range<usize>) -> Option<f64> {
    let mut known: Vec<f64> =
        values[windows].iter().copied().filter(|value| *value != NO_DATA).collect();
    known.sort_by(f64::total_cmp);
    let middle = known.len() / 2;
    match known.len() {
        0 => None,
        count if count % 2 == 1 => Some(known[middle]),
        _ => Some((known[middle - 1] + known[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases(triggers: &[(u64, Option<u64>)], warmup: u64) -> Phases {
        let starts = (0..=100).map(|second| Time(second * 10)).collect();
        let triggers: Vec<_> =
            triggers.iter().map(|(start, end)| (Time(*start), end.map(Time))).collect();
        Phases::of_windows(starts, Time(warmup), Time(1_000), &triggers)
    }

    #[test]
    fn normal_is_what_was_before_the_trigger() {
        let phases = phases(&[(305, Some(400)), (500, Some(600))], 50);
        assert_eq!((phases.normal.clone(), phases.judged.clone()), (5..30, 30..100));
        assert_eq!(phases.trigger_end, Some(Time(600)));
        assert_eq!((phases.onset(30), phases.onset(31)), (Time(305), Time(310)));
    }

    #[test]
    fn without_a_trigger_the_first_tenth_is_normal() {
        assert_eq!(phases(&[], 0).normal, 0..10);
        assert_eq!(phases(&[], 0).judged, 10..100);
        let at_the_start = phases(&[(0, None)], 0);
        assert_eq!((at_the_start.normal, at_the_start.judged), (0..10, 0..100));
        assert_eq!(at_the_start.trigger_end, None);
    }

    #[test]
    fn a_trigger_after_the_run_is_none() {
        let phases = phases(&[(2_000, Some(3_000))], 0);
        assert_eq!((phases.trigger_at, phases.trigger_end), (None, None));
    }

    #[test]
    fn no_window_at_all_is_no_reason_to_panic() {
        let phases = Phases::of_windows(vec![Time::ZERO], Time::ZERO, Time(3), &[(Time(1), None)]);
        assert_eq!((phases.normal, phases.judged), (0..0, 0..0));
    }

    #[test]
    fn a_stretch_must_last() {
        let phases = phases(&[(100, None)], 0);
        let shown = |windows: &'static [usize]| {
            phases.first_stretch(3, move |window| Some(windows.contains(&window)))
        };
        assert_eq!(shown(&[5, 6, 7]), None);
        assert_eq!(shown(&[20, 21, 30, 31, 32]), Some(30));
        let with_gap = |window| (window != 41).then_some((40..44).contains(&window));
        assert_eq!(phases.first_stretch(3, with_gap), Some(40));
    }

    #[test]
    fn the_median_skips_windows_without_data() {
        assert_eq!(median(&[5.0, NO_DATA, 1.0, 3.0], 0..4), Some(3.0));
        assert_eq!(median(&[5.0, 1.0], 0..2), Some(3.0));
        assert_eq!(median(&[NO_DATA], 0..1), None);
    }
}
