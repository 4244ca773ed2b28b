//! The program `pebble`, Let's Encrypt's ACME server for tests, which start one each: the variable `PEBBLE`, the search
//! path, or built once with Go below target/, by Go's module proxy and its database of checksums.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::go;
use crate::shell;
use crate::steps::say;
use crate::workspace::Workspace;

const PACKAGE: &str = "github.com/letsencrypt/pebble/v2/cmd/pebble";
const VERSION: &str = "v2.10.3";

/// The first that is there.
pub(crate) fn provide(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(named) = env::var_os("PEBBLE").filter(|named| !named.is_empty()) {
        let path = PathBuf::from(named);
        ensure!(path.is_file(), "PEBBLE names {}, which is not there", path.display());
        return Ok(path);
    }
    if let Some(program) = shell::find_program(&["pebble"]) {
        return Ok(program);
    }
    let folder = workspace.target().join("pebble").join(VERSION);
    let program = folder.join(format!("pebble{}", env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    let go = go::find().context("no pebble, and no Go on PATH to build it with: install one, or name it in PEBBLE")?;
    say(&format!("    building Pebble {VERSION} with Go (once, a minute)"));
    let half = workspace.target().join("pebble/half");
    fs::create_dir_all(&half)?;
    let mut install = Command::new(go);
    install.args(["install", &format!("{PACKAGE}@{VERSION}")]).current_dir(&half);
    shell::run(install.env("GOBIN", &half).env_remove("GOFLAGS")).context("Pebble was not built")?;
    fs::create_dir_all(folder.parent().context("it lies in a folder")?)?;
    fs::rename(half, &folder)?;
    ensure!(program.is_file(), "Go has built no {}", program.display());
    Ok(program)
}
