//! Running: one run or many, on as many threads as the machine has cores. The results do not depend
//! on how many these are.

use super::progress::Progress;
use brownout::engine::Time;
use brownout::metrics::Metrics;
use brownout::report::Report;
use brownout::run::Run;
use brownout::simulation::Simulation;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Looks at the progress of a run.
const STEPS: u64 = 100;

/// A run and what came of it.
#[derive(Clone, Debug)]
pub struct Lane {
    /// What was run.
    pub run: Run,
    /// What it has shown.
    pub report: Report,
    /// What was measured.
    pub metrics: Metrics,
}

/// Runs everything to its end; results are in the order of the runs.
pub fn run_all(runs: Vec<Run>) -> Vec<Lane> {
    let count = runs.len();
    let progress = Progress::new(count as u64 * STEPS);
    let lanes: Vec<Mutex<Option<Lane>>> = runs.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(run) = runs.get(index) else { break };
            let lane = run_one(run.clone(), &progress);
            *lanes[index].lock().expect("no thread panics while it holds a lane") = Some(lane);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        (1..cores.min(count)).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    progress.end();
    let taken = lanes.into_iter().map(|lane| {
        let lane = lane.into_inner().expect("no thread panics while it holds a lane");
        lane.expect("every run has been worked on")
    });
    taken.collect()
}

fn run_one(run: Run, progress: &Progress) -> Lane {
    let mut simulation = Simulation::new(run);
    let end = simulation.metrics().duration();
    for step in 1..=STEPS {
        let until = if step == STEPS { end } else { Time(end.0 / STEPS * step) };
        simulation.advance(until, u64::MAX);
        progress.step();
    }
    let (report, metrics) = (simulation.report(), simulation.metrics().clone());
    Lane { run: simulation.run().clone(), report, metrics }
}
