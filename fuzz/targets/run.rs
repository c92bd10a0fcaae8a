//! Target of libFuzzer: [`brownout_fuzz::target::run`]. Built by `cargo xtask fuzz run`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| brownout_fuzz::target::run(bytes));

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this program is built and started by: cargo xtask fuzz run");
}
