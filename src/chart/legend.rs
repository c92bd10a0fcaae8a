//! Which lines a printed legend explains, and how its entries are set in rows.

use super::label::text_width_em;
use super::spec::{ChartSpec, Line, LineStyle};

/// Height of the letters, in CSS pixels.
pub const LETTERS_CSS: f64 = 11.5;
/// Height of a row, in CSS pixels.
pub const ROW_CSS: f64 = 17.0;
/// Length of the piece of line before a label, in CSS pixels.
pub const SWATCH_CSS: f64 = 22.0;
/// Space between this piece and its label, in CSS pixels.
pub const SPACE_CSS: f64 = 6.0;
/// Space between two entries, in CSS pixels.
pub const GAP_CSS: f64 = 16.0;

/// A line in a legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry<'line> {
    /// How it is drawn.
    pub line: &'line Line,
    /// What it shows.
    pub label: &'line str,
}

impl Entry<'_> {
    /// Estimated width of the label, in CSS pixels.
    pub fn label_css(&self) -> f64 {
        text_width_em(self.label) * LETTERS_CSS
    }

    fn width_css(&self) -> f64 {
        SWATCH_CSS + SPACE_CSS + self.label_css() + GAP_CSS
    }
}

/// Each label once: the dashed and the solid line of one measure have one colour and one name. The
/// solid one stands for both.
pub fn entries(spec: &ChartSpec) -> Vec<Entry<'_>> {
    let of = |style| spec.lines.iter().filter(move |line| line.style == style);
    let mut entries: Vec<Entry> = Vec::new();
    for line in of(LineStyle::Solid).chain(of(LineStyle::Dashed)) {
        let same =
            |entry: &Entry| entry.label == line.label && entry.line.color_index == line.color_index;
        if !line.label.is_empty() && !entries.iter().any(same) {
            entries.push(Entry { line, label: &line.label });
        }
    }
    entries
}

/// Sets entries in rows of a width, the first of which has to leave room for something else.
///
/// There is always a first row, be it empty.
pub fn rows<'line>(
    entries: &[Entry<'line>],
    taken_css: f64,
    width_css: f64,
) -> Vec<Vec<Entry<'line>>> {
    let mut rows = vec![Vec::new()];
    let mut free = width_css - taken_css;
    for &entry in entries {
        let width = entry.width_css();
        let row = rows.last_mut().expect("there is a first row");
        if width <= free || (row.is_empty() && width >= width_css) {
            row.push(entry);
            free -= width;
        } else {
            rows.push(vec![entry]);
            free = width_css - width;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::spec::Unit;

    fn chart() -> ChartSpec {
        let line = |color_index, style, label: &str| {
            let label = label.to_owned();
            Line { color_index, style, label }
        };
        let lines = vec![
            line(1, LineStyle::Dashed, "goodput"),
            line(2, LineStyle::Dashed, "failed"),
            line(0, LineStyle::Solid, ""),
            line(1, LineStyle::Solid, "goodput"),
        ];
        ChartSpec { lines, ..ChartSpec::for_print(Unit::Rps, 10.0, 1.0) }
    }

    #[test]
    fn a_measure_is_explained_once() {
        let chart = chart();
        let entries: Vec<_> =
            entries(&chart).iter().map(|entry| (entry.label, entry.line.style)).collect();
        assert_eq!(entries, [("goodput", LineStyle::Solid), ("failed", LineStyle::Dashed)]);
    }

    #[test]
    fn a_row_that_is_full_is_followed_by_another() {
        let chart = chart();
        let entries = entries(&chart);
        let lengths = |taken, width| -> Vec<usize> {
            rows(&entries, taken, width).iter().map(Vec::len).collect()
        };
        assert_eq!(lengths(100.0, 400.0), [2]);
        assert_eq!(lengths(300.0, 400.0), [1, 1]);
        assert_eq!(lengths(390.0, 400.0), [0, 2]);
        assert_eq!(lengths(0.0, 20.0), [1, 1]);
        assert_eq!(rows(&[], 0.0, 400.0), [[]]);
    }
}
