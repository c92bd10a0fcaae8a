//! Paints charts on two canvases that lie on each other.

use crate::chart::growth::Shown;
use crate::chart::lines::Dashes;
use crate::chart::range::Range;
use crate::chart::{self, Axes, ChartSpec, Theme};
use js_sys::Array;
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea};
use plotters_canvas::CanvasBackend;
use std::fmt::Display;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Device pixels per CSS pixel for lines: coordinates are whole pixels, so with fewer the curves
/// would be stairs. The browser scales the picture down.
const SMOOTH: f64 = 2.0;

/// Paints one chart. Titles and legends are the page's.
#[wasm_bindgen]
pub struct ChartPainter {
    axes: Layer,
    lines: Layer,
    axes_shown: Option<Axes>,
    lines_shown: Option<Shown>,
}

#[wasm_bindgen]
impl ChartPainter {
    /// A painter on two canvases of the same size, the one for lines above the one for axes.
    #[wasm_bindgen(constructor)]
    pub fn new(
        axes: HtmlCanvasElement,
        series: HtmlCanvasElement,
    ) -> Result<ChartPainter, JsValue> {
        let (axes, lines) = (Layer::new(axes)?, Layer::new(series)?);
        Ok(ChartPainter { axes, lines, axes_shown: None, lines_shown: None })
    }

    /// Draws the chart that `spec` describes in JSON; see `ChartSpec`. `data` holds `points` values
    /// for each line, negative where there is none.
    ///
    /// Returns whether the axes were drawn again: they are only if something in them has changed.
    pub fn draw(&mut self, spec: &str, data: &[f64]) -> Result<bool, JsValue> {
        let spec: ChartSpec = serde_json::from_str(spec).map_err(error)?;
        spec.check(data.len()).map_err(error)?;
        let axes = Axes::of(&spec, data);
        let range = axes.range.clone();
        let changed = self.draw_axes(&spec, axes)?;
        self.draw_lines(spec, range, data)?;
        Ok(changed)
    }

    /// Left, top, right and bottom edge of the plot in the chart last drawn, in CSS pixels: the left
    /// edge is the start of the run, the right one its end. Empty before the first drawing.
    pub fn plot_area(&self) -> Vec<f64> {
        let sides = |Axes { plot, .. }: &Axes| vec![plot.left, plot.top, plot.right, plot.bottom];
        self.axes_shown.as_ref().map_or(Vec::new(), sides)
    }
}

impl ChartPainter {
    fn draw_axes(&mut self, spec: &ChartSpec, axes: Axes) -> Result<bool, JsValue> {
        if self.axes_shown.as_ref() == Some(&axes) {
            return Ok(false);
        }
        self.axes.resize(spec)?;
        self.axes.wipe();
        // Before the drawing, so that a failure does not leave a stale picture for good.
        self.axes_shown = None;
        chart::draw_axes(&self.axes.area, &axes).map_err(error)?;
        self.axes_shown = Some(axes);
        Ok(true)
    }

    fn draw_lines(&mut self, spec: ChartSpec, range: Range, data: &[f64]) -> Result<(), JsValue> {
        let spec = ChartSpec { scale: smooth(spec.scale), ..spec };
        self.lines.resize(&spec)?;
        let shown = self.lines_shown.take();
        let first = shown.and_then(|shown| shown.grown_to(&spec, &range, data));
        if first.is_none() {
            self.lines.wipe();
        }
        let Layer { area, context, .. } = &self.lines;
        let set_dashes = |dashes| set_dashes(context, dashes);
        chart::draw_lines(area, &spec, &range, data, first.unwrap_or(0), set_dashes)
            .map_err(error)?;
        self.lines_shown = Some(Shown::new(spec, range, data));
        Ok(())
    }
}

/// The colour of a line in the notation of CSS; `theme` is `light` or `dark`.
#[wasm_bindgen]
pub fn chart_color(theme: &str, index: u32) -> String {
    let theme = if theme == "light" { Theme::Light } else { Theme::Dark };
    chart::chart_color(theme, index)
}

/// A canvas and what is drawn on it.
struct Layer {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    area: DrawingArea<CanvasBackend, Shift>,
}

impl Layer {
    fn new(canvas: HtmlCanvasElement) -> Result<Layer, JsValue> {
        let context = canvas.get_context("2d")?.ok_or_else(|| error("no canvas to draw on"))?;
        let context: CanvasRenderingContext2d = context.dyn_into()?;
        let area = area_of(&canvas)?;
        Ok(Layer { canvas, context, area })
    }

    /// Makes the canvas as large as the chart.
    fn resize(&mut self, spec: &ChartSpec) -> Result<(), JsValue> {
        let side = |css: f64| (css * spec.scale).round() as u32;
        let (width, height) = (side(spec.width_css), side(spec.height_css));
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
            self.area = area_of(&self.canvas)?;
        }
        Ok(())
    }

    /// Makes everything transparent.
    fn wipe(&self) {
        let (width, height) = (f64::from(self.canvas.width()), f64::from(self.canvas.height()));
        self.context.clear_rect(0.0, 0.0, width, height);
        // A canvas forgets this with its size. Sharp corners shoot out of noisy curves.
        self.context.set_line_join("round");
    }
}

fn area_of(canvas: &HtmlCanvasElement) -> Result<DrawingArea<CanvasBackend, Shift>, JsValue> {
    let backend = CanvasBackend::with_canvas_object(canvas.clone());
    Ok(backend.ok_or_else(|| error("no canvas to draw on"))?.into_drawing_area())
}

fn set_dashes(context: &CanvasRenderingContext2d, dashes: Option<Dashes>) {
    let lengths = match dashes {
        Some(Dashes { dash, gap, .. }) => Array::of2(&dash.into(), &gap.into()),
        None => Array::new(),
    };
    context.set_line_dash(&lengths).expect("lengths of dashes are positive");
    context.set_line_dash_offset(dashes.map_or(0.0, |dashes| dashes.phase));
}

/// The smallest multiple of a scale that is fine enough for lines; a multiple, so that the browser
/// can scale the picture down evenly.
fn smooth(scale: f64) -> f64 {
    scale * (SMOOTH / scale).ceil().max(1.0)
}

fn error(error: impl Display) -> JsValue {
    JsValue::from(js_sys::Error::new(&error.to_string()))
}
