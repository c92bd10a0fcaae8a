//! Random scenarios, and what must hold of each: for tests, `cargo xtask swarm` and libFuzzer.
//!
//! None of this is part of the page or of the command-line program.

pub mod target;
