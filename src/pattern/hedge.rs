//! Hedging after gRPC's proposal A6 (`hedgingPolicy`): the same call several times, the first good
//! answer counts.
//!
//! The first attempt goes out at once. Whenever `hedging_delay_ms` has passed without an answer,
//! another one follows, up to `max_attempts` in all. The first success ends them all; the others are
//! let go. A failure that is *non-fatal* sends the next attempt at once, and the delay counts anew
//! from there; when no attempt is left to send and none is under way, the try has failed. Any other
//! failure ends the try at once. A timeout covers the whole try, however many attempts it has.
//!
//! Throttling: an attempt beyond the first is not sent while the budget denies it (under A6's rule,
//! while the tokens do not exceed half of the maximum). Its turn is then over; the next turn asks again.
//!
//! A6 wants hedges to go to servers that the call has not tried yet, if possible, and leaves it to
//! the balancer. Ours avoids them as long as another one is usable.

use super::retry::Failure;
use super::retry_budget;
use crate::engine::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// gRPC treats any larger number of attempts as this one (proposal A6).
pub const MAX_ATTEMPTS: u8 = 5;

/// Which product's rules hedging follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HedgeRules")]
pub enum Like {
    /// gRPC A6.
    #[default]
    #[serde(rename = "grpc-a6")]
    GrpcA6,
}

/// Failures after which the other attempts go on (`nonFatalStatusCodes`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "HedgeNonFatal")]
pub struct NonFatal {
    /// The callee answered with an error.
    pub failed: bool,
    /// The callee refused.
    pub rejected: bool,
}

impl Default for NonFatal {
    fn default() -> NonFatal {
        NonFatal { failed: true, rejected: true }
    }
}

/// Parameters under gRPC's names; gRPC has no defaults, the delay is that of its proposal's example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Hedge")]
pub struct Params {
    /// Product whose rules are followed.
    pub like: Like,
    /// Most attempts per try, the first one included.
    #[schemars(range(min = 2, max = 5), extend("x-unit" = "attempts"))]
    pub max_attempts: u8,
    /// Time without an answer after which another attempt goes out; zero sends all at once.
    #[schemars(range(min = 0.0, max = 3_600_000.0), extend("x-unit" = "ms"))]
    pub hedging_delay_ms: f64,
    /// Failures after which the other attempts go on; any other failure ends the try.
    pub non_fatal: NonFatal,
    /// Bound on the share of calls that may be hedges (`retryThrottling`), shared with retries; if
    /// these have a budget of their own, that one is used. Absent means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<retry_budget::Params>,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            like: Like::GrpcA6,
            max_attempts: 2,
            hedging_delay_ms: 500.0,
            non_fatal: NonFatal::default(),
            budget: None,
        }
    }
}

/// A hedging policy. It holds no state: which attempts a try has under way belongs to the call.
#[derive(Clone, Debug)]
pub struct Hedge {
    params: Params,
    delay: Duration,
}

impl Hedge {
    /// The policy.
    pub fn new(params: &Params) -> Hedge {
        let delay = Duration::from_ms(params.hedging_delay_ms);
        let params =
            Params { max_attempts: params.max_attempts.min(MAX_ATTEMPTS), ..params.clone() };
        Hedge { params, delay }
    }

    /// How long to wait for an answer before the next attempt, when `attempts` have had their turn;
    /// none if they were all.
    pub fn delay_after(&self, attempts: u8) -> Option<Duration> {
        (attempts < self.params.max_attempts).then_some(self.delay)
    }

    /// Whether the other attempts go on after such a failure of one. A timeout ends them all.
    pub fn is_non_fatal(&self, failure: Failure) -> bool {
        match failure {
            Failure::Failed => self.params.non_fatal.failed,
            Failure::Rejected => self.params.non_fatal.rejected,
            Failure::TimedOut => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
        crate::pattern::testing::check_params::<NonFatal>();
    }

    #[test]
    fn attempts_go_out_until_all_have() {
        let hedge = Hedge::new(&Params { max_attempts: 3, ..Params::default() });
        let half = Some(Duration::from_ms(500.0));
        assert_eq!([1, 2, 3].map(|attempts| hedge.delay_after(attempts)), [half, half, None]);
        let many = Hedge::new(&Params { max_attempts: 9, ..Params::default() });
        assert_eq!(many.delay_after(5), None, "gRPC never sends more than five");
    }

    #[test]
    fn some_failures_are_fatal() {
        let non_fatal = NonFatal { failed: false, rejected: true };
        let hedge = Hedge::new(&Params { non_fatal, ..Params::default() });
        let failures = [Failure::Failed, Failure::Rejected, Failure::TimedOut];
        assert_eq!(failures.map(|failure| hedge.is_non_fatal(failure)), [false, true, false]);
    }
}
