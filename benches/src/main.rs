//! How fast the simulator is, on this machine and in one run: `cargo xtask bench`.
//!
//! Everything is a ratio of things measured in turn, round after round, because no two machines and no
//! two minutes of a shared machine are alike. Every measurement is a process of its own: this program,
//! called with what it shall measure, or Node with the page's module. What is measured is the time that
//! the processor spent on it, where the system tells (Linux); elsewhere the time that passed.

mod case;
mod clock;
mod floor;
mod machine;
mod memory;
mod random;
mod table;
mod workload;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::process::ExitCode;

/// Counts bytes: how large is a checkpoint?
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const USAGE: &str = "\
speed table [--rounds N] [--module FOLDER]   measure everything and print the table
speed measure CASE                           measure one thing once
speed memory [EVENTS]                        whether memory stays flat over so many events";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["measure", name] => case::measure(name).map(|measured| println!("{measured}")),
        ["memory"] => memory::watch(100_000_000),
        ["memory", events] => events.parse().map_err(|_| USAGE.to_owned()).and_then(memory::watch),
        ["table", ref options @ ..] => table::Options::read(options).and_then(|o| table::print(&o)),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
