//! The official clients on strings: programs in `tests/socketio` that emit what a test tells them and tell what they hear.

use std::collections::VecDeque;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::harness::PATIENCE;

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    JavaScript,
    Python,
}

/// How it connects.
pub(super) const WAYS: [&str; 3] = ["polling", "websocket", "upgrade"];

/// Both clients, each way.
pub(super) fn all() -> Vec<(Client, &'static str)> {
    [Client::JavaScript, Client::Python].into_iter().flat_map(|client| WAYS.map(|way| (client, way))).collect()
}

pub(super) fn programs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/socketio")
}

fn python() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/socketio-venv/bin/python")
}

/// A command that runs a program with this client.
pub(super) fn command(client: Client) -> Command {
    let mut command = match client {
        Client::JavaScript => Command::new("node"),
        Client::Python => Command::new(python()),
    };
    command.current_dir(programs()).kill_on_drop(true);
    command
}

/// Whether the clients are installed. Where they are not it is said aloud, and with CI set it is a failure.
pub(super) fn are_there() -> bool {
    let (package, python) = (programs().join("node_modules/socket.io-client/package.json"), python());
    if package.is_file() && python.is_file() {
        return true;
    }
    let what = "the official Socket.IO clients are not installed: `cargo xtask test` does it; nothing was tested here";
    assert!(std::env::var_os("CI").is_none(), "{what}");
    // The print macros are captured by the test harness.
    let _ = writeln!(std::io::stderr(), "\nWARNING: {what}\n");
    false
}

/// One running client.
pub(super) struct Puppet {
    _child: Child,
    told: ChildStdin,
    heard: Lines<BufReader<ChildStdout>>,
    passed: VecDeque<Value>,
    asked: u64,
    label: String,
}

impl Puppet {
    /// Starts one; it connects by itself.
    pub(super) fn start(client: Client, way: &str, addr: SocketAddr, auth: &Value) -> Self {
        let program = match client {
            Client::JavaScript => "puppet.mjs",
            Client::Python => "puppet.py",
        };
        let mut command = command(client);
        command.args([program, &format!("http://{addr}"), way, &auth.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the client starts");
        let told = child.stdin.take().expect("was asked for");
        let heard = BufReader::new(child.stdout.take().expect("was asked for")).lines();
        Self { _child: child, told, heard, passed: VecDeque::new(), asked: 0, label: format!("{client:?} by {way}") }
    }

    /// Starts one with a token, and waits until it is connected.
    pub(super) async fn connect(client: Client, way: &str, addr: SocketAddr, token: &str) -> Self {
        let mut puppet = Self::start(client, way, addr, &json!({ "token": token }));
        puppet.hear("connect").await;
        puppet
    }

    async fn tell(&mut self, line: Value) {
        self.told.write_all(format!("{line}\n").as_bytes()).await.expect("the client runs");
    }

    pub(super) async fn emit(&mut self, event: &str, argument: Value) {
        self.tell(json!({ "emit": event, "args": [argument] })).await;
    }

    /// Emits so many in one go.
    pub(super) async fn burst(&mut self, event: &str, argument: Value, times: usize) {
        self.tell(json!({ "emit": event, "args": [argument], "times": times })).await;
    }

    /// Emits with an acknowledgement; answers what it is called with.
    pub(super) async fn ask(&mut self, event: &str, argument: Value) -> Value {
        self.asked += 1;
        let ack = self.asked;
        self.tell(json!({ "emit": event, "args": [argument], "ack": ack })).await;
        self.wait(&format!("the answer to {event}"), |line| (line["ack"] == ack).then(|| line["args"][0].clone())).await
    }

    /// Loses its line, as by a fault of the network.
    pub(super) async fn drop_line(&mut self) {
        self.tell(json!({ "drop": true })).await;
    }

    /// The first argument of the next such event.
    pub(super) async fn hear(&mut self, event: &str) -> Value {
        self.hear_where(event, |_| true).await
    }

    /// The first argument of the next such event that is wanted.
    pub(super) async fn hear_where(&mut self, event: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait(event, |line| (line["on"] == event && wanted(&line["args"][0])).then(|| line["args"][0].clone()))
            .await
    }

    /// What was said before is looked through first: events of different names come in an order that is not promised.
    async fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> Option<Value>) -> Value {
        if let Some((at, found)) = self.passed.iter().enumerate().find_map(|(at, line)| Some((at, wanted(line)?))) {
            self.passed.remove(at);
            return found;
        }
        let waiting = async {
            loop {
                let line = self.heard.next_line().await.expect("its output can be read");
                let line = line.unwrap_or_else(|| panic!("{} ended before {what}: {:?}", self.label, self.passed));
                let line: Value = serde_json::from_str(&line).expect("it speaks JSON");
                match wanted(&line) {
                    Some(found) => return found,
                    None => self.passed.push_back(line),
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await.ok();
        found.unwrap_or_else(|| panic!("{}: no {what} but {:?}", self.label, self.passed))
    }

    /// Forgets what was said up to now.
    pub(super) fn forget(&mut self) {
        self.passed.clear();
    }

    /// Whether such an event was heard and not asked for yet.
    pub(super) fn has_heard(&self, event: &str) -> bool {
        self.passed.iter().any(|line| line["on"] == event)
    }
}
