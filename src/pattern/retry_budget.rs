//! Retry budget: how many of all calls may be retries, whatever each call's own policy says.
//!
//! Rules, chosen by `kind`:
//!
//! - `ratio`: a bucket. Every first try deposits `ratio` tokens, up to `max_tokens`; a retry takes one
//!   token or does not happen. With 10 % the calls on the wire never exceed 110 % of the requests
//!   for long. The idea is Finagle's `RetryBudget`, without its expiry and minimum per second.
//! - `envoy-1.40` (`retry_budget` of a cluster's circuit breakers): a retry may start while fewer
//!   retries are active than max(⌊percent of active and pending requests⌋, `min_retry_concurrency`).
//! - `grpc-a6` (`retryThrottling`): tokens start at `max_tokens`; a failed try costs one, a success
//!   returns `token_ratio`; retries are allowed while the tokens exceed half of the maximum.
//!
//! - `aws-sdk-2026` ("standard" mode since November 2026): a bucket that starts full. A retry costs 14
//!   tokens, after a refusal (throttling) 5; a success returns what its last retry cost, or one token if
//!   there was none.
//! - `aws-sdk-legacy`: the same with a cost of 5, after a timeout 10.
//!
//! Tokens are counted in whole thousandths and millionths, so that nothing is lost by rounding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::retry::Failure;

/// Parts of a token in the ratio bucket: ratios are read to the millionth.
const MICROS_PER_TOKEN: u64 = 1_000_000;
/// Parts of a token under gRPC, which reads its ratio to the thousandth.
const MILLIS_PER_TOKEN: u64 = 1_000;

/// Parameters of the bucket filled by a share of the requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RetryBudgetRatio")]
pub struct RatioParams {
    /// Retries allowed per request, in the long run.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ratio: f64,
    /// Most retries that can be saved up.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "tokens"))]
    pub max_tokens: u32,
    /// Retries saved up at the start.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "tokens"))]
    pub initial_tokens: u32,
}

impl Default for RatioParams {
    fn default() -> RatioParams {
        RatioParams { ratio: 0.1, max_tokens: 100, initial_tokens: 100 }
    }
}

/// Parameters of Envoy's bound on concurrent retries, under their names there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RetryBudgetEnvoy")]
pub struct EnvoyParams {
    /// Share of the active and pending requests that may be retries.
    #[schemars(range(min = 0.0, max = 100.0), extend("x-unit" = "%"))]
    pub budget_percent: f64,
    /// Retries that may always be active.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "retries"))]
    pub min_retry_concurrency: u32,
}

impl Default for EnvoyParams {
    fn default() -> EnvoyParams {
        EnvoyParams { budget_percent: 20.0, min_retry_concurrency: 3 }
    }
}

/// Parameters of gRPC's throttle, under their names there; gRPC has no defaults, these are the
/// values of its proposal's example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RetryBudgetGrpc")]
pub struct GrpcParams {
    /// Tokens at the start and at most; each failure costs one.
    #[schemars(range(min = 1, max = 1_000), extend("x-unit" = "tokens"))]
    pub max_tokens: u32,
    /// Tokens a success returns; three decimals count.
    #[schemars(range(min = 0.001, max = 1_000.0), extend("x-unit" = "tokens"))]
    pub token_ratio: f64,
}

impl Default for GrpcParams {
    fn default() -> GrpcParams {
        GrpcParams { max_tokens: 10, token_ratio: 0.1 }
    }
}

/// Parameters of the AWS SDKs' quota; the costs after each kind of failure are by version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RetryBudgetAws")]
pub struct AwsParams {
    /// Tokens at the start and at most.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "tokens"))]
    pub max_tokens: u32,
    /// Cost of a retry; absent means the version's: 14 (2026), 5 (legacy).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "tokens"))]
    pub retry_cost: Option<u32>,
    /// Cost of a retry after a refusal; absent means the version's: 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "tokens"))]
    pub throttling_retry_cost: Option<u32>,
    /// Cost of a retry after a timeout; absent means the version's: 14 (2026), 10 (legacy).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "tokens"))]
    pub timeout_retry_cost: Option<u32>,
}

impl Default for AwsParams {
    fn default() -> AwsParams {
        AwsParams {
            max_tokens: 500,
            retry_cost: None,
            throttling_retry_cost: None,
            timeout_retry_cost: None,
        }
    }
}

impl AwsParams {
    /// What a retry after that failure costs, by the version's (usual, throttling, timeout).
    fn cost(&self, failure: Failure, (usual, throttling, timeout): (u32, u32, u32)) -> u64 {
        let (own, version) = match failure {
            Failure::Failed => (self.retry_cost, usual),
            Failure::Rejected => (self.throttling_retry_cost, throttling),
            Failure::TimedOut => (self.timeout_retry_cost, timeout),
        };
        own.unwrap_or(version).into()
    }
}

/// Costs of a retry after an error, a refusal and a timeout.
const AWS_2026: (u32, u32, u32) = (14, 5, 14);
const AWS_LEGACY: (u32, u32, u32) = (5, 5, 10);

/// Which rule bounds the retries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
#[schemars(rename = "RetryBudget")]
pub enum Params {
    /// A share of the requests, saved up in a bucket.
    #[serde(rename = "ratio")]
    Ratio(RatioParams),
    /// Envoy 1.40: a share of the requests in flight.
    #[serde(rename = "envoy-1.40")]
    Envoy140(EnvoyParams),
    /// gRPC A6: no retries while failures prevail.
    #[serde(rename = "grpc-a6")]
    GrpcA6(GrpcParams),
    /// AWS SDKs since November 2026: a quota of tokens.
    #[serde(rename = "aws-sdk-2026")]
    AwsSdk2026(AwsParams),
    /// AWS SDKs before.
    #[serde(rename = "aws-sdk-legacy")]
    AwsSdkLegacy(AwsParams),
}

impl Default for Params {
    fn default() -> Params {
        Params::Ratio(RatioParams::default())
    }
}

/// A retry budget, shared by all calls of one edge.
///
/// Invariants: `tokens` never exceeds the rule's maximum and is counted in the rule's parts of a
/// token; `active_retries` counts the retries allowed and not yet done.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    params: Params,
    tokens: u64,
    active_retries: u32,
}

impl RetryBudget {
    /// A budget at the start of its life.
    pub fn new(params: &Params) -> RetryBudget {
        let tokens = match params {
            Params::Ratio(ratio) => u64::from(ratio.initial_tokens) * MICROS_PER_TOKEN,
            Params::Envoy140(_) => 0,
            Params::GrpcA6(_) | Params::AwsSdk2026(_) | Params::AwsSdkLegacy(_) => u64::MAX,
        };
        let mut budget = RetryBudget { params: params.clone(), tokens, active_retries: 0 };
        budget.tokens = budget.tokens.min(budget.max_tokens());
        budget
    }

    /// Tells the budget that a call made its first try.
    pub fn on_request(&mut self) {
        if let Params::Ratio(params) = &self.params {
            let deposit = (params.ratio * MICROS_PER_TOKEN as f64).round() as u64;
            self.tokens = (self.tokens + deposit).min(self.max_tokens());
        }
    }

    /// Tells the budget how a try ended; only failures that would be retried count as failures.
    /// `retried_after` is the failure that this try repeats; none for a first try.
    pub fn on_outcome(&mut self, success: bool, retried_after: Option<Failure>) {
        match &self.params {
            Params::Ratio(_) | Params::Envoy140(_) => {}
            Params::GrpcA6(params) => {
                let refund = (params.token_ratio * MILLIS_PER_TOKEN as f64).round() as u64;
                self.tokens = match success {
                    true => (self.tokens + refund).min(self.max_tokens()),
                    false => self.tokens.saturating_sub(MILLIS_PER_TOKEN),
                };
            }
            Params::AwsSdk2026(_) | Params::AwsSdkLegacy(_) if success => {
                let refund = retried_after.map_or(1, |failure| self.cost(failure));
                self.tokens = (self.tokens + refund).min(self.max_tokens());
            }
            Params::AwsSdk2026(_) | Params::AwsSdkLegacy(_) => {}
        }
    }

    /// Tokens that a retry after that failure takes, in the rule's parts of a token.
    fn cost(&self, failure: Failure) -> u64 {
        match &self.params {
            Params::Ratio(_) => MICROS_PER_TOKEN,
            Params::Envoy140(_) | Params::GrpcA6(_) => 0,
            Params::AwsSdk2026(params) => params.cost(failure, AWS_2026),
            Params::AwsSdkLegacy(params) => params.cost(failure, AWS_LEGACY),
        }
    }

    /// Asks for a retry after that failure while `requests_in_flight` requests are active or pending on
    /// the edge. A granted retry, from its back-off on, must end in
    /// [`on_retry_done`](Self::on_retry_done).
    pub fn try_retry(&mut self, requests_in_flight: u32, failure: Failure) -> bool {
        let cost = self.cost(failure);
        let granted = match &self.params {
            Params::Envoy140(params) => {
                let share = params.budget_percent / 100.0 * f64::from(requests_in_flight);
                self.active_retries < (share as u32).max(params.min_retry_concurrency)
            }
            Params::GrpcA6(_) => self.tokens > self.max_tokens() / 2,
            Params::Ratio(_) | Params::AwsSdk2026(_) | Params::AwsSdkLegacy(_) => {
                self.tokens >= cost
            }
        };
        if granted {
            self.active_retries += 1;
            self.tokens -= cost;
        }
        granted
    }

    /// Tells the budget that a granted retry has ended, however it ended.
    pub fn on_retry_done(&mut self) {
        // A budget switched on while retries are under way has not granted those.
        self.active_retries = self.active_retries.saturating_sub(1);
    }

    /// Tokens left, as a fraction; zero under Envoy's rule, which has none.
    pub fn tokens(&self) -> f64 {
        match self.params {
            Params::Ratio(_) => self.tokens as f64 / MICROS_PER_TOKEN as f64,
            Params::Envoy140(_) => 0.0,
            Params::GrpcA6(_) => self.tokens as f64 / MILLIS_PER_TOKEN as f64,
            Params::AwsSdk2026(_) | Params::AwsSdkLegacy(_) => self.tokens as f64,
        }
    }

    /// Takes over new parameters: tokens are kept up to the new maximum if the rule stays, active
    /// retries always.
    pub fn retune(&mut self, params: &Params) {
        let same_rule = std::mem::discriminant(params) == std::mem::discriminant(&self.params);
        let fresh = RetryBudget::new(params);
        self.params = fresh.params;
        self.tokens = if same_rule { self.tokens.min(self.max_tokens()) } else { fresh.tokens };
    }

    fn max_tokens(&self) -> u64 {
        match &self.params {
            Params::Ratio(params) => u64::from(params.max_tokens) * MICROS_PER_TOKEN,
            Params::Envoy140(_) => 0,
            Params::GrpcA6(params) => u64::from(params.max_tokens) * MILLIS_PER_TOKEN,
            Params::AwsSdk2026(params) | Params::AwsSdkLegacy(params) => params.max_tokens.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
        crate::pattern::testing::check_params::<RatioParams>();
        crate::pattern::testing::check_params::<EnvoyParams>();
        crate::pattern::testing::check_params::<GrpcParams>();
        crate::pattern::testing::check_params::<AwsParams>();
        let foreign = json!({"kind": "envoy-1.40", "ratio": 0.1});
        assert!(serde_json::from_value::<Params>(foreign).is_err());
    }

    #[test]
    fn a_ratio_bucket_allows_one_retry_per_ten_requests() {
        let empty = RatioParams { initial_tokens: 0, ..RatioParams::default() };
        let mut budget = RetryBudget::new(&Params::Ratio(empty));
        let mut granted = 0;
        for _ in 0..1_000 {
            budget.on_request();
            granted += u32::from(budget.try_retry(0, Failure::Failed))
                + u32::from(budget.try_retry(0, Failure::Failed));
        }
        assert_eq!(granted, 100);
    }

    #[test]
    fn a_ratio_bucket_saves_up_no_more_than_its_maximum() {
        let mut budget = RetryBudget::new(&Params::default());
        (0..10_000).for_each(|_| budget.on_request());
        assert_eq!((0..1_000).filter(|_| budget.try_retry(0, Failure::Failed)).count(), 100);
    }

    #[test]
    fn envoy_bounds_the_retries_in_flight() {
        let mut budget = RetryBudget::new(&Params::Envoy140(EnvoyParams::default()));
        assert_eq!((0..10).filter(|_| budget.try_retry(10, Failure::Failed)).count(), 3);
        assert_eq!((0..10).filter(|_| budget.try_retry(29, Failure::Failed)).count(), 2);
        budget.on_retry_done();
        assert!(budget.try_retry(29, Failure::Failed) && !budget.try_retry(29, Failure::Failed));
    }

    #[test]
    fn grpc_stops_retrying_at_half_of_its_tokens() {
        let mut budget = RetryBudget::new(&Params::GrpcA6(GrpcParams::default()));
        let mut attempts = [0; 20];
        for tries in &mut attempts {
            *tries = 1;
            budget.on_outcome(false, None);
            while *tries < 4 && budget.try_retry(0, Failure::Failed) {
                *tries += 1;
                budget.on_outcome(false, None);
                budget.on_retry_done();
            }
        }
        assert_eq!((attempts[..5].to_vec(), attempts.iter().sum()), (vec![4, 1, 1, 1, 1], 23));
        assert_eq!(budget.tokens(), 0.0);
        (0..50).for_each(|_| budget.on_outcome(true, None));
        assert!(!budget.try_retry(0, Failure::Failed), "5.0 tokens are not more than half of 10");
        budget.on_outcome(true, None);
        assert!(budget.try_retry(0, Failure::Failed));
    }

    #[test]
    fn aws_takes_tokens_for_retries_and_returns_those_of_the_last_one() {
        let mut budget = RetryBudget::new(&Params::AwsSdk2026(AwsParams::default()));
        let mut tokens = Vec::new();
        for failure in [Failure::Failed, Failure::Failed] {
            assert!(budget.try_retry(0, failure));
            tokens.push(budget.tokens());
        }
        budget.on_outcome(true, Some(Failure::Failed));
        tokens.push(budget.tokens());
        assert_eq!(tokens, [486.0, 472.0, 486.0]);
        budget.on_outcome(true, None);
        assert_eq!(budget.tokens(), 487.0);
        budget.on_outcome(false, Some(Failure::Failed));
        assert_eq!(budget.tokens(), 487.0, "a failure returns nothing");
        let mut legacy = RetryBudget::new(&Params::AwsSdkLegacy(AwsParams::default()));
        assert!(legacy.try_retry(0, Failure::TimedOut) && legacy.try_retry(0, Failure::Failed));
        assert_eq!(legacy.tokens(), 485.0);
        let poor = AwsParams { max_tokens: 20, ..AwsParams::default() };
        let mut poor = RetryBudget::new(&Params::AwsSdk2026(poor));
        assert!(poor.try_retry(0, Failure::Failed) && !poor.try_retry(0, Failure::Failed));
        assert_eq!(poor.tokens(), 6.0);
    }

    #[test]
    fn retuning_keeps_tokens_within_the_new_maximum() {
        let mut budget = RetryBudget::new(&Params::default());
        budget.retune(&Params::Ratio(RatioParams { max_tokens: 7, ..RatioParams::default() }));
        assert_eq!(budget.tokens(), 7.0);
        assert!(budget.try_retry(0, Failure::Failed));
        budget.retune(&Params::default());
        assert_eq!(budget.tokens(), 6.0, "what has been spent stays spent");
        budget.retune(&Params::GrpcA6(GrpcParams::default()));
        assert_eq!(budget.tokens(), 10.0, "another rule starts afresh");
    }
}
