//! Building the page: the module, and the JavaScript that loads it, into `www/pkg`.

use crate::tools;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use xtask::Outcome;
use xtask::process::{cargo, run};
use xtask::project::{Project, WASM_TARGET};

const BINDGEN: &str = "page-bindgen";

/// How the module is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Fast to run.
    Release,
    /// Fast to compile, with names and checks for a debugger.
    Dev,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }

    /// Cargo's folder; for historical reasons not always the profile's name.
    fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "debug",
        }
    }
}

/// Compiles the module and writes `www/pkg`.
pub fn build(project: &Project, profile: Profile) -> Outcome {
    tools::ensure_wasm_target(project)?;
    let (module, bindgen) = compile_all(project, profile)?;
    let generated = project.generated();
    if generated.exists() {
        fs::remove_dir_all(&generated)?;
    }
    run(Command::new(bindgen).arg(&module).arg(&generated).arg(profile.name()))
}

/// The module and the program that makes a page of it.
fn compile_all(project: &Project, profile: Profile) -> Outcome<(PathBuf, PathBuf)> {
    if project.program(BINDGEN).exists() {
        return Ok((compile(project, profile)?, tools::build(project, "bindgen", BINDGEN)?));
    }
    // The two lie in different folders of the target folder, so Cargo lets them run side by side:
    // while the module's last, single-threaded step runs, the other cores build the program.
    thread::scope(|scope| {
        let bindgen = scope.spawn(|| tools::build(project, "bindgen", BINDGEN));
        let module = compile(project, profile);
        let bindgen = bindgen.join().map_err(|_| "building page-bindgen panicked")?;
        Ok((module?, bindgen?))
    })
}

fn compile(project: &Project, profile: Profile) -> Outcome<PathBuf> {
    let arguments = ["build", "--lib", "--target", WASM_TARGET, "--profile", profile.name()];
    run(&mut cargo(project, &arguments))?;
    Ok(project.target.join(WASM_TARGET).join(profile.folder()).join("brownout.wasm"))
}
