//! `cargo xtask bench idle`: resident memory of the server for each idle connection, beside axum's defaults.
//!
//! Starts the release binary as a process of its own, opens connections that say hello and then nothing, and reads the
//! resident set from the kernel before and after. The same run does the same to a bare axum WebSocket with its default
//! buffers. Loopback only; ends by itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config, tungstenite::Message};

/// The promise.
const BYTES_MAX: u64 = 12 * 1024;
/// Source addresses 127.0.0.2 and up: enough ports for any number.
const PER_SOURCE: usize = 20_000;
const PER_GUEST: usize = 100;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().unwrap_or_else(|| "5000".to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    if first == "--axum-defaults" {
        let port = arguments.next().context("a port")?.parse()?;
        return runtime.block_on(axum_defaults(port));
    }
    let count: usize = first.parse().context("bench idle takes the number of connections")?;
    raise_file_limit(count)?;
    runtime.block_on(compare(count))
}

async fn compare(count: usize) -> anyhow::Result<()> {
    let own = measure("WhisperSpace", &spawn_server()?, count, true).await?;
    let bare = measure("axum WebSocket, default buffers, no session", &spawn_defaults()?, count, false).await?;
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let ratio = bare as f64 / own as f64;
    say(&format!("axum's defaults take {ratio:.1} times as much; the promise is under {BYTES_MAX} bytes"));
    ensure!(own < BYTES_MAX, "{own} bytes for each idle connection are over the promise of {BYTES_MAX}");
    Ok(())
}

struct Server {
    child: Child,
    address: SocketAddr,
    _data: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn spawn_server() -> anyhow::Result<Server> {
    let binary = std::env::current_exe()?.with_file_name("../whisperspace");
    let (port, data) = (free_port()?, tempfile::tempdir()?);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let limits = "connections_per_user=1000,connections_per_address=1000000,guests_made_per_hour=1000000";
    let child = Command::new(&binary)
        .args(["--listen", &address.to_string(), "--data-dir"])
        .arg(data.path())
        .args(["--limit", limits, "--log", "warn"])
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}: run cargo xtask build first", binary.display()))?;
    Ok(Server { child, address, _data: data })
}

fn spawn_defaults() -> anyhow::Result<Server> {
    let port = free_port()?;
    let child = Command::new(std::env::current_exe()?).args(["--axum-defaults", &port.to_string()]).spawn()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Ok(Server { child, address, _data: tempfile::tempdir()? })
}

async fn measure(what: &str, server: &Server, count: usize, hello: bool) -> anyhow::Result<u64> {
    wait_for(server.address).await?;
    // A few connections first, so that lazily made tables are not counted as theirs.
    let mut lines = Vec::with_capacity(count);
    let warm = open(server.address, 50, hello).await?;
    drop(warm);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = resident(server.child.id())?;
    let started = Instant::now();
    lines.extend(open(server.address, count, hello).await?);
    let took = started.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = resident(server.child.id())?;
    let each = after.saturating_sub(before) / count as u64;
    say(&format!(
        "{what}: {} connections in {:.1} s, resident {} KiB before, {} KiB after: {each} bytes each",
        lines.len(),
        took.as_secs_f64(),
        before / 1024,
        after / 1024
    ));
    Ok(each)
}

type Line = WebSocketStream<TcpStream>;

async fn open(server: SocketAddr, count: usize, hello: bool) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::with_capacity(count);
    let mut token = String::new();
    for number in 0..count {
        if hello && number % PER_GUEST == 0 {
            token = guest(server).await?;
        }
        lines.push(connect(server, number, hello.then_some(token.as_str())).await?);
    }
    Ok(lines)
}

async fn connect(server: SocketAddr, number: usize, token: Option<&str>) -> anyhow::Result<Line> {
    let socket = TcpSocket::new_v4()?;
    let source = u8::try_from(2 + number / PER_SOURCE)?;
    socket.bind(SocketAddr::from(([127, 0, 0, source], 0)))?;
    let stream = socket.connect(server).await?;
    let config = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
    let request = format!("ws://{server}/ws").into_client_request()?;
    let (mut line, _) = client_async_with_config(request, stream, Some(config)).await?;
    if let Some(token) = token {
        let hello = serde_json::json!({ "t": "hello", "token": token }).to_string();
        line.send(Message::text(hello)).await?;
        let welcome = line.next().await.context("no welcome")??.into_text()?;
        ensure!(welcome.contains("\"t\":\"welcome\""), "no welcome but another frame");
    }
    Ok(line)
}

async fn guest(server: SocketAddr) -> anyhow::Result<String> {
    let answer = http(server, "POST /api/v1/guest").await?;
    let body = answer.split_once("\r\n\r\n").context("no body")?.1;
    let session: serde_json::Value = serde_json::from_str(body)?;
    Ok(session["token"].as_str().context("no token")?.to_owned())
}

async fn http(server: SocketAddr, request: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(server).await?;
    let head = format!("{request} HTTP/1.1\r\nHost: {server}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn wait_for(server: SocketAddr) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(server).await.is_err() {
        ensure!(Instant::now() < deadline, "the server did not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn resident(process: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS: this bench needs Linux")?;
    let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kib * 1024)
}

fn raise_file_limit(count: usize) -> anyhow::Result<()> {
    let wanted = count as u64 + 500;
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find(|line| line.starts_with("Max open files")).context("no limit on open files")?;
    let soft: u64 = line.split_whitespace().nth(3).unwrap_or_default().parse().unwrap_or(u64::MAX);
    ensure!(soft >= wanted, "{count} connections need {wanted} open files, and {soft} are allowed: ulimit -n {wanted}");
    Ok(())
}

async fn axum_defaults(port: u16) -> anyhow::Result<()> {
    use axum::extract::ws::{WebSocket, WebSocketUpgrade};
    async fn idle(mut socket: WebSocket) {
        while let Some(Ok(_)) = socket.recv().await {}
    }
    let upgrade = |upgrade: WebSocketUpgrade| async move { upgrade.on_upgrade(idle) };
    let router = axum::Router::new().route("/ws", axum::routing::get(upgrade));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, router).await?)
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn say(line: &str) {
    println!("{line}");
}
