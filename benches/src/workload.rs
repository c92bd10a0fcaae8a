//! The two workloads in the scenario format, and their larger relatives.

use brownout::engine::Time;
use brownout::model::Observer;
use brownout::observation::Observation;
use brownout::run::Run;
use serde_json::{Value, json};

/// An observer that does nothing: what a run costs without metrics.
#[derive(Clone, Debug)]
pub struct Nobody;

impl Observer for Nobody {
    #[inline(always)]
    fn observe(&mut self, _now: Time, _observation: Observation) {}
}

/// A workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// W1 or W2.
    chain: bool,
    /// How many times the load and the servers.
    scale: u32,
    /// Timeout of W2.
    timeout_ms: f64,
}

impl Workload {
    /// By its name: `w1`, `w2`, and W2 with 100 times the servers, with long timeouts, with both.
    pub fn named(name: &str) -> Option<Workload> {
        let w2 = Workload { chain: true, scale: 1, timeout_ms: 150.0 };
        Some(match name {
            "w1" => Workload { chain: false, ..w2 },
            "w2" => w2,
            "w2-x100" => Workload { scale: 100, ..w2 },
            "w2-30s" => Workload { timeout_ms: 30_000.0, ..w2 },
            "w2-x100-30s" => Workload { scale: 100, timeout_ms: 30_000.0, ..w2 },
            _ => return None,
        })
    }

    /// The scenario with so many requests.
    pub fn document(self, requests: u32) -> Value {
        let text = if self.chain { include_str!("../w2.json") } else { include_str!("../w1.json") };
        let mut document: Value = serde_json::from_str(text).expect("the file is JSON");
        let rate = if self.chain { 1_000.0 } else { 900.0 } * f64::from(self.scale);
        document["duration_s"] = json!(f64::from(requests) / rate);
        document["nodes"]["users"]["arrivals"]["rate_rps"] = json!(rate);
        if self.chain {
            document["nodes"]["users"]["calls"]["main"]["timeout_ms"] = json!(self.timeout_ms);
            document["nodes"]["service"]["servers"] = json!(8 * self.scale);
            document["nodes"]["db"]["connections"] = json!(32 * self.scale);
        }
        document
    }

    /// A run of so many requests.
    pub fn run(self, requests: u32) -> Run {
        Run::new(self.document(requests), 1, Vec::new()).expect("the scenario is valid")
    }

    /// The same by hand.
    pub fn floor(self, requests: u32) -> crate::floor::Outcome {
        if self.chain {
            let timeout = (self.timeout_ms * 1e6) as u64;
            crate::floor::w2(u64::from(requests), self.scale as usize, timeout)
        } else {
            crate::floor::w1(u64::from(requests))
        }
    }
}
