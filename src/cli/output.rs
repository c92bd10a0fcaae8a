//! The forms of a result, one per file, and where results go.

pub mod csv;
pub mod events;
pub mod figure;
pub mod json;
pub mod story;
pub mod style;
pub mod svg;
pub mod table;
pub mod text;
mod trace;

use super::args::Lang;
use super::lanes::Lane;
use super::problems::Failure;
use brownout::scenario::Text;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

/// The runs of a result.
#[derive(Clone, Debug)]
pub enum Lanes {
    /// One run.
    One(Box<Lane>),
    /// The scenario as it was, and with the switches.
    Pair(Box<[Lane; 2]>),
    /// A run per seed.
    Seeds(Vec<Lane>),
}

impl Lanes {
    /// All runs.
    pub fn all(&self) -> &[Lane] {
        match self {
            Lanes::One(lane) => std::slice::from_ref(lane),
            Lanes::Pair(lanes) => lanes.as_slice(),
            Lanes::Seeds(lanes) => lanes,
        }
    }
}

/// A text of the scenario in a language.
pub fn text_in(text: &Text, lang: Lang) -> &str {
    lang.pick(&text.en, text.ko.as_ref().unwrap_or(&text.en))
}

/// What is switched, as on the command line; empty for nothing.
pub fn switches(report: &[String]) -> String {
    let from_start = |switch: &String| switch.strip_suffix("@0").unwrap_or(switch).to_owned();
    report.iter().map(from_start).collect::<Vec<_>>().join(", ")
}

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes a result to a file or to standard output. A reader that has had enough, such as `head`, is
/// no error.
pub fn write(file: Option<&Path>, text: &str) -> Result<(), Failure> {
    let (name, written) = match file {
        Some(path) => (path.display().to_string(), std::fs::write(path, text)),
        None => {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            ("standard output".to_owned(), written)
        }
    };
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Outside(format!("cannot write {name}: {error}")))
        }
        _ => Ok(()),
    }
}
