//! Repeats runs natively: a job on each line of standard input, an answer on each line of standard
//! output; see `runs.rs`. `replay --random COUNT [FIRST_SEED STEP]` writes random runs instead, `{seed, run}`
//! on a line.

use brownout::lane::Lane;
use brownout::run::Run;
use brownout_fuzz::case::{Case, Size};
use brownout_fuzz::swarm::tried;
use brownout_fuzz::trial::Rigour;
use serde_json::json;
use xtask::Outcome;
use xtask::runs::{ALL_EVENTS, ASTRAY_EVENTS, Answer, FAR_S, Job, Shown, serve};

/// Most events of a random run, so that a browser repeats some hundred in a second.
const SIZE: Size = Size { events: 4_000 };
/// What is done in a random run is found by trying it; whether all holds is for others to judge.
const RIGOUR: Rigour = Rigour { audited: 0, links: false };

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [option, count] if option == "--random" => draw(count.parse()?, 0, 1),
        [option, count, first, step] if option == "--random" => {
            draw(count.parse()?, first.parse()?, step.parse()?)
        }
        _ => serve(|job| Ok(answer(job))),
    }
}

/// Writes random runs with everything that is done to them: those of the first seeds that can be tried,
/// counted from `first` on in steps.
fn draw(count: usize, first: u64, step: usize) -> Outcome {
    let seeds = (first..).step_by(step.max(1));
    let drawn = seeds.filter_map(|seed| Some((seed, Case::of_seed(seed, SIZE)?)));
    let tried = drawn.filter_map(|(seed, case)| Some((seed, tried(&case, RIGOUR).ok()?)));
    for (seed, passed) in tried.take(count) {
        println!("{{\"seed\":{seed},\"run\":{}}}", passed.document);
    }
    Ok(())
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
