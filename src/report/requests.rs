//! What became of requests: those of a class of users, of a population, or of all.

use super::Latency;
use super::build::{measured_seconds, ratio};
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::metrics::class::Wishes;
use crate::wiring::ClassIndex;
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of the requests that arrived after the warm-up, whenever they ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Requests {
    /// Requests that arrived.
    pub offered: u64,
    /// Of these, presses of the refresh button.
    pub refreshes: u64,
    /// Answered in full.
    pub ok: u64,
    /// Answered by a fallback or without an optional part.
    pub degraded: u64,
    /// Ended with an error.
    pub failed: u64,
    /// Refused, by cause.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Given up by the user.
    pub timed_out: u64,
    /// Still under way when the run ended.
    pub abandoned: u64,
    /// (ok + degraded) ÷ offered.
    pub goodput_ratio: f64,
    /// Offered per second.
    pub offered_rps: f64,
    /// Answered (ok + degraded) per second.
    pub goodput_rps: f64,
    /// Response times of answered requests.
    pub response: Latency,
    /// Mean number of requests under way.
    pub mean_in_flight: f64,
    /// When a request last ended, in seconds; none if none ever did.
    pub last_end_s: Option<f64>,
}

impl Requests {
    /// What became of the requests of those classes.
    pub(super) fn of(metrics: &Metrics, classes: impl IntoIterator<Item = ClassIndex>) -> Requests {
        let mut wishes = Wishes::default();
        let now = metrics.now().0;
        classes.into_iter().for_each(|class| wishes.merge(&metrics.class(class).wishes(now)));
        let rejected: u64 = wishes.rejected.values().sum();
        let answered = wishes.ok + wishes.degraded;
        let ended = answered + wishes.failed + wishes.timed_out + rejected;
        let seconds = measured_seconds(metrics);
        Requests {
            offered: wishes.offered,
            refreshes: wishes.refreshes,
            ok: wishes.ok,
            degraded: wishes.degraded,
            failed: wishes.failed,
            timed_out: wishes.timed_out,
            abandoned: wishes.offered.saturating_sub(ended),
            goodput_ratio: ratio(answered as f64, wishes.offered as f64),
            offered_rps: ratio(wishes.offered as f64, seconds),
            goodput_rps: ratio(answered as f64, seconds),
            response: Latency::of(&wishes.response),
            mean_in_flight: ratio(wishes.in_flight, metrics.measured_nanos() as f64),
            last_end_s: wishes.last_end.map(|end| Time(end).seconds()),
            rejected: wishes.rejected,
        }
    }
}
