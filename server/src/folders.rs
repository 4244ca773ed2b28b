//! Folders and files for what the server keeps: for its own user alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// Makes a folder and those above it; one that is there stays as it is.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder {}: choose another with --data-dir", folder.display()))
}

/// Writes a file anew, beside its place: it has its name when all of it is on the disk.
///
/// # Errors
/// Those of the system; what was there before stays then.
pub(crate) fn keep_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".new-{}", std::process::id()));
    let beside = Path::new(&beside);
    // One that an earlier process left may have another mode.
    let _ = std::fs::remove_file(beside);
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside);
    let written = new.and_then(|mut new| new.write_all(bytes).and_then(|()| new.sync_all()));
    let kept = written.and_then(|()| std::fs::rename(beside, file));
    if kept.is_err() {
        let _ = std::fs::remove_file(beside);
    } else if let Some(folder) = file.parent() {
        // Not every file system syncs a folder.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    kept
}
