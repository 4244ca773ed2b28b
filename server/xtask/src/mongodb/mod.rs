//! A MongoDB server for the tests, found or made: the variable `TEST_MONGODB_URI`, a `mongod`, a Docker engine, or on
//! Debian as root the `DocumentDB` engine behind `FerretDB`, made once under target/.
//!
//! What was started here is stopped when the handle is dropped; `control` lets the tests of faults kill it before.

mod control;
mod engine;
mod gateway;
mod mongod;
mod part;
mod server;
mod wire;

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail, ensure};

use crate::debian;
use crate::shell;
use crate::workspace::Workspace;
use part::Parts;
pub(crate) use server::Server;

/// The first that is there.
pub(crate) fn provide(workspace: &Workspace) -> Result<Server> {
    if let Some(uri) = env::var("TEST_MONGODB_URI").ok().filter(|uri| !uri.is_empty()) {
        return Ok(Server { what: "the server of TEST_MONGODB_URI".to_owned(), uri, control: None });
    }
    if let Some(program) = named_mongod()? {
        return mongod::start(&program);
    }
    if mongod::docker_answers() {
        return mongod::start_container();
    }
    ensure!(debian::is_debian(), "no MongoDB server: set TEST_MONGODB_URI or MONGOD, or start Docker");
    if !debian::is_root() {
        bail!("no MongoDB server: set TEST_MONGODB_URI or MONGOD, start Docker, or run as root to have one made");
    }
    let folder = workspace.target().join("mongodb");
    let program = gateway::make(&folder)?;
    let engine = engine::make(&folder)?;
    let (database, database_url) = engine.start()?;
    let (gateway, addr) = gateway::start(&program, &folder, &database_url)?;
    let what = "DocumentDB behind FerretDB, made under target/".to_owned();
    Server::started(what, format!("mongodb://{addr}/"), Parts { database, gateway: Some(gateway) })
}

/// The variable MONGOD, or a `mongod` on the search path.
fn named_mongod() -> Result<Option<PathBuf>> {
    if let Some(named) = env::var_os("MONGOD") {
        let path = PathBuf::from(named);
        ensure!(path.is_file(), "MONGOD names {}, which is not there", path.display());
        return Ok(Some(path));
    }
    Ok(shell::find_program(&["mongod"]))
}
