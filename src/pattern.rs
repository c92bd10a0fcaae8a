//! Resilience patterns as plain state machines.
//!
//! A pattern is *told* the time and the outcome and answers. It never schedules, samples behind the
//! caller's back or counts for the page, so it can be tested in three lines without an engine.
//! Every file has the same parts: the rule and its source, `Params`, the state with its invariants,
//! the answers, the tests.

/// Alarm filter: what of all that servers report is told.
pub mod alarm;
/// Autoscaler: how many servers there should be, by the use of their cores and the time.
pub mod autoscaler;
/// Load balancing: which server gets the next call.
pub mod balance;
/// Bulkhead: a bound on concurrent calls.
pub mod bulkhead;
/// Cache: a bounded set of keys that may expire.
pub mod cache;
/// Circuit breaker: refuse calls to a callee that keeps failing.
pub mod circuit_breaker;
/// Adaptive concurrency limit: how many calls may be under way, found out from their times.
pub mod concurrency_limit;
/// Connection pool: a bulkhead whose permits are connections.
pub mod connection_pool;
/// Failover: a standby takes over when the server in charge is out.
pub mod failover;
/// Governor: automation may change a fleet only so fast.
pub mod governor;
/// Health of servers: active checks, passive marking and the panic threshold.
pub mod health;
/// Heap: garbage collections that stop the world, and when they are no use.
pub mod heap;
/// Hedging: the same call several times, the first good answer counts.
pub mod hedge;
/// Auth mode: whether expired tokens are renewed with the identity provider or without it.
pub mod identity;
/// Resilience4j's growing and randomised waits, shared by the breaker and the retry.
pub mod interval;
/// Liveness probe: a server that fails it is killed and started again.
pub mod liveness;
/// Log rotation: when a log is renamed, compressed and removed, and the bytes that frees.
pub mod logrotate;
/// Outlier detection: servers that answer worse than the others leave the rotation for a while.
pub mod outlier;
/// Promotion: a database whose primary is dead gets another one.
pub mod promotion;
/// Rate limiter: a bound on calls per period.
pub mod rate_limiter;
/// Restart back-off: how long a crashed container waits for its next start.
pub mod restart;
/// Retry: whether a failed try is repeated and after which wait.
pub mod retry;
/// Retry budget: how many of all calls may be retries.
pub mod retry_budget;
/// Sharding: which of several shards a key lives on.
pub mod sharding;
/// Store and forward: a spool on the server's disk and the batch that empties it.
pub mod spool;

/// Rollout: a new release comes to the servers, canaries first.
pub mod rollout;

#[cfg(test)]
pub(crate) mod testing {
    //! What every pattern's parameters have in common.

    use std::fmt::Debug;

    use schemars::JsonSchema;
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    /// The defaults survive JSON, an empty object means the defaults, an unknown field is an error,
    /// and every number of the form has a range.
    pub(crate) fn check_params<P>()
    where
        P: Default + Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema,
    {
        let written = serde_json::to_value(P::default()).expect("parameters are plain data");
        let read: P =
            serde_json::from_value(written.clone()).expect("what was written is readable");
        assert_eq!(read, P::default());

        let mut unknown = written;
        unknown["no_such_field"] = json!(1);
        assert!(serde_json::from_value::<P>(unknown).is_err(), "an unknown field must be refused");

        let schema = serde_json::to_value(schemars::schema_for!(P)).expect("a schema is JSON");
        check_ranges(&schema, "");
    }

    fn check_ranges(schema: &Value, path: &str) {
        let kind = schema.get("type").map(Value::to_string).unwrap_or_default();
        if kind.contains("\"number\"") || kind.contains("\"integer\"") {
            let bounded = schema.get("minimum").is_some() && schema.get("maximum").is_some();
            assert!(bounded, "{path} has no range: {schema}");
        }
        match schema {
            Value::Object(map) => {
                map.iter().for_each(|(key, child)| check_ranges(child, &format!("{path}/{key}")));
            }
            Value::Array(list) => list.iter().for_each(|child| check_ranges(child, path)),
            _ => {}
        }
    }
}
