//! A backend of plotters that writes SVG, with numbers to a tenth of a CSS pixel.
//!
//! The backend that comes with plotters writes whole pixels, so curves become stairs, and cannot
//! break strokes into dashes. This one draws at [`SCALE`] and divides when it writes; its numbers
//! are decimal fractions of integers and so the same on every machine.

use super::label::FONT_FAMILIES;
use super::lines::Dashes;
use super::palette::css;
use plotters::style::RGBColor;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle,
};
use std::cell::Cell;
use std::convert::Infallible;
use std::fmt::{self, Display, Write};

/// Device pixels per CSS pixel.
pub const SCALE: f64 = 10.0;

/// A picture that is being drawn.
pub struct SvgBackend<'picture> {
    body: &'picture mut String,
    dashes: &'picture Cell<Option<Dashes>>,
    size: (u32, u32),
}

impl<'picture> SvgBackend<'picture> {
    /// Writes the elements of a picture of `size` device pixels to `body`; strokes are broken as
    /// `dashes` says at the time.
    pub fn new(
        body: &'picture mut String,
        dashes: &'picture Cell<Option<Dashes>>,
        size: (u32, u32),
    ) -> SvgBackend<'picture> {
        SvgBackend { body, dashes, size }
    }

    fn write(&mut self, element: fmt::Arguments) {
        self.body.write_fmt(element).expect("a string takes any text");
        self.body.push('\n');
    }

    /// A path that is stroked or filled, as an element with this list of points.
    fn write_points<S: BackendStyle>(
        &mut self,
        name: &str,
        points: impl IntoIterator<Item = BackendCoord>,
        style: &S,
        stroked: bool,
    ) {
        let points: Vec<String> =
            points.into_iter().map(|(x, y)| format!("{},{}", Tenths(x), Tenths(y))).collect();
        let paint = match stroked {
            true => self.stroke(style),
            false => fill(style.color()),
        };
        self.write(format_args!(r#"<{name} points="{}"{paint}/>"#, points.join(" ")));
    }

    fn stroke<S: BackendStyle>(&self, style: &S) -> String {
        let (color, opacity) = (hex(style.color()), opacity(style.color()));
        let width = Tenths(style.stroke_width() as i32);
        let dashes = match self.dashes.get() {
            Some(Dashes { dash, gap, .. }) => {
                format!(r#" stroke-dasharray="{} {}""#, Tenths(dash as i32), Tenths(gap as i32))
            }
            None => String::new(),
        };
        format!(r#" fill="none" stroke="{color}" stroke-width="{width}"{dashes}{opacity}"#)
    }
}

/// A document around the elements of a picture.
pub fn document(body: &str, width_css: u32, height_css: u32, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width_css}\" height=\"{height_css}\" \
         viewBox=\"0 0 {width_css} {height_css}\" role=\"img\" font-family=\"{FONT_FAMILIES}\" \
         stroke-linejoin=\"round\">\n<title>{}</title>\n{body}</svg>\n",
        Escaped(title)
    )
}

impl DrawingBackend for SvgBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        point: BackendCoord,
        color: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.draw_rect(point, (point.0 + 1, point.1 + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        filled: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (x, y) = upper_left;
        let (width, height) = (Tenths(bottom_right.0 - x), Tenths(bottom_right.1 - y));
        let (x, y) = (Tenths(x), Tenths(y));
        let paint = if filled { fill(style.color()) } else { self.stroke(style) };
        self.write(format_args!(
            r#"<rect x="{x}" y="{y}" width="{width}" height="{height}"{paint}/>"#
        ));
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.write_points("polyline", path, style, true);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.write_points("polygon", corners, style, false);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        filled: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (x, y, radius) = (Tenths(center.0), Tenths(center.1), Tenths(radius as i32));
        let paint = if filled { fill(style.color()) } else { self.stroke(style) };
        self.write(format_args!(r#"<circle cx="{x}" cy="{y}" r="{radius}"{paint}/>"#));
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        place: BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (x, y) = (Tenths(place.0), Tenths(place.1));
        let size = Tenths(style.size().round() as i32);
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        // Not every viewer knows `dominant-baseline`; digits and capitals are 0.72 em high.
        let shift = match style.anchor().v_pos {
            VPos::Top => "0.82em",
            VPos::Center => "0.36em",
            VPos::Bottom => "-0.2em",
        };
        let weight = match style.style() {
            FontStyle::Bold => r#" font-weight="600""#,
            _ => "",
        };
        let (paint, text) = (fill(style.color()), Escaped(text));
        self.write(format_args!(
            r#"<text x="{x}" y="{y}" dy="{shift}" text-anchor="{anchor}" font-size="{size}"{weight}{paint}>{text}</text>"#
        ));
        Ok(())
    }
}

fn fill(color: BackendColor) -> String {
    format!(r#" fill="{}"{}"#, hex(color), opacity(color))
}

fn hex(color: BackendColor) -> String {
    let (red, green, blue) = color.rgb;
    css(RGBColor(red, green, blue))
}

fn opacity(color: BackendColor) -> String {
    if color.alpha >= 1.0 { String::new() } else { format!(r#" opacity="{:.2}""#, color.alpha) }
}

/// Device pixels, written in CSS pixels.
struct Tenths(i32);

impl Display for Tenths {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, tenths) = (self.0.abs() / 10, self.0.abs() % 10);
        match tenths {
            0 => write!(formatter, "{sign}{whole}"),
            _ => write!(formatter, "{sign}{whole}.{tenths}"),
        }
    }
}

/// A text in which no character is read as markup.
struct Escaped<'text>(&'text str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '<' => formatter.write_str("&lt;"),
                '>' => formatter.write_str("&gt;"),
                '&' => formatter.write_str("&amp;"),
                // XML cannot hold other control characters, not even escaped.
                control if control.is_control() => formatter.write_char(' '),
                other => formatter.write_char(other),
            }?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_tenths() {
        assert_eq!(Tenths(1_205).to_string(), "120.5");
        assert_eq!(Tenths(-5).to_string(), "-0.5");
        assert_eq!(Tenths(40).to_string(), "4");
    }

    #[test]
    fn names_are_never_markup() {
        assert_eq!(Escaped("<a & b>\u{1}").to_string(), "&lt;a &amp; b&gt; ");
    }
}
