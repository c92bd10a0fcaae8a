//! Where things lie in a chart: from seconds and values to pixels.

use super::range::Range;
use super::spec::ChartSpec;

/// Room for the labels around the plot, in CSS pixels. Fixed, so that charts below each other align.
const LEFT_CSS: f64 = 52.0;
const RIGHT_CSS: f64 = 14.0;
const TOP_CSS: f64 = 8.0;
const BOTTOM_CSS: f64 = 22.0;

/// The rectangle that lines are drawn in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plot {
    /// Left edge (the start of the run), in CSS pixels.
    pub left: f64,
    /// Top edge, in CSS pixels.
    pub top: f64,
    /// Right edge (the end of the run), in CSS pixels.
    pub right: f64,
    /// Bottom edge, in CSS pixels.
    pub bottom: f64,
    /// Device pixels per CSS pixel.
    pub scale: f64,
    /// The moment at the right edge, in simulated seconds.
    pub duration_s: f64,
}

impl Plot {
    /// The rectangle of a chart; never empty, so that a chart in a hidden panel is harmless.
    pub fn of(spec: &ChartSpec) -> Plot {
        Plot {
            left: LEFT_CSS,
            top: TOP_CSS,
            right: (spec.width_css - RIGHT_CSS).max(LEFT_CSS + 1.0),
            bottom: (spec.height_css - BOTTOM_CSS).max(TOP_CSS + 1.0),
            scale: spec.scale,
            duration_s: spec.duration_s,
        }
    }

    /// Width, in CSS pixels.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Height, in CSS pixels.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Where a moment lies, in CSS pixels from the left edge of the chart.
    pub fn x_css(&self, at_s: f64) -> f64 {
        self.left + (at_s / self.duration_s).clamp(0.0, 1.0) * self.width()
    }

    /// Where a value lies, in CSS pixels from the top edge of the chart.
    pub fn y_css(&self, value: f64, range: &Range) -> f64 {
        self.bottom - range.height(value) * self.height()
    }

    /// A length or a place in device pixels.
    pub fn device(&self, css: f64) -> i32 {
        (css * self.scale).round() as i32
    }

    /// A width of a stroke in device pixels; at least one.
    pub fn stroke(&self, css: f64) -> u32 {
        self.device(css).max(1) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::spec::Unit;

    #[test]
    fn edges_are_the_ends_of_the_axes() {
        let spec = ChartSpec { scale: 2.0, ..ChartSpec::for_print(Unit::Rps, 60.0, 1.0) };
        let plot = Plot::of(&spec);
        let range = Range::linear(Unit::Rps, 100.0, 4);
        assert_eq!((plot.x_css(0.0), plot.x_css(60.0), plot.x_css(90.0)), (52.0, 706.0, 706.0));
        assert_eq!((plot.y_css(0.0, &range), plot.y_css(100.0, &range)), (148.0, 8.0));
        assert_eq!(plot.device(10.3), 21);
    }

    #[test]
    fn a_tiny_chart_is_harmless() {
        let spec = ChartSpec {
            width_css: 1.0,
            height_css: 1.0,
            ..ChartSpec::for_print(Unit::Rps, 1.0, 1.0)
        };
        let plot = Plot::of(&spec);
        assert!(plot.width() >= 1.0 && plot.height() >= 1.0);
    }
}
