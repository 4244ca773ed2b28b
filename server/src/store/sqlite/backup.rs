//! A copy of the file while another process uses it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::OpenError;
use super::open::{BUSY_MAX, create_private, explained, refuse_others};

/// Writes the file as it is at one moment to a new file, mode 0600, without what was deleted. Those who use the file are not
/// held up: it is read as of its last commit.
///
/// Not by copying bytes: a file that is written meanwhile would be torn, and what its log holds would be missing.
///
/// # Errors
/// A sentence for the operator, about the one file or the other.
pub fn copy(from: &Path, to: &Path) -> Result<(), OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(from, flags).map_err(|error| explained(from, error))?;
    db.busy_timeout(BUSY_MAX).map_err(|error| explained(from, error))?;
    refuse_others(&db, from)?;
    // An empty file takes the copy and keeps its mode.
    create_private(to).map_err(|source| OpenError::File { path: to.to_owned(), source })?;
    let path = to.to_str().ok_or_else(|| OpenError::Folder(to.to_owned()))?;
    db.execute("VACUUM INTO ?1", [path]).map_err(|error| explained(to, error))?;
    let written = std::fs::File::open(to).and_then(|file| file.sync_all());
    written.map_err(|source| OpenError::File { path: to.to_owned(), source })
}
