//! Alarm filter after a game platform's (if(kakao)dev 2019, "서비스 장애를 극복하기"): what all servers report
//! is collected and grouped, and a group is told only when it occurs often, and at most once per period.
//!
//! A group is told at the occurrence that is the `threshold`th within `(t − window, t]`. Then it is quiet,
//! however often it occurs, until nothing of it has occurred for a whole period: the trouble that was told
//! must be over before there is news. That it re-arms by silence is a decision of ours; the source only says
//! "at most one per five minutes".

use crate::engine::{Duration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// What is one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// The same alarm from all servers.
    #[default]
    Alarm,
    /// The same alarm of one server.
    Server,
}

/// Parameters, with the defaults of the source: ten occurrences in five minutes, told once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "AlarmFilter")]
pub struct Params {
    /// What is one group.
    pub group_by: GroupBy,
    /// Occurrences within the window from which on a group is told.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "alarms"))]
    pub threshold: u32,
    /// Length of the window in which occurrences are counted.
    #[schemars(range(min = 0.001, max = 86_400.0), extend("x-unit" = "s"))]
    pub window_s: f64,
    /// A group that has been told is told again only after it has been silent for so long.
    #[schemars(range(min = 0.001, max = 86_400.0), extend("x-unit" = "s"))]
    pub period_s: f64,
}

impl Default for Params {
    fn default() -> Params {
        Params { group_by: GroupBy::Alarm, threshold: 10, window_s: 300.0, period_s: 300.0 }
    }
}

/// One group.
///
/// Invariant: the moments are ascending and at most as many as the threshold was when the last one came.
#[derive(Clone, Debug, Default)]
struct Group {
    /// The newest occurrences.
    moments: VecDeque<Time>,
    /// It has been told since it was last silent.
    told: bool,
}

/// All groups that have occurred.
#[derive(Clone, Debug, Default)]
pub struct AlarmFilter {
    /// By alarm and, if they are told apart, server.
    groups: BTreeMap<(u16, u32), Group>,
}

impl AlarmFilter {
    /// A filter that has heard of nothing.
    pub fn new() -> AlarmFilter {
        AlarmFilter::default()
    }

    /// An alarm occurs at a server; answers whether its group is to be told now.
    pub fn occurs(&mut self, params: &Params, alarm: u16, server: u32, now: Time) -> bool {
        let server = match params.group_by {
            GroupBy::Alarm => 0,
            GroupBy::Server => server,
        };
        let group = self.groups.entry((alarm, server)).or_default();
        let silence = group.moments.back().map(|last| now.since(*last));
        if silence.is_none_or(|silence| silence >= Duration::from_seconds(params.period_s)) {
            group.told = false;
        }
        group.moments.push_back(now);
        let window = Duration::from_seconds(params.window_s);
        let is_old = |moment: &Time| now.since(*moment) >= window;
        while group.moments.front().is_some_and(is_old)
            || group.moments.len() as u32 > params.threshold
        {
            group.moments.pop_front();
        }
        let often = group.moments.len() as u32 >= params.threshold;
        often && !std::mem::replace(&mut group.told, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Time {
        Time::from_seconds(seconds)
    }

    /// The moments, in seconds, at which occurrences at a steady pace are told.
    fn told(params: &Params, spacing_s: f64, count: u32) -> Vec<f64> {
        let mut filter = AlarmFilter::new();
        let moments = (0..count).map(|number| spacing_s * f64::from(number));
        moments.filter(|moment| filter.occurs(params, 0, 0, at(*moment))).collect()
    }

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    /// Validation case S04: ten occurrences fit into the window if nine pauses are shorter than it.
    #[test]
    fn ten_in_five_minutes_are_told_at_the_tenth() {
        let params = Params::default();
        assert_eq!(told(&params, 20.0, 10), [180.0]);
        assert_eq!(told(&params, 33.0, 100), [297.0]);
        assert_eq!(told(&params, 34.0, 1_000), [0.0; 0]);
        // The window is open at its start: what was five minutes ago counts no more.
        assert_eq!(told(&params, 300.0 / 9.0, 1_000), [0.0; 0]);
    }

    #[test]
    fn two_groups_of_nine_are_no_group_of_eighteen() {
        let mut filter = AlarmFilter::new();
        let params = Params::default();
        let told = (0..18).filter(|n| filter.occurs(&params, n % 2, 0, at(f64::from(*n))));
        assert_eq!(told.count(), 0);
    }

    #[test]
    fn servers_are_one_group_or_each_its_own() {
        let told = |group_by| {
            let mut filter = AlarmFilter::new();
            let params = Params { group_by, ..Params::default() };
            let told = (0..20).filter(|n| filter.occurs(&params, 0, n % 4, at(f64::from(*n))));
            told.collect::<Vec<u32>>()
        };
        assert_eq!(told(GroupBy::Alarm), [9]);
        assert_eq!(told(GroupBy::Server), [0; 0]);
    }

    #[test]
    fn what_goes_on_is_told_once_and_what_comes_back_after_silence_again() {
        let mut filter = AlarmFilter::new();
        let params = Params { threshold: 2, ..Params::default() };
        let mut tell = |seconds: f64| filter.occurs(&params, 0, 0, at(seconds));
        assert_eq!(
            [0.0, 1.0, 2.0, 299.0, 500.0].map(&mut tell),
            [false, true, false, false, false]
        );
        // Just short of five minutes of silence, then five minutes to the nanosecond.
        assert_eq!([799.0, 800.0].map(&mut tell), [false, false]);
        assert_eq!([1_100.0, 1_101.0].map(&mut tell), [false, true]);
    }

    #[test]
    fn everything_is_told_where_one_is_enough_and_no_silence_is_needed() {
        let params = Params { threshold: 1, period_s: 0.001, ..Params::default() };
        assert_eq!(told(&params, 1.0, 4), [0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn parameters_may_change_on_the_way() {
        let mut filter = AlarmFilter::new();
        let strict = Params::default();
        assert!((0..5).all(|n| !filter.occurs(&strict, 0, 0, at(f64::from(n)))));
        let lax = Params { threshold: 3, ..strict.clone() };
        assert!(filter.occurs(&lax, 0, 0, at(6.0)));
        assert!(!filter.occurs(&strict, 0, 0, at(7.0)));
    }
}
