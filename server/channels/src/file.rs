//! An application's file: TOML, read strictly. Every mistake is told with its line; all at once, where it is TOML at all.

mod made;
mod mistakes;
mod raw;
#[cfg(test)]
mod tests;

use crate::application::Application;
use crate::bounds::FILE_BYTES_MAX;
use crate::sources::Sources;

pub use mistakes::Mistake;
use mistakes::Mistakes;

impl Application {
    /// Reads a file.
    ///
    /// # Errors
    /// All that is wrong with it, as far as it could be read.
    pub fn parse(text: &str, file: &str, sources: &dyn Sources) -> Result<Self, Vec<Mistake>> {
        read(text, file, sources)
    }
}

fn read(text: &str, file: &str, sources: &dyn Sources) -> Result<Application, Vec<Mistake>> {
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
