//! The real binary in a folder of its own: flags, files, output, signals.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Ask, PATIENCE, poll};

/// A folder that the binary runs in; everything it writes is below.
pub(crate) struct Folder(TempDir);

/// A server that may not have got as far as to say where it is.
pub(crate) struct Starting(Child);

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
        heed_signals(&mut command);
        command
    }

    /// Runs the binary to its end, which must come.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        Self::finish(self.command(arguments)).await
    }

    pub(crate) async fn finish(command: Command) -> Output {
        Self::finish_told(command, "").await
    }

    /// As [`Folder::finish`], with a few words at its standard input.
    pub(crate) async fn finish_told(mut command: Command, words: &str) -> Output {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the binary starts");
        // What has no use for them may have ended.
        let _ = child.stdin.take().expect("is piped").write_all(words.as_bytes());
        let ended = ended(&mut child).await;
        if ended.is_none() {
            let _ = child.kill();
        }
        assert!(ended.is_some(), "the binary went on instead of ending");
        child.wait_with_output().expect("the output of an ended process can be read")
    }

    /// Starts the binary and waits for nothing.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Starting {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(self.output("stdout")).stderr(self.output("stderr"));
        Starting(command.spawn().expect("the binary starts"))
    }

    /// Starts a server, its output in `stdout` and `stderr` of the folder.
    pub(crate) async fn serve(&self, arguments: &[&str]) -> BinServer {
        self.serve_at("127.0.0.1:0", arguments).await
    }

    /// As [`Folder::serve`], at an address of the test's own.
    pub(crate) async fn serve_at(&self, listen: &str, arguments: &[&str]) -> BinServer {
        self.serve_logging(self.output("stderr").into(), listen, arguments).await
    }

    fn output(&self, name: &str) -> File {
        let path = self.path().join(name);
        File::options().create(true).append(true).open(path).expect("the folder can be written")
    }

    /// As [`Folder::serve_at`], with its log somewhere else.
    pub(crate) async fn serve_logging(&self, stderr: Stdio, listen: &str, arguments: &[&str]) -> BinServer {
        let mut command = self.command(&["--listen", listen, "--data-dir", "data"]);
        command.args(arguments);
        self.start(command, stderr).await
    }

    /// As [`Folder::serve`], by a shell that does something before, such as setting a limit.
    pub(crate) async fn serve_after(&self, before: &str, arguments: &[&str]) -> BinServer {
        let mut command = Command::new("/bin/sh");
        command.env_clear().env("TMPDIR", self.path()).current_dir(self.path());
        heed_signals(&mut command);
        command.arg("-c").arg(format!("{before} && exec \"$0\" \"$@\"")).arg(env!("CARGO_BIN_EXE_whisperspace"));
        command.args(["--listen", "127.0.0.1:0", "--data-dir", "data"]).args(arguments);
        self.start(command, self.output("stderr").into()).await
    }

    /// As [`Folder::serve`], with these in its environment.
    pub(crate) async fn serve_with(&self, variables: &[(String, String)], arguments: &[&str]) -> BinServer {
        let mut command = self.command(&["--listen", "127.0.0.1:0", "--data-dir", "data"]);
        command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
        self.start(command, self.output("stderr").into()).await
    }

    async fn start(&self, mut command: Command, stderr: Stdio) -> BinServer {
        let stdout = self.path().join("stdout");
        let before = std::fs::read_to_string(&stdout).unwrap_or_default().len();
        command.stdin(Stdio::null()).stdout(self.output("stdout")).stderr(stderr);
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

    pub(crate) fn stdout(&self) -> String {
        std::fs::read_to_string(self.path().join("stdout")).unwrap_or_default()
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
    /// The reader's end of its log, where that is a pipe.
    pub(crate) fn take_stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().expect("its log is a pipe that nobody has taken yet")
    }

    /// Its number.
    pub(crate) fn pid(&self) -> libc::pid_t {
        libc::pid_t::try_from(self.child.id()).expect("process ids fit")
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        self.signal(libc::SIGTERM);
        ended(&mut self.child).await.expect("the server stops in time")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: libc::c_int) {
        send(&self.child, signal);
    }

    /// The soft and the hard limit on open files.
    pub(crate) fn open_files(&self) -> (String, String) {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.child.id())).expect("the server runs");
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("Linux tells it");
        let mut columns = line.split_whitespace().map(str::to_owned);
        (columns.next().expect("soft"), columns.next().expect("hard"))
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

impl Starting {
    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: libc::c_int) {
        send(&self.0, signal);
    }

    /// How it ends, which has to be soon.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        ended(&mut self.0).await.expect("it ends in time")
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn send(child: &Child, signal: libc::c_int) {
    let id = libc::pid_t::try_from(child.id()).expect("process ids fit");
    #[expect(unsafe_code, reason = "the standard library sends no other signal than SIGKILL")]
    // SAFETY: kill reads two integers; the process is a child that was not waited for, so the id is still its own.
    let sent = unsafe { libc::kill(id, signal) };
    assert_eq!(sent, 0, "the process runs");
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

/// Has a program begin with every signal as the system has it: tests that were started by `nohup`, or by a shell's `&`,
/// ignore some, and hand that on.
fn heed_signals(command: &mut Command) {
    #[expect(unsafe_code, reason = "the standard library resets no signal but SIGPIPE")]
    // SAFETY: between fork and exec the closure calls `signal` only, which may be called there (signal-safety(7)).
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        });
    }
}
