//! Where a scenario comes from: a preset, a file, standard input or a link.

use super::problems::Failure;
use brownout::link;
use brownout::nearest::did_you_mean;
use brownout::preset::{self, PRESETS};
use brownout::problem::{Problem, shown};
use brownout::run::Action;
use brownout::scenario::{self, MAX_BYTES};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A scenario, and what came with it.
#[derive(Clone, Debug)]
pub struct Source {
    /// What to call it in messages.
    pub name: String,
    /// The scenario; not checked yet.
    pub document: Value,
    /// The seed of a link.
    pub seed: Option<u64>,
    /// What a link switches.
    pub actions: Vec<Action>,
}

impl Source {
    /// Finds out what an argument is, and reads it.
    pub fn read(argument: &str) -> Result<Source, Failure> {
        if argument == "-" {
            return Source::from_reader("standard input", std::io::stdin().lock());
        }
        if is_link(argument) && !Path::new(argument).exists() {
            return Source::from_link(argument);
        }
        if let Ok(preset) = preset::find(argument) {
            return Ok(Source::bare(preset.id, preset.document()));
        }
        match File::open(argument) {
            Ok(file) => Source::from_reader(&shown(argument), file),
            Err(error) => Err(Failure::one(shown(argument), unknown(argument, &error))),
        }
    }

    fn bare(name: &str, document: Value) -> Source {
        Source { name: name.to_owned(), document, seed: None, actions: Vec::new() }
    }

    fn from_link(argument: &str) -> Result<Source, Failure> {
        let run = link::decode(argument)
            .map_err(|error| Failure::one("link", Problem::new("", error.en)))?;
        let name = run.preset().map_or("link", |preset| preset.id).to_owned();
        let (document, seed, actions) = (run.document, Some(run.seed), run.actions);
        Ok(Source { name, document, seed, actions })
    }

    fn from_reader(name: &str, reader: impl Read) -> Result<Source, Failure> {
        let mut bytes = Vec::new();
        // One byte more than may be read, so that the reader of the JSON sees what is too long.
        reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| {
            Failure::one(name, Problem::new("", format!("cannot read: {error}")))
        })?;
        let invalid = |message: &str| Failure::one(name, Problem::new("", message));
        if bytes.len() > MAX_BYTES {
            return Err(invalid(&format!("more than {MAX_BYTES} bytes are too many")));
        }
        let text = String::from_utf8(bytes).map_err(|_| invalid("is no UTF-8 text"))?;
        // Some editors put a mark at the start of a file that JSON does not know.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        let document =
            scenario::read(text).map_err(|problems| Failure::Invalid(name.to_owned(), problems))?;
        Ok(Source::bare(name, document))
    }
}

fn is_link(argument: &str) -> bool {
    let packed = argument.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    let packed = packed.is_some_and(|(version, _)| {
        !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
    });
    packed || argument.contains('#') || argument.starts_with("p=")
}

/// An argument that is nothing: a path that cannot be read if it looks like one, else a preset that
/// does not exist.
fn unknown(argument: &str, error: &std::io::Error) -> Problem {
    let looks_like_path = argument.contains(['/', '\\', '.']);
    if looks_like_path || error.kind() != std::io::ErrorKind::NotFound {
        return Problem::new("", format!("cannot read: {error}"));
    }
    Problem::new("", format!("no preset and no file of that name{}", preset_hint(argument)))
}

/// What the user may have meant by the name of a preset, or where to look.
pub fn preset_hint(id: &str) -> String {
    // A longer word is no typing error.
    let short: String = id.chars().take(100).collect();
    match did_you_mean(&short, PRESETS.iter().map(|preset| preset.id)) {
        none if none.is_empty() => "; `brownout presets` lists what there is".to_owned(),
        hint => hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_look_different_from_names_and_files() {
        for link in ["#p=x", "p=x&seed=1", "v1.abc", "v12.abc", "https://example.org/#v1.abc"] {
            assert!(is_link(link), "{link}");
        }
        for other in ["slow-dependency", "my.json", "./v1.json", "v.json", "video.json", "-"] {
            assert!(!is_link(other), "{other}");
        }
    }

    #[test]
    fn files_are_read_as_people_save_them() {
        let source = Source::from_reader("x", "\u{FEFF}{\"v\": 1}".as_bytes());
        assert_eq!(source.expect("readable").document["v"], 1);
        assert!(Source::from_reader("x", &[0xFF, 0xFE][..]).is_err());
        assert!(Source::from_reader("x", std::io::repeat(b' ')).is_err());
    }
}
