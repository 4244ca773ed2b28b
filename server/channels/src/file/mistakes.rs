//! What is wrong with a file, with its line.

use std::fmt;

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Which file.
    pub file: String,
    /// Which line, counted from 1.
    pub line: usize,
    /// What to mend.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Where mistakes are gathered.
pub(super) struct Mistakes<'a> {
    pub(super) text: &'a str,
    pub(super) file: &'a str,
    pub(super) found: Vec<Mistake>,
}

impl Mistakes<'_> {
    /// `at`: the place in the text, in bytes.
    pub(super) fn add(&mut self, at: usize, what: impl Into<String>) {
        let before = self.text.as_bytes().iter().take(at);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        self.found.push(Mistake { file: self.file.to_owned(), line, what: what.into() });
    }
}
