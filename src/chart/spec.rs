//! What a chart shows, in the form in which the page asks for it.

use serde::Deserialize;

/// Largest width and height of a chart, in CSS pixels.
const MAX_SIDE_CSS: f64 = 10_000.0;

/// A chart. Its data are a flat array beside it: for each line `points` values, one per window of
/// time, and a negative value where there is none.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChartSpec {
    /// Width of the whole chart with its labels, in CSS pixels.
    pub width_css: f64,
    /// Height of the whole chart with its labels, in CSS pixels.
    pub height_css: f64,
    /// Device pixels per CSS pixel, 0.1 to 10; in the page, `devicePixelRatio`.
    pub scale: f64,
    /// Colours for a light or a dark background.
    pub theme: Theme,
    /// Language of the labels.
    pub lang: Language,
    /// End of the time axis, in simulated seconds.
    pub duration_s: f64,
    /// Length of the window that a value stands for, in simulated seconds.
    pub window_s: f64,
    /// What the values measure.
    pub y_unit: Unit,
    /// The value axis reaches at least this value.
    #[serde(default)]
    pub y_max: Option<f64>,
    /// Whether the value axis is logarithmic.
    #[serde(default)]
    pub log: bool,
    /// The lines, in the order of their data.
    pub lines: Vec<Line>,
    /// Values per line.
    pub points: u32,
    /// The moment that is looked at, in simulated seconds.
    #[serde(default)]
    pub cursor_s: Option<f64>,
    /// Moments and spells of time that explain the curves.
    #[serde(default)]
    pub marks: Vec<Mark>,
}

/// A line of a chart.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Place in the palette; see [`chart_color`](super::palette::chart_color).
    pub color_index: u32,
    /// Solid, or dashed for the run it is compared with.
    pub style: LineStyle,
    /// Name in the legend.
    #[serde(default)]
    pub label: String,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineStyle {
    /// The run with the chosen switches.
    Solid,
    /// The run as it was, drawn below the solid lines.
    Dashed,
}

/// A moment, or a spell of time, that is marked over the whole height of the chart.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Moment, in simulated seconds.
    pub at_s: f64,
    /// End of the spell, in simulated seconds; absent for a moment.
    #[serde(default)]
    pub until_s: Option<f64>,
    /// What happened.
    pub kind: MarkKind,
}

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A fault began, or lasted.
    Fault,
    /// A pattern was switched or a number changed.
    Switch,
    /// Anything else.
    #[serde(other)]
    Note,
}

/// The background that colours are chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Near white.
    Light,
    /// Near black.
    Dark,
}

/// A language of the labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    En,
    /// Korean.
    Ko,
}

/// What the values of a chart measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Events per second.
    Rps,
    /// Milliseconds.
    Ms,
    /// A share, 0 to 1, shown in per cent.
    Ratio,
    /// Bytes, shown with decimal prefixes.
    Bytes,
    /// A number of things: threads, requests, servers. Also any unit not named above.
    #[serde(other)]
    Count,
}

impl ChartSpec {
    /// A chart for print without lines: 720 × 170 CSS pixels, light, English.
    pub fn for_print(y_unit: Unit, duration_s: f64, window_s: f64) -> ChartSpec {
        ChartSpec {
            width_css: 720.0,
            height_css: 170.0,
            scale: 1.0,
            theme: Theme::Light,
            lang: Language::En,
            duration_s,
            window_s,
            y_unit,
            y_max: None,
            log: false,
            lines: Vec::new(),
            points: 0,
            cursor_s: None,
            marks: Vec::new(),
        }
    }

    /// Says what is wrong with the chart or the number of its values.
    pub fn check(&self, values: usize) -> Result<(), String> {
        let sides = [("width_css", self.width_css), ("height_css", self.height_css)];
        for (name, side) in sides {
            if !(1.0..=MAX_SIDE_CSS).contains(&side) {
                return Err(format!("{name} is {side}, must be 1 to {MAX_SIDE_CSS}"));
            }
        }
        if !(0.1..=10.0).contains(&self.scale) {
            return Err(format!("scale is {}, must be 0.1 to 10", self.scale));
        }
        for (name, length) in [("duration_s", self.duration_s), ("window_s", self.window_s)] {
            if !(length.is_finite() && length > 0.0) {
                return Err(format!("{name} is {length}, must be more than 0"));
            }
        }
        let expected = self.lines.len() * self.points as usize;
        if values != expected {
            let (lines, points) = (self.lines.len(), self.points);
            return Err(format!(
                "{values} values given, must be {expected} ({lines} lines of {points} points)"
            ));
        }
        Ok(())
    }

    /// The values of a line, one per window.
    pub fn values<'data>(&self, line: usize, data: &'data [f64]) -> &'data [f64] {
        let points = self.points as usize;
        &data[line * points..(line + 1) * points]
    }

    /// The moment that a window's value is drawn at, its middle, in simulated seconds.
    pub fn moment(&self, window: usize) -> f64 {
        (window as f64 + 0.5) * self.window_s
    }
}

/// Whether there is a value: negative, infinite and undefined ones stand for none.
pub fn present(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> ChartSpec {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_page_asks_in_json() {
        let spec = parse(
            r#"{"width_css": 600, "height_css": 260, "scale": 2, "theme": "dark", "lang": "ko",
                "duration_s": 180, "window_s": 0.3, "y_unit": "threads", "points": 2,
                "lines": [{"color_index": 1, "style": "dashed", "label": "goodput"}],
                "marks": [{"at_s": 40, "until_s": 60, "kind": "fault"}, {"at_s": 50, "kind": "?"}]}"#,
        );
        assert_eq!(spec.y_unit, Unit::Count);
        assert_eq!(spec.marks[1].kind, MarkKind::Note);
        assert_eq!(spec.check(2), Ok(()));
        assert_eq!(spec.check(3).unwrap_err(), "3 values given, must be 2 (1 lines of 2 points)");
    }

    #[test]
    fn nonsense_is_refused_in_words() {
        let good = ChartSpec::for_print(Unit::Rps, 60.0, 0.5);
        assert_eq!(good.check(0), Ok(()));
        let endless = ChartSpec { duration_s: f64::INFINITY, ..good.clone() };
        assert!(endless.check(0).unwrap_err().starts_with("duration_s"));
        let huge = ChartSpec { width_css: 1e9, ..good.clone() };
        assert!(huge.check(0).unwrap_err().starts_with("width_css"));
        let undefined = ChartSpec { scale: f64::NAN, ..good };
        assert!(undefined.check(0).unwrap_err().starts_with("scale"));
    }
}
