//! `cargo xtask dist`: the finished page as a folder of files for any static host.

use crate::arguments::Arguments;
use crate::page::{self, Profile};
use crate::tools;
use std::fs;
use std::path::Path;
use std::process::Command;
use xtask::Outcome;
use xtask::process::run;
use xtask::project::Project;

/// Runs the command.
pub fn dist(project: &Project, arguments: Arguments) -> Outcome {
    arguments.none_left()?;
    page::build(project, Profile::Release)?;
    let folder = project.root.join("dist");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    copy_folder(&project.www(), &folder)?;
    println!("dist/ is ready; its addresses are all relative, so any path of any host will do");
    run(Command::new(tools::build(project, "sizes", "compressed-size")?)
        .args(["dist/pkg/brownout_bg.wasm", "dist/pkg/brownout.js"])
        .current_dir(&project.root))
}

/// Hidden files stay behind: the generated folder carries a `.gitignore`, editors leave others.
fn copy_folder(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
