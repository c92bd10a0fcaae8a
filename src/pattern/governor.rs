//! Governor: automation is slowed down to what people can follow.
//!
//! Who scales a fleet asks it first. It allows only so many actions in a while, cuts each to a size that a
//! person would have chosen, and raises an alarm near its limits, so that somebody looks before much has
//! happened. The pattern is that of Reddit's outage of 11 August 2016 and of Google's "Reducing toil"
//! chapter on runaway automation: none of them gives numbers, so the defaults here are ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Duration, Time};

/// How fast a fleet may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Governor")]
pub struct Params {
    /// Most actions within the window.
    #[schemars(range(min = 1, max = 10_000), extend("x-unit" = "actions"))]
    pub max_actions_per_window: u32,
    /// Length of the window.
    #[schemars(range(min = 1.0, max = 604_800.0), extend("x-unit" = "s"))]
    pub window_s: f64,
    /// Largest step of an action, as a share of the servers that there are; at least one server.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub max_step_ratio: f64,
    /// Largest step of an action.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "servers"))]
    pub max_step_servers: u32,
    /// Share of the actions of a window at which the alarm is raised. It is also raised when an action is
    /// cut or refused.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub alarm_at_ratio: f64,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            max_actions_per_window: 3,
            window_s: 600.0,
            max_step_ratio: 0.1,
            max_step_servers: 1_000,
            alarm_at_ratio: 0.8,
        }
    }
}

impl Params {
    fn largest_step(&self, servers: u32) -> u32 {
        let share = (f64::from(servers) * self.max_step_ratio) as u32;
        share.clamp(1, self.max_step_servers.max(1))
    }
}

/// What the governor answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Servers that there may be.
    pub servers: u32,
    /// The alarm is raised now.
    pub alarm: bool,
}

/// What it remembers.
#[derive(Clone, Debug, Default)]
pub struct Governor {
    /// When it has allowed an action, of late.
    actions: Vec<Time>,
    /// It is near its limits, and has told so.
    alarmed: bool,
}

impl Governor {
    /// One that has allowed nothing yet.
    pub fn new() -> Governor {
        Governor::default()
    }

    /// Somebody wants that there are `to` servers instead of `from`, or nothing if both are the same. To be
    /// told at each look, so that the alarm can be raised again once all has been quiet.
    pub fn judge(&mut self, params: &Params, now: Time, from: u32, to: u32) -> Verdict {
        let window = Duration::from_seconds(params.window_s);
        self.actions.retain(|at| now.since(*at) < window);
        let most = params.max_actions_per_window;
        let step = to.abs_diff(from).min(params.largest_step(from));
        let allowed = step > 0 && (self.actions.len() as u32) < most;
        let servers = match allowed {
            true if to > from => from + step,
            true => from - step,
            false => from,
        };
        if allowed {
            self.actions.push(now);
        }
        let used = self.actions.len() as f64 / f64::from(most);
        let near = !self.actions.is_empty() && used >= params.alarm_at_ratio;
        let strained = near || servers != to;
        let was_alarmed = std::mem::replace(&mut self.alarmed, strained);
        Verdict { servers, alarm: strained && !was_alarmed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(params: &Params, wishes: &[(f64, u32, u32)]) -> Vec<(u32, bool)> {
        let mut governor = Governor::new();
        let judge = |&(at, from, to): &(f64, u32, u32)| {
            let verdict = governor.judge(params, Time::from_seconds(at), from, to);
            (verdict.servers, verdict.alarm)
        };
        wishes.iter().map(judge).collect()
    }

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn steps_are_cut_to_human_size() {
        let step = |params: &Params, from, to| verdicts(params, &[(0.0, from, to)])[0];
        let usual = Params::default();
        assert_eq!(step(&usual, 100, 20), (90, true));
        assert_eq!(step(&usual, 100, 108), (108, false));
        assert_eq!(step(&usual, 5, 1), (4, true), "one server is always allowed");
        let few = Params { max_step_servers: 3, max_step_ratio: 1.0, ..Params::default() };
        assert_eq!(step(&few, 100, 200), (103, true));
    }

    #[test]
    fn only_so_many_actions_within_the_window() {
        let params = Params { alarm_at_ratio: 1.0, max_step_ratio: 1.0, ..Params::default() };
        let wishes = [(0.0, 9, 8), (15.0, 8, 7), (30.0, 7, 6), (45.0, 6, 5), (600.0, 6, 5)];
        let expected = [(8, false), (7, false), (6, true), (6, false), (5, false)];
        assert_eq!(verdicts(&params, &wishes), expected);
    }

    #[test]
    fn the_alarm_comes_before_the_limit_and_again_after_a_quiet_time() {
        let params = Params { alarm_at_ratio: 0.6, max_step_ratio: 1.0, ..Params::default() };
        let wishes = [(0.0, 9, 8), (15.0, 8, 7), (630.0, 7, 7), (645.0, 7, 6), (660.0, 6, 5)];
        let expected = [(8, false), (7, true), (7, false), (6, false), (5, true)];
        assert_eq!(verdicts(&params, &wishes), expected);
    }
}
