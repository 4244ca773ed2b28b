//! Three nodes over one engine, each behind a relay of its own: in this process with one store, or as three processes with
//! one database.

use std::path::Path;
use std::sync::{Arc, Mutex};

use protocol::Limits;
use realtime::broker::redis::RedisAddress;
use test_engine::{Engine, Relay};

use super::person::Addresses;
use crate::harness::TestServer;
use crate::harness::database::Scratch;
use crate::harness::process::{BinServer, Folder};

pub(super) const NODES: usize = 3;

/// More than people say, also where they come back all at once.
const LIMITS: &str = "sends_burst=100000,sends_refill_ms=1,frames_per_minute=1000000,joins_per_minute=100000";

fn limit(limits: &mut Limits) {
    limits.sends_burst = 100_000;
    limits.sends_refill_ms = 1;
    limits.frames_per_minute = 1_000_000;
    limits.joins_per_minute = 100_000;
}

/// Their servers end with this.
pub(super) struct Nodes {
    servers: Servers,
    pub(super) at: Addresses,
    pub(super) relays: Vec<Relay>,
    pub(super) engine: Engine,
}

enum Servers {
    /// Only their addresses are of interest.
    Here {
        _servers: Vec<TestServer>,
    },
    Processes {
        all: Vec<Process>,
        database: Scratch,
    },
}

struct Process {
    folder: Folder,
    server: Option<BinServer>,
}

impl Nodes {
    pub(super) async fn here() -> Self {
        let (engine, relays) = engine().await;
        let mut servers: Vec<TestServer> = Vec::new();
        for relay in &relays {
            let address = RedisAddress::parse(&relay.url()).expect("is an address");
            servers.push(TestServer::node_at(address, servers.first(), |config| limit(&mut config.limits)).await);
        }
        let at = servers.iter().map(|server| Some(server.addr)).collect();
        Self { servers: Servers::Here { _servers: servers }, at: Arc::new(Mutex::new(at)), relays, engine }
    }

    pub(super) async fn processes() -> Self {
        let (engine, relays) = engine().await;
        let all = relays.iter().map(|_| Process { folder: Folder::new(), server: None }).collect();
        let servers = Servers::Processes { all, database: Scratch::mongodb() };
        let mut nodes = Self { servers, at: Arc::new(Mutex::new(vec![None; NODES])), relays, engine };
        for node in 0..NODES {
            nodes.start(node).await;
        }
        nodes
    }

    /// Whether they can be killed.
    pub(super) fn are_processes(&self) -> bool {
        matches!(self.servers, Servers::Processes { .. })
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self, node: usize) {
        let Servers::Processes { all, .. } = &mut self.servers else { panic!("only a process can be killed") };
        self.at.lock().expect("nobody panics in here")[node] = None;
        all[node].server.take().expect("it runs").kill();
    }

    /// For the first time, or after [`Nodes::kill`].
    pub(super) async fn start(&mut self, node: usize) {
        let Servers::Processes { all, database } = &mut self.servers else { panic!("others run already") };
        let secret = |process: &Process| process.folder.data().join("secret");
        let (first, own) = (secret(&all[0]), secret(&all[node]));
        if node > 0 && !own.exists() {
            copy_secret(&first, &own);
        }
        let (database, broker) = (database.uri(), self.relays[node].url());
        let name = format!("node-{node}");
        let arguments =
            ["--database", &database, "--broker", &broker, "--node-name", &name, "--limit", LIMITS, "--log", "info"];
        let server = all[node].folder.serve(&arguments).await;
        self.at.lock().expect("nobody panics in here")[node] = Some(server.addr);
        all[node].server = Some(server);
    }

    /// What the nodes have written to their logs.
    pub(super) fn logs(&self) -> String {
        match &self.servers {
            Servers::Here { .. } => String::new(),
            Servers::Processes { all, .. } => all.iter().map(|process| process.folder.stderr()).collect(),
        }
    }
}

fn copy_secret(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().expect("it is in a folder")).expect("the folder can be made");
    std::fs::copy(from, to).expect("the first node has a secret");
}

async fn engine() -> (Engine, Vec<Relay>) {
    let engine = Engine::start().await;
    let mut relays = Vec::new();
    for _ in 0..NODES {
        relays.push(Relay::start(engine.at()).await);
    }
    (engine, relays)
}
