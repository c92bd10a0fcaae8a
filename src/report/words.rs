//! Every sentence of the report, in English and Korean: the only place with words in it.
//!
//! Korean avoids particles after names (`api: 서킷 브레이커가 열림`), because which particle fits
//! depends on how the name is read aloud.

pub mod cascade;
pub mod timeline;
pub mod verdict;

/// English and Korean.
pub type Words = (String, String);

/// A share as a percentage with one digit, or two significant ones below 1 %.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if (0.005..0.095).contains(&percent) {
        format!("{percent:.2}%")
    } else {
        format!("{percent:.1}%")
    }
}

/// Seconds, with as many digits as mean something.
fn seconds(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}

/// Bytes in the largest decimal unit that keeps the number above 1.
pub fn bytes(count: u64) -> String {
    let units = [(1_000_000_000_000u64, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB")];
    let unit = units.into_iter().find(|(size, _)| count >= *size);
    let (size, name) = unit.unwrap_or((1_000, "kB"));
    format!("{:.1} {name}", count as f64 / size as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_meaningful_digits() {
        assert_eq!(percent(1.0 / 7.0), "14.3%");
        assert_eq!(percent(0.0004), "0.04%");
        assert_eq!(percent(0.0), "0.0%");
        assert_eq!(bytes(2_500_000), "2.5 MB");
        assert_eq!(bytes(300), "0.3 kB");
    }
}
