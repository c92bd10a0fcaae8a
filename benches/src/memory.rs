//! Whether memory stays flat, however long a run is.

use crate::machine::resident_bytes;
use crate::workload::Workload;
use brownout::run::Run;
use brownout::simulation::Simulation;
use serde_json::json;

/// Pieces that a run is cut into; the first is the start-up.
const PIECES: u64 = 20;
/// W2 has seven events per request, so a run of a fifth as many requests as events does not end early.
const EVENTS_PER_REQUEST: u64 = 5;

/// Runs W2 for so many events and prints how memory grows.
pub fn watch(events: u64) -> Result<(), String> {
    let workload = Workload::named("w2").ok_or("W2 is missing")?;
    let requests = u32::try_from(events / EVENTS_PER_REQUEST).map_err(|_| "too many events")?;
    let mut document = workload.document(requests);
    // What is kept of each window is kept for good; how many there are is the scenario's choice.
    document["windows"] = json!(1);
    let run = Run::new(document, 1, Vec::new()).map_err(|problems| format!("{problems:?}"))?;
    let mut simulation = Simulation::new(run);
    let (mut first, mut last) = (None, 0.0);
    println!("{:>14}  {:>12}", "events", "resident");
    for _ in 0..PIECES {
        let end = simulation.world().plan().end;
        simulation.advance(end, events / PIECES);
        let bytes = resident_bytes().ok_or("this system does not tell how much memory is used")?;
        println!("{:>14}  {:>8.2} MiB", simulation.world().events(), bytes as f64 / 1_048_576.0);
        last = bytes as f64;
        first.get_or_insert((simulation.world().events(), last));
    }
    let (events_then, bytes_then) = first.ok_or("no piece was run")?;
    let passed = (simulation.world().events() - events_then) as f64;
    println!("slope: {:.6} bytes per event", (last - bytes_then) / passed);
    Ok(())
}
