//! What some options are set to: how much is logged and how, and where users and rooms are kept.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::network::Network;
use crate::store::mongodb::MongoUri;

/// An empty server takes about half of it.
const MEMORY_MIN: u64 = 64 << 20;
/// More than any machine has processors that would help.
const THREADS_MAX: usize = 1_024;
/// Permissions of a file.
const MODE_MAX: u32 = 0o777;

/// Lines of which importance are written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Faults of the server.
    Error,
    /// And what an operator should look into.
    Warn,
    /// And starts, stops, counts.
    #[default]
    Info,
    /// And what each request did (without content).
    Debug,
    /// And everything else (without content).
    Trace,
}

/// How lines are written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the event log is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventLogTo {
    /// To a file, behind what is there.
    File(PathBuf),
    /// To standard output, where somebody else keeps it.
    StandardOutput,
}

impl From<PathBuf> for EventLogTo {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::StandardOutput } else { Self::File(path) }
    }
}

impl EventLogTo {
    /// As it is told on the command line.
    pub fn to_path(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::StandardOutput => PathBuf::from("-"),
        }
    }
}

/// By which headers a trusted proxy tells who called it.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeaders {
    /// X-Forwarded-For and X-Forwarded-Proto.
    XForwarded,
    /// Forwarded, as RFC 7239 has it.
    Forwarded,
}

/// Where users and rooms are kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// One file.
    Sqlite(PathBuf),
    /// A server.
    Mongodb(MongoUri),
    /// Gone with the process.
    Memory,
}

/// What the file is called where nobody says otherwise.
pub(crate) const SQLITE_FILE: &str = "whisperspace.db";

impl Database {
    /// Reads what `--database` takes.
    ///
    /// # Errors
    /// A sentence that does not repeat the value.
    pub fn parse(text: &str, data_dir: &Path) -> anyhow::Result<Self> {
        match text.split_once(':') {
            Some(("sqlite", "")) => Ok(Self::Sqlite(data_dir.join(SQLITE_FILE))),
            // What SQLite itself would take for something else than the path of a file.
            Some(("sqlite", path)) if path.starts_with(':') || path.starts_with("file:") => anyhow::bail!(
                "--database sqlite:PATH takes the path of a file; what is gone with the process is memory:"
            ),
            Some(("sqlite", path)) => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("mongodb" | "mongodb+srv", _)) => Ok(Self::Mongodb(MongoUri::parse(text).context("--database")?)),
            Some(("memory", "")) => Ok(Self::Memory),
            // The value may hold a password: it is not repeated.
            _ => anyhow::bail!("--database takes sqlite:, sqlite:PATH, mongodb://…, mongodb+srv://… or memory:"),
        }
    }

    /// The kind, for the log: never a path or an address.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Mongodb(_) => "mongodb",
            Self::Memory => "memory",
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

/// As they are listed.
pub(super) fn networks(texts: &[String]) -> anyhow::Result<Vec<Network>> {
    texts.iter().map(|text| text.parse()).collect()
}

/// In octal, as `chmod` takes it.
pub(super) fn mode(text: &str) -> anyhow::Result<u32> {
    let read = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= MODE_MAX);
    read.with_context(|| format!("takes permissions such as 0660, not '{text}'"))
}

/// So many threads as serve.
pub(super) fn threads(asked: usize) -> anyhow::Result<NonZeroUsize> {
    NonZeroUsize::new(asked)
        .filter(|threads| threads.get() <= THREADS_MAX)
        .with_context(|| format!("--threads takes 1 to {THREADS_MAX}, not {asked}: leave it out for one a processor"))
}

/// A number of bytes with its unit; so few that the program itself does not fit are a mistake.
pub(super) fn size(text: &str) -> anyhow::Result<u64> {
    let read: Result<bytesize::ByteSize, _> = text.parse();
    let Ok(bytesize::ByteSize(bytes)) = read else { anyhow::bail!("takes a size such as 512MiB, not '{text}'") };
    anyhow::ensure!(bytes >= MEMORY_MIN, "the server itself takes more than '{text}'");
    Ok(bytes)
}
