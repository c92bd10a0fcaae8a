//! What libFuzzer calls with bytes of its own making: one function per target.
//!
//! Each takes any bytes and must neither panic nor take long. They are plain functions, so that the
//! committed corpus is replayed by an ordinary test.

use crate::case::{Case, Size};
use crate::dice::Dice;
use crate::trial::{Rigour, trial};
use brownout::link;
use brownout::run::Run;
use brownout::scenario::{check, read};

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
/// after `!` the bytes are taken for the JSON inside one.
pub fn link(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let run = match text.strip_prefix('!') {
        Some(json) => Run::from_json(json).ok(),
        None => match link::decode(text) {
            Ok(run) => Some(run),
            Err(error) => {
                assert!(!error.en.is_empty() && !error.ko.is_empty(), "a link's error has words");
                None
            }
        },
    };
    let Some(run) = run else { return };
    // The way back takes as long as all the rest, and packing a hundred times as long.
    let luck = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    if luck.is_multiple_of(8) {
        let json = run.to_sparse_json().to_string();
        assert_eq!(Run::from_json(&json).as_ref(), Ok(&run), "a run's JSON leads back to it");
    }
    if luck == 0
        && let Ok(packed) = link::encode_packed(&run)
    {
        assert_eq!(link::decode(&packed).as_ref(), Ok(&run), "a packed link leads back to its run");
    }
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
