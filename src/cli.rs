//! The command line: the only place that knows files, arguments, threads and the wall clock.
//!
//! Results go to standard output, everything else to standard error. The same input gives the same
//! bytes on standard output, whatever the terminal, the machine and the number of threads.

mod args;
mod check;
mod lanes;
mod link;
mod output;
mod presets;
mod problems;
mod progress;
mod run;
mod source;
mod switches;

use args::{Arguments, Command};
use clap::Parser;
use problems::{Failure, INTERNAL};
use std::process::ExitCode;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Everything is as it should be: exit code 0.
    Fine,
    /// An expectation was not met: exit code 99.
    Unmet,
    /// An invariant did not hold, so no result is to be trusted: exit code 1.
    Broken,
}

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Link(arguments) => link::link(&arguments),
        Command::Presets(arguments) => presets::presets(&arguments),
        Command::Schema => presets::schema(),
    };
    let code = match done {
        Ok(Outcome::Fine) => 0,
        Ok(Outcome::Unmet) => 99,
        Ok(Outcome::Broken) => INTERNAL,
        Err(failure) => failure.tell(),
    };
    ExitCode::from(code)
}

/// What a command comes to.
type Done = Result<Outcome, Failure>;
