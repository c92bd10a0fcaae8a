//! The golden digests in the browser: the same bits as natively.
#![cfg(target_arch = "wasm32")]

mod golden;

use brownout::engine::Time;
use brownout::simulation::Simulation;
use golden::digests;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn presets_keep_their_golden_digests() {
    for golden in digests() {
        let mut simulation = Simulation::new(golden.run());
        simulation.run_to_end();
        assert_eq!(simulation.digest().to_string(), golden.digest, "{}", golden.preset);
    }
}

#[wasm_bindgen_test]
fn a_checkpoint_taken_midway_in_chunks_ends_with_the_golden_digest() {
    let golden = &digests()[1];
    let mut simulation = Simulation::new(golden.run());
    for piece in 1..=500 {
        simulation.advance(Time(piece * 180_000_000), u64::MAX);
    }
    let mut restored = simulation.clone();
    drop(simulation);
    restored.run_to_end();
    assert_eq!(restored.digest().to_string(), golden.digest);
}
