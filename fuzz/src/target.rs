//! What libFuzzer calls with bytes of its own making: one function per target.
//!
//! Each takes any bytes and must neither panic nor take long. They are plain functions, so that the
//! committed corpus is replayed by an ordinary test.

use crate::case::{Case, Size};
use crate::dice::Dice;
use crate::trial::{Rigour, trial};
use adler2::adler32_slice;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brownout::link;
use brownout::run::Run;
use brownout::scenario::{check, read};
use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// Most bytes that a checksum is made for; a link that holds more is refused anyway.
const MAX_INFLATED: usize = 512 * 1024;

/// Reads and checks a scenario, and tells every problem.
pub fn scenario(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let problems = match read(text) {
        Ok(value) => check(&value).err(),
        Err(problems) => Some(problems),
    };
    for problem in problems.iter().flatten() {
        assert!(!problem.message.is_empty(), "a problem says what it is");
    }
}

/// Decodes a link; one that is readable leads back to the same run.
///
/// A packed link hides its text behind base64, zlib and a checksum, which no mutation gets past. So
/// after `!` the bytes are taken for the JSON inside of one, after `~` for what is deflated inside of
/// one, and the packed link is made here. Anything else is a link as it stands.
pub fn link(bytes: &[u8]) {
    let luck = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    let run = match bytes {
        [b'!', json @ ..] => decoded(&packed(&stored(json), json)),
        [b'~', deflated @ ..] => {
            let inside = decompress_to_vec_with_limit(deflated, MAX_INFLATED).unwrap_or_default();
            decoded(&packed(deflated, &inside))
        }
        text => std::str::from_utf8(text).ok().and_then(decoded),
    };
    // The way back takes as long as all the rest, and packing a hundred times as long.
    let Some(run) = run.filter(|_| luck.is_multiple_of(8)) else { return };
    let json = run.to_sparse_json().to_string();
    leads_back("a run's JSON", &run, Run::from_json(&json).ok());
    if luck == 0 {
        for encode in [link::encode, link::encode_packed] {
            if let Ok(link) = encode(&run) {
                leads_back("a link", &run, decoded(&link));
            }
        }
    }
}

/// What a link leads to, if it can be read.
fn decoded(link: &str) -> Option<Run> {
    let run = link::decode(link);
    if let Err(error) = &run {
        assert!(!error.en.is_empty() && !error.ko.is_empty(), "a link's error has words");
    }
    run.ok()
}

/// Equal runs may differ in the order of their nodes, so that their texts are compared.
fn leads_back(what: &str, run: &Run, back: Option<Run>) {
    let text = |run: &Run| run.to_json().to_string();
    assert_eq!(back.as_ref().map(text), Some(text(run)), "{what} leads back to its run");
}

/// The packed link around a deflated text.
fn packed(deflated: &[u8], text: &[u8]) -> String {
    let header = [0x78, 0x9c];
    let checksum = adler32_slice(text).to_be_bytes();
    let data = URL_SAFE_NO_PAD.encode([&header[..], deflated, &checksum].concat());
    format!("v1.{data}")
}

/// A text deflated without being made smaller: compressing takes far longer than decoding.
fn stored(text: &[u8]) -> Vec<u8> {
    let length = text.len() as u16;
    let (length, check) = (length.to_le_bytes(), (!length).to_le_bytes());
    [&[0x01], &length[..], &check, text].concat()
}

/// Draws a case by the bytes, and tries it.
pub fn run(bytes: &[u8]) {
    let rigour = Rigour { audited: 100, links: false };
    if let Some(case) = Case::draw(&mut Dice::Bytes(bytes), Size { events: 2_000 })
        && let Err(failure) = trial(&case, rigour)
    {
        panic!("{failure}\n{}", crate::case::shown(&case));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::compress_to_vec;

    #[test]
    fn packed_links_are_made_as_the_program_reads_them() {
        let json = br#"{"preset": "full-disk", "seed": 7}"#;
        for deflated in [stored(json), compress_to_vec(json, 6)] {
            let run = decoded(&packed(&deflated, json)).expect("the link is in order");
            assert_eq!(run.preset().map(|preset| preset.id), Some("full-disk"));
        }
    }
}
