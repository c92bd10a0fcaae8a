//! `cargo xtask test`: every check there is, each with its time, and their sum on the last line.

use crate::arguments::Arguments;
use crate::matrix;
use crate::page::{self, Profile};
use crate::tools;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use xtask::Outcome;
use xtask::chromium::Chromium;
use xtask::process::{cargo, run, run_watched, shown};
use xtask::project::{Project, WASM_TARGET};
use xtask::scratch::Scratch;

/// One line of the summary.
struct Step {
    name: &'static str,
    /// Part of `--fast`: neither a browser nor the wasm target, nor minutes of statistics.
    fast: bool,
    run: fn(&Project) -> Outcome<Tally>,
}

const STEPS: &[Step] = &[
    Step { name: "tools", fast: false, run: tools_step },
    Step { name: "fmt", fast: true, run: fmt },
    Step { name: "clippy", fast: true, run: clippy },
    Step { name: "clippy-wasm", fast: false, run: clippy_wasm },
    Step { name: "docs", fast: true, run: docs },
    Step { name: "native", fast: true, run: native },
    Step { name: "validation", fast: false, run: validation },
    Step { name: "wasm-pack-build", fast: false, run: wasm_pack_build },
    Step { name: "wasm-pack-test", fast: false, run: wasm_pack_test },
    Step { name: "e2e", fast: false, run: e2e },
    Step { name: "matrix", fast: false, run: quick_matrix },
];

/// What the names of the tests in `tests/validation` contain that run cases of the book.
const KNOWN_ANSWERS: [&str; 2] = ["::each::", "the_document_has_every_figure"];

/// How many tests a step has run. A check that is not a collection of tests counts as one.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    const ONE_PASSED: Self = Self { passed: 1, failed: 0 };

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Runs the command.
pub fn test(project: &Project, mut arguments: Arguments) -> Outcome<ExitCode> {
    let fast = arguments.switch("--fast");
    let mut only = Vec::new();
    while let Some(name) = arguments.value("--only")? {
        if !STEPS.iter().any(|step| step.name == name) {
            let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
            return Err(format!("no step '{name}'; there are {}", names.join(", ")).into());
        }
        only.push(name);
    }
    arguments.none_left()?;
    let chosen = |step: &&Step| {
        (!fast || step.fast) && (only.is_empty() || only.iter().any(|name| name == step.name))
    };
    let results: Vec<Finished> =
        STEPS.iter().filter(chosen).map(|step| run_step(project, step)).collect();
    Ok(summary(&results))
}

struct Finished {
    name: &'static str,
    tally: Tally,
    duration: Duration,
}

/// A failing step does not stop the others: one run tells everything.
fn run_step(project: &Project, step: &Step) -> Finished {
    println!("\n── {}", step.name);
    let start = Instant::now();
    let tally = (step.run)(project).unwrap_or_else(|error| {
        println!("error: {error}");
        Tally { passed: 0, failed: 1 }
    });
    let duration = start.elapsed();
    println!("── {} took {:.1} s", step.name, duration.as_secs_f64());
    Finished { name: step.name, tally, duration }
}

fn summary(results: &[Finished]) -> ExitCode {
    let mut total = Tally::default();
    println!("\nstep              passed  failed     time");
    for step in results {
        total.add(step.tally);
        let Tally { passed, failed } = step.tally;
        let seconds = step.duration.as_secs_f64();
        let mark = if failed == 0 { "" } else { "  ← failed" };
        println!("{:<16} {passed:>7} {failed:>7} {seconds:>7.1}s{mark}", step.name);
    }
    // Whoever reads this by a program looks for this line, last and alone.
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tools_step(project: &Project) -> Outcome<Tally> {
    tools::ensure_components(project)?;
    tools::wasm_pack(project)?;
    Chromium::find_or_install()?;
    Ok(Tally::default())
}

fn fmt(project: &Project) -> Outcome<Tally> {
    tools::ensure_components(project)?;
    check(&mut cargo(project, &["fmt", "--all", "--check"]))
}

/// The features of xtask are in, for they hold the browser tests.
fn clippy(project: &Project) -> Outcome<Tally> {
    tools::ensure_components(project)?;
    let what = ["clippy", "--workspace", "--all-targets", "--all-features"];
    check(cargo(project, &what).args(["--", "-D", "warnings"]))
}

fn clippy_wasm(project: &Project) -> Outcome<Tally> {
    tools::ensure_wasm_target(project)?;
    let what = ["clippy", "--lib", "--tests", "--target", WASM_TARGET];
    check(cargo(project, &what).args(["--", "-D", "warnings"]))
}

fn docs(project: &Project) -> Outcome<Tally> {
    let what = ["doc", "--workspace", "--no-deps"];
    check(cargo(project, &what).env("RUSTDOCFLAGS", "-D warnings"))
}

/// All but the known answers, which are a step of their own: millions of requests each.
fn native(project: &Project) -> Outcome<Tally> {
    let what = ["test", "--workspace", "--no-fail-fast", "--"];
    let skipped = KNOWN_ANSWERS.iter().flat_map(|name| ["--skip", name]);
    tests(cargo(project, &what).args(skipped))
}

fn validation(project: &Project) -> Outcome<Tally> {
    tests(cargo(project, &["test", "--test", "validation", "--"]).args(KNOWN_ANSWERS))
}

fn wasm_pack_build(project: &Project) -> Outcome<Tally> {
    check(tools::wasm_pack(project)?.args(["build", "--target", "web"]))
}

fn wasm_pack_test(project: &Project) -> Outcome<Tally> {
    Chromium::find_or_install()?;
    let scratch = Scratch::new()?;
    let mut command = tools::wasm_pack(project)?;
    command.args(["test", "--headless", "--chrome"]).env("TMPDIR", scratch.path());
    browser_tests(&mut command)
}

fn e2e(project: &Project) -> Outcome<Tally> {
    browser_tests(&mut browser_program(project)?)
}

fn quick_matrix(project: &Project) -> Outcome<Tally> {
    browser_tests(&mut matrix::program(project, "1..1", "1000", true)?)
}

/// Like [`tests`], once more if it fails without a failed test: then the browser has not started, a
/// port was taken or the like, which says nothing about what is tested.
fn browser_tests(command: &mut Command) -> Outcome<Tally> {
    let (tally, failure) = tests_and_failure(command);
    if failure.is_none() || tally.failed > 0 {
        return Ok(tally);
    }
    println!("no test has failed, so the browser has: once more");
    tests(command)
}

/// `cargo xtask e2e` and `cargo xtask shots`
pub fn browser(project: &Project, command: &str, arguments: Arguments) -> Outcome<ExitCode> {
    let mut program = browser_program(project)?;
    if command == "shots" {
        program.arg("--shots");
    }
    let status = program.args(arguments.rest()).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn browser_program(project: &Project) -> Outcome<Command> {
    Chromium::find_or_install()?;
    page::build(project, Profile::Release)?;
    Ok(Command::new(tools::build(project, "browser", "e2e")?))
}

fn check(command: &mut Command) -> Outcome<Tally> {
    println!("{}", shown(command));
    run(command)?;
    Ok(Tally::ONE_PASSED)
}

/// Adds up the `test result:` lines; a program that fails without a failed test counts as one.
fn tests(command: &mut Command) -> Outcome<Tally> {
    let (mut tally, failure) = tests_and_failure(command);
    if failure.is_some() {
        tally.failed = tally.failed.max(1);
    }
    Ok(tally)
}

/// What the program has counted, and why it failed if it did.
fn tests_and_failure(command: &mut Command) -> (Tally, Option<String>) {
    println!("{}", shown(command));
    let mut tally = Tally::default();
    let failure = run_watched(command, |line| tally.add(counted(line))).err();
    let failure = failure.map(|error| error.to_string());
    if let Some(failure) = &failure {
        println!("error: {failure}");
    }
    (tally, failure)
}

fn counted(line: &str) -> Tally {
    let Some(result) = line.trim_start().strip_prefix("test result: ") else {
        return Tally::default();
    };
    let number_before = |word: &str| {
        let (before, _) = result.split_once(word)?;
        before.trim_end().rsplit(' ').next()?.parse().ok()
    };
    Tally {
        passed: number_before("passed;").unwrap_or(0),
        failed: number_before("failed;").unwrap_or(0),
    }
}

#[cfg(test)]
mod unit_tests {
    use super::counted;

    #[test]
    fn results_of_every_runner_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; finished in 0.10s";
        let tally = counted(line);
        assert_eq!((tally.passed, tally.failed), (12, 3));
        let indented = counted("    test result: ok. 2 passed; 0 failed; 0 ignored");
        assert_eq!((indented.passed, indented.failed), (2, 0));
        assert_eq!(counted("2 passed; 1 failed;").failed, 0);
    }
}
