//! Retry: whether a failed try is repeated, and after which wait.
//!
//! The wait before the k-th retry grows from `wait_duration_ms` and is then spread by jitter. Rules
//! by product:
//!
//! - Resilience4j 2.4 (`RetryImpl`, `IntervalFunction`): whole milliseconds, truncated at every
//!   step; no jitter unless `randomized`. It also retries calls its own breaker refused.
//! - Envoy 1.40 (`retry_back_off`): full jitter, capped at ten times the base unless a cap is given.
//! - gRPC A6 (`retryPolicy`): jitter of ± 20 %, never more than five tries.
//! - AWS SDKs ("standard" mode): full jitter, capped at 20 s unless a cap is given. Those of November
//!   2026 wait at least 1 s, before jitter, after a refusal.
//!
//! Equal, full and decorrelated jitter follow the AWS Architecture Blog, "Exponential Backoff And
//! Jitter" (2015). Tries are counted including the first, as in Resilience4j and gRPC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interval::{exponential_ms, randomized_ms};
use super::retry_budget;
use crate::engine::Duration;

const NANOS_PER_MS: u64 = 1_000_000;
/// gRPC treats any larger number of tries as this one (proposal A6).
const GRPC_MAX_ATTEMPTS: u32 = 5;
/// Envoy's cap when none is configured, as a multiple of the base interval.
const ENVOY_CAP_FACTOR: f64 = 10.0;
/// The cap of the AWS SDKs in milliseconds.
const AWS_CAP_MS: f64 = 20_000.0;
/// First wait of the AWS SDKs of 2026 after a refusal in milliseconds.
const AWS_THROTTLING_MS: f64 = 1_000.0;
/// Share by which gRPC spreads its waits.
const GRPC_JITTER: f64 = 0.2;

/// Which product's rules the retry follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RetryRules")]
pub enum Like {
    /// Resilience4j 2.4: waits in whole milliseconds.
    #[default]
    #[serde(rename = "resilience4j-2.4")]
    Resilience4j24,
    /// Envoy 1.40: full jitter, cap of ten times the base.
    #[serde(rename = "envoy-1.40")]
    Envoy140,
    /// gRPC A6: jitter of 20 % both ways, at most five tries.
    #[serde(rename = "grpc-a6")]
    GrpcA6,
    /// AWS SDKs of November 2026: full jitter, cap of 20 s.
    #[serde(rename = "aws-sdk-2026")]
    AwsSdk2026,
    /// AWS SDKs before November 2026: the same for all failures. Their first wait was 1 s.
    #[serde(rename = "aws-sdk-legacy")]
    AwsSdkLegacy,
}

/// How the wait grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// The same wait before every retry.
    #[default]
    Constant,
    /// Multiplied before every further retry.
    Exponential,
}

/// How the wait is spread at random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// As the product named by `like` does it.
    #[default]
    AsProduct,
    /// Not at all.
    None,
    /// Half of the wait is certain, half is random.
    Equal,
    /// Anything between nothing and the wait.
    Full,
    /// Anything between the first wait and three times the previous one, capped.
    Decorrelated,
    /// The wait plus or minus `randomized_wait_factor` of it.
    Randomized,
}

/// Which outcomes of a try are worth another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryOn {
    /// Retry when the callee answered with an error.
    pub failed: bool,
    /// Retry when no answer came in time.
    pub timed_out: bool,
    /// Retry when the caller's own breaker, limiter or bulkhead, or the callee, refused the call.
    pub rejected: bool,
}

impl Default for RetryOn {
    fn default() -> RetryOn {
        RetryOn { failed: true, timed_out: true, rejected: true }
    }
}

/// Parameters under their names in Resilience4j (`resilience4j.retry`), with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Retry")]
pub struct Params {
    /// Product whose rules are followed.
    pub like: Like,
    /// Most tries per call, the first one included.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "tries"))]
    pub max_attempts: u32,
    /// How the wait grows from retry to retry.
    pub backoff: Backoff,
    /// Wait before the first retry.
    #[schemars(range(min = 0.0, max = 3_600_000.0), extend("x-unit" = "ms"))]
    pub wait_duration_ms: f64,
    /// Wait before the first retry if the failure was a refusal; absent means the product's: 1 s for the
    /// AWS SDKs of 2026, and no difference for all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 3_600_000.0), extend("x-unit" = "ms"))]
    pub throttling_wait_duration_ms: Option<f64>,
    /// Factor from one wait to the next under exponential backoff.
    #[schemars(range(min = 1.0, max = 100.0))]
    pub exponential_backoff_multiplier: f64,
    /// Longest wait before jitter; absent means the product's own cap, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 3_600_000.0), extend("x-unit" = "ms"))]
    pub exponential_max_wait_duration_ms: Option<f64>,
    /// How the wait is spread at random.
    pub jitter: Jitter,
    /// Share of the wait by which randomised jitter spreads it.
    #[schemars(range(min = 0.0, max = 0.999))]
    pub randomized_wait_factor: f64,
    /// Outcomes that are retried.
    pub retry_on: RetryOn,
    /// Bound on the share of calls that may be retries; absent means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<retry_budget::Params>,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            like: Like::Resilience4j24,
            max_attempts: 3,
            backoff: Backoff::Constant,
            wait_duration_ms: 500.0,
            throttling_wait_duration_ms: None,
            exponential_backoff_multiplier: 1.5,
            exponential_max_wait_duration_ms: None,
            jitter: Jitter::AsProduct,
            randomized_wait_factor: 0.5,
            retry_on: RetryOn::default(),
            budget: None,
        }
    }
}

/// How a try went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The callee answered with an error.
    Failed,
    /// No answer came in time.
    TimedOut,
    /// The try was refused, on the caller's side or by the callee.
    Rejected,
}

/// A retry policy. It holds no state: how many tries a call has made and how long it waited last
/// belong to the call, and the budget, which all calls share, is a
/// [`RetryBudget`](super::retry_budget::RetryBudget) of its own.
///
/// Invariant: `params.jitter` is never `AsProduct` and `params.max_attempts` respects the product.
#[derive(Clone, Debug)]
pub struct Retry {
    params: Params,
}

impl Retry {
    /// The policy with the product's rules filled in.
    pub fn new(params: &Params) -> Retry {
        let mut params = params.clone();
        if params.like == Like::GrpcA6 {
            params.max_attempts = params.max_attempts.min(GRPC_MAX_ATTEMPTS);
        }
        if params.jitter == Jitter::AsProduct {
            params.jitter = match params.like {
                Like::Resilience4j24 => Jitter::None,
                Like::Envoy140 | Like::AwsSdk2026 | Like::AwsSdkLegacy => Jitter::Full,
                Like::GrpcA6 => {
                    params.randomized_wait_factor = GRPC_JITTER;
                    Jitter::Randomized
                }
            };
        }
        let product_cap_ms = match params.like {
            Like::Envoy140 => Some(params.wait_duration_ms * ENVOY_CAP_FACTOR),
            Like::AwsSdk2026 | Like::AwsSdkLegacy => Some(AWS_CAP_MS),
            Like::Resilience4j24 | Like::GrpcA6 => None,
        };
        params.exponential_max_wait_duration_ms =
            params.exponential_max_wait_duration_ms.or(product_cap_ms);
        if params.like == Like::AwsSdk2026 {
            params.throttling_wait_duration_ms.get_or_insert(AWS_THROTTLING_MS);
        }
        Retry { params }
    }

    /// Takes over new parameters; calls that are waiting keep their waits.
    pub fn retune(&mut self, params: &Params) {
        *self = Retry::new(params);
    }

    /// Whether a call that has made `attempts` tries, the last ending in `failure`, may try again.
    pub fn allows(&self, attempts: u32, failure: Failure) -> bool {
        let retried = match failure {
            Failure::Failed => self.params.retry_on.failed,
            Failure::TimedOut => self.params.retry_on.timed_out,
            Failure::Rejected => self.params.retry_on.rejected,
        };
        retried && attempts < self.params.max_attempts
    }

    /// The wait before the next try of a call that has made `attempts` ≥ 1 tries, the last ending in
    /// `failure`, and waited `previous` before the last one (zero before its first). `unit` lies in
    /// [0, 1).
    pub fn next_wait(
        &self,
        attempts: u32,
        failure: Failure,
        previous: Duration,
        unit: f64,
    ) -> Duration {
        let base_ms = self.base_ms(failure);
        let base = Duration::from_ms(base_ms);
        let grown = self.grown_wait(base_ms, attempts);
        let wait = grown.0 as f64;
        match self.params.jitter {
            Jitter::None | Jitter::AsProduct => grown,
            Jitter::Equal => Duration::from_nanos(wait / 2.0 + unit * (wait / 2.0)),
            Jitter::Full => Duration::from_nanos(unit * wait),
            Jitter::Decorrelated => {
                let (low, high) = (base.0 as f64, 3.0 * previous.max(base).0 as f64);
                self.capped(Duration::from_nanos(low + unit * (high - low)))
            }
            Jitter::Randomized if self.params.like == Like::Resilience4j24 => {
                let wait_ms = grown.0 / NANOS_PER_MS;
                let factor = self.params.randomized_wait_factor;
                Duration(randomized_ms(wait_ms, factor, unit).saturating_mul(NANOS_PER_MS))
            }
            Jitter::Randomized => {
                let factor = self.params.randomized_wait_factor;
                Duration::from_nanos(wait * (1.0 - factor + unit * 2.0 * factor))
            }
        }
    }

    /// The wait before the first retry after that failure, in milliseconds.
    fn base_ms(&self, failure: Failure) -> f64 {
        let usual = self.params.wait_duration_ms;
        match failure {
            Failure::Rejected => self.params.throttling_wait_duration_ms.unwrap_or(usual),
            Failure::Failed | Failure::TimedOut => usual,
        }
    }

    /// The wait after `attempts` tries before jitter.
    fn grown_wait(&self, base_ms: f64, attempts: u32) -> Duration {
        let multiplier = match self.params.backoff {
            Backoff::Constant => 1.0,
            Backoff::Exponential => self.params.exponential_backoff_multiplier,
        };
        if self.params.like == Like::Resilience4j24 {
            let cap_ms = match self.params.backoff {
                Backoff::Constant => None,
                Backoff::Exponential => {
                    self.params.exponential_max_wait_duration_ms.map(|ms| ms as u64)
                }
            };
            let wait_ms = exponential_ms(base_ms as u64, multiplier, cap_ms, attempts);
            return Duration(wait_ms.saturating_mul(NANOS_PER_MS));
        }
        // Repeated multiplication gives the same bits everywhere, which a power function need not.
        let wait_ms = (1..attempts).fold(base_ms, |wait_ms, _| wait_ms * multiplier);
        self.capped(Duration::from_ms(wait_ms))
    }

    fn capped(&self, wait: Duration) -> Duration {
        match self.params.exponential_max_wait_duration_ms {
            Some(cap_ms) => wait.min(Duration::from_ms(cap_ms)),
            None => wait,
        }
    }
}

#[cfg(test)]
mod tests;
