//! The breaker's parameters, and what follows from them alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::window::Window;
use crate::engine::Duration;
use crate::pattern::interval::{exponential_ms, randomized_ms};

/// Which product's rules the breaker follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CircuitBreakerRules")]
pub enum Like {
    /// Resilience4j 2.4.
    #[default]
    #[serde(rename = "resilience4j-2.4")]
    Resilience4j24,
}

/// What the sliding window counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlidingWindowType {
    /// The last recorded calls.
    #[default]
    CountBased,
    /// The calls recorded in the last seconds.
    TimeBased,
}

/// The state of a breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CircuitBreakerState")]
pub enum State {
    /// Calls pass and are judged.
    #[default]
    Closed,
    /// Calls are refused until the wait is over.
    Open,
    /// A few calls pass to find out whether the callee is well again.
    HalfOpen,
    /// Calls pass and nothing is recorded.
    Disabled,
    /// Calls are refused until somebody changes the state.
    ForcedOpen,
    /// Calls pass and are recorded, and the state never changes.
    MetricsOnly,
}

/// Where a half-open breaker goes when its time limit is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CircuitBreakerAfterWait")]
pub enum AfterWait {
    /// Open again.
    #[default]
    Open,
    /// Closed.
    Closed,
}

/// Parameters under their names in Resilience4j (`resilience4j.circuitbreaker`), with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "CircuitBreaker")]
pub struct Params {
    /// Product whose rules are followed.
    pub like: Like,
    /// What the window counts: the last calls, or the calls of the last seconds.
    pub sliding_window_type: SlidingWindowType,
    /// Size of the window, in calls or in seconds.
    #[schemars(range(min = 1, max = 10_000))]
    pub sliding_window_size: u32,
    /// Calls that must be in the window before a rate is judged.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "calls"))]
    pub minimum_number_of_calls: u32,
    /// Share of failed calls at which the breaker opens.
    #[schemars(range(min = 0.001, max = 100.0), extend("x-unit" = "%"))]
    pub failure_rate_threshold_percent: f64,
    /// Share of slow calls at which the breaker opens.
    #[schemars(range(min = 0.001, max = 100.0), extend("x-unit" = "%"))]
    pub slow_call_rate_threshold_percent: f64,
    /// A call is slow when it takes longer than this.
    #[schemars(range(min = 0.001, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub slow_call_duration_threshold_ms: f64,
    /// Time the breaker stays open; only whole milliseconds count.
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub wait_duration_in_open_state_ms: f64,
    /// Calls that are let through while half-open.
    #[schemars(range(min = 1, max = 10_000), extend("x-unit" = "calls"))]
    pub permitted_number_of_calls_in_half_open_state: u32,
    /// Longest time spent half-open; zero waits for ever.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub max_wait_duration_in_half_open_state_ms: f64,
    /// Where the breaker goes when the longest half-open time is over.
    pub transition_to_state_after_wait_duration: AfterWait,
    /// Become half-open by a timer instead of by the first call after the wait.
    pub automatic_transition_from_open_to_half_open_enabled: bool,
    /// State at the start; changing it during a run moves the breaker there.
    pub initial_state: State,
    /// Factor by which the open wait grows with every opening in a row; absent keeps it constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 100.0))]
    pub exponential_backoff_multiplier: Option<f64>,
    /// Longest open wait when it grows; absent means no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub exponential_max_wait_duration_in_open_state_ms: Option<f64>,
    /// Share of the open wait by which it is spread at random; absent leaves it exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 0.999))]
    pub randomized_wait_factor: Option<f64>,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            like: Like::Resilience4j24,
            sliding_window_type: SlidingWindowType::CountBased,
            sliding_window_size: 100,
            minimum_number_of_calls: 100,
            failure_rate_threshold_percent: 50.0,
            slow_call_rate_threshold_percent: 100.0,
            slow_call_duration_threshold_ms: 60_000.0,
            wait_duration_in_open_state_ms: 60_000.0,
            permitted_number_of_calls_in_half_open_state: 10,
            max_wait_duration_in_half_open_state_ms: 0.0,
            transition_to_state_after_wait_duration: AfterWait::Open,
            automatic_transition_from_open_to_half_open_enabled: false,
            initial_state: State::Closed,
            exponential_backoff_multiplier: None,
            exponential_max_wait_duration_in_open_state_ms: None,
            randomized_wait_factor: None,
        }
    }
}

impl Params {
    /// The window of the closed state.
    pub(super) fn closed_window(&self) -> Window {
        match self.sliding_window_type {
            SlidingWindowType::CountBased => Window::calls(self.sliding_window_size),
            SlidingWindowType::TimeBased => Window::seconds(self.sliding_window_size),
        }
    }

    /// Calls needed before a rate decides, outside the half-open state.
    pub(super) fn closed_minimum(&self) -> u32 {
        match self.sliding_window_type {
            SlidingWindowType::CountBased => {
                self.minimum_number_of_calls.min(self.sliding_window_size)
            }
            SlidingWindowType::TimeBased => self.minimum_number_of_calls,
        }
    }

    /// Calls needed before a rate decides in the half-open state.
    pub(super) fn half_open_minimum(&self) -> u32 {
        self.minimum_number_of_calls.min(self.permitted_number_of_calls_in_half_open_state)
    }

    /// The wait of the `openings`-th opening in a row.
    pub(super) fn open_wait(&self, openings: u32, unit: f64) -> Duration {
        let initial_ms = self.wait_duration_in_open_state_ms as u64;
        let max_ms = self.exponential_max_wait_duration_in_open_state_ms.map(|ms| ms as u64);
        let wait_ms = match self.exponential_backoff_multiplier {
            Some(multiplier) => exponential_ms(initial_ms, multiplier, max_ms, openings),
            None => initial_ms,
        };
        let wait_ms = match self.randomized_wait_factor {
            Some(factor) => randomized_ms(wait_ms, factor, unit),
            None => wait_ms,
        };
        Duration(wait_ms.saturating_mul(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn the_open_wait_grows_and_spreads_only_on_request() {
        let mut params = Params { wait_duration_in_open_state_ms: 500.0, ..Params::default() };
        assert_eq!(params.open_wait(3, 0.9), Duration::from_ms(500.0));
        params.exponential_backoff_multiplier = Some(1.5);
        assert_eq!(params.open_wait(3, 0.9), Duration::from_ms(1125.0));
        params.randomized_wait_factor = Some(0.2);
        assert_eq!(params.open_wait(3, 0.0), Duration::from_ms(900.0));
    }
}
