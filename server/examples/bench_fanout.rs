//! `cargo xtask bench fanout`: what the server's processor spends on one delivery, by the native transport and by
//! Socket.IO, in one run.
//!
//! Starts the release binary, seats readers in a room and lets one native member talk, a message a tick, so that each
//! message is written by itself. The process's own time is read from the kernel before and after. Loopback only.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

const READERS: usize = 100;
const MESSAGES: usize = 1_000;
const TICK: Duration = Duration::from_millis(4);
const ROUNDS: usize = 3;
/// The promise, where ticks are spread.
const RATIO_MAX: f64 = 1.5;
/// The kernel counts a process's time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Native,
    SocketIo,
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["--transport", "socketio"] => vec![Transport::Native, Transport::SocketIo],
        ["--transport", "native"] => vec![Transport::Native],
        _ => bail!("bench fanout takes --transport native or --transport socketio (which measures both)"),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(compare(&wanted))
}

async fn compare(wanted: &[Transport]) -> anyhow::Result<()> {
    let mut best = Vec::new();
    for &transport in wanted {
        best.push((transport, f64::INFINITY));
    }
    for round in 1..=ROUNDS {
        for (transport, least) in &mut best {
            let each = measure(*transport).await?;
            say(&format!("round {round}: {}: {each:.2} us of CPU a delivery", name(*transport)));
            *least = least.min(each);
        }
    }
    for (transport, least) in &best {
        say(&format!("{}: {least:.2} us at best of {ROUNDS} rounds", name(*transport)));
    }
    if let [(_, native), (_, socket_io)] = best[..] {
        let ratio = socket_io / native;
        say(&format!("Socket.IO takes {ratio:.2} times as much as the native transport; the promise is {RATIO_MAX}"));
        ensure!(ratio <= RATIO_MAX, "{ratio:.2} is over the promise of {RATIO_MAX}");
    }
    Ok(())
}

const fn name(transport: Transport) -> &'static str {
    match transport {
        Transport::Native => "native",
        Transport::SocketIo => "socketio",
    }
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

fn spawn_server() -> anyhow::Result<Server> {
    let binary = std::env::current_exe()?.with_file_name("../whisperspace");
    let (listener, data) = (std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, tempfile::tempdir()?);
    let address = listener.local_addr()?;
    drop(listener);
    let limits = "connections_per_user=1000,connections_per_address=1000000,guests_made_per_hour=1000000,\
                  sends_burst=100000,frames_per_minute=1000000,joins_per_minute=100000";
    let child = Command::new(&binary)
        .args(["--listen", &address.to_string(), "--data-dir"])
        .arg(data.path())
        .args(["--limit", limits, "--log", "warn"])
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}: run cargo xtask build first", binary.display()))?;
    Ok(Server { child, address, _data: data })
}

type Line = WebSocketStream<TcpStream>;

/// Microseconds of the server's CPU for each delivery.
async fn measure(transport: Transport) -> anyhow::Result<f64> {
    let server = spawn_server()?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(server.address).await.is_err() {
        ensure!(Instant::now() < deadline, "the server did not start");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let token = field(&http(server.address, "/api/v1/guest", None, "").await?, "token")?;
    let body = format!("{{\"capacity\":{}}}", READERS + 2);
    let room = field(&http(server.address, "/api/v1/rooms", Some(&token), &body).await?, "code")?;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let token = field(&http(server.address, "/api/v1/guest", None, "").await?, "token")?;
        readers.push(seat(server.address, transport, &token, &room).await?);
    }
    let mut talker = seat(server.address, Transport::Native, &token, &room).await?;
    tokio::time::sleep(Duration::from_millis(800)).await;
    let before = spent(server.child.id())?;
    let reading = readers.into_iter().map(|line| tokio::spawn(read(line)));
    let reading: Vec<_> = reading.collect();
    let mut tick = tokio::time::interval(TICK);
    for number in 0..MESSAGES {
        tick.tick().await;
        let text = format!("message {number} of an ordinary length, as people write them to each other");
        let send = serde_json::json!({"t": "send", "cid": format!("c{number}"), "room": room, "text": text});
        talker.send(Message::text(send.to_string())).await?;
    }
    for reader in reading {
        tokio::time::timeout(Duration::from_secs(30), reader).await.context("a reader did not get all")???;
    }
    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    let each = (spent(server.child.id())? - before) / TICKS_PER_SECOND * 1e6 / (MESSAGES * READERS) as f64;
    Ok(each)
}

async fn seat(server: SocketAddr, transport: Transport, token: &str, room: &str) -> anyhow::Result<Line> {
    let (path, hello, join, joined) = match transport {
        Transport::Native => (
            "/ws",
            serde_json::json!({"t": "hello", "token": token}).to_string(),
            serde_json::json!({"t": "join", "cid": "j", "code": room}).to_string(),
            "\"t\":\"joined\"",
        ),
        Transport::SocketIo => (
            "/socket.io/?EIO=4&transport=websocket",
            format!("40{}", serde_json::json!({"token": token})),
            format!("42[\"join_room\",\"{room}\"]"),
            "\"joined_room\"",
        ),
    };
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut line, _) = client_async(format!("ws://{server}{path}").into_client_request()?, stream).await?;
    line.send(Message::text(hello)).await?;
    if transport == Transport::SocketIo {
        // What comes before the answer to CONNECT would be lost.
        wait_for(&mut line, "40{").await?;
    }
    line.send(Message::text(join)).await?;
    wait_for(&mut line, joined).await?;
    Ok(line)
}

async fn wait_for(line: &mut Line, what: &str) -> anyhow::Result<()> {
    loop {
        let text = line.next().await.context("the line ended")??.into_text()?;
        if text == "2" {
            line.send(Message::text("3")).await?;
        }
        if text.contains(what) {
            return Ok(());
        }
    }
}

/// Reads all messages.
async fn read(mut line: Line) -> anyhow::Result<()> {
    let mut count = 0;
    while count < MESSAGES {
        let text = line.next().await.context("the line ended")??.into_text()?;
        if text == "2" {
            line.send(Message::text("3")).await?;
        }
        count += usize::from(text.contains("\"new_message\"") || text.contains("\"t\":\"message\""));
    }
    Ok(())
}

fn field(answer: &str, name: &str) -> anyhow::Result<String> {
    let body = answer.split_once("\r\n\r\n").context("no body")?.1;
    let value: serde_json::Value = serde_json::from_str(body)?;
    Ok(value[name].as_str().with_context(|| format!("no {name} in the answer"))?.to_owned())
}

async fn http(server: SocketAddr, path: &str, token: Option<&str>, body: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(server).await?;
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {server}\r\n{bearer}{kind}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The process's time in the kernel's ticks, in user and kernel mode.
fn spent(process: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit_once(')').context("no name in stat")?.1.split_whitespace().collect();
    let (user, system): (f64, f64) = (fields[11].parse()?, fields[12].parse()?);
    Ok(user + system)
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn say(line: &str) {
    println!("{line}");
}
