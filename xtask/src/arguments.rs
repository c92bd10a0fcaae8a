//! The command line, taken apart word by word.

use xtask::Outcome;

/// What is left of the command line.
#[derive(Debug)]
pub struct Arguments(Vec<String>);

impl Arguments {
    /// All words after the program's name.
    pub fn from_command_line() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// Takes the next word.
    pub fn next_word(&mut self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    /// Takes a switch; true if it was there.
    pub fn switch(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() < before
    }

    /// Takes an option's first value, written `--name value` or `--name=value`.
    pub fn value(&mut self, name: &str) -> Outcome<Option<String>> {
        let joined = format!("{name}=");
        let Some(at) = self.0.iter().position(|word| word == name || word.starts_with(&joined))
        else {
            return Ok(None);
        };
        let word = self.0.remove(at);
        if let Some(value) = word.strip_prefix(&joined) {
            return Ok(Some(value.to_owned()));
        }
        if at < self.0.len() {
            return Ok(Some(self.0.remove(at)));
        }
        Err(format!("{name} needs a value").into())
    }

    /// The words that are left.
    pub fn rest(self) -> Vec<String> {
        self.0
    }

    /// Refuses words that nobody took.
    pub fn none_left(self) -> Outcome {
        match self.0.first() {
            None => Ok(()),
            Some(word) => Err(format!("unknown argument '{word}'; see cargo xtask help").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments(line.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn switches_and_values_are_taken_in_any_order() {
        let mut given = arguments("--open --port 9000 --only=fmt --only docs");
        assert!(given.switch("--open"));
        assert!(!given.switch("--open"));
        assert_eq!(given.value("--port").unwrap().as_deref(), Some("9000"));
        assert_eq!(given.value("--only").unwrap().as_deref(), Some("fmt"));
        assert_eq!(given.value("--only").unwrap().as_deref(), Some("docs"));
        given.none_left().unwrap();
    }

    #[test]
    fn a_missing_value_and_an_unknown_word_are_errors() {
        assert!(arguments("--port").value("--port").is_err());
        assert!(arguments("--prot 1").none_left().is_err());
    }
}
