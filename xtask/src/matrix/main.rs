//! The determinism matrix: every preset, as it was and with its switches, gives the same bits natively
//! (with and without optimisation) and in a browser, however the run is cut.
//!
//! `matrix FIRST_SEED LAST_SEED RANDOM NAME=PROGRAM...`: the number of random runs besides (with their
//! first seed and the step to the next, `100,7,50`), and the native programs (see `bin/replay.rs`); the
//! browser comes by itself.

mod cases;
mod table;

use cases::{Case, Cut};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use table::{Cell, Table};
use xtask::Outcome;
use xtask::browser::replay::WasmReplay;
use xtask::chromium::Chromium;
use xtask::project::Project;
use xtask::runs::{Answer, Job, replay};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One row of the table: what repeats the runs.
enum Build {
    Native { name: String, program: PathBuf },
    Browser(Box<WasmReplay>),
}

impl Build {
    fn name(&self) -> &str {
        match self {
            Self::Native { name, .. } => name,
            Self::Browser(_) => "wasm in Chromium",
        }
    }

    fn answers(&mut self, jobs: &[Job]) -> Outcome<Vec<Answer>> {
        match self {
            Self::Native { program, .. } => replay(program, jobs),
            Self::Browser(browser) => browser.answers(jobs),
        }
    }
}

/// Whether all runs were equal.
fn run() -> Outcome<bool> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [first, last, random, programs @ ..] = words.as_slice() else {
        return Err("matrix FIRST_SEED LAST_SEED RANDOM NAME=PROGRAM...".into());
    };
    let project = Project::find()?;
    let mut cases = cases::of_presets(&project, first.parse()?..=last.parse()?)?;
    let mut builds = builds(&project, programs)?;
    if let Some(Build::Native { program, .. }) = builds.first() {
        cases.extend(cases::random(program, random)?);
    }
    let mut table = Table::default();
    let mut reference = Vec::new();
    for build in &mut builds {
        let mut cells = Vec::new();
        for cut in Cut::ALL {
            let jobs: Vec<Job> = cases.iter().map(|case| case.job(cut)).collect();
            let start = Instant::now();
            let answers = build.answers(&jobs)?;
            let duration = start.elapsed();
            if reference.is_empty() {
                reference.clone_from(&answers);
            }
            cells.push(compare(
                &cases,
                &reference,
                &answers,
                build.name(),
                cut,
                duration.as_secs_f64(),
            ));
        }
        table.add(build.name(), cells);
    }
    print!("{table}");
    Ok(table.all_equal())
}

fn builds(project: &Project, programs: &[String]) -> Outcome<Vec<Build>> {
    let native = |word: &String| {
        let (name, program) = word.split_once('=').ok_or("NAME=PROGRAM")?;
        Ok(Build::Native { name: name.to_owned(), program: program.into() })
    };
    let mut builds: Vec<Build> = programs.iter().map(native).collect::<Outcome<_>>()?;
    let chromium = Chromium::find().ok_or("no browser; cargo xtask test installs one")?;
    builds.push(Build::Browser(Box::new(WasmReplay::start(project, &chromium)?)));
    Ok(builds)
}

/// Compares the answers of a cell with those of the first cell, and names the differences.
fn compare(
    cases: &[Case],
    reference: &[Answer],
    answers: &[Answer],
    build: &str,
    cut: Cut,
    seconds: f64,
) -> Cell {
    let mut cell = Cell { seconds, ..Cell::default() };
    for ((case, wanted), seen) in cases.iter().zip(reference).zip(answers) {
        match difference(wanted, seen) {
            None => {
                cell.equal += 1;
                cell.windows += seen.as_ref().map_or(0, |shown| shown.windows.len());
            }
            Some(what) => {
                cell.different += 1;
                println!("different: {case}, {build}, {}: {what}", cut.name());
            }
        }
    }
    cell
}

/// The first thing in which an answer differs from the one that is wanted.
fn difference(wanted: &Answer, seen: &Answer) -> Option<String> {
    let (wanted, seen) = match (wanted, seen) {
        (Ok(wanted), Ok(seen)) => (wanted, seen),
        (Err(error), _) | (_, Err(error)) => return Some(error.clone()),
    };
    let windows = wanted.windows.iter().zip(&seen.windows).enumerate();
    if let Some((number, (one, other))) = windows.into_iter().find(|(_, (one, other))| one != other)
    {
        return Some(format!("window {number} is {other}, wanted {one}"));
    }
    let parts = [
        ("number of windows", wanted.windows.len().to_string(), seen.windows.len().to_string()),
        ("digest at the end", wanted.digest.clone(), seen.digest.clone()),
        ("early end", format!("{:?}", wanted.stopped), format!("{:?}", seen.stopped)),
    ];
    if let Some((what, one, other)) = parts.into_iter().find(|(_, one, other)| one != other) {
        return Some(format!("{what} is {other}, wanted {one}"));
    }
    let letters = wanted.report.bytes().zip(seen.report.bytes());
    let at = letters.take_while(|(one, other)| one == other).count();
    (wanted.report != seen.report).then(|| format!("the reports differ from byte {at} on"))
}

#[cfg(test)]
mod tests {
    use super::difference;
    use xtask::runs::Shown;

    #[test]
    fn the_first_difference_is_named() {
        let shown = |windows: &[&str], report: &str| {
            Ok(Shown {
                windows: windows.iter().map(|digest| (*digest).to_owned()).collect(),
                digest: "d".to_owned(),
                stopped: None,
                report: report.to_owned(),
            })
        };
        let wanted = shown(&["a", "b"], "{}");
        assert_eq!(difference(&wanted, &wanted), None);
        let told = |seen| difference(&wanted, &seen).unwrap();
        assert_eq!(told(shown(&["a", "c"], "{}")), "window 1 is c, wanted b");
        assert_eq!(told(shown(&["a"], "{}")), "number of windows is 1, wanted 2");
        assert_eq!(told(shown(&["a", "b"], "{]")), "the reports differ from byte 1 on");
        assert_eq!(told(Err("panic".to_owned())), "panic");
    }
}
