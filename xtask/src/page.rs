//! Building the page: the module, and the JavaScript that loads it, into `www/pkg`.

use crate::tools;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use xtask::Outcome;
use xtask::process::{cargo, run};
use xtask::project::{Project, WASM_TARGET};

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
    // The two lie in different folders of the target folder, so Cargo lets them run side by side:
    // while the module's last, single-threaded step runs, the other core builds the tool.
    let tool = thread::spawn({
        let project = project.clone();
        move || tools::build(&project, "bindgen", "page-bindgen")
    });
    let compiled = compile(project, profile);
    let bindgen = tool.join().map_err(|_| "building page-bindgen panicked")??;
    let module = compiled?;
    let generated = project.generated();
    if generated.exists() {
        fs::remove_dir_all(&generated)?;
    }
    run(Command::new(bindgen).arg(&module).arg(&generated).arg(profile.name()))
}

fn compile(project: &Project, profile: Profile) -> Outcome<PathBuf> {
    let arguments = ["build", "--lib", "--target", WASM_TARGET, "--profile", profile.name()];
    run(&mut cargo(project, &arguments))?;
    Ok(project.target.join(WASM_TARGET).join(profile.folder()).join("brownout.wasm"))
}
