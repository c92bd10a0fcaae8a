//! Failover: one server does all the work, another one takes over when it is out.
//!
//! The servers have an order. The active one keeps its place as long as it is well; when it is not, the
//! first that is well takes over: it needs `promotion_ms` to become what the other one was, and clients
//! need `reconnect_ms` more until they talk to it. Until then nobody serves. If nobody else is well, the
//! active one stays in charge and serves again as soon as it is back. Without `failback` a server that
//! returns waits as a standby, as databases do (Patroni, Amazon RDS); with it, it takes its place again,
//! at the same price.
//!
//! So the time without service is detection + promotion + reconnection.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Duration, Time};

/// Parameters of a failover.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Failover")]
pub struct Params {
    /// Time that a standby needs to take over.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub promotion_ms: f64,
    /// Time from then until clients have reconnected.
    #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub reconnect_ms: f64,
    /// A server that is earlier in the order takes over again when it is back.
    pub failback: bool,
}

impl Params {
    /// Always the first that is well, at once.
    pub fn in_order() -> Params {
        Params { failback: true, ..Params::default() }
    }

    fn takes(&self) -> Duration {
        Duration::from_ms(self.promotion_ms) + Duration::from_ms(self.reconnect_ms)
    }
}

/// Who is in charge.
#[derive(Clone, Debug, Default)]
pub struct Failover {
    active: u32,
    /// When clients of the active one have reconnected.
    ready: Time,
}

impl Failover {
    /// The first server in charge.
    pub fn new() -> Failover {
        Failover::default()
    }

    /// Tells who of so many is well now; answers who takes over, if somebody does.
    pub fn follow(
        &mut self,
        params: &Params,
        servers: u32,
        is_well: impl Fn(u32) -> bool,
        now: Time,
    ) -> Option<u32> {
        let stays = self.active < servers && is_well(self.active);
        if stays && !params.failback {
            return None;
        }
        let first = (0..servers).find(|server| is_well(*server))?;
        if first == self.active {
            return None;
        }
        self.active = first;
        self.ready = now + params.takes();
        Some(first)
    }

    /// Who serves, if clients have found the one in charge.
    pub fn serving(&self, now: Time) -> Option<u32> {
        (now >= self.ready).then_some(self.active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Time {
        Time::from_seconds(seconds)
    }

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn a_standby_serves_after_promotion_and_reconnection_and_keeps_its_place() {
        let params = Params { promotion_ms: 5_000.0, reconnect_ms: 2_000.0, failback: false };
        let mut failover = Failover::new();
        assert_eq!(failover.follow(&params, 3, |_| true, at(0.0)), None);
        assert_eq!(failover.serving(at(0.0)), Some(0));
        assert_eq!(failover.follow(&params, 3, |server| server > 0, at(10.0)), Some(1));
        assert_eq!(failover.follow(&params, 3, |server| server > 0, at(12.0)), None);
        assert_eq!((failover.serving(at(16.9)), failover.serving(at(17.0))), (None, Some(1)));
        assert_eq!(failover.follow(&params, 3, |_| true, at(20.0)), None, "it stays");
        // Nobody is well: the one in charge serves again as soon as it is back.
        assert_eq!(failover.follow(&params, 3, |_| false, at(30.0)), None);
        assert_eq!(failover.follow(&params, 3, |server| server == 1, at(40.0)), None);
        assert_eq!(failover.serving(at(40.0)), Some(1));
    }

    #[test]
    fn a_server_that_has_left_is_in_charge_no_more() {
        let mut failover = Failover::new();
        let params = Params::default();
        assert_eq!(failover.follow(&params, 2, |server| server == 1, at(1.0)), Some(1));
        assert_eq!(failover.follow(&params, 1, |_| true, at(2.0)), Some(0));
    }

    #[test]
    fn with_failback_the_order_decides() {
        let mut failover = Failover::new();
        let params = Params::in_order();
        assert_eq!(failover.follow(&params, 2, |server| server == 1, at(1.0)), Some(1));
        assert_eq!(failover.follow(&params, 2, |_| true, at(2.0)), Some(0));
        assert_eq!(failover.serving(at(2.0)), Some(0));
    }
}
