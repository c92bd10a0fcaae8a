//! The program `brownout`. Everything it does is in [`cli`]; browsers get the library only.

#[cfg(not(target_arch = "wasm32"))]
mod cli;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    cli::main()
}

/// wasm-pack compiles programs, too.
#[cfg(target_arch = "wasm32")]
fn main() {}
