//! Moments as text: seconds with up to nine decimals, exact to the nanosecond.
//!
//! Links and the command line use these instead of floating-point numbers, which beyond a hundred
//! days no longer tell one nanosecond from the next.

use crate::engine::Time;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Latest moment of any run, in seconds: a year.
pub const MAX_SECONDS: u64 = 31_536_000;

/// Reads seconds such as `120` or `0.000000001`. None for anything else, and behind a year.
pub fn parse(text: &str) -> Option<Time> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || whole.len() > 9 || part.len() > 9 {
        return None;
    }
    let seconds: u64 = whole.parse().ok()?;
    let nanos: u64 = format!("{part:0<9}").parse().ok()?;
    let time = Time(seconds * NANOS_PER_SECOND + nanos);
    (time.0 <= MAX_SECONDS * NANOS_PER_SECOND).then_some(time)
}

/// The shortest text that [`parse`] reads as this moment.
pub fn format(time: Time) -> String {
    let (seconds, nanos) = (time.0 / NANOS_PER_SECOND, time.0 % NANOS_PER_SECOND);
    let text = format!("{seconds}.{nanos:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nanosecond_survives() {
        for nanos in [
            0,
            1,
            999_999_999,
            12_500_000_000,
            31_535_999_999_999_999,
            31_536_000 * NANOS_PER_SECOND,
        ] {
            assert_eq!(parse(&format(Time(nanos))), Some(Time(nanos)));
        }
        assert_eq!(format(Time(12_500_000_000)), "12.5");
        assert_eq!(format(Time(120_000_000_000)), "120");
        assert_eq!(parse("0.5"), Some(Time(500_000_000)));
    }

    #[test]
    fn nothing_else_is_a_moment() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "NaN",
            "inf",
            "1.0000000001",
            " 1",
            "31536001",
            "99999999999999999999",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
