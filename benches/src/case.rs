//! One thing measured once.

use crate::clock::Stopwatch;
use crate::workload::{Nobody, Workload};
use brownout::engine::Time;
use brownout::preset;
use brownout::run::Run;
use brownout::simulation::Simulation;
use stats_alloc::Region;
use std::hint::black_box;

/// Requests of a measurement: about a second.
const REQUESTS: u32 = 1_000_000;
/// Enough for the larger relatives to fill up.
const REQUESTS_AT_SCALE: u32 = 2_000_000;

/// The system counts time in ticks of some milliseconds, so what is short is done many times.
const REPEATS: u32 = 100;

/// How many requests a measurement of that workload has.
pub fn requests_of(workload: &str) -> u32 {
    if workload.contains("x100") { REQUESTS_AT_SCALE } else { REQUESTS }
}

/// Measures `what:whom`: nanoseconds per request, or what else the table wants to know.
pub fn measure(name: &str) -> Result<f64, String> {
    let (what, whom) = name.split_once(':').unwrap_or((name, "w2"));
    if what == "preset" {
        return simulated_seconds_per_second(whom);
    }
    let workload = Workload::named(whom).ok_or_else(|| format!("no workload '{whom}'"))?;
    let requests = requests_of(whom);
    let per_request = |nanos: f64| nanos / f64::from(requests);
    Ok(match what {
        "floor" => {
            let watch = Stopwatch::start();
            let outcome = workload.floor(requests);
            let nanos = watch.nanos();
            outcome.check(whom)?;
            per_request(nanos)
        }
        "measured" => per_request(time_of(workload.run(requests))),
        "unjudged" => {
            // Metrics as ever, but nobody judges the invariants at the end of each window.
            let mut simulation = Simulation::new(workload.run(requests));
            let watch = Stopwatch::start();
            simulation.run_until(Time::NEVER, u64::MAX);
            per_request(watch.nanos())
        }
        "unmeasured" => {
            let mut simulation = Simulation::observed(workload.run(requests), |_| Nobody);
            let watch = Stopwatch::start();
            simulation.run_until(Time::NEVER, u64::MAX);
            per_request(watch.nanos())
        }
        "events" => {
            let mut simulation = Simulation::new(workload.run(requests));
            simulation.run_to_end();
            simulation.world().events() as f64 / f64::from(requests)
        }
        "clone-nanos" => checkpoint(workload).0,
        "clone-bytes" => checkpoint(workload).1,
        "audit-nanos" => audit(workload),
        other => return Err(format!("nothing is known of '{other}'")),
    })
}

fn time_of(run: Run) -> f64 {
    let mut simulation = Simulation::new(run);
    let watch = Stopwatch::start();
    simulation.run_to_end();
    watch.nanos()
}

fn simulated_seconds_per_second(preset: &str) -> Result<f64, String> {
    let preset = preset::find(preset).map_err(|problem| problem.message)?;
    let run = Run::of_preset(preset);
    let simulated = run.scenario.duration_s;
    Ok(simulated / (time_of(run) / 1e9))
}

/// A workload in the middle of its run.
fn half_way(workload: Workload) -> Simulation {
    let mut simulation = Simulation::new(workload.run(REQUESTS));
    let end = simulation.world().plan().end;
    simulation.advance(Time(end.0 / 2), u64::MAX);
    simulation
}

/// Nanoseconds and bytes of a checkpoint, which is a clone.
fn checkpoint(workload: Workload) -> (f64, f64) {
    let simulation = half_way(workload);
    let region = Region::new(crate::ALLOCATOR);
    let checkpoint = simulation.clone();
    let bytes = region.change().bytes_allocated as f64 + size_of_val(&checkpoint) as f64;
    let watch = Stopwatch::start();
    (0..REPEATS).for_each(|_| drop(black_box(simulation.clone())));
    (watch.nanos() / f64::from(REPEATS), bytes)
}

/// Nanoseconds to count anew everything that the model counts.
fn audit(workload: Workload) -> f64 {
    let simulation = half_way(workload);
    let watch = Stopwatch::start();
    for _ in 0..REPEATS {
        let findings = simulation.world().audit();
        assert!(findings.is_empty(), "{findings:?}");
    }
    watch.nanos() / f64::from(REPEATS)
}
