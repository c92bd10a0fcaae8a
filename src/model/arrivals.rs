//! When the requests of a population arrive that comes by itself.
//!
//! The arrivals of a unit-rate process are drawn once and for all; the rate curve and the factor of a
//! spike only stretch the time between them (see [`crate::plan::RateCurve`]). So a spike or a changed
//! rate moves the very same users closer together. Where times between arrivals or moments are given
//! instead of a rate, the clock counts nanoseconds, and a spike makes it go faster.

use crate::engine::{Draws, Duration, Luck, Time, Timer, math, random};
use crate::plan::{BatchPlan, RateCurve, Spacing, StreamPlan};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Users who come by themselves: when the next come, how many at once, and their luck.
#[derive(Clone, Debug)]
pub struct Stream {
    /// When they come.
    pub arrivals: ArrivalProcess,
    /// Fires when the next ones come.
    pub timer: Timer,
    /// How often the state of a modulated process has changed.
    pub state: u64,
    luck: ChaCha8Rng,
    batches: ChaCha8Rng,
    stays: ChaCha8Rng,
}

impl Stream {
    /// A stream before its first arrival, which is drawn. `luck` is where requests get theirs.
    pub fn new(seed: u64, key: &str, luck: ChaCha8Rng, spacing: &Spacing) -> Stream {
        Stream {
            arrivals: ArrivalProcess::new(random::stream(seed, key, "arrivals"), spacing),
            timer: Timer::NONE,
            state: 0,
            luck,
            batches: random::stream(seed, key, "batches"),
            stays: random::stream(seed, key, "stays"),
        }
    }

    /// The luck of the next request.
    pub fn next_luck(&mut self) -> Luck {
        Luck(self.luck.next_u64())
    }

    /// How many requests come at the present moment.
    pub fn next_batch(&mut self, batch: BatchPlan) -> u64 {
        match batch {
            BatchPlan::Fixed(size) => size.into(),
            BatchPlan::Geometric { ln_chance } => {
                let mut draws = Draws::seeded(self.batches.next_u64());
                // P(size > k) = chance^k: the k for which a uniform draw reaches that power.
                1 + (math::ln(draws.next_open_unit()) / ln_chance) as u64
            }
        }
    }

    /// How long the present state lasts, if there are states.
    pub fn next_stay(&mut self, plan: &StreamPlan) -> Option<Duration> {
        let mean = plan.stay(self.state)?;
        let mut draws = Draws::seeded(self.stays.next_u64());
        Some(Duration::from_nanos(mean.0 as f64 * -math::ln(draws.next_open_unit())))
    }
}

/// The arrival process of one population.
///
/// Invariant: `area` is what the clock that the rate drives shows at `anchor`, and the rate has been
/// that of one straight piece and one factor from `anchor` until now.
#[derive(Clone, Debug)]
pub struct ArrivalProcess {
    stream: ChaCha8Rng,
    anchor: Time,
    area: f64,
    /// What the clock shows at the next arrival.
    target: f64,
    /// Arrivals so far; in a trace the position of the next.
    position: u32,
}

impl ArrivalProcess {
    /// A process whose first arrival is drawn.
    pub fn new(stream: ChaCha8Rng, spacing: &Spacing) -> ArrivalProcess {
        let mut arrivals =
            ArrivalProcess { stream, anchor: Time::ZERO, area: 0.0, target: 0.0, position: 0 };
        match spacing {
            Spacing::Clockwork => {}
            Spacing::Trace { moments, .. } => arrivals.aim(moments),
            Spacing::Poisson | Spacing::Renewal(_) | Spacing::Modulated(_) => {
                arrivals.target += arrivals.gap(spacing);
            }
        }
        arrivals
    }

    /// The position of the next arrival in its trace.
    pub fn position(&self) -> u32 {
        self.position
    }

    /// Moves on to the next arrival.
    pub fn step(&mut self, spacing: &Spacing) {
        self.position = self.position.wrapping_add(1);
        match spacing {
            Spacing::Trace { moments, .. } => self.aim(moments),
            _ => self.target += self.gap(spacing),
        }
    }

    /// What the clock collects between two arrivals.
    fn gap(&mut self, spacing: &Spacing) -> f64 {
        let draws = |stream: &mut ChaCha8Rng| Draws::seeded(stream.next_u64());
        match spacing {
            Spacing::Clockwork | Spacing::Trace { .. } => 1.0,
            Spacing::Poisson | Spacing::Modulated(_) => {
                -math::ln(draws(&mut self.stream).next_open_unit())
            }
            Spacing::Renewal(interarrival) => interarrival.sample(&mut draws(&mut self.stream)),
        }
    }

    fn aim(&mut self, moments: &[Time]) {
        let next = moments.get(self.position as usize);
        self.target = next.map_or(f64::INFINITY, |moment| moment.0 as f64);
    }

    /// Takes over another trace at the anchor: what lies behind it is not made up for.
    pub fn follow(&mut self, spacing: &Spacing) {
        if let Spacing::Trace { moments, .. } = spacing {
            let area = self.area;
            self.position = moments.partition_point(|moment| moment.0 as f64 <= area) as u32;
            self.aim(moments);
        }
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
    if slope == 0.0 {
        // What the solution below comes to, to the bit.
        return (rate > 0.0).then(|| Duration::from_nanos(needed / rate));
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
    use Spacing::{Clockwork, Poisson};

    fn arrivals(spacing: &Spacing, profile: Profile, count: usize) -> Vec<Time> {
        let curve = RateCurve::new(10.0, &profile, Time::ZERO, Time::NEVER);
        let mut arrivals = ArrivalProcess::new(stream(1, "users", "arrivals"), spacing);
        let mut moments = Vec::new();
        while moments.len() < count {
            let now = moments.last().copied().unwrap_or(Time::ZERO);
            moments.extend(arrivals.next(now, &curve, 1.0, Time::NEVER));
            arrivals.step(spacing);
        }
        moments
    }

    #[test]
    fn clockwork_starts_at_once_and_does_not_drift() {
        let moments = arrivals(&Clockwork, Profile::Constant, 1_000);
        assert_eq!(moments[0], Time::ZERO);
        assert_eq!(moments[999], Time(99_900_000_000));
    }

    #[test]
    fn a_spike_doubles_the_rate_and_moves_the_same_arrivals() {
        let spike = Profile::Spike { at_s: 10.0, for_s: 10.0, factor: 2.0 };
        let usual = arrivals(&Poisson, Profile::Constant, 400);
        let spiked = arrivals(&Poisson, spike, 400);
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
        let moments = arrivals(&Clockwork, ramp, 201);
        assert!((moments[100].seconds() - (125_f64.sqrt() - 5.0)).abs() < 1e-6);
        assert!((moments[200].seconds() - 10.0).abs() < 1e-6);
    }

    #[test]
    fn a_ramp_from_nothing_begins_at_once() {
        let points = Profile::Points { points: vec![(0.0, 0.0), (10.0, 2.0)] };
        // 2 t rps: the k-th arrival after the first is at √k.
        let moments = arrivals(&Clockwork, points, 101);
        for (k, at) in moments.iter().enumerate() {
            assert!((at.seconds() - (k as f64).sqrt()).abs() < 1e-6, "{k}: {at:?}");
        }
    }

    #[test]
    fn rebasing_changes_nothing_when_the_factor_stays() {
        let curve = RateCurve::new(10.0, &Profile::Constant, Time::ZERO, Time::from_seconds(100.0));
        let mut a = ArrivalProcess::new(stream(1, "users", "arrivals"), &Clockwork);
        let mut b = a.clone();
        b.rebase(Time::from_seconds(0.05), &curve, 1.0);
        for _ in 0..10 {
            a.step(&Clockwork);
            b.step(&Clockwork);
        }
        let now = Time::from_seconds(0.05);
        let next = a.next(now, &curve, 1.0, Time::NEVER);
        assert_eq!(next, b.next(now, &curve, 1.0, Time::NEVER));
    }

    #[test]
    fn given_times_between_arrivals_and_given_moments_are_kept_to_the_nanosecond() {
        let clock = RateCurve::new(1e9, &Profile::Constant, Time::ZERO, Time::NEVER);
        let moments = |spacing: &Spacing| {
            let mut arrivals = ArrivalProcess::new(stream(1, "users", "arrivals"), spacing);
            let mut moments = Vec::new();
            while let Some(at) = arrivals.next(Time::ZERO, &clock, 1.0, Time(4_000_000_000)) {
                moments.push(at.0);
                arrivals.step(spacing);
            }
            moments
        };
        let regular = moments(&Spacing::Renewal(crate::engine::Sampler::Constant(333_333_333.0)));
        assert_eq!(regular, (1..=12).map(|n| n * 333_333_333).collect::<Vec<_>>());
        let given = [0, 5, 5, 3_999_999_999].map(Time).to_vec();
        let trace = Spacing::Trace { moments: given.clone(), classes: Vec::new() };
        assert_eq!(moments(&trace), given.iter().map(|at| at.0).collect::<Vec<_>>());
    }

    /// Mean m and variance m (m − 1).
    #[test]
    fn geometric_batches_have_the_mean_and_the_variance_of_the_formula() {
        for mean in [1.0, 1.25, 5.0, 40.0] {
            let mut users = Stream::new(3, "users", stream(3, "users", "luck"), &Poisson);
            let batch = BatchPlan::Geometric { ln_chance: math::ln(1.0 - 1.0 / mean) };
            let n = 200_000_u32;
            let sizes: Vec<f64> = (0..n).map(|_| users.next_batch(batch) as f64).collect();
            assert!(sizes.iter().all(|size| *size >= 1.0));
            let measured = sizes.iter().sum::<f64>() / f64::from(n);
            let variance = sizes.iter().map(|size| (size - measured) * (size - measured));
            let variance = variance.sum::<f64>() / f64::from(n);
            let exact = mean * (mean - 1.0);
            assert!((measured - mean).abs() <= 5.0 * (exact / f64::from(n)).sqrt(), "{measured}");
            assert!((variance - exact).abs() <= 0.05 * exact, "{variance} is not {exact}");
        }
    }
}
