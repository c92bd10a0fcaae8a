//! Takes a text apart from left to right.

/// Reads from left to right.
pub struct Scanner<'a> {
    /// What has not been read yet.
    pub rest: &'a str,
}

impl<'a> Scanner<'a> {
    /// Goes on to what is no space.
    pub fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Everything up to the first character that does not belong.
    pub fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Takes a token if it is next; whether it was.
    pub fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}
