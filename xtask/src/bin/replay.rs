//! Repeats runs natively: a job on each line of standard input, an answer on each line of standard
//! output; see `runs.rs`.

use brownout::lane::Lane;
use brownout::run::Run;
use serde_json::json;
use xtask::Outcome;
use xtask::runs::{ALL_EVENTS, ASTRAY_EVENTS, Answer, FAR_S, Job, Shown, serve};

fn main() -> Outcome {
    serve(|job| Ok(answer(job)))
}

/// What `replay.js` does in a browser.
fn answer(job: &Job) -> Answer {
    let run = Run::from_json(&job.run.to_string()).map_err(|found| json!(found).to_string())?;
    let mut lane = Lane::new(run);
    for piece in &job.pieces {
        lane.advance(piece.until_s, piece.events);
        if piece.checkpoint {
            let checkpoint = lane.clone();
            lane.advance(FAR_S, ASTRAY_EVENTS);
            lane = checkpoint;
        }
    }
    while !lane.simulation().is_done() {
        lane.advance(FAR_S, ALL_EVENTS);
    }
    let simulation = lane.simulation();
    Ok(Shown {
        windows: simulation
            .window_digests()
            .iter()
            .map(|digest| format!("{digest:016x}"))
            .collect(),
        digest: simulation.digest().to_string(),
        stopped: simulation.stopped_early(),
        report: json!(simulation.report()).to_string(),
    })
}
