//! `cargo xtask matrix`: the same bits natively and in a browser, however a run is cut.

use crate::arguments::Arguments;
use crate::page::{self, Profile};
use crate::tools;
use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use xtask::Outcome;
use xtask::chromium::Chromium;
use xtask::process::{cargo, run};
use xtask::project::Project;

const DEFAULT_SEEDS: &str = "1..5";
/// Random runs besides.
const DEFAULT_RANDOM: &str = "500";

/// Runs the command.
pub fn matrix(project: &Project, mut arguments: Arguments) -> Outcome<ExitCode> {
    let quick = arguments.switch("--quick");
    let seeds = arguments.value("--seeds")?;
    let random = arguments.value("--random")?;
    arguments.none_left()?;
    let seeds = seeds.as_deref().unwrap_or(if quick { "1..1" } else { DEFAULT_SEEDS });
    let random = random.as_deref().unwrap_or(DEFAULT_RANDOM);
    let status = program(project, seeds, random, quick)?.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The program that compares, ready to run. `seeds` is `FIRST..LAST`, both included; the quick one does
/// without the optimised native build, which takes a minute to compile.
pub fn program(project: &Project, seeds: &str, random: &str, quick: bool) -> Outcome<Command> {
    let wrong = || format!("--seeds {seeds}: write FIRST..LAST, both included");
    let (first, last) = seeds.split_once("..").ok_or_else(wrong)?;
    Chromium::find_or_install()?;
    page::build(project, Profile::Release)?;
    let mut command = Command::new(tools::build(project, "browser", "matrix")?);
    command.args([first, last, random]);
    for (name, profile, folder) in [("debug", "dev", "debug"), ("release", "release", "release")] {
        if quick && profile == "release" {
            continue;
        }
        let program = replay_program(project, profile, folder)?;
        command.arg(format!("native {name}={}", program.display()));
    }
    Ok(command)
}

fn replay_program(project: &Project, profile: &str, folder: &str) -> Outcome<PathBuf> {
    let what = ["--package", "xtask", "--features", "core", "--bin", "replay"];
    run(cargo(project, &["build", "--quiet", "--profile", profile]).args(what))?;
    Ok(project.target.join(folder).join(format!("replay{}", env::consts::EXE_SUFFIX)))
}
