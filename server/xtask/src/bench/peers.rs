//! Who is measured: the product, and servers of others that install from registries, each with as little of its own around
//! it as relays a message to a room. A peer that cannot be had is named, and the rest goes on.
//!
//! Versions are fixed here and in `peers/`, so that two runs compare the same programs.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use super::dialect::Dialect;
use super::process::Server;
use crate::shell;
use crate::steps::{Steps, warn};
use crate::workspace::Workspace;

const BUN: &str = "bun@1.4.5";
const SOCKET_IO: &str = "socket.io@4.8.4";

/// A server under test, by the protocol that its clients speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Candidate {
    /// A loop of bare `send()` calls.
    Floor,
    /// The product, by its own protocol.
    Native,
    /// The product, by Socket.IO.
    SocketIo,
    /// The product without the allocator that clears what is freed, by its own protocol.
    Keeping,
    /// A channel of an application on the product, by Socket.IO.
    Channel,
    /// The same, told by the application's backend, by HTTP.
    Published,
    /// Bun's `WebSocket` server, which is uWebSockets: publish and subscribe.
    Bun,
    /// The Rust crate, behind axum.
    Socketioxide,
    /// The original Socket.IO server on Node.js.
    NodeSocketIo,
}

impl Candidate {
    pub(super) const ALL: [Self; 9] = [
        Self::Floor,
        Self::Native,
        Self::SocketIo,
        Self::Channel,
        Self::Published,
        Self::Keeping,
        Self::Bun,
        Self::Socketioxide,
        Self::NodeSocketIo,
    ];
    /// Those that other people made.
    pub(super) const PEERS: [Self; 3] = [Self::Bun, Self::Socketioxide, Self::NodeSocketIo];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor (bare send)",
            Self::Native => "WhisperSpace",
            Self::SocketIo => "WhisperSpace, Socket.IO",
            Self::Keeping => "WhisperSpace, freed memory left as it is",
            Self::Channel => "WhisperSpace, channel of an application by Socket.IO",
            Self::Published => "WhisperSpace, channel told by HTTP",
            Self::Bun => "Bun",
            Self::Socketioxide => "socketioxide",
            Self::NodeSocketIo => "Socket.IO on Node.js",
        }
    }

    pub(super) const fn dialect(self) -> Dialect {
        match self {
            Self::Floor => Dialect::Bare,
            Self::Native | Self::Keeping => Dialect::Native,
            Self::SocketIo => Dialect::Events,
            Self::Channel | Self::Published => Dialect::Channel,
            Self::Bun => Dialect::Plain,
            Self::Socketioxide | Self::NodeSocketIo => Dialect::SocketIo,
        }
    }

    /// Whether it is the product, which has limits.
    pub(super) const fn is_product(self) -> bool {
        match self {
            Self::Native | Self::SocketIo | Self::Channel | Self::Published | Self::Keeping => true,
            Self::Floor | Self::Bun | Self::Socketioxide | Self::NodeSocketIo => false,
        }
    }

    /// Whether it has guests, and rooms that are made.
    pub(super) const fn has_rooms(self) -> bool {
        self.is_product() && !matches!(self, Self::Channel | Self::Published)
    }

    /// Whether its people only hear.
    pub(super) const fn is_published_to(self) -> bool {
        matches!(self, Self::Published)
    }
}

/// A peer that is not measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Missing {
    pub(super) what: String,
    pub(super) why: String,
}

/// What can be started.
#[derive(Debug)]
pub(super) struct Programs {
    programs: BTreeMap<Candidate, (PathBuf, Vec<OsString>)>,
    pub(super) missing: Vec<Missing>,
}

impl Programs {
    /// The product and the floor.
    pub(super) fn new(server: PathBuf) -> Result<Self> {
        let this = env::current_exe().context("this program does not know where it is")?;
        let floor = ["bench", "floor-server"].map(OsString::from).to_vec();
        let programs = BTreeMap::from([
            (Candidate::Floor, (this, floor)),
            (Candidate::Native, (server.clone(), Vec::new())),
            (Candidate::SocketIo, (server, Vec::new())),
        ]);
        Ok(Self { programs, missing: Vec::new() })
    }

    /// Leaves a candidate out of this run.
    pub(super) fn remove(&mut self, candidate: Candidate) {
        self.programs.remove(&candidate);
    }

    pub(super) fn add(&mut self, candidate: Candidate, program: PathBuf, arguments: Vec<OsString>) {
        self.programs.insert(candidate, (program, arguments));
    }

    /// Installs and builds the peers under `target/bench`; those that cannot be had are named.
    pub(super) fn install_peers(&mut self, workspace: &Workspace, steps: &mut Steps) {
        for candidate in Candidate::PEERS {
            let installed = steps.step(&format!("the peer {}", candidate.name()), || install(workspace, candidate));
            match installed {
                Ok((program, arguments)) => self.add(candidate, program, arguments),
                Err(error) => self.miss(candidate.name(), &format!("{error:#}")),
            }
        }
    }

    /// Notes, and says so that nobody overlooks it.
    pub(super) fn miss(&mut self, what: &str, why: &str) {
        warn(&format!("\nWARNING: not measured: {what}: {why}\n"));
        self.missing.push(Missing { what: what.to_owned(), why: why.to_owned() });
    }

    /// All but the floor, which stands on both sides of every round.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        self.programs.keys().copied().filter(|&candidate| candidate != Candidate::Floor).collect()
    }

    /// Starts one. `port` 0 lets it choose; `data` is the product's folder, empty or of the run before.
    pub(super) fn start(&self, candidate: Candidate, port: u16, data: &Path, cores: &[usize]) -> Result<Server> {
        let (program, arguments) =
            self.programs.get(&candidate).with_context(|| format!("there is no {}", candidate.name()))?;
        let mut command = Command::new(program);
        command.args(arguments);
        if candidate.is_product() {
            command.args(["--listen", &format!("127.0.0.1:{port}"), "--log", "warn", "--data-dir"]).arg(data);
            // As many people from one address as a bench needs, and nothing else that the product checks is off.
            command.args([
                "--limit",
                "connections_total=12000,connections_per_user=10000,connections_per_address=1000000,guests_made_per_hour=1000000,\
                 rooms_made_per_hour=1000000,joins_per_minute=100000,frames_per_minute=1000000,sends_burst=100000,\
                 sends_refill_ms=1,strangers_total=1000000,strangers_per_network=1000000,capacity_max=10000",
            ]);
        } else {
            command.arg(port.to_string());
        }
        Server::start(command, cores)
    }
}

fn install(workspace: &Workspace, peer: Candidate) -> Result<(PathBuf, Vec<OsString>)> {
    match peer {
        Candidate::Bun => {
            let folder = npm(workspace, "bun", BUN, "bun.mjs")?;
            let program = folder.join("node_modules/.bin/bun");
            let version = shell::capture(Command::new(&program).arg("--version"))?;
            ensure!(BUN.ends_with(version.trim()), "{BUN} was asked for and {} came", version.trim());
            Ok((program, vec![folder.join("bun.mjs").into()]))
        }
        Candidate::NodeSocketIo => {
            let node = shell::find_program(&["node"]).context("there is no node; install Node.js 20 or newer")?;
            let folder = npm(workspace, "socket.io", SOCKET_IO, "socketio.mjs")?;
            Ok((node, vec![folder.join("socketio.mjs").into()]))
        }
        Candidate::Socketioxide => {
            let (source, target) = (sources(workspace).join("socketioxide"), folder(workspace, "socketioxide"));
            let mut cargo = shell::cargo();
            cargo.current_dir(&source).args(["build", "--release", "--locked", "--target-dir"]).arg(&target);
            shell::run(&mut cargo)?;
            Ok((target.join("release/socketioxide-peer"), Vec::new()))
        }
        Candidate::Floor
        | Candidate::Native
        | Candidate::SocketIo
        | Candidate::Channel
        | Candidate::Published
        | Candidate::Keeping => anyhow::bail!("{} is no peer", peer.name()),
    }
}

fn sources(workspace: &Workspace) -> PathBuf {
    workspace.root().join("server/xtask/peers")
}

fn folder(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.target().join("bench/peers").join(name)
}

/// A folder with this package and our program for it. What is imported is looked for beside the program.
fn npm(workspace: &Workspace, name: &str, package: &str, program: &str) -> Result<PathBuf> {
    let folder = folder(workspace, name);
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).unwrap_or_default() != package {
        let npm = shell::find_program(&["npm"]).context("there is no npm; install Node.js 20 or newer")?;
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
        let mut command = Command::new(npm);
        command.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--silent", package]);
        shell::run(&mut command)?;
        fs::write(&installed, package)?;
    }
    fs::copy(sources(workspace).join(program), folder.join(program))?;
    Ok(folder)
}
