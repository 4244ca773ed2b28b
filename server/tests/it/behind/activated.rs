//! A socket that a supervisor holds (systemd's socket activation), and what it is told (`sd_notify`).

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::unix;
use crate::harness::process::Folder;
use crate::harness::{Ask, PATIENCE, eventually};

/// The number at which the first one is handed on.
const FIRST: i32 = 3;

struct Activated(Child);

impl Drop for Activated {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the binary with this socket, as systemd does: at number 3, with its own process id in the environment.
fn activate(folder: &Folder, socket: OwnedFd, count: u32) -> Activated {
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("TMPDIR", folder.path()).env("NOTIFY_SOCKET", folder.path().join("notify"));
    command.env("LISTEN_FDS", count.to_string()).current_dir(folder.path());
    command.arg("-c").arg("LISTEN_PID=$$ exec \"$0\" \"$@\"").arg(env!("CARGO_BIN_EXE_whisperspace"));
    command.args(["--database=memory:", "--listen=127.0.0.1:1"]);
    let number = socket.as_raw_fd();
    #[expect(unsafe_code, reason = "the standard library hands on no file but the first three")]
    // SAFETY: between fork and exec the closure calls `dup2` and `fcntl` only, which may be called there
    // (signal-safety(7)).
    unsafe {
        command.pre_exec(move || {
            let done = if number == FIRST { libc::fcntl(FIRST, libc::F_SETFD, 0) } else { libc::dup2(number, FIRST) };
            if done < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
        });
    }
    let stderr = std::fs::File::create(folder.path().join("stderr")).expect("can be written");
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().expect("starts");
    drop(socket);
    Activated(child)
}

fn notify(folder: &Folder) -> UnixDatagram {
    let socket = UnixDatagram::bind(folder.path().join("notify")).expect("nobody is there");
    socket.set_read_timeout(Some(PATIENCE)).expect("can be set");
    socket
}

fn news(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 100];
    let length = socket.recv(&mut bytes).expect("something is told in time");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

async fn stop(mut server: Activated) {
    let id = libc::pid_t::try_from(server.0.id()).expect("process ids fit");
    #[expect(unsafe_code, reason = "the standard library sends no other signal than SIGKILL")]
    // SAFETY: kill reads two integers; the process is a child that was not waited for, so the id is still its own.
    let sent = unsafe { libc::kill(id, libc::SIGTERM) };
    assert_eq!(sent, 0, "the process runs");
    eventually("the server stops", || server.0.try_wait().is_ok_and(|ended| ended.is_some())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_at_the_address_that_is_held_and_tells_when_it_does() {
    let folder = Folder::new();
    let notify = notify(&folder);
    let held = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("there is a free port");
    let addr = held.local_addr().expect("has an address");
    let kept = held.try_clone().expect("can be");
    let server = activate(&folder, held.into(), 1);
    // Who comes before it is there waits, and is not turned away.
    Ask::get("/healthz").send(addr).await.assert_status(200);
    assert_eq!(news(&notify), "READY=1");
    stop(server).await;
    assert_eq!(news(&notify), "STOPPING=1");
    kept.set_nonblocking(true).expect("can be set");
    let next = std::net::TcpStream::connect_timeout(&addr, Duration::from_secs(5));
    next.expect("the socket is the supervisor's and stays open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_at_the_unix_socket_that_is_held_and_leaves_it_there() {
    let folder = Folder::new();
    let notify = notify(&folder);
    let path = folder.path().join("chat.sock");
    let held = UnixListener::bind(&path).expect("nobody is there");
    let server = activate(&folder, held.into(), 1);
    Ask::get("/healthz").send_over(unix(&path).await, "chat.example").await.assert_status(200);
    assert_eq!(news(&notify), "READY=1");
    stop(server).await;
    assert!(path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_cannot_serve_at_is_refused_with_a_sentence() {
    let datagrams = UnixDatagram::unbound().expect("there are sockets");
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("there is a free port");
    for (socket, count, words) in
        [(OwnedFd::from(datagrams), 1, "no ListenStream="), (OwnedFd::from(listener), 2, "holds 2 sockets")]
    {
        let folder = Folder::new();
        let mut server = activate(&folder, socket, count);
        eventually("it ends", || server.0.try_wait().is_ok_and(|ended| ended.is_some())).await;
        assert!(folder.stderr().contains(words), "{}", folder.stderr());
    }
}
