//! What a fresh machine lacks, installed or built.

use crate::arguments::Arguments;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use xtask::Outcome;
use xtask::chromium::Chromium;
use xtask::process::{cargo, on_path, output, path_with, run};
use xtask::project::{Project, WASM_TARGET};

/// The wasm-pack that is installed where there is none.
const WASM_PACK_VERSION: &str = "0.15.1";

/// Builds a program of this package that needs a feature. Quiet: it may run beside another build.
pub fn build(project: &Project, feature: &str, name: &str) -> Outcome<PathBuf> {
    let program = project.program(name);
    if !program.exists() {
        println!("building {name}, once");
    }
    let what = ["--package", "xtask", "--features", feature, "--bin", name];
    run(cargo(project, &["build", "--quiet", "--profile", "tool"]).args(what))?;
    Ok(program)
}

/// Adds the compilation target of the page, if the toolchain lacks it.
pub fn ensure_wasm_target(project: &Project) -> Outcome {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let sysroot = output(&rustc, &["--print", "sysroot"]).ok_or("rustc does not run")?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM_TARGET).exists() {
        return Ok(());
    }
    rustup(project, &["target", "add", WASM_TARGET])
}

/// Adds rustfmt and clippy, if the toolchain lacks them.
pub fn ensure_components(project: &Project) -> Outcome {
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if output(program, &["--version"]).is_none() {
            rustup(project, &["component", "add", component])?;
        }
    }
    Ok(())
}

fn rustup(project: &Project, arguments: &[&str]) -> Outcome {
    if on_path("rustup").is_none() {
        let wanted = arguments.join(" ");
        return Err(format!(
            "the Rust toolchain lacks something: 'rustup {wanted}' would add it, but there is no \
             rustup (https://rustup.rs)"
        )
        .into());
    }
    run(Command::new("rustup").args(arguments).current_dir(&project.root))
}

/// wasm-pack, ready to run: installed if there was none, wasm-bindgen's programs built, and all of
/// them on its `PATH`, so that it downloads nothing.
pub fn wasm_pack(project: &Project) -> Outcome<Command> {
    ensure_wasm_target(project)?;
    let program = wasm_pack_program(project)?;
    bindgen_programs(project)?;
    let cache = project.tools().join("cache");
    fs::create_dir_all(&cache)?;
    let mut command = Command::new(program);
    command
        .current_dir(&project.root)
        .env("PATH", path_for_wasm_pack(project)?)
        .env("CARGO_TARGET_DIR", &project.target)
        .env("WASM_PACK_CACHE", cache);
    Ok(command)
}

fn wasm_pack_program(project: &Project) -> Outcome<PathBuf> {
    let ours = tool(project, "wasm-pack");
    if ours.exists() {
        return Ok(ours);
    }
    if let Some(program) = on_path("wasm-pack") {
        return Ok(program);
    }
    let folder = project.tools();
    println!("installing wasm-pack {WASM_PACK_VERSION} into {}, once", folder.display());
    // Unoptimised, because compiling it takes minutes otherwise and all it does is call others.
    let install = ["install", "--quiet", "--debug", "--locked", "wasm-pack"];
    let mut command = cargo(project, &install);
    command.args(["--version", WASM_PACK_VERSION, "--root"]).arg(&folder);
    // Without a target folder of its own it cleans up after itself.
    run(command.env_remove("CARGO_TARGET_DIR").env("CARGO_PROFILE_DEV_DEBUG", "0"))?;
    Ok(ours)
}

/// wasm-pack takes a `wasm-bindgen` on its `PATH` if `--version` is the library's, and the runner
/// of tests from beside it. It would download or compile both otherwise, which takes minutes.
fn bindgen_programs(project: &Project) -> Outcome {
    let program = build(project, "wasm-pack", "bindgen-programs")?;
    for name in ["wasm-bindgen", "wasm-bindgen-test-runner"] {
        let place = tool(project, name);
        fs::create_dir_all(place.parent().ok_or("tools lie in no folder")?)?;
        let _ = fs::remove_file(&place);
        // A copy where the file system has no links.
        fs::hard_link(&program, &place).or_else(|_| fs::copy(&program, &place).map(drop))?;
    }
    Ok(())
}

fn tool(project: &Project, name: &str) -> PathBuf {
    project.tools().join("bin").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

fn path_for_wasm_pack(project: &Project) -> Outcome<OsString> {
    let mut folders = vec![project.tools().join("bin")];
    let driver = Chromium::find().and_then(|found| found.driver.parent().map(Path::to_path_buf));
    folders.extend(driver);
    path_with(&folders)
}

/// `cargo xtask wasm-pack …`
pub fn wasm_pack_by_hand(project: &Project, arguments: Arguments) -> Outcome<ExitCode> {
    let status = wasm_pack(project)?.args(arguments.rest()).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
