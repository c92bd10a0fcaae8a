//! The layer that changes in every frame: the lines and the moment that is looked at.

use super::axes::Drawn;
use super::decimate::{Point, decimate};
use super::palette::{line_color, paint};
use super::plot::Plot;
use super::range::Range;
use super::spec::{ChartSpec, Line, LineStyle, present};
use plotters::coord::Shift;
use plotters::prelude::*;

/// Widths of lines, in CSS pixels.
const SOLID_CSS: f64 = 2.0;
const DASHED_CSS: f64 = 1.5;
/// Length of a dash and of the gap after it, in CSS pixels.
const DASH_CSS: [f64; 2] = [5.0, 3.5];
/// Radius of the dots where the lines cross the moment that is looked at, in CSS pixels.
const DOT_CSS: f64 = 3.5;

/// How the next strokes are broken: lengths of a dash and of the gap after it, in device pixels.
pub type Dashes = Option<[f64; 2]>;

/// Draws all lines: the dashed ones first, so that where both runs agree the solid line is seen.
///
/// Styles of plotters know no dashes, and dashes as paths of their own are hundreds of strokes per
/// line; both backends can break a stroke themselves. So `set_dashes` is called before each style.
pub fn draw_lines<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    spec: &ChartSpec,
    range: &Range,
    data: &[f64],
    mut set_dashes: impl FnMut(Dashes),
) -> Drawn<DB> {
    let view = View { spec, plot: Plot::of(spec), range };
    for style in [LineStyle::Dashed, LineStyle::Solid] {
        set_dashes(dashes(style, spec.scale));
        for (index, line) in lines_in(spec, style) {
            view.draw_line(root, line, spec.values(index, data))?;
        }
    }
    set_dashes(None);
    view.draw_cursor(root, data)
}

fn lines_in(spec: &ChartSpec, style: LineStyle) -> impl Iterator<Item = (usize, &Line)> {
    spec.lines.iter().enumerate().filter(move |(_, line)| line.style == style)
}

/// The dashes of a style at a scale.
pub(super) fn dashes(style: LineStyle, scale: f64) -> Dashes {
    (style == LineStyle::Dashed).then(|| DASH_CSS.map(|length| length * scale))
}

/// The stroke of a line at a scale.
pub(super) fn stroke(spec: &ChartSpec, line: &Line, scale: f64) -> ShapeStyle {
    let width = if line.style == LineStyle::Solid { SOLID_CSS } else { DASHED_CSS };
    let color = line_color(spec.theme, line.color_index);
    ShapeStyle::from(color).stroke_width((width * scale).round().max(1.0) as u32)
}

/// Turns moments and values into pixels.
struct View<'chart> {
    spec: &'chart ChartSpec,
    plot: Plot,
    range: &'chart Range,
}

impl View<'_> {
    /// Draws one line, with gaps where there are no values.
    fn draw_line<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        line: &Line,
        values: &[f64],
    ) -> Drawn<DB> {
        let stroke = stroke(self.spec, line, self.plot.scale);
        let mut window = 0;
        for run in values.chunk_by(|&one, &next| present(one) == present(next)) {
            if present(run[0]) {
                root.draw(&PathElement::new(self.path(window, run), stroke))?;
            }
            window += run.len();
        }
        Ok(())
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
        let (x, width) = (plot.device(plot.x_css(cursor_s)), plot.stroke(1.0) as i32);
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
