//! Links: a whole run in the part of an address after `#`.
//!
//! Two forms. A preset with a few edits is *readable*: `p=slow-dependency&seed=7&on=breaker@120`.
//! Everything else is *packed*: `v1.` and the run's JSON, deflated. Old links work for ever: golden
//! ones are kept in the tests. A link comes from a stranger, so what it may cost is bounded.

mod packed;
mod readable;

use crate::problem::Problem;
use crate::run::Run;
use serde::Serialize;
use std::fmt;

/// Longest link that is read, in bytes.
pub const MAX_BYTES: usize = 32 * 1024;

/// Longest readable link that is written; longer ones are packed.
const MAX_READABLE: usize = 2_000;

/// Why a link cannot be read or written, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkError {
    /// In English.
    pub en: String,
    /// In Korean.
    pub ko: String,
}

impl fmt::Display for LinkError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.en)
    }
}

impl LinkError {
    fn new(en: impl Into<String>, ko: impl Into<String>) -> LinkError {
        LinkError { en: en.into(), ko: ko.into() }
    }

    /// The link could be read, but what it says is not in order.
    fn invalid(problems: &[Problem]) -> LinkError {
        let first = problems.first().map(Problem::to_string).unwrap_or_default();
        let (more_en, more_ko) = match problems.len().saturating_sub(1) {
            0 => (String::new(), String::new()),
            more => (format!(" (and {more} more)"), format!(" (외 {more}건)")),
        };
        // A question ("did you mean …?") needs no full stop.
        let stop = if first.ends_with('?') && more_en.is_empty() { "" } else { "." };
        LinkError::new(
            format!("What this link describes is not valid: {first}{more_en}{stop}"),
            format!("이 링크의 내용이 올바르지 않습니다: {first}{more_ko}{stop}"),
        )
    }
}

/// The link of a run, without `#`: readable if that is short, else packed.
pub fn encode(run: &Run) -> Result<String, LinkError> {
    match readable::encode(run).filter(|link| link.len() <= MAX_READABLE) {
        Some(link) => Ok(link),
        None => encode_packed(run),
    }
}

/// The packed link of a run, without `#`, even where a readable one would do.
pub fn encode_packed(run: &Run) -> Result<String, LinkError> {
    let link = packed::encode(run);
    if link.len() > MAX_BYTES {
        return Err(LinkError::new(
            "This run is too large for a link. Save the scenario as a file instead.",
            "링크에 담기에는 너무 큽니다. 시나리오를 파일로 저장하세요.",
        ));
    }
    Ok(link)
}

/// The run that a link describes. Takes the fragment with or without `#`, or a whole address.
pub fn decode(link: &str) -> Result<Run, LinkError> {
    if link.len() > MAX_BYTES {
        return Err(LinkError::new(
            format!("This link is too long: {} bytes, at most {MAX_BYTES}.", link.len()),
            format!("링크가 너무 깁니다: {}바이트, 최대 {MAX_BYTES}바이트.", link.len()),
        ));
    }
    let link = link.trim();
    let fragment = link.split_once('#').map_or(link, |(_, fragment)| fragment);
    if fragment.is_empty() {
        return Err(LinkError::new("This link is empty.", "빈 링크입니다."));
    }
    match version(fragment) {
        Some((1, data)) => packed::decode(data),
        Some((other, _)) => Err(LinkError::new(
            format!("This link has version {other}, which this program does not know yet."),
            format!("이 프로그램이 아직 모르는 버전({other})의 링크입니다."),
        )),
        None => readable::decode(fragment),
    }
}

/// The version and the rest of a packed link.
fn version(fragment: &str) -> Option<(u32, &str)> {
    let (version, data) = fragment.strip_prefix('v')?.split_once('.')?;
    Some((version.parse().ok()?, data))
}
