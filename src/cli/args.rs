//! The arguments: every command, flag and help text.

use brownout::chart::Language;
use brownout::engine::Time;
use brownout::run::moment;
use brownout::scenario::MAX_SEED;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::Value;
use std::path::PathBuf;

/// Most seeds of one command.
const MAX_SEEDS: u64 = 1_000;

/// Heading of the flags that shape the result.
const RESULT: &str = "The result";

const EXAMPLES: &str = "\
Examples:
  brownout presets                                  what there is
  brownout run slow-dependency                      the incident as it was
  brownout run slow-dependency --on breaker@60      a breaker, switched on after a minute
  brownout run slow-dependency --on all --compare   both beside each other
  brownout run my.json --format svg > my.svg        charts of a scenario of your own
  brownout check my.json                            does it show what it says? (99 if not)
  brownout link slow-dependency --on breaker@60     a link that replays exactly this run

Exit codes: 0 fine, 1 the program could not do its work, 2 wrong usage,
99 an expectation was not met, 104 an invalid scenario, switch or link.";

const CHECKED: &str = "\
Without switches the story is judged: with all switches on, every `on` clause
holds; with none, every `on` clause fails and every `off` clause holds; `both`
clauses hold either way. With --on (--on none, too) that very run is judged by
the `on` and `both` clauses.

Exit codes: 0 it holds, 99 it does not, 104 the scenario is invalid.";

/// Watch a failure cascade, flip a switch, see it contained.
///
/// Brownout simulates outages of distributed systems and the patterns that
/// contain them. The same scenario, seed and switches give the same result
/// everywhere, to the bit.
#[derive(Debug, Parser)]
#[command(name = "brownout", version, after_help = EXAMPLES, verbatim_doc_comment)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario and report what happened
    Run(RunArguments),
    /// Check that a scenario is valid and shows what it says
    #[command(after_help = CHECKED)]
    Check(CheckArguments),
    /// Print the link that replays a run, in the page or here
    Link(LinkArguments),
    /// List the presets, or print one as JSON
    Presets(PresetsArguments),
    /// Print the JSON Schema of scenarios
    Schema,
}

/// What to switch, and with which luck.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The run")]
pub struct Switches {
    /// Seed of all chance [default: the scenario's own, or the link's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=MAX_SEED))]
    pub seed: Option<u64>,
    /// Switch on: `all`, `none` or ids, each with `@SECONDS` if not from the start
    #[arg(long, value_name = "ID[@S],…", value_delimiter = ',')]
    pub on: Vec<Flip>,
    /// Switch off again: `all` or ids, each with `@SECONDS`
    #[arg(long, value_name = "ID[@S],…", value_delimiter = ',')]
    pub off: Vec<Flip>,
    /// Set a value, such as `nodes.api.pools.web.threads=80` or `duration_s=60`
    #[arg(long, value_name = "PATH=VALUE[@S]")]
    pub set: Vec<Setting>,
}

/// Arguments of `brownout run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Preset, JSON file (`-`: standard input) or link
    pub source: String,
    #[command(flatten)]
    pub switches: Switches,
    /// Several runs, one per seed, such as `1..20` (both included)
    #[arg(long, value_name = "FROM..TO", conflicts_with = "seed", help_heading = "The run")]
    pub seeds: Option<Seeds>,
    /// Show the scenario as it was beside the one with your switches
    #[arg(long, conflicts_with = "seeds", help_heading = RESULT)]
    pub compare: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = RESULT)]
    pub format: Format,
    /// Language of the report
    #[arg(long, value_name = "LANGUAGE", default_value = "en", help_heading = RESULT)]
    pub lang: Lang,
    /// Write the result to a file instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = RESULT)]
    pub output: Option<PathBuf>,
}

/// Arguments of `brownout check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Preset, JSON file (`-`: standard input) or link
    #[arg(required_unless_present = "all")]
    pub source: Option<String>,
    /// Check every preset
    #[arg(long, conflicts_with_all = ["source", "on", "off", "set", "expect"])]
    pub all: bool,
    #[command(flatten)]
    pub switches: Switches,
    /// Judge several runs, one per seed, such as `1..20` (both included)
    #[arg(long, value_name = "FROM..TO", conflicts_with = "seed", help_heading = "The run")]
    pub seeds: Option<Seeds>,
    /// One clause more, such as `p(99, users) < 800ms`; it must hold with the switches on
    #[arg(long, value_name = "CLAUSE", help_heading = RESULT)]
    pub expect: Vec<String>,
    /// Language of the result
    #[arg(long, value_name = "LANGUAGE", default_value = "en", help_heading = RESULT)]
    pub lang: Lang,
}

/// Arguments of `brownout link`.
#[derive(Debug, Args)]
pub struct LinkArguments {
    /// Preset, JSON file (`-`: standard input) or link
    pub source: String,
    #[command(flatten)]
    pub switches: Switches,
    /// Address of the page that the link opens
    #[arg(long, value_name = "URL", help_heading = RESULT)]
    pub base: Option<String>,
    /// The packed form (`v1.…`), even where a readable one would do
    #[arg(long, help_heading = RESULT)]
    pub packed: bool,
}

/// Arguments of `brownout presets`.
#[derive(Debug, Args)]
pub struct PresetsArguments {
    /// Preset to print as JSON
    pub id: Option<String>,
    /// Form of the list
    #[arg(long, value_name = "FORMAT", default_value = "text", conflicts_with = "id")]
    #[arg(help_heading = RESULT)]
    pub format: ListFormat,
    /// Language of the list
    #[arg(long, value_name = "LANGUAGE", default_value = "en", help_heading = RESULT)]
    pub lang: Lang,
}

/// Forms of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A report to read
    Text,
    /// The same for programs
    Json,
    /// Every measured quantity per window of time
    Csv,
    /// Charts
    Svg,
    /// Everything that happens, a JSON object a line
    Ndjson,
}

/// Forms of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// To read
    Text,
    /// For programs
    Json,
}

/// Languages of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// Korean
    Ko,
}

impl Lang {
    /// The one of two texts that is in this language.
    pub fn pick<T>(self, en: T, ko: T) -> T {
        match self {
            Lang::En => en,
            Lang::Ko => ko,
        }
    }

    /// The language of charts.
    pub fn of_charts(self) -> Language {
        self.pick(Language::En, Language::Ko)
    }
}

/// A switch and the moment at which it is flipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// Key of the switch, or `all` or `none`.
    pub id: String,
    /// When.
    pub at: Time,
}

impl std::str::FromStr for Flip {
    type Err = String;

    fn from_str(text: &str) -> Result<Flip, String> {
        let (id, at) = match text.split_once('@') {
            Some((id, seconds)) => (id, moment(seconds)?),
            None => (text, Time::ZERO),
        };
        match id.trim() {
            "" => Err("a switch is missing before or after a comma".to_owned()),
            id => Ok(Flip { id: id.to_owned(), at }),
        }
    }
}

/// A value to set, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Where, such as `nodes.api.pools.web.threads`.
    pub path: String,
    /// JSON; what is no JSON is a text.
    pub value: Value,
    /// When.
    pub at: Time,
}

impl std::str::FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let Some((path, value)) = text.split_once('=') else {
            return Err("write PATH=VALUE, such as nodes.api.pools.web.threads=80".to_owned());
        };
        // A text may hold an @ of its own; only a number behind it is a moment.
        let (value, at) = match value.rsplit_once('@') {
            Some((before, seconds)) if moment(seconds).is_ok() => (before, moment(seconds)?),
            _ => (value, Time::ZERO),
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok(Setting { path: path.trim().to_owned(), value, at })
    }
}

/// Seconds since the start of the run, with or without an `s`.
fn moment(text: &str) -> Result<Time, String> {
    let number = text.trim().strip_suffix('s').unwrap_or(text.trim());
    moment::parse(number)
        .ok_or_else(|| format!("`{text}` is no moment: write seconds, such as breaker@60"))
}

/// Seeds from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(pub std::ops::RangeInclusive<u64>);

impl std::str::FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        let (first, last) = text.split_once("..").ok_or("write FROM..TO, such as 1..20")?;
        let number = |text: &str| {
            let seed = text.trim().parse::<u64>().ok().filter(|seed| *seed <= MAX_SEED);
            seed.ok_or_else(|| format!("`{text}` is no seed: 0 to {MAX_SEED}"))
        };
        let (first, last) = (number(first)?, number(last.trim_start_matches('='))?);
        if last < first {
            return Err(format!("{last} is less than {first}"));
        }
        if last - first >= MAX_SEEDS {
            return Err(format!("{} seeds are too many: at most {MAX_SEEDS}", last - first + 1));
        }
        Ok(Seeds(first..=last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use serde_json::json;

    #[test]
    fn the_definitions_are_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flips_have_an_id_and_perhaps_a_moment() {
        let flip = |text: &str| text.parse::<Flip>();
        assert_eq!(flip("breaker"), Ok(Flip { id: "breaker".to_owned(), at: Time::ZERO }));
        let later = Flip { id: "breaker".to_owned(), at: Time::from_seconds(1.5) };
        assert_eq!(flip("breaker@1.5"), Ok(later.clone()));
        assert_eq!(flip(" breaker@1.5s"), Ok(later));
        for text in ["", "@3", "breaker@", "breaker@soon", "breaker@-1", "breaker@inf"] {
            assert!(flip(text).is_err(), "{text}");
        }
    }

    #[test]
    fn settings_are_json_or_text() {
        let setting = |text: &str| {
            let Setting { path, value, at } = text.parse().expect("a setting");
            (path, value, at.seconds())
        };
        assert_eq!(setting("a.b=80"), ("a.b".to_owned(), json!(80), 0.0));
        assert_eq!(setting("a.b=80@2"), ("a.b".to_owned(), json!(80), 2.0));
        assert_eq!(setting("a=random"), ("a".to_owned(), json!("random"), 0.0));
        assert_eq!(setting("a=null"), ("a".to_owned(), Value::Null, 0.0));
        assert_eq!(setting("a=x@y"), ("a".to_owned(), json!("x@y"), 0.0));
        assert_eq!(setting(r#"a={"b":1}"#), ("a".to_owned(), json!({"b": 1}), 0.0));
        assert!("a.b".parse::<Setting>().is_err());
    }

    #[test]
    fn seeds_include_both_ends() {
        assert_eq!("1..20".parse(), Ok(Seeds(1..=20)));
        assert_eq!("7..=7".parse(), Ok(Seeds(7..=7)));
        for text in ["3", "2..1", "1..2000", "a..b", "0..9007199254740992"] {
            assert!(text.parse::<Seeds>().is_err(), "{text}");
        }
    }
}
