//! A Unix socket: people by a proxy on the same machine, and everything as by an address.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use protocol::{ClientFrame, ServerFrame};
use serde_json::json;
use server::commands::health;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::{guest, unix};
use crate::harness::process::{Folder, Starting};
use crate::harness::{Ask, Heard, PATIENCE, TestServer, Wire, eventually, frame, poll};
use crate::socketio::raw::Raw;

const HOST: &str = "chat.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_sockets_come_by_it_and_a_trusted_proxy_says_for_whom() {
    let folder = Folder::new();
    let path = folder.path().join("chat.sock");
    let server = TestServer::in_path(&path, |config| {
        config.proxies = vec!["127.0.0.1".parse().expect("is an address")];
        config.limits.guests_made_per_hour = 1;
        config.limits.connections_per_address = 1;
    })
    .await;
    let page = Ask::get("/").send_over(unix(&path).await, HOST).await.assert_status(200);
    assert!(page.text().contains("WhisperSpace"));
    health::check(&server.state.config).await.expect("is ready");
    let made = guest().header("x-forwarded-for", "203.0.113.1").send_over(unix(&path).await, HOST).await;
    let token = made.assert_status(201).json::<serde_json::Value>()["token"].as_str().expect("has one").to_owned();
    for (client, status) in [("203.0.113.1", 429), ("203.0.113.2", 201)] {
        let asked = guest().header("forwarded", &format!("for={client}")).send_over(unix(&path).await, HOST).await;
        assert_eq!(asked.status, status, "{client}");
    }

    let (mut wire, _) =
        Wire::over(unix(&path).await, HOST, &[("x-forwarded-for", "203.0.113.1")]).await.expect("is let in");
    wire.text(&frame(&ClientFrame::Hello { token: Some(token.clone()), resume: None, follow: false })).await;
    assert!(matches!(wire.next().await, Heard::Frame(ServerFrame::Welcome { .. })));
    // From then on nothing that is written passes hyper.
    wire.text("{\"t\":\"ping\"}").await;
    assert!(matches!(wire.next().await, Heard::Frame(ServerFrame::Pong {})));
    let mut raw =
        Raw::over(unix(&path).await, HOST, "EIO=4", &[("x-forwarded-for", "203.0.113.2")]).await.expect("opens");
    raw.send(&format!("40{}", json!({"token": token}))).await;
    raw.expect("40{\"sid\"").await;
    server.stop().await;
    assert!(!path.exists(), "it goes with the server");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_trusted_proxy_all_who_come_by_it_are_one_and_lines_end_as_elsewhere() {
    let folder = Folder::new();
    let path = folder.path().join("chat.sock");
    let server = TestServer::in_path(&path, |config| {
        config.limits.guests_made_per_hour = 1;
        config.limits.headers_ms_max = 200;
    })
    .await;
    for (client, status) in [("203.0.113.1", 201), ("203.0.113.2", 429)] {
        let asked = guest().header("x-forwarded-for", client).send_over(unix(&path).await, HOST).await;
        assert_eq!(asked.status, status, "{client}");
    }
    let mut silent = unix(&path).await;
    silent.write_all(b"GET / HT").await.expect("the line is open");
    let ended = timeout(PATIENCE, silent.read_to_end(&mut Vec::new())).await;
    ended.expect("who says nothing is not waited for").expect("the line ends");
    server.stop().await;
}

async fn answers(path: &Path) {
    poll("the server answers", async || tokio::net::UnixStream::connect(path).await.ok()).await;
    Ask::get("/healthz").send_over(unix(path).await, HOST).await.assert_status(200);
}

fn begin(folder: &Folder) -> Starting {
    folder.begin(&["--listen=unix:chat.sock", "--listen-mode=0660", "--data-dir=data"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_takes_it_over_from_a_dead_one_and_leaves_none_behind() {
    let folder = Folder::new();
    let path = folder.path().join("chat.sock");
    let first = begin(&folder);
    answers(&path).await;
    eventually("the operator is told", || folder.stderr().contains("--trust-proxy 127.0.0.1")).await;
    assert_eq!(std::fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o660);
    let asked = folder.run(&["--listen=unix:chat.sock", "health"]).await;
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let second = folder.run(&["--listen=unix:chat.sock", "--data-dir=other"]).await;
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && told.contains("cannot listen at unix:chat.sock"), "{told}");
    // SIGKILL: nobody clears up.
    drop(first);
    assert!(path.exists());
    let mut third = begin(&folder);
    answers(&path).await;
    third.signal(libc::SIGTERM);
    assert!(third.end().await.success());
    assert!(!path.exists());
    let gone = folder.run(&["--listen=unix:chat.sock", "health"]).await;
    assert_eq!(gone.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_stands_in_the_output_and_what_is_no_place_is_refused() {
    let folder = Folder::new();
    let mut command = folder.command(&["--listen=unix:chat.sock", "--database=memory:"]);
    let stdout = std::fs::File::create(folder.path().join("stdout")).expect("can be written");
    let mut child = command.stdout(stdout).stderr(Stdio::null()).spawn().expect("starts");
    answers(&folder.path().join("chat.sock")).await;
    let printed = std::fs::read_to_string(folder.path().join("stdout")).expect("is there");
    assert_eq!(printed, "WhisperSpace is at unix:chat.sock\n");
    child.kill().expect("runs");
    child.wait().expect("ends");
    for (listen, mode, words) in [
        ("unix:", "0660", "path of a socket"),
        ("/run/chat.sock", "0660", "unix:PATH"),
        ("unix:chat.sock", "0999", "permissions such as 0660"),
        ("unix:chat.sock", "1777", "permissions such as 0660"),
        ("unix:no/folder/chat.sock", "0660", "cannot listen at unix:no/folder/chat.sock"),
    ] {
        let arguments =
            [format!("--listen={listen}"), format!("--listen-mode={mode}"), "--database=memory:".to_owned()];
        let refused = folder.run(&arguments.each_ref().map(String::as_str)).await;
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && told.contains(words), "{listen} {mode}: {told}");
    }
}
