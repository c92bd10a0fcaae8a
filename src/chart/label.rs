//! The words at the axes, and how wide they are.

use super::range::Range;
use super::spec::{Language, Unit};
use crate::engine::math::pow;

/// Families of fonts for Latin letters and for Hangul, in the notation of CSS. Names of several
/// words need no quotation marks there.
pub const FONT_FAMILIES: &str = "Inter, SF Pro Text, Segoe UI, Roboto, Noto Sans, \
    Liberation Sans, Pretendard, Apple SD Gothic Neo, Noto Sans KR, Noto Sans CJK KR, \
    Malgun Gothic, NanumGothic, sans-serif";

/// Steps of a time axis, in seconds: people count in these.
const TIME_STEPS_S: [f64; 22] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0,
    3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0,
];

/// The labels of a range, in the order of its ticks. On a linear axis all are in one unit with one
/// number of decimals, on a logarithmic one each is in its own.
pub fn value_labels(unit: Unit, range: &Range) -> Vec<String> {
    let step = range.ticks.get(1).copied().unwrap_or(range.top);
    let label = |&tick: &f64| match range.log {
        // A decade further up, the prefix changes: nobody writes 1000 ms.
        true => value_label(unit, tick, 2.0 * tick, tick),
        false => value_label(unit, tick, range.top, step),
    };
    range.ticks.iter().map(label).collect()
}

/// A value on an axis whose largest value is `magnitude`, with the decimals that `step` needs.
pub fn value_label(unit: Unit, value: f64, magnitude: f64, step: f64) -> String {
    let (divisor, suffix) = prefix(unit, magnitude);
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = decimals_of(step / divisor);
    format!("{:.decimals$}{suffix}", value / divisor)
}

/// What values are divided by, and what is written behind them.
fn prefix(unit: Unit, magnitude: f64) -> (f64, &'static str) {
    match unit {
        Unit::Ratio => (0.01, "%"),
        Unit::Ms if magnitude >= 2_000.0 => (1e3, " s"),
        Unit::Ms => (1.0, " ms"),
        Unit::Bytes => match magnitude {
            large if large >= 2e12 => (1e12, " TB"),
            large if large >= 2e9 => (1e9, " GB"),
            large if large >= 2e6 => (1e6, " MB"),
            large if large >= 2e3 => (1e3, " kB"),
            _ => (1.0, " B"),
        },
        Unit::Rps | Unit::Count => match magnitude {
            large if large >= 1e7 => (1e6, "M"),
            large if large >= 1e4 => (1e3, "k"),
            _ => (1.0, ""),
        },
    }
}

/// Decimals that are needed to write a step in full; at most six.
fn decimals_of(step: f64) -> usize {
    (0..6)
        .find(|&decimals| {
            let shifted = step * pow(10.0, f64::from(decimals));
            (shifted - shifted.round()).abs() < 1e-6 * shifted
        })
        .unwrap_or(6) as usize
}

/// Moments with a label on a time axis of `duration_s` seconds that is `width_css` pixels long.
pub fn time_ticks(duration_s: f64, width_css: f64, language: Language) -> Vec<(f64, String)> {
    // Wide enough for "1m 30s" with as much room again beside it.
    let most = (width_css / 72.0).max(2.0);
    let least = duration_s / most;
    let step = TIME_STEPS_S.into_iter().find(|&step| step >= least).unwrap_or_else(|| {
        let days = (least / 86_400.0).ceil();
        days * 86_400.0
    });
    let count = (duration_s / step + 1e-9).floor() as u32;
    let label = |index| {
        let at_s = f64::from(index) * step;
        (at_s, time_label(at_s, step, language))
    };
    (0..=count).map(label).collect()
}

/// A moment in the two largest units of time that it needs, such as `1m 30s`.
pub fn time_label(at_s: f64, step_s: f64, language: Language) -> String {
    let names = match language {
        Language::En => [(86_400, "d"), (3_600, "h"), (60, "m")],
        Language::Ko => [(86_400, "일"), (3_600, "시간"), (60, "분")],
    };
    let second = if language == Language::En { "s" } else { "초" };
    if at_s < 60.0 {
        let decimals = decimals_of(step_s.min(1.0));
        return format!("{at_s:.decimals$}{second}");
    }
    let mut rest = at_s.round() as u64;
    let mut words = Vec::new();
    for (length, name) in names.into_iter().chain([(1, second)]) {
        if rest >= length {
            words.push(format!("{}{name}", rest / length));
            rest %= length;
        }
    }
    words.truncate(2);
    words.join(" ")
}

/// Estimated width of a text, in ems. There is no font to ask where charts are printed, and asking
/// a browser for one forces it to lay out the page.
pub fn text_width_em(text: &str) -> f64 {
    text.chars()
        .map(|character| match character {
            'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | '|' | '\'' | '(' | ')' => {
                0.31
            }
            'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.87,
            'A'..='Z' => 0.68,
            // Hangul, kana and Han characters fill a square.
            '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{d7ff}' | '\u{ff00}'..='\u{ff60}' => 0.95,
            _ => 0.56,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(unit: Unit, wanted: f64) -> String {
        value_labels(unit, &Range::linear(unit, wanted, 4)).join(" | ")
    }

    #[test]
    fn values_are_written_as_people_write_them() {
        assert_eq!(labels(Unit::Rps, 400.0), "0 | 100 | 200 | 300 | 400");
        assert_eq!(labels(Unit::Rps, 0.8), "0 | 0.2 | 0.4 | 0.6 | 0.8");
        assert_eq!(labels(Unit::Count, 9_000.0), "0 | 2.5k | 5.0k | 7.5k | 10.0k");
        assert_eq!(labels(Unit::Count, 40_000.0), "0 | 10k | 20k | 30k | 40k");
        assert_eq!(labels(Unit::Ms, 800.0), "0 | 200 ms | 400 ms | 600 ms | 800 ms");
        assert_eq!(labels(Unit::Ms, 5_100.0), "0 | 2 s | 4 s | 6 s");
        assert_eq!(labels(Unit::Ratio, 0.3), "0 | 25% | 50% | 75% | 100%");
        assert_eq!(labels(Unit::Bytes, 2e10), "0 | 5 GB | 10 GB | 15 GB | 20 GB");
        let latencies = Range::logarithmic(2.0, 9_000.0);
        let labels = value_labels(Unit::Ms, &latencies).join(" | ");
        assert_eq!(labels, "1 ms | 10 ms | 100 ms | 1 s | 10 s");
    }

    fn times(duration_s: f64, language: Language) -> String {
        let ticks = time_ticks(duration_s, 500.0, language);
        ticks.into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn times_are_written_in_units_of_time() {
        assert_eq!(times(60.0, Language::En), "0s | 10s | 20s | 30s | 40s | 50s | 1m");
        assert_eq!(times(180.0, Language::En), "0s | 30s | 1m | 1m 30s | 2m | 2m 30s | 3m");
        assert_eq!(
            times(180.0, Language::Ko),
            "0초 | 30초 | 1분 | 1분 30초 | 2분 | 2분 30초 | 3분"
        );
        assert_eq!(times(1.2, Language::En), "0.0s | 0.2s | 0.4s | 0.6s | 0.8s | 1.0s | 1.2s");
        assert_eq!(times(86_400.0, Language::En), "0s | 6h | 12h | 18h | 1d");
        assert_eq!(times(8_640_000.0, Language::Ko).split(" | ").nth(1), Some("15일"));
    }

    #[test]
    fn hangul_is_wider_than_latin() {
        assert!(text_width_em("처리량") > text_width_em("abc"));
        assert_eq!(text_width_em(""), 0.0);
    }
}
