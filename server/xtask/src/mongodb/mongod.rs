//! MongoDB's own server, as a program or in a container, as a replica set of one.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use super::part::{Part, Parts, free_address};
use super::server::Server;
use super::wire;
use crate::shell;

const IMAGE: &str = "mongo:8.0.15";

pub(super) fn start(program: &Path) -> Result<Server> {
    let addr = free_address()?;
    let folder = tempfile::tempdir()?;
    let (data, log) = (folder.path().to_owned(), folder.path().join("log"));
    let program_name = program.to_owned();
    let make = move || {
        let mut command = Command::new(&program_name);
        command.args(["--replSet", "rs0", "--bind_ip", "127.0.0.1", "--port", &addr.port().to_string(), "--dbpath"]);
        let output = File::options().create(true).append(true).open(&log)?;
        command.arg(&data).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        Ok(command)
    };
    let host = addr.to_string();
    let is_ready = move || {
        // Fails until it listens, and after the first time.
        let _ = wire::make_replica_set(addr, &host);
        wire::is_writable(addr)
    };
    let mut database = Part::new(make, is_ready, move || drop(folder));
    database.start()?;
    let uri = format!("mongodb://{addr}/?directConnection=true");
    Server::started(format!("{}", program.display()), uri, Parts { database, gateway: None })
}

pub(super) fn docker_answers() -> bool {
    shell::find_program(&["docker"]).is_some() && shell::capture(Command::new("docker").arg("info")).is_ok()
}

/// The container is run by a `docker` in the foreground, and named, so that killing that part kills the container.
pub(super) fn start_container() -> Result<Server> {
    let addr = free_address()?;
    let name = format!("whisperspace-tests-{}", addr.port());
    let volume = format!("{name}-data");
    let (run_name, run_volume) = (name.clone(), volume.clone());
    let make = move || {
        // Of the last run, when this is not the first: SIGKILL, as for a program.
        let _ = shell::capture(Command::new("docker").args(["kill", &run_name]));
        let _ = shell::capture(Command::new("docker").args(["rm", "--force", &run_name]));
        let mut command = Command::new("docker");
        command.args(["run", "--rm", "--name", &run_name, "--volume", &format!("{run_volume}:/data/db")]);
        command.args(["--publish", &format!("127.0.0.1:{}:27017", addr.port()), IMAGE, "--replSet", "rs0"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command)
    };
    let is_ready = move || {
        let _ = wire::make_replica_set(addr, "127.0.0.1:27017");
        wire::is_writable(addr)
    };
    let after = move || {
        for arguments in [["rm", "--force", &name], ["volume", "rm", &volume]] {
            // What is left behind is a container that does nothing.
            let _ = shell::capture(Command::new("docker").args(arguments));
        }
    };
    shell::run(Command::new("docker").args(["pull", "--quiet", IMAGE]))?;
    let mut database = Part::new(make, is_ready, after);
    database.start()?;
    let uri = format!("mongodb://{addr}/?directConnection=true");
    Server::started(format!("Docker's {IMAGE}"), uri, Parts { database, gateway: None })
}
