//! Auth mode: whether a login service asks its identity provider about expired tokens, or no longer.
//!
//! A service that issues tokens of its own needs the provider only when one of them has expired, or for
//! a new user. Usually it asks then. After `failures` checks in a row that failed it takes the provider
//! for unreachable and renews its own tokens without it. Once in `probe_every_ms` it asks all the same,
//! with a login that needs it: the first check that succeeds brings the usual mode back. New users have
//! no token to renew, so for them there is only the provider.
//!
//! The rule is that of a game platform (if(kakao)dev 2019, "게임플랫폼: 서비스 장애를 극복하기"). The talk names
//! no numbers; that one failure is enough by default follows its words: "an expired token arrives
//! while the provider is unreachable".

use crate::engine::{Duration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When the auth mode switches, and when it looks for the way back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "AuthMode")]
pub struct Params {
    /// Failed checks in a row after which a server renews tokens without the provider.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub failures: u32,
    /// How often it asks the provider all the same, to see whether it is back.
    #[schemars(range(min = 1.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub probe_every_ms: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { failures: 1, probe_every_ms: 1_000.0 }
    }
}

/// The auth mode of one server.
///
/// Invariant: while it renews alone, `failures` means nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuthMode {
    /// Failed checks in a row.
    failures: u32,
    /// While it renews alone: when the provider is asked next.
    probe_at: Option<Time>,
}

impl AuthMode {
    /// A server that asks its provider.
    pub fn new() -> AuthMode {
        AuthMode::default()
    }

    /// Whether tokens are renewed without the provider.
    pub fn renews_alone(&self) -> bool {
        self.probe_at.is_some()
    }

    /// Whether a login that needs the provider asks it at `now`. If so while tokens are renewed alone,
    /// it is the probe.
    pub fn asks(&mut self, params: &Params, now: Time) -> bool {
        match &mut self.probe_at {
            None => true,
            Some(probe_at) if *probe_at <= now => {
                *probe_at = now + Duration::from_ms(params.probe_every_ms);
                true
            }
            Some(_) => false,
        }
    }

    /// Tells how a check ended.
    pub fn on_check(&mut self, params: &Params, ok: bool, now: Time) {
        if ok {
            *self = AuthMode::new();
        } else if self.probe_at.is_none() {
            self.failures += 1;
            if self.failures >= params.failures {
                self.failures = 0;
                self.probe_at = Some(now + Duration::from_ms(params.probe_every_ms));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: Params = Params { failures: 3, probe_every_ms: 500.0 };

    fn at(ms: f64) -> Time {
        Time(Duration::from_ms(ms).0)
    }

    #[test]
    fn params_survive_json() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn only_failures_in_a_row_switch_the_mode() {
        let mut mode = AuthMode::new();
        for ok in [false, false, true, false, false] {
            assert!(mode.asks(&PARAMS, at(0.0)));
            mode.on_check(&PARAMS, ok, at(0.0));
            assert!(!mode.renews_alone());
        }
        mode.on_check(&PARAMS, false, at(0.0));
        assert!(mode.renews_alone());
    }

    #[test]
    fn probes_find_the_way_back() {
        let mut mode = AuthMode::new();
        (0..3).for_each(|_| mode.on_check(&PARAMS, false, at(100.0)));
        assert!(!mode.asks(&PARAMS, at(599.0)));
        assert!(mode.asks(&PARAMS, at(600.0)), "the first login after the pause is the probe");
        assert!(!mode.asks(&PARAMS, at(600.0)), "and it alone");
        mode.on_check(&PARAMS, false, at(900.0));
        assert!(mode.renews_alone() && mode.asks(&PARAMS, at(1_100.0)));
        mode.on_check(&PARAMS, true, at(1_200.0));
        assert!(!mode.renews_alone() && mode.asks(&PARAMS, at(1_200.0)));
    }

    #[test]
    fn late_failures_of_old_checks_change_nothing() {
        let mut mode = AuthMode::new();
        (0..9).for_each(|_| mode.on_check(&PARAMS, false, at(0.0)));
        mode.on_check(&PARAMS, true, at(0.0));
        assert_eq!(mode, AuthMode::new());
    }
}
