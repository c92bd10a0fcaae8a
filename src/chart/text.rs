//! Charts out of characters, for terminals and logs.
//!
//! A column stands for several windows of time, a row for a part of the value axis. With Unicode the
//! cells are blocks in eighths of a row, without it `.`, `:` and `#` for a third, two thirds and all. Zero is `·` or `_`; a space at the
//! bottom means that there is no value.

use super::label::{time_ticks, value_label};
use super::range::Range;
use super::spec::{Language, Unit, present};
use std::fmt::Write;

/// Width of the labels of the value axis, in characters.
const LABELS: usize = 8;
/// Least and most width of a chart, in characters.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=200;

/// How a chart of characters looks.
#[derive(Clone, Copy, Debug)]
pub struct TextStyle {
    /// Width with the labels, in characters; 40 to 200, sensibly 60 to 100.
    pub width: usize,
    /// Rows per curve; 1 to 20.
    pub rows: usize,
    /// Block characters, or plain ASCII.
    pub unicode: bool,
    /// Language of the time axis.
    pub language: Language,
}

/// Curves below each other over one time axis, all on the same value axis.
#[derive(Clone, Debug)]
pub struct TextChart<'data> {
    /// What the values measure.
    pub unit: Unit,
    /// End of the time axis, in simulated seconds.
    pub duration_s: f64,
    /// Length of the window that a value stands for, in simulated seconds.
    pub window_s: f64,
    /// What a column shows of the windows it stands for.
    pub column: Column,
    /// The value axis reaches at least this value.
    pub y_max: Option<f64>,
    /// A line of text above each curve, and its values, negative where there is none.
    pub curves: Vec<(&'data str, &'data [f64])>,
}

/// What a column shows of the windows it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Their mean: right for rates and levels.
    Mean,
    /// Their largest value: right for latencies, whose peaks matter.
    Largest,
}

impl TextChart<'_> {
    /// The chart; every line ends with a line feed and has no space at its end.
    pub fn render(&self, style: &TextStyle) -> String {
        let width = style.width.clamp(*WIDTHS.start(), *WIDTHS.end()) - LABELS - 2;
        let curves: Vec<Vec<f64>> =
            self.curves.iter().map(|(_, values)| self.columns(values, width)).collect();
        let largest = curves.iter().flatten().copied().fold(0.0, f64::max);
        let wanted = self.y_max.unwrap_or(0.0).max(largest);
        let range = Range::linear(self.unit, wanted, 4);
        let mut text = String::new();
        for ((label, _), columns) in self.curves.iter().zip(&curves) {
            if !label.is_empty() {
                push_line(&mut text, label);
            }
            self.draw_curve(&mut text, style, columns, &range);
        }
        self.draw_times(&mut text, style, width);
        text
    }

    /// One value per column; negative where no window has one.
    fn columns(&self, values: &[f64], width: usize) -> Vec<f64> {
        let windows_per_column = self.duration_s / self.window_s / width as f64;
        let bound = |column: usize| (column as f64 * windows_per_column).round() as usize;
        (0..width)
            .map(|column| {
                let first = bound(column).min(values.len());
                let last = bound(column + 1).max(bound(column) + 1).min(values.len());
                // With fewer windows than columns, a window is drawn in several.
                let shown = match first < last {
                    true => &values[first..last],
                    false => &[],
                };
                self.column.of(shown)
            })
            .collect()
    }

    fn draw_curve(&self, text: &mut String, style: &TextStyle, columns: &[f64], range: &Range) {
        let rows = style.rows.clamp(1, 20);
        for row in (0..rows).rev() {
            let label = match row {
                _ if row + 1 == rows => {
                    value_label(self.unit, range.top, range.top, range.ticks[1])
                }
                0 => "0".to_owned(),
                _ => String::new(),
            };
            let edge = if style.unicode { '│' } else { '|' };
            let cells =
                columns.iter().map(|&value| cell(value, range.top, row, rows, style.unicode));
            let cells: String = cells.collect();
            push_line(text, &format!("{label:>LABELS$} {edge}{cells}"));
        }
    }

    fn draw_times(&self, text: &mut String, style: &TextStyle, width: usize) {
        let (corner, rule, tick) =
            if style.unicode { ('└', '─', '┴') } else { ('+', '-', '+') };
        let mut line: Vec<char> = vec![rule; width];
        let mut labels = String::new();
        // A label needs a dozen characters, and the axis counts in pixels.
        let ticks = time_ticks(self.duration_s, width as f64 * 6.0, style.language);
        let mut labelled = 0;
        for (at_s, label) in ticks {
            let column = ((at_s / self.duration_s * width as f64) as usize).min(width - 1);
            line[column] = tick;
            let wide = columns_wide(&label);
            let start = column.min(width.saturating_sub(wide));
            let gap = start.saturating_sub(labelled);
            write!(labels, "{:gap$}{label}", "").expect("a string takes any text");
            labelled = labelled.max(start) + wide;
        }
        line[0] = rule;
        let line: String = line.into_iter().collect();
        push_line(text, &format!("{:LABELS$} {corner}{line}", ""));
        push_line(text, &format!("{:LABELS$}  {labels}", ""));
    }
}

impl Column {
    fn of(self, values: &[f64]) -> f64 {
        let values = || values.iter().copied().filter(|&value| present(value));
        let count = values().count();
        match self {
            _ if count == 0 => -1.0,
            Column::Mean => values().sum::<f64>() / count as f64,
            Column::Largest => values().fold(0.0, f64::max),
        }
    }
}

/// A curve in one row, such as `▁▂▅▇█`, `width` characters wide, with `top` as a full block.
pub fn sparkline(values: &[f64], top: f64, width: usize, column: Column, unicode: bool) -> String {
    let chart = TextChart {
        unit: Unit::Count,
        duration_s: values.len().max(1) as f64,
        window_s: 1.0,
        column,
        y_max: None,
        curves: Vec::new(),
    };
    let columns = chart.columns(values, width.max(1));
    columns.into_iter().map(|value| cell(value, top, 0, 1, unicode)).collect()
}

/// The character of a value in a row, counted from the bottom, of so many rows up to `top`.
fn cell(value: f64, top: f64, row: usize, rows: usize, unicode: bool) -> char {
    const BLOCKS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const PLAIN: [char; 4] = ['_', '.', ':', '#'];
    let cells: &[char] = if unicode { &BLOCKS } else { &PLAIN };
    if !present(value) {
        return ' ';
    }
    let full = cells.len() - 1;
    let height = (value / top * (rows * full) as f64).round() as usize;
    // What is there shows, however little it is.
    let height = if value > 0.0 { height.max(1) } else { height };
    match height.saturating_sub(row * full).min(full) {
        0 if row > 0 => ' ',
        part => cells[part],
    }
}

/// Columns of a terminal that a text takes: Hangul takes two for a character.
pub fn columns_wide(text: &str) -> usize {
    text.chars().map(|character| if character >= '\u{1100}' { 2 } else { 1 }).sum()
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

// Natively only: the library of expectations does not build for WebAssembly.
#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(unicode: bool, language: Language, expected: Expect) {
        let before: Vec<f64> =
            (0..120).map(|window| if window < 40 { 400.0 } else { 25.0 }).collect();
        let after: Vec<f64> = (0..100)
            .map(|window| match window {
                0..40 => 400.0,
                40..50 => 250.0,
                50..55 => -1.0,
                _ => 390.0,
            })
            .collect();
        let chart = TextChart {
            unit: Unit::Rps,
            duration_s: 60.0,
            window_s: 0.5,
            column: Column::Mean,
            y_max: None,
            curves: vec![("as it was", &before), ("with switches", &after)],
        };
        let style = TextStyle { width: 60, rows: 3, unicode, language };
        expected.assert_eq(&chart.render(&style));
    }

    #[test]
    fn two_curves_in_blocks() {
        check(
            true,
            Language::En,
            expect![[r#"
            as it was
                 400 │████████████████▁
                     │█████████████████
                   0 │█████████████████▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂
            with switches
                 400 │████████████████▅      ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
                     │█████████████████▇▇▇▇  ███████████████████
                   0 │█████████████████████  ███████████████████
                     └────────────┴────────────┴───────────┴───────────┴
                      0s          15s          30s         45s        1m
        "#]],
        );
    }

    #[test]
    fn two_curves_in_plain_characters() {
        check(
            false,
            Language::Ko,
            expect![[r#"
            as it was
                 400 |################
                     |#################
                   0 |#################.................................
            with switches
                 400 |################:      ###################
                     |#####################  ###################
                   0 |#####################  ###################
                     +------------+------------+-----------+-----------+
                      0초         15초         30초        45초      1분
        "#]],
        );
    }

    #[test]
    fn a_curve_in_one_row() {
        let values = [0.0, 1.0, 25.0, 50.0, 75.0, 100.0, -1.0, 100.0];
        assert_eq!(sparkline(&values, 100.0, 8, Column::Mean, true), "·▁▂▄▆█ █");
        assert_eq!(sparkline(&values, 100.0, 8, Column::Mean, false), "_..::# #");
        assert_eq!(sparkline(&values, 100.0, 4, Column::Largest, true), "▁▄██");
        assert_eq!(sparkline(&[], 100.0, 3, Column::Mean, true), "   ");
    }

    #[test]
    fn peaks_are_not_averaged_away() {
        let mut values = vec![1.0; 600];
        values[300] = 100.0;
        let line = sparkline(&values, 100.0, 60, Column::Largest, true);
        assert_eq!(line.matches('█').count(), 1);
    }
}
