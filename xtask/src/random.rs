//! `cargo xtask swarm` and `cargo xtask fuzz`: random runs, and inputs from libFuzzer.

use crate::arguments::Arguments;
use crate::matrix;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use xtask::Outcome;
use xtask::process::{cargo, output, run};
use xtask::project::Project;

/// What libFuzzer needs from the compiler. These are the flags of `cargo fuzz --sanitizer none`; they do
/// not need a nightly toolchain, as sanitizers would.
const FUZZ_FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0";
/// Lets it see what is compared with what: finds words by itself, at half the speed.
const COMPARES_FLAG: &str = " -Cllvm-args=-sanitizer-coverage-trace-compares";

/// The targets, with the longest input in bytes: longer ones are slow and show nothing new.
const TARGETS: [(&str, u32); 3] = [("scenario", 2_000), ("link", 600), ("run", 600)];

/// Random runs of a swarm whose number is not said; `fuzz/targets/swarm.rs` has the same.
const SWARM: u64 = 100_000;

/// Words of the formats that are not in the schema.
const WORDS: [&str; 18] = [
    "null",
    "true",
    "false",
    "1e308",
    "5e-324",
    "-0.0",
    "9007199254740993",
    "p=",
    "&seed=",
    "&on=",
    "&off=",
    "&set.",
    "@",
    "%22",
    "v1.",
    "slow-dependency",
    "full-disk",
    "nodes.",
];

/// Runs random scenarios; see `fuzz/targets/swarm.rs` for the arguments. With `--wasm N`, every Nth seed
/// then gives a smaller run that is repeated natively and in a browser, cut in every way of the matrix.
pub fn swarm(project: &Project, mut arguments: Arguments) -> Outcome<ExitCode> {
    let wasm = arguments.value("--wasm")?;
    let arguments = arguments.rest();
    let what =
        ["build", "--quiet", "--profile", "swarm", "--package", "brownout-fuzz", "--bin", "swarm"];
    run(&mut cargo(project, &what))?;
    let program = project.target.join("swarm").join(format!("swarm{}", env::consts::EXE_SUFFIX));
    let status = Command::new(program).args(&arguments).current_dir(&project.root).status()?;
    let mut all_hold = status.success();
    if let Some(step) = wasm {
        let which = share(&arguments, step.parse()?)?;
        // No preset: from seed 1 to seed 0.
        all_hold &= matrix::program(project, "1..0", &which, true)?.status()?.success();
    }
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every Nth seed of the swarm, as `COUNT,FIRST_SEED,STEP`.
fn share(arguments: &[String], step: u64) -> Outcome<String> {
    let value = |name: &str, default: u64| {
        let pair = arguments.windows(2).find(|pair| pair[0] == name);
        pair.map_or(Ok(default), |pair| pair[1].parse())
    };
    let (count, first) = (value("--count", SWARM)?, value("--seed", 0)?);
    Ok(format!("{},{first},{step}", count.div_ceil(step.max(1))))
}

/// Builds a target and runs libFuzzer on it. What it finds stays in `target/fuzz`.
pub fn fuzz(project: &Project, mut arguments: Arguments) -> Outcome<ExitCode> {
    let name = arguments.next_word().unwrap_or_default();
    let Some((_, longest)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        let names = TARGETS.map(|(name, _)| name).join(", ");
        return Err(format!("no fuzz target '{name}'; there are {names}").into());
    };
    let runs = arguments.value("--runs")?.unwrap_or_else(|| "1000000".to_owned());
    let compares = arguments.switch("--compares");
    let program = build(project, &name, compares)?;
    let folder = project.target.join("fuzz");
    let corpus = folder.join("corpus").join(&name);
    fs::create_dir_all(&corpus)?;
    let dictionary = folder.join("dictionary");
    write_dictionary(project, &dictionary)?;
    let status = Command::new(program)
        // glibc's allocator keeps more small pieces at hand, for half as many executions again.
        .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=2000")
        .arg(format!("-runs={runs}"))
        .arg(format!("-max_len={longest}"))
        .arg(format!("-dict={}", dictionary.display()))
        .arg(format!("-artifact_prefix={}/{name}-", folder.display()))
        .args(["-print_final_stats=1", "-timeout=10", "-rss_limit_mb=3000"])
        .args(arguments.rest())
        .arg(&corpus)
        .arg(seeds(project, &name))
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The committed corpus of a target.
fn seeds(project: &Project, name: &str) -> PathBuf {
    project.root.join("fuzz/corpus").join(name)
}

fn build(project: &Project, name: &str, compares: bool) -> Outcome<PathBuf> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let host = output(&rustc, &["--print", "host-tuple"]).ok_or("rustc does not run")?;
    let flags = format!("{FUZZ_FLAGS}{}", if compares { COMPARES_FLAG } else { "" });
    // A folder for each set of flags, or Cargo would compile everything anew at each change.
    let target = project.target.join("fuzz").join(if compares { "compares" } else { "plain" });
    let program = format!("fuzz-{name}");
    let what = ["build", "--profile", "fuzz", "--package", "brownout-fuzz", "--bin", &program];
    // With a target named, build scripts are compiled without the flags.
    run(cargo(project, &what)
        .args(["--target", &host])
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", flags))?;
    Ok(target.join(host).join("fuzz").join(program))
}

/// Every word of the schema, so that libFuzzer need not guess names.
fn write_dictionary(project: &Project, file: &Path) -> Outcome {
    let schema = fs::read_to_string(project.root.join("schema/scenario.schema.json"))?;
    let is_word = |text: &&str| {
        let inside = |c: char| c.is_ascii_alphanumeric() || "_-.$".contains(c);
        (1..=40).contains(&text.len()) && text.chars().all(inside)
    };
    let mut words: Vec<String> = schema
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(is_word)
        .map(|w| format!("\\\"{w}\\\""))
        .collect();
    words.extend(WORDS.map(str::to_owned));
    words.sort();
    words.dedup();
    let lines: Vec<String> = words.iter().map(|word| format!("\"{word}\"\n")).collect();
    fs::write(file, lines.concat())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_of_the_swarm_begins_where_the_swarm_does() {
        let words = ["--seed", "700", "--count", "101"].map(str::to_owned);
        assert_eq!(share(&words, 50).unwrap(), "3,700,50");
        assert_eq!(share(&[], 100).unwrap(), "1000,0,100");
    }
}
