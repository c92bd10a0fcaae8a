//! Where the project's files are.

use crate::Outcome;
use std::env;
use std::path::{Path, PathBuf};

/// The compilation target of the page.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The folders that the commands read and write.
#[derive(Debug, Clone)]
pub struct Project {
    /// The repository.
    pub root: PathBuf,
    /// Cargo's target folder, wherever the user has put it.
    pub target: PathBuf,
}

impl Project {
    /// Finds both folders from the running program: Cargo put it into `<target>/tool/`.
    pub fn find() -> Outcome<Self> {
        let manifest = env::var("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let root = Path::new(&manifest).parent().ok_or("xtask lies in no folder")?.to_path_buf();
        let program = env::current_exe()?;
        let target = program.ancestors().nth(2).ok_or("xtask runs from outside a target folder")?;
        Ok(Self { root, target: target.to_path_buf() })
    }

    /// The page's sources.
    #[must_use]
    pub fn www(&self) -> PathBuf {
        self.root.join("www")
    }

    /// The generated part of the page: the module and its JavaScript.
    #[must_use]
    pub fn generated(&self) -> PathBuf {
        self.www().join("pkg")
    }

    /// A program of this package, once it is built.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.target.join("tool").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// Programs of others, there for this project only: wasm-pack and what it looks for.
    #[must_use]
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }
}
