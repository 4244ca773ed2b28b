//! The program `redis-server` for the tests, which start one each: the variable `REDIS_SERVER`, the search path, or
//! the one in Debian's package of its tools. That of the server would be started as a service.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::debian;
use crate::shell;
use crate::workspace::Workspace;

/// Where Debian 12 keeps the program: in the tools, which are one file.
const PACKAGE: &str = "redis-tools";
const PROGRAM: &str = "/usr/bin/redis-check-rdb";

/// The first that is there.
pub(crate) fn provide(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(named) = env::var_os("REDIS_SERVER").filter(|named| !named.is_empty()) {
        let path = PathBuf::from(named);
        ensure!(path.is_file(), "REDIS_SERVER names {}, which is not there", path.display());
        return Ok(path);
    }
    if let Some(program) = shell::find_program(&["redis-server", "valkey-server"]) {
        return Ok(program);
    }
    if !debian::is_debian() {
        bail!("no redis-server: install Redis 7 or Valkey, or name the program in REDIS_SERVER");
    }
    let folder = workspace.target().join("redis");
    let program = folder.join("redis-server");
    if !program.is_file() {
        // Installed, not unpacked: it needs libraries that a small machine does not have.
        debian::ensure_installed(&[PACKAGE])?;
        fs::create_dir_all(&folder)?;
        // It is the server by its name.
        fs::copy(PROGRAM, &program).context("the package holds no server")?;
    }
    ensure!(runs(&program), "{} does not run: apt-get install redis-server, or set REDIS_SERVER", program.display());
    Ok(program)
}

fn runs(program: &Path) -> bool {
    shell::capture(Command::new(program).arg("--version")).is_ok_and(|said| said.contains("v="))
}
