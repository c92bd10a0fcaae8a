//! `cargo xtask bench`: how fast the simulator is, natively and in WebAssembly, in one table.

use crate::arguments::Arguments;
use crate::page::{self, Profile};
use std::env;
use std::process::Command;
use xtask::Outcome;
use xtask::process::{cargo, run};
use xtask::project::Project;

/// The program of the workspace member `benches`.
const PROGRAM: &str = "speed";

/// Runs the command. What follows `--memory` goes to the test of memory instead.
pub fn bench(project: &Project, mut arguments: Arguments) -> Outcome {
    let memory = arguments.switch("--memory");
    let rounds = arguments.value("--rounds")?;
    let events = if memory { arguments.next_word() } else { None };
    arguments.none_left()?;
    run(&mut cargo(project, &["build", "--release", "--package", PROGRAM]))?;
    let folder = project.target.join("release");
    let mut speed = Command::new(folder.join(format!("{PROGRAM}{}", env::consts::EXE_SUFFIX)));
    if memory {
        return run(speed.arg("memory").args(events));
    }
    page::build(project, Profile::Release)?;
    speed.args(["table", "--module"]).arg(project.generated());
    run(speed.args(rounds.iter().flat_map(|rounds| ["--rounds", rounds])))
}
