//! Colours that can be told apart by everybody and read on their background.
//!
//! After the idea of Okabe and Ito ("Color Universal Design", 2008): the eight hues also differ in
//! lightness, so they stay apart in the common kinds of colour blindness. Each keeps a contrast of
//! at least 3 : 1 on its background (WCAG 2.2, 1.4.11). The tests below compute both.

use super::spec::{MarkKind, Theme};
use plotters::style::RGBColor;

/// Colours of lines, by index: the page gives them meanings (0 offered, 1 goodput, 2 failed, 3
/// rejected, 4 timed out, 5 degraded, 6 wasted).
const LIGHT: [u32; 8] =
    [0x5b6470, 0x0f9479, 0xc12b0b, 0xb5770f, 0x9663e0, 0x0d479f, 0x7a1858, 0x343f00];
const DARK: [u32; 8] =
    [0xc9d6e4, 0x1fd0a0, 0xf4502e, 0xf5a623, 0x8a63ee, 0x4fa3ec, 0xb8568f, 0xeee42a];

/// The colours of everything but the lines.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// The paper of a printed chart; a canvas stays transparent.
    pub background: RGBColor,
    /// Lines of the grid.
    pub grid: RGBColor,
    /// The line at the bottom and its ticks.
    pub axis: RGBColor,
    /// Labels.
    pub label: RGBColor,
    /// Titles, and the moment that is looked at.
    pub ink: RGBColor,
    /// Marks of faults.
    pub fault: RGBColor,
    /// Marks of switches.
    pub switch: RGBColor,
}

/// The colours of everything but the lines.
pub fn paint(theme: Theme) -> Paint {
    let [background, grid, axis, label, ink, fault, switch] = match theme {
        Theme::Light => [0xffffff, 0xe6e8ec, 0xa9b0ba, 0x566070, 0x1b2029, 0xc12b0b, 0x1a5fb4],
        Theme::Dark => [0x10151c, 0x232b36, 0x4a5666, 0x9aa6b6, 0xe7ecf3, 0xff6a4d, 0x7db8ff],
    };
    Paint {
        background: rgb(background),
        grid: rgb(grid),
        axis: rgb(axis),
        label: rgb(label),
        ink: rgb(ink),
        fault: rgb(fault),
        switch: rgb(switch),
    }
}

impl Paint {
    /// The colour of a mark.
    pub fn mark(&self, kind: MarkKind) -> RGBColor {
        match kind {
            MarkKind::Fault => self.fault,
            MarkKind::Switch => self.switch,
            MarkKind::Note => self.axis,
        }
    }
}

/// The colour of a line; the ninth is the first again.
pub fn line_color(theme: Theme, index: u32) -> RGBColor {
    let colors = match theme {
        Theme::Light => &LIGHT,
        Theme::Dark => &DARK,
    };
    rgb(colors[index as usize % colors.len()])
}

/// The same in the notation of CSS, such as `#0f9479`, for legends.
pub fn chart_color(theme: Theme, index: u32) -> String {
    css(line_color(theme, index))
}

/// A colour in the notation of CSS.
pub(super) fn css(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn rgb(value: u32) -> RGBColor {
    let [_, red, green, blue] = value.to_be_bytes();
    RGBColor(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::math::pow;

    /// Red, green and blue as shares of light.
    fn linear(RGBColor(red, green, blue): RGBColor) -> [f64; 3] {
        [red, green, blue].map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { pow((share + 0.055) / 1.055, 2.4) }
        })
    }

    /// Contrast by WCAG 2.2.
    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let luminance = |color| {
            let [red, green, blue] = linear(color);
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        };
        let (one, other) = (luminance(one), luminance(other));
        one.max(other) / one.min(other)
    }

    /// What is seen without one kind of cones: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes,
    /// "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.
    const SIGHTS: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ];

    fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(one, other)| one * other).sum())
    }

    /// Lightness and two opponent colours in which distances are as people see them: B. Ottosson,
    /// "A perceptual color space for image processing" (2020).
    fn perceived(sight: &[[f64; 3]; 3], color: RGBColor) -> [f64; 3] {
        let seen = times(sight, linear(color)).map(|share| share.clamp(0.0, 1.0));
        let cones = times(
            &[
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ],
            seen,
        );
        times(
            &[
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ],
            cones.map(f64::cbrt),
        )
    }

    #[test]
    fn every_colour_can_be_read_on_its_background() {
        for theme in [Theme::Light, Theme::Dark] {
            let Paint { background, label, ink, fault, switch, .. } = paint(theme);
            for index in 0..8 {
                let contrast = contrast(line_color(theme, index), background);
                assert!(contrast >= 3.5, "{theme:?} {index}: {contrast}");
            }
            assert!([fault, switch].iter().all(|&color| contrast(color, background) >= 3.0));
            assert!([label, ink].iter().all(|&color| contrast(color, background) >= 4.5));
        }
    }

    #[test]
    fn colours_stay_apart_in_every_kind_of_sight() {
        for theme in [Theme::Light, Theme::Dark] {
            for sight in &SIGHTS {
                for (one, other) in (0..8).flat_map(|one| (0..one).map(move |other| (one, other))) {
                    let a = perceived(sight, line_color(theme, one));
                    let b = perceived(sight, line_color(theme, other));
                    let square: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
                    assert!(square.sqrt() >= 0.08, "{theme:?} {one} {other}: {}", square.sqrt());
                }
            }
        }
    }

    #[test]
    fn the_notation_is_that_of_css() {
        assert_eq!(chart_color(Theme::Light, 1), "#0f9479");
        assert_eq!(chart_color(Theme::Dark, 9), chart_color(Theme::Dark, 1));
    }
}
