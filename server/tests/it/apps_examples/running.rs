//! The real binary with the four applications as they are shipped, and the programs in `tests/apps` that use it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::backend::{Backend, Kind};
use crate::harness::process::{BinServer, Folder};

/// All of them.
pub(super) const NAMES: [&str; 4] = ["projects", "tasks", "social", "marketplace"];

/// Longer than a table takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(4);

/// A server with all four; one of them may have a backend.
pub(super) struct Applications {
    pub(super) server: BinServer,
    pub(super) folder: Folder,
    pub(super) backend: Option<Backend>,
}

pub(super) fn shipped() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("apps")
}

pub(super) fn programs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/apps")
}

/// What a token of an application is signed with, and what its backend says by.
pub(super) fn secret(name: &str) -> String {
    format!("the secret of {name}, which is long enough for HS256")
}

pub(super) fn key(name: &str) -> String {
    format!("key-of-{name}-0123456789abcdef0123456789abcdef")
}

fn variable(name: &str, what: &str) -> String {
    format!("WHISPERSPACE_APP_{}_{what}", name.to_uppercase())
}

/// What the issue of a token and of an API key needs.
pub(super) fn secrets() -> Vec<(String, String)> {
    let both = |name| [(variable(name, "SECRET"), secret(name)), (variable(name, "KEY"), key(name))];
    NAMES.into_iter().flat_map(both).collect()
}

impl Applications {
    pub(super) async fn serve(backend: Option<(&str, Kind)>, arguments: &[&str]) -> Self {
        let (mut variables, mut own) = (secrets(), None);
        if let Some((name, kind)) = backend {
            let started = Backend::start(kind, &key(name)).await;
            variables.push((variable(name, "BACKEND"), format!("http://{}", started.addr)));
            own = Some(started);
        }
        let served = Self::serve_with(&variables, arguments).await;
        if let Some(backend) = &own {
            backend.speaks_to(served.server.addr);
        }
        Self { backend: own, ..served }
    }

    /// With a backend that is the test's own.
    pub(super) async fn serve_calling(name: &str, url: &str, arguments: &[&str]) -> Self {
        let mut variables = secrets();
        variables.push((variable(name, "BACKEND"), url.to_owned()));
        Self::serve_with(&variables, arguments).await
    }

    async fn serve_with(variables: &[(String, String)], arguments: &[&str]) -> Self {
        let (folder, apps) = (Folder::new(), shipped());
        let apps = apps.to_str().expect("the path is UTF-8");
        let server = folder.serve_with(variables, &[&["--apps", apps], arguments].concat()).await;
        Self { server, folder, backend: None }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// Runs a program that knows the secrets; answers what it printed, and panics with what it complained of.
    pub(super) async fn run(&self, program: &Path, arguments: &[String]) -> String {
        let mut command = match program.extension().and_then(|extension| extension.to_str()) {
            Some("py") => Command::new("python3"),
            Some("sh") => Command::new("sh"),
            Some(_) | None => Command::new("node"),
        };
        command.arg(program).args(arguments).envs(secrets()).env("WHISPERSPACE", format!("http://{}", self.addr()));
        command.stdin(Stdio::null()).kill_on_drop(true);
        let ended = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = ended.expect("the program ends in time").expect("the program starts");
        let (told, complaint) =
            (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {told}\n{complaint}", program.display());
        told
    }
}

/// Whether the official client is installed. Where it is not it is said aloud, and with CI set it is a failure.
pub(super) fn is_client_there() -> bool {
    if programs().join("../socketio/node_modules/socket.io-client/package.json").is_file() {
        return true;
    }
    let what = "the official Socket.IO client is not installed: `cargo xtask test` does it; nothing was tested here";
    assert!(std::env::var_os("CI").is_none(), "{what}");
    say(&format!("WARNING: {what}"));
    false
}

/// The print macros are captured by the test harness.
pub(super) fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "\n{what}\n");
}
