//! Charts for print: several below each other with titles and legends, as one SVG.

use super::axes::{Axes, draw_axes, text_style};
use super::label::text_width_em;
use super::legend::{self, Entry};
use super::lines::{Dashes, dashes, draw_lines, stroke};
use super::palette::paint;
use super::spec::{ChartSpec, Line, LineStyle, Theme};
use super::svg::{SCALE, SvgBackend, document};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use std::cell::Cell;

/// Space around everything, in CSS pixels.
const MARGIN_CSS: f64 = 18.0;
/// Height of the title of the sheet with its second line, in CSS pixels.
const HEAD_CSS: f64 = 52.0;
/// Height of the title of a chart, in CSS pixels.
const TITLE_CSS: f64 = 24.0;
/// Space between charts, in CSS pixels.
const GAP_CSS: f64 = 14.0;
/// Height of the letters of a chart's title, in CSS pixels.
const TITLE_LETTERS_CSS: f64 = 13.0;
/// Space between the plot and the right edge of its chart, to which legends are set.
const RIGHT_CSS: f64 = 14.0;

/// Several charts over the same time.
#[derive(Clone, Debug)]
pub struct Sheet<'words> {
    /// What the sheet shows.
    pub title: &'words str,
    /// How it came about: seed, switches. May be empty.
    pub subtitle: &'words str,
    /// What dashed and what solid lines stand for, if there are both.
    pub styles: Option<[&'words str; 2]>,
    /// Colours for a light or a dark background.
    pub theme: Theme,
    /// The charts, from the top down.
    pub charts: Vec<SheetChart>,
}

/// A chart of a sheet.
#[derive(Clone, Debug)]
pub struct SheetChart {
    /// What is measured, with its unit.
    pub title: String,
    /// The chart. Its scale and its theme are those of the sheet.
    pub spec: ChartSpec,
    /// Its values, line after line; see [`ChartSpec`].
    pub data: Vec<f64>,
}

/// One chart with a title and, if wanted, a legend.
pub fn render_svg(spec: &ChartSpec, data: &[f64], title: &str, legend: bool) -> String {
    let mut spec = spec.clone();
    if !legend {
        spec.lines.iter_mut().for_each(|line| line.label.clear());
    }
    let theme = spec.theme;
    let chart = SheetChart { title: title.to_owned(), spec, data: data.to_vec() };
    Sheet { title: "", subtitle: "", styles: None, theme, charts: vec![chart] }.render()
}

impl Sheet<'_> {
    /// The sheet as an SVG document: the same text for the same sheet on every machine.
    ///
    /// Panics if the number of values does not fit a chart; see [`ChartSpec::check`].
    pub fn render(&self) -> String {
        let width_css = self.charts.iter().map(|chart| chart.spec.width_css).fold(320.0, f64::max);
        let heights = self.charts.iter().map(|chart| chart.head_css() + chart.spec.height_css);
        let gaps = GAP_CSS * self.charts.len().saturating_sub(1) as f64;
        let height_css = self.head_css() + heights.sum::<f64>() + gaps;
        let size = [width_css, height_css].map(|side| (side + 2.0 * MARGIN_CSS).ceil() as u32);

        let (mut body, strokes) = (String::new(), Cell::new(None));
        {
            let device = size.map(|side| side * SCALE as u32);
            let backend = SvgBackend::new(&mut body, &strokes, (device[0], device[1]));
            let canvas = Canvas { root: backend.into_drawing_area(), strokes: &strokes };
            self.draw(&canvas, width_css);
        }
        let name = if self.title.is_empty() { self.first_title() } else { self.title };
        document(&body, size[0], size[1], name)
    }

    fn head_css(&self) -> f64 {
        if self.title.is_empty() { 0.0 } else { HEAD_CSS }
    }

    fn first_title(&self) -> &str {
        self.charts.first().map_or("", |chart| &chart.title)
    }

    fn draw(&self, canvas: &Canvas, width_css: f64) {
        let paint = paint(self.theme);
        canvas.root.fill(&paint.background).expect(NEVER_FAILS);
        let mut top = MARGIN_CSS;
        if !self.title.is_empty() {
            canvas.text(self.title, (MARGIN_CSS, top), 17.0, paint.ink, true);
            canvas.text(self.subtitle, (MARGIN_CSS, top + 24.0), 12.0, paint.label, false);
        }
        if let Some([dashed, solid]) = self.styles {
            let line = |style| Line { color_index: 0, style, label: String::new() };
            let lines = [LineStyle::Dashed, LineStyle::Solid].map(line);
            let entries = [(&lines[0], dashed), (&lines[1], solid)];
            let entries = entries.map(|(line, label)| Entry { line, label });
            let right = MARGIN_CSS + width_css - RIGHT_CSS;
            canvas.legend(self.theme, &entries, (right, top + 5.0));
        }
        top += self.head_css();
        for chart in &self.charts {
            self.draw_chart(canvas, chart, top);
            top += chart.head_css() + chart.spec.height_css + GAP_CSS;
        }
    }

    fn draw_chart(&self, canvas: &Canvas, chart: &SheetChart, top: f64) {
        let ink = paint(self.theme).ink;
        canvas.text(&chart.title, (MARGIN_CSS, top), TITLE_LETTERS_CSS, ink, true);
        let spec = ChartSpec { scale: SCALE, theme: self.theme, ..chart.spec.clone() };
        let right = MARGIN_CSS + spec.width_css - RIGHT_CSS;
        for (row, entries) in chart.legend().iter().enumerate() {
            canvas.legend(self.theme, entries, (right, top + 1.0 + row as f64 * legend::ROW_CSS));
        }

        let device = |css: f64| (css * SCALE) as i32;
        let area = canvas.root.clone().shrink(
            (device(MARGIN_CSS), device(top + chart.head_css())),
            (device(spec.width_css), device(spec.height_css)),
        );
        let axes = Axes::of(&spec, &chart.data);
        draw_axes(&area, &axes).expect(NEVER_FAILS);
        draw_lines(&area, &spec, &axes.range, &chart.data, 0, |dashes| canvas.strokes.set(dashes))
            .expect(NEVER_FAILS);
    }
}

impl SheetChart {
    /// The rows of the legend, the first of which is beside the title.
    fn legend(&self) -> Vec<Vec<Entry<'_>>> {
        let title_css = text_width_em(&self.title) * TITLE_LETTERS_CSS * 1.1;
        let width_css = self.spec.width_css - RIGHT_CSS;
        legend::rows(&legend::entries(&self.spec), title_css, width_css)
    }

    fn head_css(&self) -> f64 {
        TITLE_CSS + (self.legend().len() - 1) as f64 * legend::ROW_CSS
    }
}

const NEVER_FAILS: &str = "writing to a string does not fail";

/// What a sheet is drawn on.
struct Canvas<'picture> {
    root: DrawingArea<SvgBackend<'picture>, Shift>,
    strokes: &'picture Cell<Option<Dashes>>,
}

impl Canvas<'_> {
    fn text(&self, text: &str, (x, y): (f64, f64), size: f64, color: RGBColor, bold: bool) {
        let mut style = text_style(size * SCALE, color, HPos::Left, VPos::Top);
        if bold {
            style.font = style.font.style(FontStyle::Bold);
        }
        let place = ((x * SCALE) as i32, (y * SCALE) as i32);
        self.root.draw(&Text::new(text, place, style)).expect(NEVER_FAILS);
    }

    /// Draws entries in a row that ends at `right`.
    fn legend(&self, theme: Theme, entries: &[Entry], (right, top): (f64, f64)) {
        let color = paint(theme).label;
        let mut x = right;
        for entry in entries.iter().rev() {
            x -= entry.label_css();
            self.text(entry.label, (x, top), legend::LETTERS_CSS, color, false);
            x -= legend::SWATCH_CSS + legend::SPACE_CSS;
            self.swatch(theme, entry.line, (x, top + legend::LETTERS_CSS * 0.48));
            x -= legend::GAP_CSS;
        }
    }

    fn swatch(&self, theme: Theme, line: &Line, (x, y): (f64, f64)) {
        let device = |css: f64| (css * SCALE) as i32;
        let ends = [(device(x), device(y)), (device(x + legend::SWATCH_CSS), device(y))];
        self.strokes.set(dashes(line.style, SCALE, 0.0));
        self.root.draw(&PathElement::new(ends, stroke(theme, line, SCALE))).expect(NEVER_FAILS);
        self.strokes.set(None);
    }
}

// Natively only: the library of expectations does not build for WebAssembly.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::spec::{Language, Mark, MarkKind, Unit};
    use expect_test::expect;

    fn small() -> (ChartSpec, Vec<f64>) {
        let line = |style| Line { color_index: 1, style, label: "goodput <ok>".to_owned() };
        let spec = ChartSpec {
            width_css: 240.0,
            height_css: 100.0,
            lang: Language::Ko,
            lines: vec![line(LineStyle::Dashed), line(LineStyle::Solid)],
            points: 4,
            marks: vec![Mark { at_s: 20.0, until_s: Some(30.0), kind: MarkKind::Fault }],
            ..ChartSpec::for_print(Unit::Rps, 60.0, 15.0)
        };
        (spec, vec![400.0, 380.0, 20.0, 10.0, 400.0, -1.0, 390.0, 400.0])
    }

    #[test]
    fn a_chart_is_this_svg() {
        let (spec, data) = small();
        expect![[r##"
            <svg xmlns="http://www.w3.org/2000/svg" width="356" height="160" viewBox="0 0 356 160" role="img" font-family="Inter, SF Pro Text, Segoe UI, Roboto, Noto Sans, Liberation Sans, Pretendard, Apple SD Gothic Neo, Noto Sans KR, Noto Sans CJK KR, Malgun Gothic, NanumGothic, sans-serif" stroke-linejoin="round">
            <title>처리량, 초당 요청</title>
            <rect x="0" y="0" width="356" height="160" fill="#ffffff"/>
            <text x="18" y="18" dy="0.82em" text-anchor="start" font-size="13" font-weight="600" fill="#1b2029">처리량, 초당 요청</text>
            <text x="172.4" y="19" dy="0.82em" text-anchor="start" font-size="11.5" fill="#566070">goodput &lt;ok&gt;</text>
            <polyline points="144.4,24.5 166.4,24.5" fill="none" stroke="#0f9479" stroke-width="1.6"/>
            <rect x="128" y="50" width="29" height="70" fill="#c12b0b" opacity="0.07"/>
            <rect x="70" y="120" width="174" height="1" fill="#a9b0ba"/>
            <text x="62" y="120" dy="0.36em" text-anchor="end" font-size="11" fill="#566070">0</text>
            <rect x="70" y="85" width="174" height="1" fill="#e6e8ec"/>
            <text x="62" y="85" dy="0.36em" text-anchor="end" font-size="11" fill="#566070">250</text>
            <rect x="70" y="50" width="174" height="1" fill="#e6e8ec"/>
            <text x="62" y="50" dy="0.36em" text-anchor="end" font-size="11" fill="#566070">500</text>
            <rect x="128" y="50" width="1" height="70" fill="#c12b0b" opacity="0.55"/>
            <polygon points="124,50 132,50 128,56" fill="#c12b0b"/>
            <rect x="70" y="120" width="1" height="4" fill="#a9b0ba"/>
            <text x="70" y="127" dy="0.82em" text-anchor="middle" font-size="11" fill="#566070">0초</text>
            <rect x="157" y="120" width="1" height="4" fill="#a9b0ba"/>
            <text x="157" y="127" dy="0.82em" text-anchor="middle" font-size="11" fill="#566070">30초</text>
            <rect x="244" y="120" width="1" height="4" fill="#a9b0ba"/>
            <text x="244" y="127" dy="0.82em" text-anchor="middle" font-size="11" fill="#566070">1분</text>
            <polyline points="91.8,64 135.3,66.8 178.8,117.2 222.3,118.6" fill="none" stroke="#0f9479" stroke-width="1.2" stroke-dasharray="6 3"/>
            <polyline points="70,64 113.6,64" fill="none" stroke="#0f9479" stroke-width="1.6"/>
            <polyline points="178.8,65.4 222.3,64" fill="none" stroke="#0f9479" stroke-width="1.6"/>
            </svg>
        "##]].assert_eq(&render_svg(&spec, &data, "처리량, 초당 요청", true));
    }

    #[test]
    fn a_sheet_has_every_chart_and_one_legend_entry_per_label() {
        let (spec, data) = small();
        let chart = SheetChart { title: "Goodput".to_owned(), spec, data };
        let sheet = Sheet {
            title: "Slow dependency",
            subtitle: "seed 7",
            styles: Some(["as it was", "with switches"]),
            theme: Theme::Dark,
            charts: vec![chart.clone(), chart],
        };
        let svg = sheet.render();
        assert_eq!(svg, sheet.render());
        assert_eq!(svg.matches(">Goodput<").count(), 2);
        assert_eq!(svg.matches("goodput &lt;ok&gt;").count(), 2);
        assert_eq!(svg.matches("as it was").count(), 1);
        assert!(svg.contains("stroke-dasharray=\"6 3\""));
    }
}
