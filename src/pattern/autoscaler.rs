//! Autoscaler after Kubernetes' Horizontal Pod Autoscaler v2 (`podautoscaler/replica_calculator.go` and
//! `horizontal.go` with its `behavior`): so many servers that the mean use of their cores is the target.
//!
//! At each sync it *recommends* ⌈ready servers × use ÷ target⌉, or what there is if use ÷ target is within the
//! tolerance of 1. Then it *stabilises*: no more than the least that it has recommended within the window
//! for scaling up, no fewer than the most within the window for scaling down. Then it *limits the rate* by
//! the policies, and the number by the bounds. The use of cores is not rounded to whole per cents here.

pub mod params;
#[cfg(test)]
mod tests;

pub use params::{Params, Policy, PolicyKind, ScaleDown, ScaleUp, SelectPolicy, Window};

use crate::engine::{Duration, Time};
use params::Rules;

/// What the autoscaler is told of the servers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Servers whose use is known.
    pub ready: u32,
    /// Their use, summed: 1 is a server that uses all the cores that it asked for.
    pub used: f64,
    /// Servers that boot, or have just booted: they count as idle when it is about more servers.
    pub unready: u32,
    /// Servers that nothing is known of, such as crashed ones: they count as idle when it is about more
    /// servers, and as busy when it is about fewer.
    pub missing: u32,
}

/// What it remembers.
#[derive(Clone, Debug, Default)]
pub struct Autoscaler {
    /// What it has recommended, and when.
    recommendations: Vec<(Time, u32)>,
    /// How many servers came, and when.
    added: Vec<(Time, u32)>,
    /// How many servers went, and when.
    removed: Vec<(Time, u32)>,
}

impl Autoscaler {
    /// One that has not acted yet.
    pub fn new() -> Autoscaler {
        Autoscaler::default()
    }

    /// Tells of the servers that there are; answers how many there should be. Without a ready server it
    /// does not know, and leaves it at that.
    pub fn sync(&mut self, params: &Params, now: Time, current: u32, usage: &Usage) -> u32 {
        let (least, most) = params.bounds(now);
        if self.recommendations.is_empty() {
            self.recommendations.push((now, current));
        }
        if current > most || current < least {
            return current.clamp(least, most);
        }
        let Some(recommended) = recommend(params, current, usage) else { return current };
        let stable = self.stabilise(params, now, current, recommended);
        if stable > current {
            let limit = self.limit_up(&params.scale_up.rules(), now, current);
            stable.min(most).min(limit.max(current))
        } else if stable < current {
            let limit = self.limit_down(&params.scale_down.rules(), now, current);
            stable.max(least).max(limit.min(current))
        } else {
            current
        }
    }

    /// Tells that it has been acted upon.
    pub fn scaled(&mut self, params: &Params, now: Time, from: u32, to: u32) {
        let longest = |rules: Rules| rules.policies.iter().map(|policy| policy.period()).max();
        let longest = longest(params.scale_up.rules()).max(longest(params.scale_down.rules()));
        let longest = longest.unwrap_or_default();
        let list = if to > from { &mut self.added } else { &mut self.removed };
        list.retain(|(at, _)| is_younger(*at, now, longest));
        list.push((now, to.abs_diff(from)));
    }

    /// The present number, moved into what has been recommended of late.
    fn stabilise(&mut self, params: &Params, now: Time, current: u32, recommended: u32) -> u32 {
        let up = Duration::from_seconds(params.scale_up.stabilization_window_s);
        let down = Duration::from_seconds(params.scale_down.stabilization_window_s);
        let (mut least, mut most) = (recommended, recommended);
        for &(at, number) in &self.recommendations {
            if is_younger(at, now, up) {
                least = least.min(number);
            }
            if is_younger(at, now, down) {
                most = most.max(number);
            }
        }
        self.recommendations.retain(|(at, _)| is_younger(*at, now, up.max(down)));
        self.recommendations.push((now, recommended));
        current.max(least).min(most)
    }

    fn limit_up(&self, rules: &Rules, now: Time, current: u32) -> u32 {
        let limit = |policy: &Policy| {
            let start = self.at_start_of(policy.period(), now, current);
            match policy.kind {
                PolicyKind::Pods => start.saturating_add(policy.value),
                PolicyKind::Percent => {
                    (f64::from(start) * (1.0 + f64::from(policy.value) / 100.0)).ceil() as u32
                }
            }
        };
        let limits = rules.policies.iter().map(limit);
        match rules.select_policy {
            SelectPolicy::Max => limits.max(),
            SelectPolicy::Min => limits.min(),
            SelectPolicy::Disabled => None,
        }
        .unwrap_or(current)
    }

    fn limit_down(&self, rules: &Rules, now: Time, current: u32) -> u32 {
        let limit = |policy: &Policy| {
            let start = self.at_start_of(policy.period(), now, current);
            match policy.kind {
                PolicyKind::Pods => start.saturating_sub(policy.value),
                PolicyKind::Percent => {
                    (f64::from(start) * (1.0 - f64::from(policy.value) / 100.0)).max(0.0) as u32
                }
            }
        };
        let limits = rules.policies.iter().map(limit);
        match rules.select_policy {
            // The larger change leaves fewer.
            SelectPolicy::Max => limits.min(),
            SelectPolicy::Min => limits.max(),
            SelectPolicy::Disabled => None,
        }
        .unwrap_or(current)
    }

    /// The number of servers when the period began.
    fn at_start_of(&self, period: Duration, now: Time, current: u32) -> u32 {
        let within = |list: &[(Time, u32)]| -> u32 {
            list.iter().filter(|(at, _)| is_younger(*at, now, period)).map(|(_, count)| count).sum()
        };
        (current + within(&self.removed)).saturating_sub(within(&self.added))
    }
}

/// What happened exactly one window ago is over, as Go's `After` has it.
fn is_younger(at: Time, now: Time, window: Duration) -> bool {
    now.since(at) < window
}

/// How many servers the use of cores asks for; none if nothing is known.
fn recommend(params: &Params, current: u32, usage: &Usage) -> Option<u32> {
    if usage.ready == 0 {
        return None;
    }
    let target = params.target_cpu_ratio;
    let ratio = usage.used / f64::from(usage.ready) / target;
    let is_close = |ratio: f64| (1.0 - ratio).abs() <= params.tolerance;
    let unready_counts = usage.unready > 0 && ratio > 1.0;
    if !unready_counts && usage.missing == 0 {
        let wanted = || (ratio * f64::from(usage.ready)).ceil() as u32;
        return Some(if is_close(ratio) { current } else { wanted() });
    }
    let (mut used, mut count) = (usage.used, usage.ready);
    if ratio < 1.0 {
        used += f64::from(usage.missing) * target.max(1.0);
    }
    if ratio != 1.0 {
        count += usage.missing;
    }
    if unready_counts {
        count += usage.unready;
    }
    let corrected = used / f64::from(count) / target;
    let turned = (ratio < 1.0 && corrected > 1.0) || (ratio > 1.0 && corrected < 1.0);
    if is_close(corrected) || turned {
        return Some(current);
    }
    let wanted = (corrected * f64::from(count)).ceil() as u32;
    let against = (corrected < 1.0 && wanted > current) || (corrected > 1.0 && wanted < current);
    Some(if against { current } else { wanted })
}
