//! The range of the value axis and where its grid lines lie.
//!
//! The top is a whole number of round steps and depends on the data only through their largest
//! value. While a run goes on that value only grows, and a tenfold growth changes the axes at most
//! ten times; the same data always give the same picture.

use super::spec::{ChartSpec, Unit, present};
use crate::engine::math::{ln, pow};

/// Distance between two grid lines, in CSS pixels: at least this much.
const ROW_CSS: f64 = 34.0;
/// Room above the largest value, as a share of it.
const HEADROOM: f64 = 0.04;
/// Most decades of a logarithmic axis.
const MAX_DECADES: i32 = 9;

/// A range of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// Value at the bottom: 0, or a power of ten on a logarithmic axis.
    pub bottom: f64,
    /// Value at the top.
    pub top: f64,
    /// Values with a grid line and a label, from the bottom up.
    pub ticks: Vec<f64>,
    /// Whether the axis is logarithmic.
    pub log: bool,
}

impl Range {
    /// The range that shows all `data` of a chart whose lines are drawn `height_css` pixels high.
    pub fn of(spec: &ChartSpec, data: &[f64], height_css: f64) -> Range {
        let wanted = spec.y_max.filter(|&value| present(value)).unwrap_or(0.0);
        let values = || data.iter().copied().filter(|&value| present(value));
        let largest = values().fold(0.0, f64::max);
        if spec.log {
            let smallest = values().filter(|&value| value > 0.0).fold(f64::INFINITY, f64::min);
            return Range::logarithmic(smallest, largest.max(wanted));
        }
        let rows = (height_css / ROW_CSS).clamp(1.0, 6.0) as u32;
        // A wanted value is a limit, such as the threads of a pool: data up to it need no headroom.
        let largest = if largest <= wanted { wanted } else { largest * (1.0 + HEADROOM) };
        Range::linear(spec.y_unit, largest, rows)
    }

    /// From 0 to at least `wanted` in at most `rows` round steps.
    pub fn linear(unit: Unit, wanted: f64, rows: u32) -> Range {
        let wanted = match unit {
            // A share is read against the whole; the headroom must not lift the axis above it.
            Unit::Ratio if wanted <= 1.0 + HEADROOM => 1.0,
            _ if wanted > 0.0 => wanted,
            Unit::Ms => 100.0,
            _ => 10.0,
        };
        let smallest = if unit == Unit::Count { 1.0 } else { 0.0 };
        let step = round_step(wanted / f64::from(rows)).max(smallest);
        let steps = (wanted / step - 1e-9).ceil().max(1.0) as u32;
        let ticks: Vec<f64> = (0..=steps).map(|index| f64::from(index) * step).collect();
        Range { bottom: 0.0, top: f64::from(steps) * step, ticks, log: false }
    }

    /// Whole decades around the values; without any, one decade up to 1 000.
    pub fn logarithmic(smallest: f64, largest: f64) -> Range {
        if largest <= 0.0 {
            return Range::logarithmic(100.0, 1_000.0);
        }
        let last = decade(largest * (1.0 - 1e-6)) + 1;
        let first = decade(smallest.min(largest)).clamp(last - MAX_DECADES, last - 1);
        let ticks: Vec<f64> = (first..=last).map(power_of_ten).collect();
        Range { bottom: power_of_ten(first), top: power_of_ten(last), ticks, log: true }
    }

    /// Height of a value between the bottom (0) and the top (1) of the axis.
    pub fn height(&self, value: f64) -> f64 {
        let height = if self.log {
            ln(value.max(self.bottom) / self.bottom) / ln(self.top / self.bottom)
        } else {
            (value - self.bottom) / (self.top - self.bottom)
        };
        height.clamp(0.0, 1.0)
    }
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let unit = power_of_ten(decade(least));
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * unit)
        .find(|&step| step >= least * (1.0 - 1e-9))
        .expect("ten units are more than any number of this decade")
}

/// The exponent of the largest power of ten that is not above `value`, which is positive.
fn decade(value: f64) -> i32 {
    (ln(value) / std::f64::consts::LN_10 + 1e-9).floor() as i32
}

/// Ten to the power of `exponent`, exact where a number can be.
fn power_of_ten(exponent: i32) -> f64 {
    if exponent < 0 {
        1.0 / pow(10.0, f64::from(-exponent))
    } else {
        pow(10.0, f64::from(exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(unit: Unit, largest: f64) -> f64 {
        let spec = ChartSpec::for_print(unit, 60.0, 1.0);
        Range::of(&spec, &[0.0, -1.0, f64::NAN, largest], 180.0).top
    }

    #[test]
    fn the_top_is_round_and_not_far_above_the_data() {
        for (largest, expected) in [(0.7, 0.8), (9.0, 10.0), (97.0, 125.0), (400.0, 500.0)] {
            assert_eq!(top(Unit::Rps, largest), expected, "{largest}");
        }
        for index in 1..2_000 {
            let largest = f64::from(index) * 0.37;
            let top = top(Unit::Rps, largest);
            assert!(top >= largest && top <= largest * 1.6, "{largest} {top}");
        }
    }

    #[test]
    fn a_tenfold_growth_changes_the_axis_at_most_ten_times() {
        let mut tops: Vec<f64> = (1..=600).map(|rate| top(Unit::Rps, f64::from(rate))).collect();
        assert!(tops.is_sorted());
        tops.dedup();
        assert!(tops.len() <= 28, "{tops:?}");
    }

    #[test]
    fn units_have_their_own_steps() {
        assert_eq!(Range::linear(Unit::Ratio, 0.2, 5).top, 1.0);
        assert_eq!(top(Unit::Ratio, 1.0), 1.0);
        assert_eq!(Range::linear(Unit::Ratio, 1.3, 5).top, 1.5);
        assert_eq!(Range::linear(Unit::Count, 2.0, 5).ticks, [0.0, 1.0, 2.0]);
        assert_eq!(Range::linear(Unit::Ms, 0.0, 4).top, 100.0);
    }

    #[test]
    fn the_wanted_value_is_the_top_when_it_is_round() {
        let spec = ChartSpec { y_max: Some(200.0), ..ChartSpec::for_print(Unit::Count, 60.0, 1.0) };
        assert_eq!(Range::of(&spec, &[200.0], 180.0).top, 200.0);
        assert_eq!(Range::of(&spec, &[], 180.0).ticks, [0.0, 50.0, 100.0, 150.0, 200.0]);
    }

    #[test]
    fn a_logarithmic_axis_has_whole_decades() {
        assert_eq!(Range::logarithmic(3.0, 900.0).ticks, [1.0, 10.0, 100.0, 1_000.0]);
        assert_eq!(Range::logarithmic(10.0, 1_000.0).ticks, [10.0, 100.0, 1_000.0]);
        assert_eq!(Range::logarithmic(f64::INFINITY, 0.0).ticks, [100.0, 1_000.0]);
        assert_eq!(Range::logarithmic(1e-30, 1.0).ticks.len(), 10);
        let range = Range::logarithmic(10.0, 1_000.0);
        assert!((range.height(100.0) - 0.5).abs() < 1e-12);
        assert_eq!(range.height(0.0), 0.0);
    }
}
