//! Engine.IO 4 and Socket.IO 5 as their protocol documents have them, case by case, seen at the socket.
//!
//! They cover every case of the official suites, so that no release needs those to be run by hand. Most run against three
//! servers: an echo on Engine.IO alone, an echo on Socket.IO, and the product itself. Cases that wait for a heartbeat have the
//! suites' timings; all others have so long ones that a busy machine makes no difference.

mod client;
mod engine_close;
mod engine_handshake;
mod engine_heartbeat;
mod engine_payload;
mod engine_upgrade;
/// The server that the official suites are run against.
#[path = "../../../examples/socketio_conformance.rs"]
#[expect(dead_code, reason = "its own entry point")]
mod example;
mod packets;
mod product;

use std::net::SocketAddr;
use std::time::Duration;

use socketio::Settings;
use tokio::net::TcpListener;

use crate::harness::{Ask, TestServer};

const PING_MS: u64 = 300;
const TIMEOUT_MS: u64 = 200;

/// One server that speaks Engine.IO.
struct Target {
    addr: SocketAddr,
    path: &'static str,
    ping_ms: u64,
    timeout_ms: u64,
    payload_bytes_max: u64,
    product: Option<TestServer>,
}

/// How long the heartbeat takes.
#[derive(Clone, Copy)]
enum Pace {
    /// As in the official suites.
    Suites,
    /// Longer than any test.
    Calm,
}

impl Pace {
    fn settings(self) -> Settings {
        match self {
            Self::Suites => example::SETTINGS,
            Self::Calm => Settings {
                ping_interval: Duration::from_mins(1),
                ping_timeout: Duration::from_mins(1),
                connect_timeout: Duration::from_mins(1),
                ..example::SETTINGS
            },
        }
    }
}

impl Target {
    async fn echo(path: &'static str, pace: Pace) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let addr = listener.local_addr().expect("a bound port has an address");
        let settings = pace.settings();
        tokio::spawn(example::serve(listener, settings));
        let ms = |span: Duration| u64::try_from(span.as_millis()).expect("is short");
        Self {
            addr,
            path,
            ping_ms: ms(settings.ping_interval),
            timeout_ms: ms(settings.ping_timeout),
            payload_bytes_max: settings.payload_bytes_max as u64,
            product: None,
        }
    }

    /// An echo of Engine.IO messages.
    async fn engine_io(pace: Pace) -> Self {
        Self::echo("/engine.io/", pace).await
    }

    /// An echo of Socket.IO events, in two namespaces.
    async fn socket_io(pace: Pace) -> Self {
        Self::echo("/socket.io/", pace).await
    }

    async fn product(pace: Pace) -> Self {
        let (ping_ms, timeout_ms) = match pace {
            Pace::Suites => (PING_MS, TIMEOUT_MS),
            Pace::Calm => (60_000, 60_000),
        };
        let server = TestServer::limited(|limits| {
            (limits.ping_every_ms, limits.silence_ms_max) = (ping_ms, ping_ms + timeout_ms);
            limits.grace_ms = 0;
        })
        .await;
        let payload_bytes_max = server.state.config.limits.frame_bytes_max.into();
        Self { addr: server.addr, path: "/socket.io/", ping_ms, timeout_ms, payload_bytes_max, product: Some(server) }
    }

    /// All three.
    async fn all(pace: Pace) -> [Self; 3] {
        [Self::engine_io(pace).await, Self::socket_io(pace).await, Self::product(pace).await]
    }

    fn url(&self, query: &str) -> String {
        format!("{}?{query}", self.path)
    }

    fn get(&self, query: &str) -> Ask {
        Ask::get(&self.url(query))
    }

    /// Asserts that such a request is refused as a bad one.
    async fn refuses(&self, ask: Ask, what: &str) {
        let answer = ask.send(self.addr).await;
        assert_eq!(answer.status, 400, "{} {what}: {}", self.label(), answer.text());
    }

    fn label(&self) -> &'static str {
        match (&self.product, self.path) {
            (Some(_), _) => "the product",
            (None, "/engine.io/") => "the Engine.IO echo",
            (None, _) => "the Socket.IO echo",
        }
    }
}
