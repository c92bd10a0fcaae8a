//! In steady state a run asks for no memory: every record, queue and histogram has grown to what it needs.
#![cfg(not(target_arch = "wasm32"))]

use brownout::engine::Time;
use brownout::run::Run;
use brownout::simulation::Simulation;
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// W2 of the benchmarks: a service chain with timeouts and retries, in one window.
fn chain() -> Run {
    let text = include_str!("../benches/w2.json");
    let mut document: Value = serde_json::from_str(text).expect("the file is JSON");
    document["duration_s"] = json!(1_000.0);
    // Closing a window may ask for memory: its row is kept.
    document["windows"] = json!(1);
    Run::new(document, 1, Vec::new()).expect("the scenario is valid")
}

#[test]
fn requests_in_steady_state_allocate_nothing() {
    let mut simulation = Simulation::new(chain());
    simulation.advance(Time::from_seconds(150.0), u64::MAX);
    let region = Region::new(ALLOCATOR);
    let before = simulation.world().events();
    simulation.advance(Time::from_seconds(160.0), u64::MAX);
    let change = region.change();
    let events = simulation.world().events() - before;
    assert!(events > 60_000, "10 s of 1000 requests a second: {events} events");
    // A queue longer than any before may still grow once.
    let asked = change.allocations + change.reallocations;
    assert!(asked <= 2, "{events} events asked for memory {asked} times: {change:?}");
}

#[test]
fn memory_does_not_grow_with_the_length_of_a_run() {
    let mut simulation = Simulation::new(chain());
    simulation.advance(Time::from_seconds(100.0), u64::MAX);
    let region = Region::new(ALLOCATOR);
    simulation.advance(Time::from_seconds(400.0), u64::MAX);
    let change = region.change();
    let grown = change.bytes_allocated as f64 - change.bytes_deallocated as f64;
    let grown = grown.max(0.0);
    assert!(grown < 65_536.0, "two million events took {grown} bytes more");
}
