//! Response times of servers, as a moving average that is sensitive to peaks.
//!
//! Peak EWMA, as in Finagle, tower and Envoy's contrib balancer: a time above the average replaces it at
//! once; one below it pulls it down by its weight, 1 − e^(−t/τ), the longer the last one was ago. A server
//! that nobody asks is forgotten at the same pace, so that it is tried again. Until a server has answered
//! for the first time it counts as taking a second, tower's default.
//!
//! What a call to a server costs is that average × (calls in flight + 1).

use crate::engine::{Duration, Time, math};

/// Finagle's default: what was ten seconds ago weighs a third.
const DECAY: Duration = Duration(10_000_000_000);
/// What a server counts as that has never answered.
const UNKNOWN_NANOS: f64 = 1e9;

/// The average of one server.
#[derive(Clone, Copy, Debug)]
struct Average {
    nanos: f64,
    /// When it was last brought up to date.
    at: Time,
}

/// Response times by server.
#[derive(Clone, Debug, Default)]
pub struct ResponseTimes {
    averages: Vec<Option<Average>>,
    now: Time,
}

impl ResponseTimes {
    /// Follows the number of servers.
    pub fn resize(&mut self, servers: usize) {
        self.averages.resize(servers, None);
    }

    /// Tells what time it is.
    pub fn clock(&mut self, now: Time) {
        self.now = now;
    }

    /// A server has answered, so long after it was asked.
    pub fn on_answer(&mut self, server: u32, took: Duration) {
        let now = self.now;
        let Some(slot) = self.averages.get_mut(server as usize) else { return };
        let took = took.0 as f64;
        let nanos = match slot {
            Some(average) if took < average.nanos => {
                let weight = kept(now.since(average.at));
                average.nanos * weight + took * (1.0 - weight)
            }
            _ => took,
        };
        *slot = Some(Average { nanos, at: now });
    }

    /// What one more call to a server costs.
    pub fn cost(&self, server: u32, in_flight: u32) -> f64 {
        let average = self.averages.get(server as usize).copied().flatten();
        let nanos = average
            .map_or(UNKNOWN_NANOS, |average| average.nanos * kept(self.now.since(average.at)));
        nanos * (f64::from(in_flight) + 1.0)
    }
}

/// What is left of an average after that time.
fn kept(time: Duration) -> f64 {
    math::exp(-(time.0 as f64) / DECAY.0 as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(times: &mut ResponseTimes, seconds: f64) {
        times.clock(Time::from_seconds(seconds));
    }

    #[test]
    fn peaks_count_at_once_and_pass_slowly() {
        let mut times = ResponseTimes::default();
        times.resize(1);
        assert_eq!(times.cost(0, 1), 2e9, "nothing is known");
        at(&mut times, 1.0);
        times.on_answer(0, Duration::from_ms(100.0));
        assert_eq!(times.cost(0, 0), 1e8);
        times.on_answer(0, Duration::from_ms(400.0));
        assert_eq!(times.cost(0, 1), 8e8);
        at(&mut times, 11.0);
        times.on_answer(0, Duration::from_ms(100.0));
        // e⁻¹ of 400 ms, and the rest of 100 ms.
        assert!((times.cost(0, 0) / 1e6 - 210.36).abs() < 0.01);
    }

    #[test]
    fn who_is_not_asked_is_forgotten() {
        let mut times = ResponseTimes::default();
        times.resize(2);
        times.on_answer(0, Duration::from_ms(1_000.0));
        times.on_answer(1, Duration::from_ms(10.0));
        let later = |seconds: f64| {
            let mut times = times.clone();
            at(&mut times, seconds);
            times.on_answer(1, Duration::from_ms(10.0));
            times.cost(0, 0) < times.cost(1, 0)
        };
        // 1000 ms × e^(−t/10 s) is below 10 ms after 46 s.
        assert!(!later(46.0) && later(47.0));
    }
}
