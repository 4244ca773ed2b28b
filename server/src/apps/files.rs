//! The files of applications: a folder is read whole, every mistake is told, and no file keeps another from being used.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use channels::{Application, Mistake, Sources, bounds};
use protocol::Limits;

use super::lines::Lines;
use super::loaded::{Fault, Loaded};
use crate::config;

/// Applications of one server.
const FILES_MAX: usize = 1_000;

/// What there is in a folder.
#[derive(Debug, Default)]
pub struct Read {
    /// Files that can be used, each with what it says.
    pub good: Vec<(String, Loaded)>,
    /// And those that cannot.
    pub bad: BTreeSet<String>,
    /// Why.
    pub mistakes: Vec<Mistake>,
    /// The folder itself could not be read: what is not found was not deleted for that.
    pub is_unreadable: bool,
}

/// The environment, and the files beside an application's.
struct Around<'a> {
    folder: &'a Path,
}

impl Sources for Around<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        config::variable(name)
    }

    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        read(&self.folder.join(path))
    }
}

/// Reads every `*.toml` of a folder, in the order of their names.
pub fn read_folder(folder: &Path, lines: &Lines, limits: &Limits) -> Read {
    let mut found = Read::default();
    let paths = match paths(folder) {
        Ok(paths) => paths,
        Err(what) => {
            found.mistakes.push(Mistake { file: folder.display().to_string(), line: 1, what });
            found.is_unreadable = true;
            return found;
        }
    };
    let around = Around { folder };
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match load(&path, &file, &around, lines, limits).and_then(|loaded| unlike(&found, &file, loaded)) {
            Ok(loaded) => found.good.push((file, loaded)),
            Err(mistakes) => {
                found.mistakes.extend(mistakes);
                found.bad.insert(file);
            }
        }
    }
    found
}

fn paths(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let told = |error: std::io::Error| format!("the folder cannot be read: {error}");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            paths.push(path);
        }
    }
    if paths.len() > FILES_MAX {
        return Err(format!("more than {FILES_MAX} files"));
    }
    paths.sort();
    Ok(paths)
}

fn load(path: &Path, file: &str, around: &Around<'_>, lines: &Lines, limits: &Limits) -> Result<Loaded, Vec<Mistake>> {
    let mistake = |line, what: String| Mistake { file: file.to_owned(), line, what };
    let text = read(path).map_err(|what| vec![mistake(1, what)])?;
    let text = String::from_utf8(text).map_err(|_| vec![mistake(1, "is not UTF-8".to_owned())])?;
    let rules = Application::parse(&text, file, around)?;
    let placed = |fault: Fault| mistake(line_of(&text, fault.table, fault.number), fault.what.to_owned());
    Loaded::new(rules, lines, limits).map_err(|faults| faults.into_iter().map(placed).collect())
}

/// Two files that say the same name, or the same issuer, would be told apart by nobody.
fn unlike(found: &Read, file: &str, loaded: Loaded) -> Result<Loaded, Vec<Mistake>> {
    let same = found
        .good
        .iter()
        .find(|(_, other)| other.rules.name() == loaded.rules.name() || other.rules.issuer() == loaded.rules.issuer());
    match same {
        None => Ok(loaded),
        Some((first, _)) => {
            let what = format!("its name or issuer is that of {first}");
            Err(vec![Mistake { file: file.to_owned(), line: 1, what }])
        }
    }
}

/// The line of a table's head; the first where it is written in another way.
fn line_of(text: &str, table: &str, number: usize) -> usize {
    let heads = text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with(table));
    heads.map(|(_, line)| line).nth(number).unwrap_or(1)
}

/// A file that is not larger than any of them may be.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| format!("cannot be read: {error}");
    let most = u64::try_from(bounds::FILE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path).map_err(told)?.take(most + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() > bounds::FILE_BYTES_MAX { Err("is too large".to_owned()) } else { Ok(bytes) }
}
