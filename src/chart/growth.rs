//! What has to be drawn when a run goes on: only the newest windows, on the picture that is there.
//!
//! Most of a frame is the browser's work on the strokes, and a whole run of noisy lines takes longer
//! than a frame lasts. While a run plays, the lines only grow at their right end.

use super::range::Range;
use super::spec::ChartSpec;

/// Windows that are drawn a second time, so that corners at the seam are round.
const OVERLAP: u32 = 2;

/// The lines of a picture.
#[derive(Clone, Debug)]
pub struct Shown {
    spec: ChartSpec,
    range: Range,
    data: Vec<f64>,
}

impl Shown {
    /// What is shown after all lines of a chart have been drawn.
    pub fn new(spec: ChartSpec, range: Range, data: &[f64]) -> Shown {
        Shown { spec, range, data: data.to_vec() }
    }

    /// The first window to draw on this picture to get that of a chart, if it can be had so.
    ///
    /// The complete run is drawn afresh: its picture then does not depend on how it came about.
    pub fn grown_to(&self, spec: &ChartSpec, range: &Range, data: &[f64]) -> Option<usize> {
        let old = self.spec.points;
        let complete = spec.moment(spec.points as usize) > spec.duration_s;
        let first = old.checked_sub(OVERLAP)?;
        let possible = spec.points > old && !complete && spec.cursor_s.is_none();
        let same =
            || *range == self.range && ChartSpec { points: old, ..spec.clone() } == self.spec;
        let begins_so = |line| {
            let (new, old) = (spec.values(line, data), self.spec.values(line, &self.data));
            new.starts_with(old)
        };
        (possible && same() && (0..spec.lines.len()).all(begins_so)).then_some(first as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::spec::{Line, LineStyle, Unit};

    fn chart(points: u32) -> ChartSpec {
        let line = Line { color_index: 0, style: LineStyle::Solid, label: String::new() };
        let lines = vec![line.clone(), line];
        ChartSpec { lines, points, ..ChartSpec::for_print(Unit::Rps, 10.0, 1.0) }
    }

    fn grown(spec: &ChartSpec, top: f64, data: &[f64]) -> Option<usize> {
        let range = |top| Range::linear(Unit::Rps, top, 4);
        let shown = Shown::new(chart(3), range(10.0), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        shown.grown_to(spec, &range(top), data)
    }

    #[test]
    fn only_new_windows_are_drawn_while_a_run_goes_on() {
        let data = [1.0, 2.0, 3.0, 9.0, 4.0, 5.0, 6.0, 9.0];
        assert_eq!(grown(&chart(4), 10.0, &data), Some(1));
    }

    #[test]
    fn everything_is_drawn_when_anything_else_changes() {
        let data = [1.0, 2.0, 3.0, 9.0, 4.0, 5.0, 6.0, 9.0];
        assert_eq!(grown(&chart(4), 20.0, &data), None, "another range");
        let dark = ChartSpec { width_css: 300.0, ..chart(4) };
        assert_eq!(grown(&dark, 10.0, &data), None, "another size");
        let looked_at = ChartSpec { cursor_s: Some(1.0), ..chart(4) };
        assert_eq!(grown(&looked_at, 10.0, &data), None, "a moment is looked at");
        let changed = [1.0, 2.0, 3.0, 9.0, 4.0, 7.0, 6.0, 9.0];
        assert_eq!(grown(&chart(4), 10.0, &changed), None, "another past");
        assert_eq!(grown(&chart(3), 10.0, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), None, "no growth");
        assert_eq!(grown(&chart(2), 10.0, &[1.0, 2.0, 4.0, 5.0]), None, "back in time");
        let complete: Vec<f64> = [1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0].repeat(2);
        assert_eq!(grown(&chart(10), 10.0, &complete), None, "the run is complete");
    }
}
