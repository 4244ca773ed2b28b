//! Go, with which some servers of the tests are built.

use std::env;
use std::path::PathBuf;

use crate::shell;

/// On the search path, or where its makers install it.
pub(crate) fn find() -> Option<PathBuf> {
    let usual = PathBuf::from(format!("/usr/local/go/bin/go{}", env::consts::EXE_SUFFIX));
    shell::find_program(&["go"]).or_else(|| usual.is_file().then_some(usual))
}
