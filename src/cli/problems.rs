//! What can go wrong, how it is told, and which exit code it has.

use super::output::style::Style;
use brownout::problem::Problem;
use std::io::{IsTerminal, Write};

/// Exit code of invalid input: scenario, switch or link.
const INVALID: u8 = 104;
/// Exit code of work that could not be done, or not rightly.
pub const INTERNAL: u8 = 1;

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// The input is wrong: what it is, and everything that is wrong with it.
    Invalid(String, Vec<Problem>),
    /// Something outside of this program, such as a full disk.
    Outside(String),
}

impl Failure {
    /// One problem of a thing.
    pub fn one(subject: impl Into<String>, problem: Problem) -> Failure {
        Failure::Invalid(subject.into(), vec![problem])
    }

    /// Tells it on standard error; returns the exit code.
    pub fn tell(&self) -> u8 {
        let style = Style::of(std::io::stderr().is_terminal());
        // Nobody is left to be told that telling failed.
        let _ = std::io::stderr().write_all(self.text(&style).as_bytes());
        match self {
            Failure::Invalid(..) => INVALID,
            Failure::Outside(_) => INTERNAL,
        }
    }

    fn text(&self, style: &Style) -> String {
        let error = style.bad("error:");
        match self {
            Failure::Invalid(subject, problems) if problems.len() == 1 => {
                format!("{error} {subject}: {}\n", problems[0])
            }
            Failure::Invalid(subject, problems) => {
                let mut text = format!("{error} {subject}: {} problems\n", problems.len());
                problems.iter().for_each(|problem| text.push_str(&format!("  {problem}\n")));
                text
            }
            Failure::Outside(message) => format!("{error} {message}\n"),
        }
    }
}

/// An error on standard error that does not end the work.
pub fn error(text: &str) {
    let style = Style::of(std::io::stderr().is_terminal());
    let _ = writeln!(std::io::stderr(), "{} {text}", style.bad("error:"));
}

/// A remark on standard error.
pub fn note(text: &str) {
    let style = Style::of(std::io::stderr().is_terminal());
    let _ = writeln!(std::io::stderr(), "{} {text}", style.dim("note:"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_problem_takes_a_line_and_several_a_list() {
        let problem = |path: &str| Problem::new(path, "is wrong");
        let one = Failure::one("my.json", problem("a.b"));
        assert_eq!(one.text(&Style::PLAIN), "error: my.json: a.b: is wrong\n");
        let two = Failure::Invalid("my.json".to_owned(), vec![problem("a"), problem("")]);
        assert_eq!(
            two.text(&Style::PLAIN),
            "error: my.json: 2 problems\n  a: is wrong\n  is wrong\n"
        );
    }
}
