//! Target of libFuzzer: [`brownout_fuzz::target::link`]. Built by `cargo xtask fuzz link`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| brownout_fuzz::target::link(bytes));

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], length: usize, most: usize, seed: u32| {
    brownout_fuzz::mutate::link(bytes, length, most, seed, libfuzzer_sys::fuzzer_mutate)
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this program is built and started by: cargo xtask fuzz link");
}
