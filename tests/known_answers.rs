//! The engine's bits, natively. Their twin in WebAssembly is `wasm_engine.rs`.
#![cfg(not(target_arch = "wasm32"))]

#[path = "known_answers/mod.rs"]
mod answers;

#[test]
fn the_engine_gives_the_known_answers() {
    answers::check();
}
