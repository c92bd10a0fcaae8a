//! The layer that rarely changes: grid, labels, marks.

use super::label::{FONT_FAMILIES, text_width_em, time_ticks, value_labels};
use super::palette::{Paint, paint};
use super::plot::Plot;
use super::range::Range;
use super::spec::{ChartSpec, Language, Mark, MarkKind, Theme, Unit};
use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Height of labels, in CSS pixels.
const LABEL_CSS: f64 = 11.0;
/// Width of the lines of the grid, in CSS pixels.
const HAIRLINE_CSS: f64 = 1.0;
/// Length of the ticks below the time axis, in CSS pixels.
const TICK_CSS: f64 = 4.0;

/// What drawing on `DB` returns.
pub type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Everything that the axes show. As long as this stays equal, so does the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// Where the plot lies.
    pub plot: Plot,
    /// The range of the value axis.
    pub range: Range,
    width_css: f64,
    unit: Unit,
    theme: Theme,
    language: Language,
    marks: Vec<Mark>,
}

impl Axes {
    /// The axes of a chart with these data.
    pub fn of(spec: &ChartSpec, data: &[f64]) -> Axes {
        let plot = Plot::of(spec);
        Axes {
            plot,
            range: Range::of(spec, data, plot.height()),
            width_css: spec.width_css,
            unit: spec.y_unit,
            theme: spec.theme,
            language: spec.lang,
            marks: spec.marks.clone(),
        }
    }
}

/// Draws the axes; the background stays as it is.
pub fn draw_axes<DB: DrawingBackend>(root: &DrawingArea<DB, Shift>, axes: &Axes) -> Drawn<DB> {
    let paint = paint(axes.theme);
    draw_spells(root, axes, &paint)?;
    draw_values(root, axes, &paint)?;
    draw_moments(root, axes, &paint)?;
    draw_times(root, axes, &paint)
}

/// Spells of time, below everything.
fn draw_spells<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    axes: &Axes,
    paint: &Paint,
) -> Drawn<DB> {
    let plot = &axes.plot;
    for mark in &axes.marks {
        let Some(until_s) = mark.until_s else { continue };
        let corners = [
            (plot.device(plot.x_css(mark.at_s)), plot.device(plot.top)),
            (plot.device(plot.x_css(until_s)), plot.device(plot.bottom)),
        ];
        root.draw(&Rectangle::new(corners, paint.mark(mark.kind).mix(0.07).filled()))?;
    }
    Ok(())
}

/// Moments and the beginnings of spells: a line, with a flag at its top that is no colour alone,
/// pointing down where a fault strikes and right where somebody switches.
fn draw_moments<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    axes: &Axes,
    paint: &Paint,
) -> Drawn<DB> {
    let plot = &axes.plot;
    for mark in &axes.marks {
        let (x, top) = (plot.x_css(mark.at_s), plot.top);
        let color = paint.mark(mark.kind);
        draw_hairline(root, plot, (x, top), (x, plot.bottom), color.mix(0.55))?;
        let flag = match mark.kind {
            MarkKind::Fault => [(x - 4.0, top), (x + 4.0, top), (x, top + 6.0)],
            MarkKind::Switch => [(x, top), (x + 7.0, top + 4.0), (x, top + 8.0)],
            MarkKind::Note => continue,
        };
        let corners = flag.map(|(x, y)| (plot.device(x), plot.device(y)));
        root.draw(&Polygon::new(corners, color.filled()))?;
    }
    Ok(())
}

/// The grid with a label for each line.
fn draw_values<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    axes: &Axes,
    paint: &Paint,
) -> Drawn<DB> {
    let Axes { plot, range, .. } = axes;
    for (&tick, label) in range.ticks.iter().zip(value_labels(axes.unit, range)) {
        let y = plot.y_css(tick, range);
        let color = if tick == range.bottom { paint.axis } else { paint.grid };
        draw_hairline(root, plot, (plot.left, y), (plot.right, y), color.mix(1.0))?;
        let style = label_style(plot, paint.label, HPos::Right, VPos::Center);
        let place = (plot.device(plot.left - 8.0), plot.device(y));
        root.draw(&Text::new(label, place, style))?;
    }
    Ok(())
}

/// Ticks and labels of the time axis.
fn draw_times<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    axes: &Axes,
    paint: &Paint,
) -> Drawn<DB> {
    let plot = &axes.plot;
    for (at_s, label) in time_ticks(plot.duration_s, plot.width(), axes.language) {
        let x = plot.x_css(at_s);
        draw_hairline(
            root,
            plot,
            (x, plot.bottom),
            (x, plot.bottom + TICK_CSS),
            paint.axis.mix(1.0),
        )?;
        let half = text_width_em(&label) * LABEL_CSS / 2.0;
        let middle = x.min(axes.width_css - half - 1.0);
        let style = label_style(plot, paint.label, HPos::Center, VPos::Top);
        let place = (plot.device(middle), plot.device(plot.bottom + TICK_CSS + 3.0));
        root.draw(&Text::new(label, place, style))?;
    }
    Ok(())
}

/// A horizontal or vertical line as a filled rectangle on whole device pixels: a stroke between
/// pixels would be a grey blur of twice the width.
fn draw_hairline<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    plot: &Plot,
    from: (f64, f64),
    to: (f64, f64),
    color: RGBAColor,
) -> Drawn<DB> {
    let width = plot.stroke(HAIRLINE_CSS) as i32;
    let (x, y) = (plot.device(from.0), plot.device(from.1));
    let corner = match from.0 == to.0 {
        true => (x + width, plot.device(to.1)),
        false => (plot.device(to.0), y + width),
    };
    root.draw(&Rectangle::new([(x, y), corner], color.filled()))
}

fn label_style(
    plot: &Plot,
    color: RGBColor,
    horizontal: HPos,
    vertical: VPos,
) -> TextStyle<'static> {
    text_style(LABEL_CSS * plot.scale, color, horizontal, vertical)
}

/// A style for texts `size` device pixels high.
pub(super) fn text_style(
    size: f64,
    color: RGBColor,
    horizontal: HPos,
    vertical: VPos,
) -> TextStyle<'static> {
    TextStyle {
        font: (FONT_FAMILIES, size).into(),
        color: color.to_backend_color(),
        pos: Pos::new(horizontal, vertical),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_of_the_same_values_leave_the_axes_as_they_are() {
        let spec = ChartSpec::for_print(Unit::Rps, 60.0, 1.0);
        let before = Axes::of(&spec, &[380.0, 400.0]);
        assert_eq!(before, Axes::of(&spec, &[380.0, 400.0, 12.0, -1.0, 410.0]));
        assert_ne!(before, Axes::of(&spec, &[380.0, 400.0, 900.0]));
        let looked_at = ChartSpec { cursor_s: Some(3.0), ..spec.clone() };
        assert_eq!(before, Axes::of(&looked_at, &[400.0]));
        let korean = ChartSpec { lang: Language::Ko, ..spec };
        assert_ne!(before, Axes::of(&korean, &[400.0]));
    }
}
