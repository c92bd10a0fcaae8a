//! When the requests of an open population arrive.
//!
//! The arrivals of a unit-rate process are drawn once and for all; the rate curve and the factor of a
//! spike only stretch the time between them (see [`crate::plan::RateCurve`]). So a spike or a changed
//! rate moves the very same users closer together.

use crate::engine::{Draws, Duration, Time, math};
use crate::plan::RateCurve;
use crate::scenario::Process;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// The arrival process of one population.
///
/// Invariant: `area` is the expected number of arrivals up to `anchor`, and the rate has been that
/// of one straight piece and one factor from `anchor` until now.
#[derive(Clone, Debug)]
pub struct ArrivalProcess {
    stream: ChaCha8Rng,
    anchor: Time,
    area: f64,
    target: f64,
}

impl ArrivalProcess {
    /// A process whose first arrival is drawn.
    pub fn new(stream: ChaCha8Rng, process: Process) -> ArrivalProcess {
        let mut arrivals = ArrivalProcess { stream, anchor: Time::ZERO, area: 0.0, target: 0.0 };
        if process == Process::Poisson {
            arrivals.step(process);
        }
        arrivals
    }

    /// Moves on to the next arrival.
    pub fn step(&mut self, process: Process) {
        self.target += match process {
            Process::Constant => 1.0,
            Process::Poisson => {
                let mut draws = Draws::seeded(self.stream.next_u64());
                -math::ln(draws.next_open_unit())
            }
        };
    }

    /// Notes that the rate changes at `now` in another way than its curve says.
    pub fn rebase(&mut self, now: Time, curve: &RateCurve, factor: f64) {
        while self.anchor < now {
            let Some(piece) = curve.piece_at(self.anchor) else {
                self.anchor = now;
                return;
            };
            let end = piece.until.min(now);
            self.area += area(piece.rate * factor, piece.slope * factor, end - self.anchor);
            self.anchor = end;
        }
    }

    /// The moment of the next arrival as seen from `now`, if there is one until `end`.
    pub fn next(&mut self, now: Time, curve: &RateCurve, factor: f64, end: Time) -> Option<Time> {
        if factor <= 0.0 {
            return None;
        }
        let (mut anchor, mut collected) = (self.anchor, self.area);
        loop {
            let piece = curve.piece_at(anchor)?;
            let (rate, slope) = (piece.rate * factor, piece.slope * factor);
            if let Some(wait) = time_to_collect(self.target - collected, rate, slope) {
                let at = anchor + wait;
                if at < piece.until {
                    return (at <= end).then_some(at);
                }
            }
            if piece.until > end {
                return None;
            }
            collected += area(rate, slope, piece.until - anchor);
            anchor = piece.until;
            // What lies ahead may still become something else.
            if anchor <= now {
                (self.anchor, self.area) = (anchor, collected);
            }
        }
    }
}

/// Integral of a straight line over a length.
fn area(rate: f64, slope: f64, length: Duration) -> f64 {
    let length = length.0 as f64;
    length * (rate + slope * length / 2.0)
}

/// How long a straight line takes to collect an area, rounded to a nanosecond; none if it never does.
fn time_to_collect(needed: f64, rate: f64, slope: f64) -> Option<Duration> {
    if needed <= 0.0 {
        return (rate > 0.0 || slope > 0.0).then_some(Duration::ZERO);
    }
    let under_root = rate * rate + 2.0 * slope * needed;
    if under_root < 0.0 {
        return None;
    }
    // The form of the solution of the quadratic that neither cancels nor divides by a zero slope.
    let divisor = rate + under_root.sqrt();
    (divisor > 0.0).then(|| Duration::from_nanos(2.0 * needed / divisor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::stream;
    use crate::scenario::Profile;

    fn arrivals(process: Process, profile: Profile, count: usize) -> Vec<Time> {
        let curve = RateCurve::new(10.0, &profile, Time::ZERO, Time::NEVER);
        let mut arrivals = ArrivalProcess::new(stream(1, "users", "arrivals"), process);
        let mut moments = Vec::new();
        while moments.len() < count {
            let now = moments.last().copied().unwrap_or(Time::ZERO);
            moments.extend(arrivals.next(now, &curve, 1.0, Time::NEVER));
            arrivals.step(process);
        }
        moments
    }

    #[test]
    fn clockwork_starts_at_once_and_does_not_drift() {
        let moments = arrivals(Process::Constant, Profile::Constant, 1_000);
        assert_eq!(moments[0], Time::ZERO);
        assert_eq!(moments[999], Time(99_900_000_000));
    }

    #[test]
    fn a_spike_doubles_the_rate_and_moves_the_same_arrivals() {
        let spike = Profile::Spike { at_s: 10.0, for_s: 10.0, factor: 2.0 };
        let usual = arrivals(Process::Poisson, Profile::Constant, 400);
        let spiked = arrivals(Process::Poisson, spike, 400);
        for (usual, spiked) in usual.iter().zip(&spiked) {
            let usual = usual.seconds();
            let expected = if usual < 10.0 {
                usual
            } else if usual < 30.0 {
                10.0 + (usual - 10.0) / 2.0
            } else {
                usual - 10.0
            };
            assert!((spiked.seconds() - expected).abs() < 1e-7, "{usual} {expected} {spiked:?}");
        }
    }

    #[test]
    fn a_ramp_collects_the_area_below_it() {
        let ramp = Profile::Ramp { from_s: 0.0, to_s: 10.0, factor: 3.0 };
        // 10 rps rising to 30 rps over 10 s: 200 arrivals, the 100th when 10 t + t² = 100.
        let moments = arrivals(Process::Constant, ramp, 201);
        assert!((moments[100].seconds() - (125_f64.sqrt() - 5.0)).abs() < 1e-6);
        assert!((moments[200].seconds() - 10.0).abs() < 1e-6);
    }

    #[test]
    fn a_ramp_from_nothing_begins_at_once() {
        let points = Profile::Points { points: vec![(0.0, 0.0), (10.0, 2.0)] };
        // 2 t rps: the k-th arrival after the first is at √k.
        let moments = arrivals(Process::Constant, points, 101);
        for (k, at) in moments.iter().enumerate() {
            assert!((at.seconds() - (k as f64).sqrt()).abs() < 1e-6, "{k}: {at:?}");
        }
    }

    #[test]
    fn rebasing_changes_nothing_when_the_factor_stays() {
        let curve = RateCurve::new(10.0, &Profile::Constant, Time::ZERO, Time::from_seconds(100.0));
        let mut a = ArrivalProcess::new(stream(1, "users", "arrivals"), Process::Constant);
        let mut b = a.clone();
        b.rebase(Time::from_seconds(0.05), &curve, 1.0);
        for _ in 0..10 {
            a.step(Process::Constant);
            b.step(Process::Constant);
        }
        let now = Time::from_seconds(0.05);
        let next = a.next(now, &curve, 1.0, Time::NEVER);
        assert_eq!(next, b.next(now, &curve, 1.0, Time::NEVER));
    }
}
