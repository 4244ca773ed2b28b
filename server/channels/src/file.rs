//! An application's file: TOML, read strictly. Every mistake is told with its line; all at once, where it is TOML at all.

mod made;
mod raw;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::application::Application;
use crate::bounds::FILE_BYTES_MAX;
use crate::sources::Sources;

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
struct Mistakes<'a> {
    text: &'a str,
    file: &'a str,
    found: Vec<Mistake>,
}

impl Mistakes<'_> {
    /// `at`: the place in the text, in bytes.
    fn add(&mut self, at: usize, what: impl Into<String>) {
        let before = self.text.as_bytes().iter().take(at);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        self.found.push(Mistake { file: self.file.to_owned(), line, what: what.into() });
    }
}

pub(crate) fn read(text: &str, file: &str, sources: &dyn Sources) -> Result<Application, Vec<Mistake>> {
    let mut mistakes = Mistakes { text, file, found: Vec::new() };
    if text.len() > FILE_BYTES_MAX {
        mistakes.add(0, format!("a file has at most {FILE_BYTES_MAX} bytes"));
        return Err(mistakes.found);
    }
    let raw: raw::File = match toml::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            mistakes.add(error.span().map_or(0, |span| span.start), error.message());
            return Err(mistakes.found);
        }
    };
    let made = made::application(raw, sources, &mut mistakes);
    match made {
        Some(application) if mistakes.found.is_empty() => Ok(application),
        Some(_) | None => Err(mistakes.found),
    }
}
