//! Problems: what is wrong with something that a user wrote, where, and what would be right.
//!
//! Users cause problems, all of which are collected; bugs cause panics. A message repeats what was
//! written, but never more than a line of it and never a character that could disturb a terminal or
//! the order of a text.

use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Write};

/// Most problems that are collected; the last one then says that there are more.
pub const MAX_PROBLEMS: usize = 100;

/// Most characters of a user's own text that a message repeats.
const MAX_ECHO: usize = 60;

/// Something wrong in a scenario, a run or a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: keys and list positions, joined by dots; empty for the whole document.
    pub path: String,
    /// What is wrong, with the value and its bound.
    pub message: String,
}

impl Problem {
    /// A problem at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { path: path.into(), message: message.into() }
    }

    /// The same problem, seen from further outside.
    pub fn within(self, outer: &str) -> Problem {
        Problem { path: join(outer, &self.path), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(out, "{}", self.message),
            path => write!(out, "{path}: {}", self.message),
        }
    }
}

/// A bounded collection of problems.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem; from the bound on it only counts as "more".
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        if self.0.len() + 1 < MAX_PROBLEMS {
            self.0.push(Problem::new(path, message));
        } else if !self.is_full() {
            self.0.push(Problem::new("", "there are more problems than are shown"));
        }
    }

    /// Adds what was found elsewhere.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Problem>) {
        others.into_iter().for_each(|problem| self.add(problem.path, problem.message));
    }

    /// Whether looking for more is pointless.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MAX_PROBLEMS
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `fine` if nothing is wrong, else the problems.
    pub fn or<T>(self, fine: T) -> Result<T, Vec<Problem>> {
        if self.0.is_empty() { Ok(fine) } else { Err(self.0) }
    }
}

/// The path of `key` inside of `outer`.
pub fn join(outer: &str, key: &str) -> String {
    match (outer, key) {
        ("", key) => key.to_owned(),
        (outer, "") => outer.to_owned(),
        (outer, key) => format!("{outer}.{key}"),
    }
}

/// A user's text for a message, in quotation marks.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

/// A user's text for a path or a message: one line, shortened, without invisible characters.
pub fn shown(text: &str) -> String {
    Shown(text).to_string()
}

/// Writes what [`shown`] gives.
pub(crate) struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |byte: u8| (b' '..=b'~').contains(&byte);
        if self.0.len() <= MAX_ECHO && self.0.bytes().all(plain) {
            return out.write_str(self.0);
        }
        for (count, character) in self.0.chars().enumerate() {
            if count == MAX_ECHO {
                return out.write_char('…');
            }
            if is_invisible(character) || character == '\n' {
                write!(out, "{}", character.escape_unicode())?;
            } else {
                out.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// A user's value for a message.
pub fn echo(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => scalar.to_string(),
    }
}

/// Characters that nobody sees but that disturb a terminal, or turn the order of a text around.
pub fn is_invisible(character: char) -> bool {
    let turns_order = matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    );
    turns_order || (character.is_control() && character != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_repeat_little_and_nothing_invisible() {
        assert_eq!(quoted("a\u{0}b\u{202E}"), "\"a\\u{0}b\\u{202e}\"");
        assert_eq!(shown(&"x".repeat(10_000_000)).chars().count(), MAX_ECHO + 1);
        assert_eq!(quoted("결제"), "\"결제\"");
    }

    #[test]
    fn the_collection_is_bounded() {
        let mut problems = Problems::default();
        (0..1_000).for_each(|number| problems.add("x", number.to_string()));
        let all = problems.or(()).expect_err("there are problems");
        assert_eq!(all.len(), MAX_PROBLEMS);
        assert_eq!(all[MAX_PROBLEMS - 1].to_string(), "there are more problems than are shown");
        assert_eq!(all[0].clone().within("a.b").to_string(), "a.b.x: 0");
    }
}
