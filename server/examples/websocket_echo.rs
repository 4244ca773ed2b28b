//! The WebSocket of the server, sending back what comes: for conformance suites.
//!
//! `cargo run --package server --example websocket_echo` listens at 127.0.0.1:9002, with the very codec and the limits of
//! the product; `-- 17000000` takes messages of up to so many bytes instead, which the cases 9.* of Autobahn's fuzzing
//! client need. `-- 65536 0` takes any free port and prints it.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::routing::get;
use protocol::Limits;
use server::listen::serve_line;
use server::ws::{ReadError, Socket, Upgrade, size_limits};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use websocket::{Event, SizeLimits, WireFrame};

/// For the head of a request, and for a peer that takes nothing.
const PATIENCE: Duration = Duration::from_secs(10);
/// For a client that broke the protocol to close its side.
const GOODBYE: Duration = Duration::from_secs(1);
const PORT: u16 = 9002;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut limits = size_limits(&Limits::default());
    if let Some(bytes) = arguments.next() {
        let bytes_max: u64 = bytes.parse().context("the first argument is the limit of a message in bytes")?;
        limits = SizeLimits { frame_bytes_max: bytes_max, message_bytes_max: bytes_max };
    }
    let port = arguments.next().map_or(Ok(PORT), |port| port.parse()).context("the second argument is a port")?;
    let echo = async move |upgrade: Upgrade| upgrade.accept(limits, echo);
    let router = Router::new().route("/", get(echo));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    say(&format!("listening on {}", listener.local_addr()?));
    loop {
        let (stream, peer) = listener.accept().await?;
        let router = router.clone();
        tokio::spawn(async move { serve_line(stream, peer, router, PATIENCE, &CancellationToken::new()).await });
    }
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut socket: Box<Socket<S>>) {
    let answer = |event: Event<'_>| match event {
        Event::Text(text) => Some(WireFrame::text(text.into_owned().into())),
        Event::Binary(bytes) => Some(WireFrame::binary(bytes.into_owned().into())),
        // The socket has answered these.
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => None,
    };
    loop {
        match socket.recv(|event| (matches!(event, Event::Close(_)), answer(event))).await {
            Ok((_, Some(frame))) => socket.queue(frame),
            Ok((is_over, None)) => {
                if is_over {
                    break;
                }
            }
            Err(ReadError::Protocol(error)) => {
                socket.close(error.close_code(), &error.to_string());
                if socket.flush(|_| {}).await.is_ok() {
                    let _ = timeout(GOODBYE, socket.drain()).await;
                }
                return;
            }
            Err(ReadError::Gone) => return,
        }
        if socket.flush(|_| {}).await.is_err() {
            return;
        }
    }
    let _ = socket.flush(|_| {}).await;
}

#[expect(clippy::print_stdout, reason = "a test waits for this line")]
fn say(line: &str) {
    println!("{line}");
}
