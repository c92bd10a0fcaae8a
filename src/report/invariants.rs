//! What must hold of every run, in the report.

use crate::metrics::Metrics;
use serde::Serialize;

/// Conservation laws and the like, judged over the whole run at the end of each window.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Invariants {
    /// How many were judged.
    pub checks: u64,
    /// Those that did not hold: each is a bug in this program.
    pub broken: Vec<BrokenInvariant>,
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BrokenInvariant {
    /// Moment when it was noticed, in seconds.
    pub at_s: f64,
    /// Node, `node.pool`, `node.call` or `population.class` that it is about; empty for the run as a whole.
    pub subject: String,
    /// What is wrong, in English.
    pub en: String,
    /// The same in Korean.
    pub ko: String,
}

impl Invariants {
    /// The invariants that were judged.
    pub(super) fn of(metrics: &Metrics) -> Invariants {
        let judge = metrics.invariants();
        let broken = judge.broken().iter().map(|broken| BrokenInvariant {
            at_s: broken.at.seconds(),
            subject: broken.owner.map_or(String::new(), |owner| metrics.owner_name(owner)),
            en: broken.law.en().to_owned(),
            ko: broken.law.ko().to_owned(),
        });
        Invariants { checks: judge.checks(), broken: broken.collect() }
    }
}
