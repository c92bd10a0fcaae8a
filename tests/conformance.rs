//! What was recorded from the products themselves, and the vectors that their documents state.
//!
//! Each test is named after a product and prints how many facts it has checked (`--nocapture`). A fact is
//! one number or one verdict: recorded from a run of the original, computed by its own rule, or a default.
//! Recorded traces of Resilience4j and of Netflix' limits are in `tests/vectors.rs`.
#![cfg(not(target_arch = "wasm32"))]

#[path = "conformance/cloud.rs"]
mod cloud;
#[path = "conformance/ejection.rs"]
mod ejection;
#[path = "conformance/envoy.rs"]
mod envoy;
#[path = "conformance/files.rs"]
mod files;
#[path = "conformance/proxies.rs"]
mod proxies;
#[path = "model/story.rs"]
#[allow(dead_code, reason = "shared with the stories of the model")]
mod story;

use std::fmt::Debug;

/// Counts the facts of a product.
pub struct Facts {
    product: &'static str,
    checked: u32,
}

impl Facts {
    /// No fact yet.
    pub fn of(product: &'static str) -> Facts {
        Facts { product, checked: 0 }
    }

    /// One fact, or as many as the recorded list has.
    pub fn is<T: Debug + PartialEq>(&mut self, what: &str, found: T, recorded: T) {
        assert_eq!(found, recorded, "{}: {what}", self.product);
        self.checked += 1;
    }

    /// A list of facts.
    pub fn are<T: Debug + PartialEq>(&mut self, what: &str, found: Vec<T>, recorded: Vec<T>) {
        let count = recorded.len() as u32;
        assert_eq!(found, recorded, "{}: {what}", self.product);
        self.checked += count;
    }

    /// A fact that was recorded with a clock on the wall.
    pub fn about(&mut self, what: &str, found: f64, recorded: f64, tolerance: f64) {
        let close = (found - recorded).abs() <= tolerance;
        assert!(close, "{}: {what}: {found} is not {recorded} ± {tolerance}", self.product);
        self.checked += 1;
    }
}

impl Drop for Facts {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            println!("{}: {} facts", self.product, self.checked);
        }
    }
}

/// What the products do and the format cannot say yet, with the reason.
const NOT_EXPRESSIBLE: [(&str, &str, &str); 13] = [
    (
        "Envoy",
        "max_requests beside max_connections",
        "a bulkhead counts calls that wait for a connection",
    ),
    ("Envoy", "overprovisioning factor: 72 % healthy keep 100 %", "no priorities of servers"),
    ("Envoy", "slow start, ring hash and Maglev tables", "no such algorithms"),
    ("Envoy", "adaptive_concurrency and admission_control vectors", "no such policies"),
    (
        "nginx",
        "proxy_next_upstream passes a failed request on by itself",
        "calls retry, balancers do not",
    ),
    ("nginx", "random two least_conn tries up to 20 times", "two draws are always usable servers"),
    ("HAProxy", "observe, error-limit, on-error, slowstart, queues of servers", "no such rules"),
    ("Kubernetes", "autoscaler vectors", "no autoscaler"),
    ("Kubernetes", "startup probes, termination grace period", "a boot time stands for both"),
    ("gRPC", "grpc-retry-pushback-ms, transparent retries", "servers send no hints"),
    ("AWS", "x-amz-retry-after; long polls that wait for tokens", "servers send no hints"),
    ("Finagle", "retry budget with a time to live", "no such rule yet"),
    ("logrotate", "the last written of two criteria wins", "one criterion can be written"),
];

#[test]
fn conformance_what_cannot_be_expressed() {
    for (product, what, why) in NOT_EXPRESSIBLE {
        println!("{product}: {what} ({why})");
    }
}
