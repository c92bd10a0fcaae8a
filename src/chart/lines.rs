//! The layer that changes in every frame: the lines and the moment that is looked at.

use super::axes::Drawn;
use super::decimate::{Point, decimate};
use super::palette::{line_color, paint};
use super::plot::Plot;
use super::range::Range;
use super::spec::{ChartSpec, Line, LineStyle, Theme, present};
use plotters::coord::Shift;
use plotters::prelude::*;

/// Widths of lines, in CSS pixels.
const SOLID_CSS: f64 = 1.6;
const DASHED_CSS: f64 = 1.2;
/// Length of a dash and of the gap after it, in CSS pixels.
const DASH_CSS: [f64; 2] = [6.0, 3.0];
/// Radius of the dots where the lines cross the moment that is looked at, in CSS pixels.
const DOT_CSS: f64 = 3.5;

/// How the next strokes are broken, in device pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dashes {
    /// Length of a dash.
    pub dash: f64,
    /// Length of the gap after it.
    pub gap: f64,
    /// Length of the path before the stroke, which the dashes continue.
    pub phase: f64,
}

/// Draws all lines from the window `first` on: the dashed ones first, so that where both runs agree
/// the solid line is seen.
///
/// Styles of plotters know no dashes, and dashes as paths of their own are hundreds of strokes per
/// line; both backends can break a stroke themselves. So `set_dashes` is called before each stroke.
pub fn draw_lines<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    spec: &ChartSpec,
    range: &Range,
    data: &[f64],
    first: usize,
    mut set_dashes: impl FnMut(Option<Dashes>),
) -> Drawn<DB> {
    let view = View { spec, plot: Plot::of(spec), range };
    for style in [LineStyle::Dashed, LineStyle::Solid] {
        for (index, line) in lines_in(spec, style) {
            view.draw_line(root, line, spec.values(index, data), first, &mut set_dashes)?;
        }
    }
    set_dashes(None);
    view.draw_cursor(root, data)
}

fn lines_in(spec: &ChartSpec, style: LineStyle) -> impl Iterator<Item = (usize, &Line)> {
    spec.lines.iter().enumerate().filter(move |(_, line)| line.style == style)
}

/// The dashes of a style at a scale.
pub(super) fn dashes(style: LineStyle, scale: f64, phase: f64) -> Option<Dashes> {
    let [dash, gap] = DASH_CSS.map(|length| length * scale);
    (style == LineStyle::Dashed).then_some(Dashes { dash, gap, phase })
}

/// The stroke of a line at a scale.
pub(super) fn stroke(theme: Theme, line: &Line, scale: f64) -> ShapeStyle {
    let width = if line.style == LineStyle::Solid { SOLID_CSS } else { DASHED_CSS };
    let color = line_color(theme, line.color_index);
    ShapeStyle::from(color).stroke_width((width * scale).round().max(1.0) as u32)
}

/// Turns moments and values into pixels.
struct View<'chart> {
    spec: &'chart ChartSpec,
    plot: Plot,
    range: &'chart Range,
}

impl View<'_> {
    /// Draws one line from the window `first` on, with gaps where there are no values.
    fn draw_line<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        line: &Line,
        values: &[f64],
        first: usize,
        set_dashes: &mut impl FnMut(Option<Dashes>),
    ) -> Drawn<DB> {
        let stroke = stroke(self.spec.theme, line, self.plot.scale);
        let start = self.column_of(first);
        let mut window = 0;
        for run in values.chunk_by(|&one, &next| present(one) == present(next)) {
            let next = window + run.len();
            if present(run[0]) && next > first {
                let mut path = self.path(window, run);
                // One point more, as the new part begins there.
                let old = path.partition_point(|point| point.0 < start).saturating_sub(1);
                set_dashes(dashes(line.style, self.plot.scale, length(&path[..=old])));
                root.draw(&PathElement::new(path.split_off(old), stroke))?;
            }
            window = next;
        }
        Ok(())
    }

    /// Left edge of the pixel column that a window is drawn in.
    fn column_of(&self, window: usize) -> i32 {
        let x = self.plot.device(self.plot.x_css(self.spec.moment(window)));
        x - x.rem_euclid(self.plot.stroke(1.0) as i32)
    }

    /// The path through consecutive values, the first of which belongs to `window`.
    fn path(&self, window: usize, run: &[f64]) -> Vec<Point> {
        let plot = &self.plot;
        let point = |(index, &value): (usize, &f64)| {
            let x = plot.x_css(self.spec.moment(window + index));
            (plot.device(x), self.y(value))
        };
        let mut path = decimate(run.iter().enumerate().map(point), plot.stroke(1.0));
        if let [(x, y)] = path[..] {
            // A path of one point shows nothing; a value between gaps is as wide as its window.
            let width_css = self.spec.window_s / plot.duration_s * plot.width();
            let half = plot.device((width_css / 2.0).max(1.0));
            path = vec![(x - half, y), (x + half, y)];
        }
        path
    }

    /// Draws the moment that is looked at, with a dot on every solid line.
    fn draw_cursor<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        data: &[f64],
    ) -> Drawn<DB> {
        let View { spec, plot, .. } = self;
        let Some(cursor_s) = spec.cursor_s.filter(|&cursor_s| present(cursor_s)) else {
            return Ok(());
        };
        let paint = paint(spec.theme);
        // On a whole CSS pixel, as the picture may be scaled down to those.
        let (x, width) = (plot.device(plot.x_css(cursor_s).round()), plot.stroke(1.0) as i32);
        let corners = [(x, plot.device(plot.top)), (x + width, plot.device(plot.bottom))];
        root.draw(&Rectangle::new(corners, paint.ink.mix(0.6).filled()))?;
        let window = (cursor_s / spec.window_s) as usize;
        for (index, line) in lines_in(spec, LineStyle::Solid) {
            let value = spec.values(index, data).get(window).copied().unwrap_or(-1.0);
            if present(value) {
                let center = (x + width / 2, self.y(value));
                let color = line_color(spec.theme, line.color_index);
                for (radius, color) in [(DOT_CSS + 1.5, paint.background), (DOT_CSS, color)] {
                    root.draw(&Circle::new(center, plot.device(radius), color.filled()))?;
                }
            }
        }
        Ok(())
    }

    fn y(&self, value: f64) -> i32 {
        self.plot.device(self.plot.y_css(value, self.range))
    }
}

/// Length of a path.
fn length(path: &[Point]) -> f64 {
    let step = |pair: &[Point]| {
        let (x, y) = (f64::from(pair[1].0 - pair[0].0), f64::from(pair[1].1 - pair[0].1));
        (x * x + y * y).sqrt()
    };
    path.windows(2).map(step).sum()
}
