//! Modest colours, for terminals only.

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// No colours.
    #[cfg(test)]
    pub const PLAIN: Style = Style { colour: false };

    /// Colours, if it is a terminal that has them and nobody objects (<https://no-color.org>).
    pub fn of(terminal: bool) -> Style {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Style { colour: terminal && !refused && !dumb }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        match self.colour {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    /// A heading.
    pub fn strong(&self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Something less important.
    pub fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Something good.
    pub fn good(&self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Something to look at.
    pub fn warning(&self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Something bad.
    pub fn bad(&self, text: &str) -> String {
        self.paint("31", text)
    }
}
