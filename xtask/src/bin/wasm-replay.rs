//! Repeats runs in a browser: a job on each line of standard input, an answer on each line of standard
//! output; see `runs.rs`. The page must have been built.

use xtask::Outcome;
use xtask::browser::replay::WasmReplay;
use xtask::chromium::Chromium;
use xtask::project::Project;
use xtask::runs::{Job, answer_to_json};

fn main() -> Outcome {
    let chromium = Chromium::find().ok_or("no browser; cargo xtask test installs one")?;
    let jobs: Outcome<Vec<Job>> = std::io::stdin()
        .lines()
        .map(|line| Job::from_json(serde_json::from_str(&line?)?))
        .collect();
    let mut replay = WasmReplay::start(&Project::find()?, &chromium)?;
    for answer in replay.answers(&jobs?)? {
        println!("{}", answer_to_json(&answer));
    }
    Ok(())
}
