//! FerretDB, which speaks MongoDB's protocol in front of the engine. Built once from its Go package by fifteen lines of
//! Go that are kept here, its versions and checksums with them.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::part::{Part, free_address};
use super::wire;
use crate::go;
use crate::shell;
use crate::steps::say;

const SOURCES: &[(&str, &str)] = &[
    ("main.go", include_str!("ferretdb/main.go")),
    ("go.mod", include_str!("ferretdb/go.mod")),
    ("go.sum", include_str!("ferretdb/go.sum")),
];

/// Builds it where it is missing, or where its sources have changed.
pub(super) fn make(folder: &Path) -> Result<PathBuf> {
    let sources = folder.join("ferretdb");
    let program = folder.join("ferretdb/ferretdb");
    let is_current = |name: &&str, text: &&str| fs::read_to_string(sources.join(name)).is_ok_and(|kept| kept == **text);
    if program.is_file() && SOURCES.iter().all(|(name, text)| is_current(name, text)) {
        return Ok(program);
    }
    let go = go::find().context("there is no Go 1.25 or newer on PATH, which FerretDB is built with")?;
    say("    building FerretDB (once, half a minute)");
    fs::create_dir_all(&sources)?;
    for (name, text) in SOURCES {
        fs::write(sources.join(name), text)?;
    }
    let half = folder.join("ferretdb/ferretdb.half");
    let mut build = Command::new(go);
    build.args(["build", "-mod=readonly", "-buildvcs=false", "-o"]).arg(&half).arg(".").current_dir(&sources);
    shell::run(build.env_remove("GOFLAGS"))?;
    fs::rename(half, &program)?;
    Ok(program)
}

pub(super) fn start(program: &Path, folder: &Path, database_url: &str) -> Result<(Part, SocketAddr)> {
    let addr = free_address()?;
    let state = folder.join(format!("state-{}", addr.port()));
    fs::create_dir_all(&state)?;
    let log = folder.join("ferretdb.log");
    let (program, database_url, state_folder) = (program.to_owned(), database_url.to_owned(), state.clone());
    let make = move || {
        let output = File::options().create(true).append(true).open(&log)?;
        let mut command = Command::new(&program);
        command.args([&addr.to_string(), &database_url]).arg(&state_folder);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        Ok(command)
    };
    let mut part = Part::new(
        make,
        move || wire::is_writable(addr),
        move || {
            let _ = fs::remove_dir_all(state);
        },
    );
    part.start()?;
    Ok((part, addr))
}
