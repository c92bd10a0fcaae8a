//! Connection pool after HikariCP 6.0: callers share a fixed number of connections.
//!
//! A caller that finds none free waits, first come first served, and fails when
//! `connection_timeout_ms` is over. The pool is a `Semaphore`; the waiting callers are the
//! model's. Creation, idle eviction and the age of connections are not modelled: HikariCP's default
//! is a fixed-size pool (`minimumIdle` = `maximumPoolSize`), and the costs lie in the holding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parameters under their names in HikariCP, with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ConnectionPool")]
pub struct Params {
    /// Connections in the pool.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "connections"))]
    pub maximum_pool_size: u32,
    /// Longest wait for a connection.
    #[schemars(range(min = 250.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
    pub connection_timeout_ms: f64,
    /// Calls that may wait for a connection; one more is refused at once, as by Envoy's circuit breaker
    /// of that name (1024 by default there). Absent means no limit, as in HikariCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "calls"))]
    pub max_pending_requests: Option<u32>,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            maximum_pool_size: 10,
            connection_timeout_ms: 30_000.0,
            max_pending_requests: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::bulkhead::Semaphore;

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        crate::pattern::testing::check_params::<Params>();
    }

    #[test]
    fn the_eleventh_caller_finds_no_connection() {
        let mut pool = Semaphore::new(Params::default().maximum_pool_size);
        assert_eq!((0..11).filter(|_| pool.try_acquire()).count(), 10);
    }
}
