//! Rate limiter after Resilience4j 2.4.0 (`AtomicRateLimiter`), and two textbook rules to set beside it.
//!
//! Resilience4j: time since construction is cut into cycles of one refresh period. Every new cycle
//! adds `limit_for_period` permissions, never above that limit; the count may be negative, because a
//! caller reserves permissions of later cycles. A call that finds too few waits for the start of the
//! first cycle that covers it. If that wait is longer than the timeout, it is refused — and a
//! blocking caller sleeps the whole timeout before it is told. With the product's defaults (50 per
//! 500 ns) nothing is ever limited.
//!
//! Token bucket: permissions flow in evenly at `limit_for_period` per period, up to `burst`.
//! Sliding log: at most `limit_for_period` calls in any window (t − period, t].

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Duration, Time};

/// Whose rule the limiter follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RateLimiterRules")]
pub enum Like {
    /// Resilience4j 2.4: fixed cycles with reservation.
    #[default]
    #[serde(rename = "resilience4j-2.4")]
    Resilience4j24,
    /// An even flow of permissions into a bucket.
    TokenBucket,
    /// A log of the admissions in the last period.
    SlidingLog,
}

/// Parameters under their names in Resilience4j (`resilience4j.ratelimiter`), with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RateLimiter")]
pub struct Params {
    /// Rule that is followed.
    pub like: Like,
    /// Permissions per period.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "calls"))]
    pub limit_for_period: u32,
    /// Length of a period; the product's default of 500 ns limits nothing in practice.
    #[schemars(range(min = 0.000_001, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub limit_refresh_period_ms: f64,
    /// Longest time a call waits for a permission.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub timeout_duration_ms: f64,
    /// Most permissions a token bucket holds; absent means those of one period.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "calls"))]
    pub burst: Option<u32>,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            like: Like::Resilience4j24,
            limit_for_period: 50,
            limit_refresh_period_ms: 0.000_5,
            timeout_duration_ms: 5_000.0,
            burst: None,
        }
    }
}

impl Params {
    /// The period in nanoseconds, at least one.
    fn period(&self) -> u64 {
        Duration::from_ms(self.limit_refresh_period_ms).0.max(1)
    }

    fn burst(&self) -> u32 {
        self.burst.unwrap_or(self.limit_for_period)
    }
}

/// The answer to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The call may go out after this wait, which is reserved for it.
    Granted {
        /// Zero when it may go at once.
        wait: Duration,
    },
    /// The wait would be longer than the timeout; nothing was reserved.
    Refused,
}

/// What each rule remembers.
#[derive(Clone, Debug)]
enum Memory {
    /// Permissions left in `cycle`, negative when later cycles are reserved; cycles count from `start`.
    Cycles { start: Time, cycle: u64, permissions: i64 },
    /// Content of the bucket at `at` in units of 1/period of a permission, so that one nanosecond
    /// adds exactly `limit_for_period` units and nothing is ever rounded.
    Bucket { at: Time, units: i128 },
    /// Times of the last admissions, the oldest first, some of them reserved in the future; never
    /// more than `limit_for_period`.
    Log { admitted: VecDeque<Time> },
}

/// A rate limiter.
///
/// Invariants: `memory` is of the kind that `params.like` names; time never runs backwards.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    params: Params,
    memory: Memory,
}

impl RateLimiter {
    /// A limiter with all its permissions; its cycles start at `now`.
    pub fn new(params: &Params, now: Time) -> RateLimiter {
        let memory = match params.like {
            Like::Resilience4j24 => Memory::Cycles {
                start: now,
                cycle: 0,
                permissions: i64::from(params.limit_for_period),
            },
            Like::TokenBucket => Memory::Bucket {
                at: now,
                units: i128::from(params.burst()) * i128::from(params.period()),
            },
            Like::SlidingLog => Memory::Log { admitted: VecDeque::new() },
        };
        RateLimiter { params: params.clone(), memory }
    }

    /// Asks for one permission at `now`.
    pub fn acquire(&mut self, now: Time) -> Permission {
        self.acquire_permissions(now, 1)
    }

    /// Asks for several permissions at once.
    pub fn acquire_permissions(&mut self, now: Time, permissions: u32) -> Permission {
        self.refresh(now);
        let wait = self.wait(now, permissions);
        if wait > Duration::from_ms(self.params.timeout_duration_ms) {
            return Permission::Refused;
        }
        self.reserve(now + wait, permissions);
        Permission::Granted { wait }
    }

    /// How long a blocking caller waits before it learns that it is refused.
    pub fn refusal_wait(&self) -> Duration {
        match self.params.like {
            Like::Resilience4j24 => Duration::from_ms(self.params.timeout_duration_ms),
            Like::TokenBucket | Like::SlidingLog => Duration::ZERO,
        }
    }

    /// Whole permissions left at `now`, negative when later ones are reserved.
    pub fn available_permissions(&mut self, now: Time) -> i64 {
        self.refresh(now);
        match &self.memory {
            Memory::Cycles { permissions, .. } => *permissions,
            Memory::Bucket { units, .. } => units.div_euclid(self.params.period().into()) as i64,
            Memory::Log { admitted } => {
                i64::from(self.params.limit_for_period) - admitted.len() as i64
            }
        }
    }

    /// Takes over new parameters at `now`. Permissions and reservations are kept as far as the new
    /// limit allows; a changed period starts a new cycle; a changed rule starts afresh.
    pub fn retune(&mut self, params: &Params, now: Time) {
        self.refresh(now);
        let old = std::mem::replace(&mut self.params, params.clone());
        if params.like != old.like {
            *self = RateLimiter::new(params, now);
            return;
        }
        match &mut self.memory {
            Memory::Cycles { start, cycle, permissions } => {
                *permissions = (*permissions).min(params.limit_for_period.into());
                if params.period() != old.period() {
                    (*start, *cycle) = (now, 0);
                }
            }
            Memory::Bucket { units, .. } => {
                let period = i128::from(params.period());
                *units = *units * period / i128::from(old.period());
                *units = (*units).min(i128::from(params.burst()) * period);
            }
            Memory::Log { admitted } => {
                let surplus = admitted.len().saturating_sub(params.limit_for_period as usize);
                admitted.drain(..surplus);
            }
        }
    }

    /// Brings the memory up to `now`.
    fn refresh(&mut self, now: Time) {
        let (limit, period) = (self.params.limit_for_period, self.params.period());
        match &mut self.memory {
            Memory::Cycles { start, cycle, permissions } => {
                let current = now.since(*start).0 / period;
                let elapsed = i64::try_from(current.saturating_sub(*cycle)).unwrap_or(i64::MAX);
                let limit = i64::from(limit);
                if elapsed > 0 {
                    let added = elapsed.saturating_mul(limit);
                    *permissions = permissions.saturating_add(added).min(limit);
                    *cycle = current;
                }
            }
            Memory::Bucket { at, units } => {
                let full = i128::from(self.params.burst()) * i128::from(period);
                *units = (*units + i128::from(now.since(*at).0) * i128::from(limit)).min(full);
                *at = now;
            }
            Memory::Log { admitted } => {
                while admitted.front().is_some_and(|&oldest| oldest + Duration(period) <= now) {
                    admitted.pop_front();
                }
            }
        }
    }

    /// The wait until `wanted` permissions are there; the memory must be up to `now`.
    fn wait(&self, now: Time, wanted: u32) -> Duration {
        let (limit, period) = (self.params.limit_for_period, self.params.period());
        match &self.memory {
            Memory::Cycles { permissions, .. } if *permissions >= wanted.into() => Duration::ZERO,
            Memory::Cycles { start, cycle, permissions } => {
                let limit = u64::from(limit);
                let missing = i64::from(wanted) - (*permissions + limit as i64);
                let full_cycles = (missing.max(0) as u64).div_ceil(limit);
                let next_cycle = (cycle + 1).saturating_mul(period) - now.since(*start).0;
                Duration(next_cycle.saturating_add(full_cycles.saturating_mul(period)))
            }
            Memory::Bucket { units, .. } => {
                let missing = i128::from(wanted) * i128::from(period) - units;
                let limit = i128::from(limit);
                let nanos = (missing.max(0) + limit - 1) / limit;
                Duration(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
            Memory::Log { admitted } => {
                if wanted > limit {
                    return Duration(u64::MAX);
                }
                // This many of the oldest admissions must have left the window.
                let leaving = (admitted.len() + wanted as usize).saturating_sub(limit as usize);
                match leaving.checked_sub(1) {
                    Some(last) => (admitted[last] + Duration(period)).since(now),
                    None => Duration::ZERO,
                }
            }
        }
    }

    /// Takes `wanted` permissions for a call that goes out at `start`.
    fn reserve(&mut self, start: Time, wanted: u32) {
        match &mut self.memory {
            Memory::Cycles { permissions, .. } => *permissions -= i64::from(wanted),
            Memory::Bucket { units, .. } => {
                *units -= i128::from(wanted) * i128::from(self.params.period());
            }
            Memory::Log { admitted } => {
                for _ in 0..wanted {
                    if admitted.len() == self.params.limit_for_period as usize {
                        admitted.pop_front();
                    }
                    admitted.push_back(start);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(like: Like, limit: u32, period_ms: f64, timeout_ms: f64) -> RateLimiter {
        let params = Params {
            like,
            limit_for_period: limit,
            limit_refresh_period_ms: period_ms,
            timeout_duration_ms: timeout_ms,
            burst: None,
        };
        RateLimiter::new(&params, Time::ZERO)
    }

    fn waits(limiter: &mut RateLimiter, times_ms: &[u64]) -> Vec<i64> {
        let ask = |&ms: &u64| match limiter.acquire(Time(ms * 1_000_000)) {
            Permission::Granted { wait } => wait.ms() as i64,
            Permission::Refused => -1,
        };
        times_ms.iter().map(ask).collect()
    }

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn cycles_reserve_later_permissions_and_refuse_beyond_the_timeout() {
        let mut limiter = limiter(Like::Resilience4j24, 2, 100.0, 150.0);
        let times = [0, 10, 20, 30, 40, 50, 60];
        assert_eq!(waits(&mut limiter, &times), [0, 0, 80, 70, -1, 150, 140]);
        assert_eq!(limiter.available_permissions(Time(60_000_000)), -4);
        assert_eq!(limiter.refusal_wait(), Duration::from_ms(150.0));
    }

    #[test]
    fn the_default_limits_nothing_for_as_long_as_a_run_can_last() {
        let mut limiter = RateLimiter::new(&Params::default(), Time::ZERO);
        assert_eq!(
            limiter.acquire(Time(u64::MAX - 1)),
            Permission::Granted { wait: Duration::ZERO }
        );
        assert_eq!(limiter.available_permissions(Time(u64::MAX - 1)), 49);
    }

    #[test]
    fn a_token_bucket_admits_exactly_the_fractions_it_earned() {
        let params = Params {
            like: Like::TokenBucket,
            limit_for_period: 10,
            limit_refresh_period_ms: 1_000.0,
            timeout_duration_ms: 0.0,
            burst: Some(20),
        };
        let mut limiter = RateLimiter::new(&params, Time::ZERO);
        let mut ask = |k: u64| limiter.acquire(Time(k * 1_000_000_000 / 15)) != Permission::Refused;
        let admitted: Vec<bool> = (0..900).map(&mut ask).collect();
        assert_eq!(admitted.iter().filter(|&&yes| yes).count(), 619);
        assert_eq!(admitted.iter().position(|&yes| !yes), Some(58));
    }

    #[test]
    fn a_token_bucket_makes_callers_wait_for_an_even_flow() {
        let mut limiter = limiter(Like::TokenBucket, 2, 100.0, 150.0);
        assert_eq!(waits(&mut limiter, &[0, 0, 0, 0, 0, 0]), [0, 0, 50, 100, 150, -1]);
    }

    #[test]
    fn a_sliding_log_has_no_seam_between_windows() {
        let burst_ms: Vec<u64> = [[59_900; 100], [60_100; 100]].concat();
        let admitted = |like| {
            let all = waits(&mut limiter(like, 100, 60_000.0, 0.0), &burst_ms);
            all.iter().filter(|&&wait| wait == 0).count()
        };
        assert_eq!(admitted(Like::Resilience4j24), 200);
        assert_eq!(admitted(Like::SlidingLog), 100);
    }

    #[test]
    fn a_sliding_log_admits_again_when_the_oldest_leaves() {
        let mut limiter = limiter(Like::SlidingLog, 2, 100.0, 150.0);
        assert_eq!(waits(&mut limiter, &[0, 10, 20, 30, 40, 100]), [0, 0, 80, 80, -1, 100]);
    }

    #[test]
    fn a_sliding_log_grants_as_many_at_once_as_the_window_holds_and_never_more() {
        let mut limiter = limiter(Like::SlidingLog, 5, 100.0, 1_000.0);
        assert_eq!(limiter.acquire_permissions(Time(0), 6), Permission::Refused);
        assert_eq!(
            limiter.acquire_permissions(Time(0), 2),
            Permission::Granted { wait: Duration::ZERO }
        );
        assert_eq!(limiter.available_permissions(Time(1)), 3);
        let wait = Duration::from_ms(100.0);
        assert_eq!(limiter.acquire_permissions(Time(0), 5), Permission::Granted { wait });
    }

    #[test]
    fn a_token_bucket_keeps_its_tokens_when_the_period_changes_up_to_the_new_burst() {
        let mut limiter = limiter(Like::TokenBucket, 10, 100.0, 0.0);
        (0..4).for_each(|_| assert_ne!(limiter.acquire(Time(0)), Permission::Refused));
        let slower = Params { limit_refresh_period_ms: 250.0, ..limiter.params.clone() };
        limiter.retune(&slower, Time(0));
        assert_eq!(limiter.available_permissions(Time(0)), 6);
        limiter.retune(&Params { burst: Some(3), ..slower }, Time(0));
        assert_eq!(limiter.available_permissions(Time(0)), 3);
    }

    #[test]
    fn retuning_keeps_permissions_up_to_the_new_limit() {
        let mut limiter = limiter(Like::Resilience4j24, 5, 100.0, 0.0);
        let smaller = Params { limit_for_period: 2, ..limiter.params.clone() };
        limiter.retune(&smaller, Time(10));
        assert_eq!(waits(&mut limiter, &[1, 1, 1, 100]), [0, 0, -1, 0]);
    }
}
