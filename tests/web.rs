//! What must hold inside a browser; run by `wasm-pack test --headless --chrome`.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn transcendentals_have_the_same_bits_as_on_the_desktop() {
    assert_eq!(libm::log(0.3).to_bits(), 0xBFF3_4378_FCBD_A721);
}
