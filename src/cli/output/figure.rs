//! Figures as people write them.

use brownout::report::Latency;

/// Stands for "none" in a table, where a 0 would only be in the way.
pub const NONE: &str = "–";

/// A count with separators, such as `25,200`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count, or a dash for none.
pub fn some(value: u64) -> String {
    if value == 0 { NONE.to_owned() } else { count(value) }
}

/// What may not be known, or a dash.
pub fn known<T>(value: Option<T>, write: impl Fn(T) -> String) -> String {
    value.map_or_else(|| NONE.to_owned(), write)
}

/// A time out of a distribution, or a dash where nothing was timed.
pub fn time(of: &Latency, value_ms: f64) -> String {
    if of.count == 0 { NONE.to_owned() } else { ms(value_ms) }
}

/// A mean number of things.
pub fn mean(value: f64) -> String {
    match value {
        0.0 => NONE.to_owned(),
        value if value < 99.95 => format!("{value:.1}"),
        value => count(value.round() as u64),
    }
}

/// A time in milliseconds: `3.2 ms`, `812 ms`, `3.02 s`.
pub fn ms(value: f64) -> String {
    match value {
        value if value < 9.95 => format!("{value:.1} ms"),
        value if value < 999.5 => format!("{value:.0} ms"),
        value if value < 99_950.0 => format!("{:.2} s", value / 1e3),
        value => format!("{:.0} s", value / 1e3),
    }
}

/// A moment or a length in seconds, with the digits that mean something.
pub fn seconds(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0} s") } else { format!("{value:.1} s") }
}

/// A share in per cent. Almost nothing is not nothing, and almost everything not everything.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        percent if percent > 0.0 && percent < 0.05 => "<0.1%".to_owned(),
        percent if percent < 100.0 && percent > 99.95 => ">99.9%".to_owned(),
        percent => format!("{percent:.1}%"),
    }
}

/// A quotient such as an amplification.
pub fn times(value: f64) -> String {
    format!("×{value:.2}")
}

/// Bytes with a decimal prefix.
pub fn bytes(value: f64) -> String {
    let sizes = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    match sizes.into_iter().find(|(size, _)| value >= *size) {
        Some((size, name)) => format!("{:.1} {name}", value / size),
        None => format!("{value:.0} B"),
    }
}

/// A measured value of an expectation in its unit; `state` values are named by their number.
pub fn measured(value: Option<f64>, unit: &str, states: &[&str]) -> String {
    let Some(value) = value else { return "never".to_owned() };
    match unit {
        "ms" => ms(value),
        "s" => format!("{value:.2} s"),
        "h" => format!("{value:.2} h"),
        "ratio" => format!("{value:.4}"),
        "per_s" => format!("{value:.1}/s"),
        "bytes" => bytes(value),
        "flag" => (value != 0.0).to_string(),
        "state" => states.get(value as usize).copied().unwrap_or("?").to_owned(),
        _ if value.fract() == 0.0 && value >= 0.0 => count(value as u64),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_the_digits_that_mean_something() {
        assert_eq!(
            [count(0), count(999), count(25_200), count(1_234_567)].join(" "),
            "0 999 25,200 1,234,567"
        );
        assert_eq!(
            [ms(3.21), ms(812.4), ms(3_021.0), ms(250_000.0)].join(" "),
            "3.2 ms 812 ms 3.02 s 250 s"
        );
        assert_eq!(
            [percent(1.0), percent(0.99999), percent(0.0), percent(1e-6)].join(" "),
            "100.0% >99.9% 0.0% <0.1%"
        );
        assert_eq!([mean(0.0), mean(3.25), mean(1_234.5)].join(" "), "– 3.2 1,235");
        assert_eq!([bytes(12.0), bytes(600e6)].join(" "), "12 B 600.0 MB");
    }

    #[test]
    fn measured_values_are_written_in_their_unit() {
        let states = ["healthy", "contained"];
        for (value, unit, text) in [
            (Some(0.98765), "ratio", "0.9877"),
            (Some(1.0), "state", "contained"),
            (Some(1.0), "flag", "true"),
            (Some(12.0), "count", "12"),
            (Some(300.004), "s", "300.00 s"),
            (None, "s", "never"),
        ] {
            assert_eq!(measured(value, unit, &states), text);
        }
    }
}
