//! The core as the page sees it. Nothing else in the core names the browser.

pub mod chart;
pub mod lane;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs once when the module is loaded: a bug then leaves its message in the console.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
