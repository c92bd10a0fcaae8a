//! The engine's bits in WebAssembly. Their twin is `known_answers.rs`.
#![cfg(target_arch = "wasm32")]

#[path = "known_answers/mod.rs"]
mod answers;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn the_engine_gives_the_known_answers() {
    answers::check();
}
