//! The server under test: this very program, started anew on a free port of the loopback address, in a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use crate::config::temporary_folder;
use realtime::clock::random_id;

/// How long a session outlives its connection here: its people say goodbye, but the one by polling may be asked once more.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// Killed, and its folder deleted, when it is dropped.
pub(super) struct Child {
    process: std::process::Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Child {
    /// Starts it; everything but the grace period is as it comes.
    pub(super) fn start() -> anyhow::Result<Self> {
        let folder = temporary_folder().join(format!("whisperspace-selftest-{}", random_id()));
        let process = Command::new("/proc/self/exe")
            .env_clear()
            .args(["--listen", "127.0.0.1:0", "--log", "error", "--data-dir"])
            .arg(&folder)
            .args(["--limit", &format!("grace_ms={}", GRACE.as_millis())])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("a second server cannot be started")?;
        let mut child = Self { process, address: SocketAddr::from(([127, 0, 0, 1], 0)), folder };
        let output = child.process.stdout.take().context("it has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let told = line.trim().rsplit_once("http://").map(|(_, address)| address.parse());
        child.address = told.context("the second server does not start: it says why above")??;
        Ok(child)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
