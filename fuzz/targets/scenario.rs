//! Target of libFuzzer: [`brownout_fuzz::target::scenario`]. Built by `cargo xtask fuzz scenario`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| brownout_fuzz::target::scenario(bytes));

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this program is built and started by: cargo xtask fuzz scenario");
}
