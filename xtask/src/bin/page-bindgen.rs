//! Turns the compiled module into the files that the page loads.
//!
//! `page-bindgen <module.wasm> <folder> <release|dev>`

use std::error::Error;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder, profile] = arguments.as_slice() else {
        return Err("usage: page-bindgen <module.wasm> <folder> <release|dev>".into());
    };
    let release = profile == "release";
    Bindgen::new()
        .web(true)?
        .input_path(module)
        .typescript(false)
        .omit_default_module_path(false)
        .debug(!release)
        // Names and origins are a third of the download and serve only a debugger.
        .remove_name_section(release)
        .remove_producers_section(release)
        .generate(folder)?;
    Ok(())
}
