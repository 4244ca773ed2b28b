//! One process a database file: rooms live in a server's memory, so two servers on one file would each have its own.
//!
//! A lock on a file beside it, which the system lets go of when the process ends, however it ends. Not a lock on the
//! file itself: SQLite has its own there, and `db check` may look while a server runs.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

/// Kept while the file is in use.
#[derive(Debug)]
pub(crate) struct LockFile(#[expect(dead_code, reason = "it is the lock")] File);

impl LockFile {
    /// Takes the database file for this process; its folder is there.
    ///
    /// # Errors
    /// A sentence for the operator, where another process has it.
    pub(crate) fn take(database: &Path) -> anyhow::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let told = || format!("cannot write {}", Path::new(&path).display());
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.with_context(told)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another server uses {}: stop it first, or choose another file with --data-dir or --database",
                database.display()
            ),
            // A file system without locks is no reason not to serve.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => Ok(Self(file)),
            Err(TryLockError::Error(error)) => Err(error).with_context(told),
        }
    }
}
