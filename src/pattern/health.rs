//! Health of servers as a balancer sees it: active checks, passive marking, panic.
//!
//! - Active checks: HAProxy, Kubernetes, AWS, Envoy; see `active`.
//! - Passive marking after nginx; see `passive`.
//! - Panic after Envoy 1.40 (`healthy_panic_threshold`): when the healthy share is below the
//!   threshold, health is ignored and all servers are used. Envoy's default is 50 %, here it is off.

pub mod active;
pub mod passive;

pub use active::{ActiveCheck, ActiveParams, CheckResult};
pub use passive::{PassiveMark, PassiveParams};

/// Whether so few of `servers` are healthy that health is to be ignored and all of them used.
pub fn panics(threshold_percent: f64, healthy: u32, servers: u32) -> bool {
    f64::from(healthy) * 100.0 < threshold_percent * f64::from(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_starts_strictly_below_the_threshold_and_zero_is_off() {
        assert!(!panics(50.0, 5, 10) && panics(50.0, 4, 10));
        assert!(!panics(0.0, 0, 10));
    }
}
