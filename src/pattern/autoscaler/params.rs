//! Parameters of the autoscaler, under Kubernetes' names and with its defaults.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Duration, Time};

/// Follows the use of cores with the number of servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Autoscaler")]
pub struct Params {
    /// Whether it acts. Switched off, it leaves the number of servers as it is.
    pub enabled: bool,
    /// Fewest servers.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "servers"))]
    pub min_replicas: u32,
    /// Most servers.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "servers"))]
    pub max_replicas: u32,
    /// Mean use of the servers' cores that it aims at.
    #[schemars(range(min = 0.01, max = 100.0))]
    pub target_cpu_ratio: f64,
    /// Cores of a server that count as a use of 1 (Kubernetes: the request); none means all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 1_024.0), extend("x-unit" = "cores"))]
    pub cpu_request: Option<f64>,
    /// Time between two looks. It sees the use since the last one.
    #[schemars(range(min = 1.0, max = 86_400.0), extend("x-unit" = "s"))]
    pub sync_period_s: f64,
    /// Nothing changes while use ÷ target is this close to 1.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub tolerance: f64,
    /// Time from the start of a server in which its use counts only if it was ready all the time since
    /// the last look.
    #[schemars(range(min = 0.0, max = 86_400.0), extend("x-unit" = "s"))]
    pub cpu_initialization_period_s: f64,
    /// How servers come.
    pub scale_up: ScaleUp,
    /// How servers go.
    pub scale_down: ScaleDown,
    /// Other bounds at certain times (KEDA's cron scaler, scheduled actions), by name. Where several are in force
    /// the later in the list counts.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 20))]
    pub schedule: IndexMap<String, Window>,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            enabled: true,
            min_replicas: 1,
            max_replicas: 10,
            target_cpu_ratio: 0.8,
            cpu_request: None,
            sync_period_s: 15.0,
            tolerance: 0.1,
            cpu_initialization_period_s: 300.0,
            scale_up: ScaleUp::default(),
            scale_down: ScaleDown::default(),
            schedule: IndexMap::new(),
        }
    }
}

impl Params {
    /// Fewest and most servers at that moment.
    pub fn bounds(&self, now: Time) -> (u32, u32) {
        let bounds = (self.min_replicas, self.max_replicas);
        let in_force = self.schedule.values().filter(|window| window.is_in_force(now));
        in_force.fold(bounds, |bounds, window| window.applied_to(bounds))
    }

    /// Most servers that there may be at any time.
    pub fn most(&self) -> u32 {
        let windows = self.schedule.values();
        let bounds = windows.flat_map(|window| [window.min_replicas, window.max_replicas]);
        bounds.flatten().fold(self.max_replicas.max(self.min_replicas), u32::max)
    }
}

/// How servers come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScaleUp {
    /// The least that was recommended within this time counts.
    #[schemars(range(min = 0.0, max = 3_600.0), extend("x-unit" = "s"))]
    pub stabilization_window_s: f64,
    /// How many may come within a period.
    #[schemars(length(max = 10))]
    pub policies: Vec<Policy>,
    /// Which of the policies counts.
    pub select_policy: SelectPolicy,
}

impl Default for ScaleUp {
    fn default() -> ScaleUp {
        let policy = |kind, value| Policy { kind, value, period_s: 15.0 };
        ScaleUp {
            stabilization_window_s: 0.0,
            policies: vec![policy(PolicyKind::Pods, 4), policy(PolicyKind::Percent, 100)],
            select_policy: SelectPolicy::Max,
        }
    }
}

impl ScaleUp {
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules { policies: &self.policies, select_policy: self.select_policy }
    }
}

/// How servers go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScaleDown {
    /// The most that was recommended within this time counts.
    #[schemars(range(min = 0.0, max = 3_600.0), extend("x-unit" = "s"))]
    pub stabilization_window_s: f64,
    /// How many may go within a period.
    #[schemars(length(max = 10))]
    pub policies: Vec<Policy>,
    /// Which of the policies counts.
    pub select_policy: SelectPolicy,
}

impl Default for ScaleDown {
    fn default() -> ScaleDown {
        ScaleDown {
            stabilization_window_s: 300.0,
            policies: vec![Policy { kind: PolicyKind::Percent, value: 100, period_s: 15.0 }],
            select_policy: SelectPolicy::Max,
        }
    }
}

impl ScaleDown {
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules { policies: &self.policies, select_policy: self.select_policy }
    }
}

/// What both ways have in common. Without a policy nothing moves.
pub(super) struct Rules<'a> {
    pub policies: &'a [Policy],
    pub select_policy: SelectPolicy,
}

/// A bound on how many servers come or go.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ScalingPolicy")]
pub struct Policy {
    /// What the value counts.
    pub kind: PolicyKind,
    /// How many.
    #[schemars(range(min = 1, max = 10_000))]
    pub value: u32,
    /// Within which time.
    #[schemars(range(min = 1.0, max = 1_800.0), extend("x-unit" = "s"))]
    pub period_s: f64,
}

impl Policy {
    pub(super) fn period(&self) -> Duration {
        Duration::from_seconds(self.period_s)
    }
}

/// What the value of a policy counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ScalingPolicyKind")]
pub enum PolicyKind {
    /// Servers.
    Pods,
    /// Per cent of the servers at the start of the period.
    Percent,
}

/// Which of several policies counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelectPolicy {
    /// The one that allows the largest change.
    #[default]
    Max,
    /// The one that allows the smallest change.
    Min,
    /// None: nothing changes in this direction.
    Disabled,
}

/// Other bounds at certain times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ScheduleWindow")]
pub struct Window {
    /// First start.
    #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub from_s: f64,
    /// Length.
    #[schemars(range(min = 0.001, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub for_s: f64,
    /// Time from one start to the next, such as a day; none means that it comes once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub every_s: Option<f64>,
    /// Fewest servers meanwhile; above the most, it moves that too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "servers"))]
    pub min_replicas: Option<u32>,
    /// Most servers meanwhile; below the fewest, it moves that too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "servers"))]
    pub max_replicas: Option<u32>,
}

impl Window {
    fn is_in_force(&self, now: Time) -> bool {
        let from = Time::from_seconds(self.from_s);
        if now < from {
            return false;
        }
        let passed = now.since(from).0;
        let into = match self.every_s.map(|every| Duration::from_seconds(every).0) {
            Some(every) if every > 0 => passed % every,
            _ => passed,
        };
        into < Duration::from_seconds(self.for_s).0
    }

    fn applied_to(&self, (least, most): (u32, u32)) -> (u32, u32) {
        match (self.min_replicas, self.max_replicas) {
            (Some(min), Some(max)) => (min.min(max), max),
            (Some(min), None) => (min, most.max(min)),
            (None, Some(max)) => (least.min(max), max),
            (None, None) => (least, most),
        }
    }
}
