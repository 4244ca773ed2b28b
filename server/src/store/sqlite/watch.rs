//! Whether the file that is open is still the one that its path names. A file that was deleted or replaced under the
//! server goes on taking what it is told, and all of it is lost at the end: somebody should hear of it before.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The path, and which file it named when it was opened.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    identity: (u64, u64),
}

/// What happened to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Gone {
    #[error(
        "its file was deleted, and what is written now is lost with the process: put it back, or restart the server"
    )]
    Deleted,
    #[error("its file was replaced, and what is written now is lost with the process: restart the server")]
    Replaced,
}

impl Watched {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }

    /// Looks at the path. A folder that cannot be looked into for the moment proves nothing.
    pub(super) fn look(&self) -> Result<(), Gone> {
        match identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            Ok(_) => Err(Gone::Replaced),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Gone::Deleted),
            Err(_) => Ok(()),
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = std::fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}
