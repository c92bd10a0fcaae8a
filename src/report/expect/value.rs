//! Values in clauses: numbers with their units, words that stand for states, and "none".

use super::STATES;
use super::metric::Unit;
use super::scanner::Scanner;
use crate::nearest::did_you_mean;

/// What a figure is compared with, in the unit of that metric.
pub fn value(text: &str, unit: Unit, name: &str) -> Result<f64, String> {
    match unit {
        Unit::Flag => match text {
            "true" => Ok(1.0),
            "false" => Ok(0.0),
            _ => Err(format!("{name} is true or false, not \"{text}\"")),
        },
        Unit::State => {
            let found = STATES.iter().position(|state| *state == text);
            found.map(|state| state as f64).ok_or_else(|| {
                let near = did_you_mean(text, STATES.into_iter());
                format!("{name} is one of {}, not \"{text}\"{near}", STATES.join(", "))
            })
        }
        Unit::Seconds if text == "none" => Ok(f64::INFINITY),
        unit => number(text, unit),
    }
}

/// A number, converted into `unit`; without a unit of its own it is in `unit` already.
pub fn number(text: &str, unit: Unit) -> Result<f64, String> {
    let mut scanner = Scanner { rest: text };
    let digits = scanner.take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    let number: f64 = digits.parse().map_err(|_| format!("\"{text}\" is not a number"))?;
    let written = scanner.rest.trim();
    if written.is_empty() {
        return Ok(number);
    }
    let found = units_of(unit).iter().find(|(name, _, _)| *name == written);
    let (_, times, divided_by) = found.ok_or_else(|| {
        let known = units_of(unit).iter().map(|(name, _, _)| *name).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "no unit".into() } else { known };
        format!("\"{written}\" is no unit here: use {known}")
    })?;
    Ok(number * times / divided_by)
}

/// The units that may be written: how to multiply and divide to reach `unit`. 95 ÷ 100 is the
/// number that an author of 0.95 means; 95 × 0.01 is not.
fn units_of(unit: Unit) -> &'static [(&'static str, f64, f64)] {
    match unit {
        Unit::Ratio => &[("%", 1.0, 100.0)],
        Unit::PerSecond => &[("rps", 1.0, 1.0)],
        Unit::Ms => &[("ms", 1.0, 1.0), ("s", 1e3, 1.0), ("min", 6e4, 1.0), ("h", 3.6e6, 1.0)],
        Unit::Seconds => {
            &[("ms", 1.0, 1e3), ("s", 1.0, 1.0), ("min", 60.0, 1.0), ("h", 3_600.0, 1.0)]
        }
        Unit::Hours => &[("s", 1.0, 3_600.0), ("min", 1.0, 60.0), ("h", 1.0, 1.0)],
        Unit::Bytes => &[("kB", 1e3, 1.0), ("MB", 1e6, 1.0), ("GB", 1e9, 1.0), ("TB", 1e12, 1.0)],
        Unit::Count | Unit::Flag | Unit::State => &[],
    }
}
