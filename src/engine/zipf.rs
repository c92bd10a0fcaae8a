//! Zipf's law: few things are popular, many are not.

use super::math;
use super::random::Draws;

/// Ranks 1 to `count`, rank k in proportion to 1 ÷ k^exponent.
///
/// Drawn by rejection from the inverse of an integral that majorises the sum, in about 1.1 draws a
/// rank whatever the count. Source: W. Hörmann and G. Derflinger, "Rejection-inversion to generate
/// variates from monotone discrete distributions", ACM TOMACS 6 (1996), 169–184.
#[derive(Clone, Debug, PartialEq)]
pub struct Zipf {
    count: u64,
    exponent: f64,
    /// The integral at both ends of the range of draws.
    low: f64,
    high: f64,
    /// A candidate that close to its rank needs no second look.
    sure: f64,
}

impl Zipf {
    /// `count` is at least 1, `exponent` at least 0.
    pub fn new(count: u64, exponent: f64) -> Zipf {
        let mut zipf = Zipf { count, exponent, low: 0.0, high: 0.0, sure: 0.0 };
        zipf.low = zipf.integral(1.5) - 1.0;
        zipf.high = zipf.integral(count as f64 + 0.5);
        zipf.sure = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.weight(2.0));
        zipf
    }

    /// A rank, from 1 to the count.
    pub fn sample(&self, draws: &mut Draws) -> u64 {
        loop {
            let area = self.high + draws.next_unit() * (self.low - self.high);
            let x = self.inverse(area);
            // A cast saturates, so even a candidate out of range lands at an end.
            let rank = ((x + 0.5) as u64).clamp(1, self.count);
            let k = rank as f64;
            if k - x <= self.sure || area >= self.integral(k + 0.5) - self.weight(k) {
                return rank;
            }
        }
    }

    /// 1 ÷ x^exponent.
    fn weight(&self, x: f64) -> f64 {
        math::exp(-self.exponent * math::ln(x))
    }

    /// The integral of the weights from 1 to x: (x^(1 − s) − 1) ÷ (1 − s), and ln x for s = 1.
    fn integral(&self, x: f64) -> f64 {
        let log = math::ln(x);
        let power = (1.0 - self.exponent) * log;
        log * relative(power, math::exp_m1(power))
    }

    /// The x at which the integral has that value.
    fn inverse(&self, area: f64) -> f64 {
        // At the lower end rounding may take the argument below the logarithm's range.
        let power = (area * (1.0 - self.exponent)).max(-1.0);
        math::exp(area * relative(power, math::ln_1p(power)))
    }
}

/// `image` ÷ `power`, where both are 0 the limit, 1.
fn relative(power: f64, image: f64) -> f64 {
    if power == 0.0 { 1.0 } else { image / power }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(count: u64, exponent: f64, draws: u32) -> Vec<u32> {
        let zipf = Zipf::new(count, exponent);
        let mut counts = vec![0; count as usize];
        let mut stream = Draws::seeded(7);
        for _ in 0..draws {
            counts[(zipf.sample(&mut stream) - 1) as usize] += 1;
        }
        counts
    }

    #[test]
    fn ranks_come_as_often_as_the_law_says() {
        for exponent in [0.0, 0.5, 0.99, 1.0, 1.2, 3.0] {
            for count in [1_u64, 2, 5, 100] {
                let draws = 200_000;
                let weights: Vec<f64> =
                    (1..=count).map(|k| math::pow(k as f64, -exponent)).collect();
                let sum: f64 = weights.iter().sum();
                for (rank, seen) in counts(count, exponent, draws).iter().enumerate() {
                    let share = weights[rank] / sum;
                    let expected = share * f64::from(draws);
                    let sd = (expected * (1.0 - share)).sqrt().max(1.0);
                    let z = (f64::from(*seen) - expected) / sd;
                    assert!(z.abs() < 4.5, "rank {} of {count}, s = {exponent}: z {z}", rank + 1);
                }
            }
        }
    }

    #[test]
    fn a_thousand_million_things_need_no_table() {
        let zipf = Zipf::new(1_000_000_000, 1.0);
        let mut draws = Draws::seeded(3);
        let first = (0..100_000).filter(|_| zipf.sample(&mut draws) == 1).count();
        // 1 ÷ H(10^9) = 1 ÷ 21.3.
        assert!((4_400..5_000).contains(&first), "{first}");
        assert!((0..1_000).all(|_| (1..=1_000_000_000).contains(&zipf.sample(&mut draws))));
    }
}
