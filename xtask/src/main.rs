//! The project's commands: `cargo xtask serve`, `cargo xtask test`, `cargo xtask dist`.

mod arguments;
mod bench;
mod dist;
mod matrix;
mod page;
mod random;
mod serve;
mod test;
mod tools;

use arguments::Arguments;
use std::process::ExitCode;
use xtask::Outcome;
use xtask::project::Project;

const USAGE: &str = "\
cargo xtask <command>

  serve [--port N] [--open] [--dev]     build the page and serve it on 127.0.0.1
  test [--fast] [--only STEP]...        run every test; --fast: those without a browser
  bench [--rounds N]                    measure how fast the simulator is, native and WebAssembly
  bench --memory [EVENTS]               whether memory stays flat over so many events
  dist                                  write dist/, which any static host can serve
  e2e [NAME]...                         only the browser tests whose name contains NAME
  matrix [--seeds A..B] [--random N] [--quick]
                                        the same bits natively and in a browser, however a run is cut;
                                        --quick: seed 1, and natively without optimisation only
  shots [--after SECONDS] [FRAGMENT]... pictures of the page into target/shots, each in two sizes,
                                        two themes and two languages; FRAGMENT like '#p=retry-storm'
  swarm [--count N] [--seed S] [--jobs N] [--wasm N] | [--one SEED]
                                        random runs, and the smallest run for each that fails; --wasm:
                                        one of N natively and in a browser, too, however it is cut
  fuzz TARGET [--runs N] [--compares]   libFuzzer on one of scenario, link, run
  wasm-pack ARGUMENTS...                wasm-pack with everything it looks for on its PATH";

fn main() -> ExitCode {
    let mut arguments = Arguments::from_command_line();
    let command = arguments.next_word().unwrap_or_default();
    match run(&command, arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, arguments: Arguments) -> Outcome<ExitCode> {
    let project = Project::find()?;
    match command {
        "serve" => serve::serve(&project, arguments).map(|()| ExitCode::SUCCESS),
        "test" => test::test(&project, arguments),
        "bench" => bench::bench(&project, arguments).map(|()| ExitCode::SUCCESS),
        "dist" => dist::dist(&project, arguments).map(|()| ExitCode::SUCCESS),
        "matrix" => matrix::matrix(&project, arguments),
        "e2e" | "shots" => test::browser(&project, command, arguments),
        "swarm" => random::swarm(&project, arguments),
        "fuzz" => random::fuzz(&project, arguments),
        "wasm-pack" => tools::wasm_pack_by_hand(&project, arguments),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        other => {
            eprintln!("unknown command '{other}'\n\n{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}
