//! Replays the corpus of every fuzz target as an ordinary test: nothing panics.
//!
//! What a fuzzer once found belongs here, so that it stays mended.

use brownout_fuzz::target;
use std::fs;
use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = fs::read_dir(&folder).expect("the corpus is there");
    let mut count = 0;
    for entry in entries {
        let bytes = fs::read(entry.expect("a file").path()).expect("a file");
        target(&bytes);
        count += 1;
    }
    assert!(count > 0, "{name} has a corpus");
}

#[test]
fn scenarios_are_read_or_refused() {
    replay("scenario", target::scenario);
}

#[test]
fn links_are_decoded_or_refused() {
    replay("link", target::link);
}

#[test]
fn runs_hold_what_must_hold() {
    replay("run", target::run);
}
