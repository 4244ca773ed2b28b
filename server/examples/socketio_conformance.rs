//! The official conformance suites of Engine.IO 4 and Socket.IO 5 against the server's transport.
//!
//! `cargo run --package server --example socketio_conformance` serves what the suites expect at 127.0.0.1:3000: the very
//! set-up of the product with the suites' timings, and handlers that send back what comes. The suites are published in
//! the repository socketio/socket.io: `docs/engine.io-protocol/v4-test-suite` and `docs/socket.io-protocol/v5-test-suite`,
//! `npm ci && npm test` in each.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use bytes::Bytes;
use engineioxide::handler::EngineIoHandler;
use engineioxide::service::EngineIoService;
use engineioxide::socket::{DisconnectReason, Socket};
use engineioxide::{Str, config::EngineIoConfig};
use serde::de::Deserialize;
use serde::ser::{Serialize, SerializeTuple as _, Serializer};
use server::listen::serve_line;
use server::socketio::{Engine, Tuning};
use socketioxide::extract::{AckSender, Data, SocketRef, TryData};
use tokio_util::sync::CancellationToken;

/// As the suites have them.
const TUNING: Tuning = Tuning {
    ping_interval: Duration::from_millis(300),
    ping_timeout: Duration::from_millis(200),
    connect_timeout: Duration::from_secs(1),
    payload_bytes_max: 1_000_000,
};

/// For the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// On one thread, as the reference: the suites send two requests at once and expect the first one to be met first.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let (socket_io, io) = TUNING.builder().build_svc();
    io.ns("/", echo);
    io.ns("/custom", echo);
    let socket_io = Engine::new(socket_io, &TUNING);
    let engine_io = Engine::new(EngineIoService::with_config(Arc::new(Echo), engine()), &TUNING);
    let router = Router::new()
        .route("/socket.io/", any(async move |request: Request| socket_io.serve(request).await))
        .route("/engine.io/", any(async move |request: Request| engine_io.serve(request).await));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        let router = router.clone();
        tokio::spawn(async move { serve_line(stream, peer, router, PATIENCE, &CancellationToken::new()).await });
    }
}

fn engine() -> EngineIoConfig {
    EngineIoConfig::builder()
        .req_path("/engine.io")
        .ping_interval(TUNING.ping_interval)
        .ping_timeout(TUNING.ping_timeout)
        .max_payload(TUNING.payload_bytes_max as u64)
        .ws_max_message_size(TUNING.payload_bytes_max)
        .ws_max_frame_size(TUNING.payload_bytes_max)
        .build()
}

async fn echo(socket: SocketRef, TryData(auth): TryData<serde_json::Value>) {
    let auth = auth.unwrap_or_else(|_| serde_json::json!({}));
    let _ = socket.emit("auth", &auth);
    socket.on("message", async |socket: SocketRef, Data(all): Data<All>| {
        let _ = socket.emit("message-back", &all);
    });
    socket.on("message-with-ack", async |Data(all): Data<All>, ack: AckSender| {
        let _ = ack.send(&all);
    });
}

/// Every argument of an event, whatever it is.
struct All(Vec<rmpv::Value>);

impl<'de> Deserialize<'de> for All {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Arguments;
        impl<'de> serde::de::Visitor<'de> for Arguments {
            type Value = All;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("arguments")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<All, A::Error> {
                let mut all = Vec::new();
                while let Some(argument) = list.next_element()? {
                    all.push(argument);
                }
                Ok(All(all))
            }
        }
        // What a tuple is to the library: all arguments instead of the first.
        deserializer.deserialize_tuple(usize::MAX, Arguments)
    }
}

impl Serialize for All {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for argument in &self.0 {
            tuple.serialize_element(argument)?;
        }
        tuple.end()
    }
}

/// Sends every message back.
#[derive(Debug)]
struct Echo;

impl EngineIoHandler for Echo {
    type Data = ();

    fn on_connect(self: Arc<Self>, _: Arc<Socket<()>>) {}

    fn on_disconnect(&self, _: Arc<Socket<()>>, _: DisconnectReason) {}

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<()>>) {
        let _ = socket.emit(message);
    }

    fn on_binary(self: &Arc<Self>, data: Bytes, socket: Arc<Socket<()>>) {
        let _ = socket.emit_binary(data);
    }
}
