//! The real binary in a folder of its own: flags, files, output, signals.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Ask, PATIENCE, poll};

/// A folder that the binary runs in; everything it writes is below.
pub(crate) struct Folder(TempDir);

/// A running server.
pub(crate) struct BinServer {
    pub(crate) addr: SocketAddr,
    child: Child,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("there is room for a temporary folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The folder that is given as `--data-dir`.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// The binary with nothing in its environment, at work in this folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_whisperspace"));
        command.env_clear().env("TMPDIR", self.path()).current_dir(self.path()).args(arguments);
        command
    }

    /// Runs the binary to its end, which must come.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        Self::finish(self.command(arguments)).await
    }

    pub(crate) async fn finish(mut command: Command) -> Output {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the binary starts");
        let ended = ended(&mut child).await;
        if ended.is_none() {
            let _ = child.kill();
        }
        assert!(ended.is_some(), "the binary went on instead of ending");
        child.wait_with_output().expect("the output of an ended process can be read")
    }

    /// Starts a server, its output in `stdout` and `stderr` of the folder.
    pub(crate) async fn serve(&self, arguments: &[&str]) -> BinServer {
        self.serve_at("127.0.0.1:0", arguments).await
    }

    /// As [`Folder::serve`], at an address of the test's own.
    pub(crate) async fn serve_at(&self, listen: &str, arguments: &[&str]) -> BinServer {
        let output = |name: &str| {
            let path = self.path().join(name);
            File::options().create(true).append(true).open(path).expect("the folder can be written")
        };
        let stdout = self.path().join("stdout");
        let before = std::fs::read_to_string(&stdout).unwrap_or_default().len();
        let mut command = self.command(&["--listen", listen, "--data-dir", "data"]);
        command.args(arguments).stdin(Stdio::null()).stdout(output("stdout")).stderr(output("stderr"));
        let mut child = command.spawn().expect("the binary starts");
        let addr = poll("the address of the server", async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("the server ended with {status}: {}", self.stderr());
            }
            let told = std::fs::read_to_string(&stdout).unwrap_or_default();
            let line = told.get(before..)?.split_once('\n')?.0.to_owned();
            line.rsplit_once("http://")?.1.parse().ok()
        })
        .await;
        // The port is open before the database is: the first answer means that both are.
        Ask::get("/healthz").send(addr).await.assert_status(200);
        BinServer { addr, child }
    }

    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(self.path().join("stderr")).unwrap_or_default()
    }

    /// Every file below the folder, with its content.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut folders, mut files) = (vec![self.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the folder can be read") {
                let path = entry.expect("the folder can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(content) = std::fs::read(&path) {
                    files.push((path, content));
                }
            }
        }
        files
    }
}

impl BinServer {
    /// Asks it to stop, and waits until it has.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        let id = libc::pid_t::try_from(self.child.id()).expect("process ids fit");
        #[expect(unsafe_code, reason = "the standard library sends no other signal than SIGKILL")]
        // SAFETY: kill reads two integers; the process is a child that was not waited for, so the id is still its own.
        let sent = unsafe { libc::kill(id, libc::SIGTERM) };
        assert_eq!(sent, 0, "the server runs");
        ended(&mut self.child).await.expect("the server stops in time")
    }

    /// SIGKILL: no goodbye, no clearing up.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("a killed process ends");
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells it");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("is a number");
        kib * 1024
    }

    /// Whether it is still running.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for BinServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ended(child: &mut Child) -> Option<ExitStatus> {
    let asked = Instant::now();
    while asked.elapsed() < PATIENCE {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}
