//! Folders for what the server keeps: for its own user alone.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
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
