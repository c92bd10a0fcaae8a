//! `cargo xtask swarm`: random runs by the hundred thousand, and the smallest run for each failure.
#![allow(clippy::disallowed_types, reason = "how long it takes is told to a person")]

use brownout_fuzz::case::{Case, Size, shown};
use brownout_fuzz::shrink::shrink;
use brownout_fuzz::swarm::{Summary, listen_to_panics, swarm, tried};
use brownout_fuzz::trial::{Failure, Rigour};
use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Most failures that are shrunk; the rest are named.
const MAX_SHRUNK: usize = 5;
/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);

/// What the command line says.
struct Options {
    count: u64,
    seed: u64,
    jobs: usize,
    one: Option<u64>,
    size: Size,
    rigour: Rigour,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        count: 100_000,
        seed: 0,
        jobs: 0,
        one: None,
        size: Size { events: 30_000 },
        rigour: Rigour { audited: 300, links: true },
    };
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let text = words.next().ok_or(format!("{word} needs a value"))?;
        let number =
            text.parse::<u64>().map_err(|_| format!("{word}: {text} is no whole number"))?;
        match word.as_str() {
            "--count" => options.count = number,
            "--seed" => options.seed = number,
            "--jobs" => options.jobs = number as usize,
            "--one" => options.one = Some(number),
            "--events" => options.size = Size { events: number.max(64) },
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    listen_to_panics();
    match options.one {
        Some(seed) => one(seed, &options),
        None => many(&options),
    }
}

fn one(seed: u64, options: &Options) -> ExitCode {
    let Some(case) = Case::of_seed(seed, options.size) else {
        println!("seed {seed}: the checker refuses what is drawn");
        return ExitCode::SUCCESS;
    };
    match tried(&case, options.rigour) {
        Ok(passed) => {
            println!("{}", shown(&case));
            println!("seed {seed}: {} events, {} checks, all hold", passed.events, passed.checks);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            tell_failure(seed, case, &failure, options);
            ExitCode::FAILURE
        }
    }
}

fn many(options: &Options) -> ExitCode {
    let start = Instant::now();
    let told = std::sync::Mutex::new(start);
    let seeds = options.seed..options.seed + options.count;
    let summary = swarm(seeds, options.size, options.rigour, options.jobs, |done| {
        let mut told = told.lock().expect("nobody panics with it");
        if told.elapsed() >= PROGRESS {
            *told = Instant::now();
            let rate = done as f64 / start.elapsed().as_secs_f64();
            eprintln!("{done} of {} scenarios, {rate:.0} per second", options.count);
        }
    });
    for (seed, failure) in summary.failures.iter().take(MAX_SHRUNK) {
        match Case::of_seed(*seed, options.size) {
            Some(case) => tell_failure(*seed, case, failure, options),
            None => println!("seed {seed}: {failure}"),
        }
    }
    for (seed, failure) in summary.failures.iter().skip(MAX_SHRUNK) {
        println!("seed {seed}: {}", failure.kind);
    }
    table(&summary, start.elapsed());
    if summary.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn table(summary: &Summary, took: Duration) {
    let seconds = took.as_secs_f64();
    println!("scenarios  {}", summary.scenarios);
    println!("mended     {}", summary.mended);
    println!("rejected   {}", summary.rejected);
    println!("changes    {} made, {} refused", summary.taken, summary.refused);
    println!("events     {} ({:.2e} per second)", summary.events, summary.events as f64 / seconds);
    println!("checks     {}", summary.checks);
    println!(
        "time       {seconds:.1} s ({:.0} scenarios per second)",
        summary.scenarios as f64 / seconds
    );
    println!("failures   {}", summary.failures.len());
}

/// A failure: the seed, what is wrong, and the smallest run that shows it.
fn tell_failure(seed: u64, case: Case, failure: &Failure, options: &Options) {
    println!("\nseed {seed}: {failure}");
    println!("  again:    cargo xtask swarm --one {seed} --events {}", options.size.events);
    let small = shrink(case, failure, options.rigour);
    println!("  smallest: {}", shown(&small.case));
    println!("  fails by: {}", small.failure);
    if let Some(link) = small.link() {
        println!("  link:     #{link}");
        println!("  replay:   cargo run --release -- run '#{link}'");
    }
}
