//! Charts over time: the same drawing code on a canvas in the page, as SVG from the command line,
//! and as blocks of characters in a terminal.
//!
//! Two layers, because only one of them changes in every frame: the axes (grid, labels, marks) and
//! the lines. [`Axes`] holds everything that the first layer shows, so whoever keeps the last one
//! drawn knows by comparing whether it has to be drawn again. Titles and legends belong to the page;
//! [`sheet`] draws them for print.
//!
//! Everything is laid out in CSS pixels and drawn in device pixels, `scale` of them to a CSS pixel.
//! Backends of plotters know whole device pixels only, so curves are smooth from a scale of 2 on.

pub mod axes;
pub mod decimate;
pub mod growth;
pub mod label;
pub mod legend;
pub mod lines;
pub mod palette;
pub mod plot;
pub mod range;
pub mod sheet;
pub mod spec;
pub mod svg;
pub mod text;

pub use axes::{Axes, draw_axes};
pub use lines::draw_lines;
pub use palette::chart_color;
pub use sheet::{Sheet, SheetChart, render_svg};
pub use spec::{ChartSpec, Language, Line, LineStyle, Mark, MarkKind, Theme, Unit};
