//! Rollout: a new release replaces the old one server by server.
//!
//! It goes on as Kubernetes' Deployments do, a few servers at a time, so that the rest can bear the load. A
//! canary goes first: a few servers get the release and are watched for a while; when more than a share of
//! what they worked on has failed, the release is taken back by itself, or the rollout stops there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Duration, Time};

/// How a new release comes to the servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Rollout")]
pub struct Params {
    /// Most servers that are down for it at the same time; Kubernetes' default is a quarter of them.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "servers"))]
    pub max_unavailable: u32,
    /// A few servers that go first and are watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// A release that fails as a canary is taken back; otherwise it stays where it is, and goes no further.
    pub rollback: bool,
}

impl Default for Params {
    fn default() -> Params {
        Params { max_unavailable: 1, canary: None, rollback: true }
    }
}

/// A few servers that get a release first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Canary {
    /// How many.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "servers"))]
    pub servers: u32,
    /// How long they are watched, from when all of them are up.
    #[schemars(range(min = 0.001, max = 604_800.0), extend("x-unit" = "s"))]
    pub observe_s: f64,
    /// Share of their work that may fail.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_error_ratio: f64,
}

impl Default for Canary {
    fn default() -> Canary {
        Canary { servers: 1, observe_s: 60.0, max_error_ratio: 0.05 }
    }
}

/// How far a rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The canaries get the release.
    Canary,
    /// The canaries are watched.
    Watch,
    /// All servers get it.
    All,
    /// It goes no further.
    Stopped,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Look at the canaries again at that moment.
    WatchUntil(Time),
    /// All servers are to get it.
    GoOn,
    /// The release is to be taken back.
    RollBack,
    /// It goes no further.
    Stop,
    /// All servers have it.
    Done,
}

/// A rollout on its way.
#[derive(Clone, Debug)]
pub struct Rollout {
    stage: Stage,
    /// Work of canaries that ended while they were watched, and what of it failed.
    ended: u64,
    failed: u64,
}

impl Rollout {
    /// One that begins; without rules all servers get the release at once.
    pub fn new(params: Option<&Params>) -> Rollout {
        let canary = params.is_some_and(|params| params.canary.is_some());
        let stage = if canary { Stage::Canary } else { Stage::All };
        Rollout { stage, ended: 0, failed: 0 }
    }

    /// One that takes a release back: from everybody who has it.
    pub fn back() -> Rollout {
        Rollout { stage: Stage::All, ended: 0, failed: 0 }
    }

    /// How many of so many servers are to have the release by now, the first ones.
    pub fn scope(&self, params: Option<&Params>, servers: u32) -> u32 {
        let canary = params.and_then(|params| params.canary.as_ref());
        match (self.stage, canary) {
            (Stage::All, _) | (_, None) => servers,
            (_, Some(canary)) => canary.servers.min(servers),
        }
    }

    /// Whether all servers are to have the release by now.
    pub fn is_for_all(&self) -> bool {
        self.stage == Stage::All
    }

    /// Whether what the canaries do is counted.
    pub fn watches(&self) -> bool {
        self.stage == Stage::Watch
    }

    /// Work of a canary ended.
    pub fn record(&mut self, failed: bool) {
        if self.watches() {
            self.ended += 1;
            self.failed += u64::from(failed);
        }
    }

    /// All servers that are to have the release have it, and are up. None: nothing new.
    pub fn reached(&mut self, params: Option<&Params>, now: Time) -> Option<Next> {
        let canary = params.and_then(|params| params.canary.as_ref());
        match (self.stage, canary) {
            (Stage::All, _) => Some(Next::Done),
            (Stage::Canary, Some(canary)) => {
                self.stage = Stage::Watch;
                Some(Next::WatchUntil(now + Duration::from_seconds(canary.observe_s)))
            }
            // Canaries that are not wanted any more.
            (Stage::Canary | Stage::Watch, None) => {
                self.stage = Stage::All;
                Some(Next::GoOn)
            }
            (Stage::Watch, Some(_)) | (Stage::Stopped, _) => None,
        }
    }

    /// The canaries have been watched for long enough.
    pub fn judge(&mut self, params: Option<&Params>) -> Next {
        let most = params.and_then(|params| params.canary.as_ref()).map(|c| c.max_error_ratio);
        let failed = self.failed as f64;
        let is_well = most.is_none_or(|most| failed <= most * self.ended as f64);
        let (stage, next) = match params {
            _ if is_well => (Stage::All, Next::GoOn),
            Some(Params { rollback: true, .. }) => (Stage::Stopped, Next::RollBack),
            _ => (Stage::Stopped, Next::Stop),
        };
        self.stage = stage;
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary(rollback: bool) -> Params {
        let canary = Canary { servers: 2, observe_s: 30.0, max_error_ratio: 0.1 };
        Params { canary: Some(canary), rollback, ..Params::default() }
    }

    fn after(params: &Params, ended: u64, failed: u64) -> Next {
        let mut rollout = Rollout::new(Some(params));
        rollout.record(true);
        assert_eq!(rollout.scope(Some(params), 10), 2);
        let until = Next::WatchUntil(Time::from_seconds(35.0));
        assert_eq!(rollout.reached(Some(params), Time::from_seconds(5.0)), Some(until));
        assert_eq!(rollout.reached(Some(params), Time::from_seconds(6.0)), None);
        (0..ended).for_each(|number| rollout.record(number < failed));
        let next = rollout.judge(Some(params));
        let everybody = rollout.scope(Some(params), 10) == 10;
        assert_eq!(everybody, next == Next::GoOn);
        next
    }

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn a_canary_decides_by_the_share_that_failed_while_it_was_watched() {
        assert_eq!(after(&canary(true), 100, 10), Next::GoOn);
        assert_eq!(after(&canary(true), 100, 11), Next::RollBack);
        assert_eq!(after(&canary(false), 100, 11), Next::Stop);
        assert_eq!(after(&canary(true), 0, 0), Next::GoOn, "nothing failed");
    }

    #[test]
    fn without_a_canary_everybody_gets_it() {
        for params in [None, Some(&Params::default())] {
            let mut rollout = Rollout::new(params);
            assert_eq!(rollout.scope(params, 10), 10);
            assert_eq!(rollout.reached(params, Time::ZERO), Some(Next::Done));
        }
    }
}
