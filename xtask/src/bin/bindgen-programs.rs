//! wasm-bindgen's own two programs in one, in the version of the library: `wasm-bindgen` and
//! `wasm-bindgen-test-runner`, whichever name it is called by.
//!
//! It cannot simply be built under these names: rustc refuses to compile any program that is called
//! `wasm-bindgen` and has a version as low as ours.

use std::env::args_os;
use std::path::PathBuf;
use std::process::ExitCode;
use wasm_bindgen_cli::{wasm_bindgen, wasm_bindgen_test_runner};

fn main() -> ExitCode {
    let name = PathBuf::from(args_os().next().unwrap_or_default());
    let result = match name.file_stem() {
        Some(stem) if stem == "wasm-bindgen" => wasm_bindgen::run_cli_with_args(args_os()),
        _ => wasm_bindgen_test_runner::run_cli_with_args(args_os()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}
