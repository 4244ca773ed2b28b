//! The Socket.IO transport, `/socket.io/`: clients of the original's events, by polling, WebSocket and the upgrade between
//! them. The same hub, sessions, limits and order as `ws`; this module translates and must decide nothing about rooms.
//!
//! What was found in `socketioxide` 0.18.9 and shaped it:
//! - A broadcast that finds a socket's buffer full loses the packet for that socket, and its error does not name it. So
//!   nothing is broadcast through the library: each session has its own queue, bounded in bytes, and one task hands it
//!   over packet by packet, as the client takes them (`line.rs`, `flow.rs`).
//! - Its WebSocket writer waits for a peer that does not read and hears of nothing meanwhile: neither the heartbeat's end
//!   nor a close reaches it, and the disconnect handler is never called. So the line under it can be ended from below
//!   (`crate::cord`), and a write that waits for too long ends it by itself.
//! - Its close always sends a packet after which some clients stay away. So lines are ended below it where clients should
//!   come back, and the disconnect packet is for kicks and revoked logins (`switchboard.rs`).
//! - It tells the client that it is connected before it calls the connect handler, and runs handlers as tasks in no
//!   order. So handlers are registered by the middleware and only fill an inbox (`connect.rs`).
//! - It serialises an event for each socket. What is queued is serialised already and goes through it as raw JSON: one
//!   encoding a broadcast, and copies (`voice.rs`, `packet.rs`).
//! - It pings at once when a session begins, keeps a session whose poll was cut, and closes one whose upgrade fails
//!   (`engine.rs`, `probe.rs`).
//!
//! `door.rs` decides who may open a session, `wish.rs` reads events, `render.rs` writes them.

mod connect;
mod door;
mod engine;
mod flow;
mod inbox;
mod line;
mod packet;
mod passage;
mod probe;
mod refusal;
mod render;
mod switchboard;
mod voice;
mod wish;

use std::sync::Arc;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use axum::routing::any;
use axum::{Extension, Router};
use protocol::{Limits, RoomCode};
use serde_json::Value;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::{ParserConfig, SocketIoBuilder};
use tokio::time::{sleep, timeout};

pub use engine::Engine;
pub(crate) use render::replies;
use switchboard::Switchboard;
pub(crate) use voice::{Rendition, Voice};

use crate::http::cors::share;
use crate::session::{Dialect, Session};
use crate::state::AppState;

/// Packets that the library holds for one client. Its heartbeat fails where there is no room for a ping, so there are
/// more than those few bytes hold that it is handed at once (`flow.rs`).
const BUFFER_PACKETS: usize = 2_048;
/// Attachments of one packet. No event has any; what carries some is refused like any other nonsense.
const ATTACHMENTS_MAX: usize = 4;
/// How long an upgrade may take.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// Room for the packets' own signs around the largest frame, and for several packets in one polling body.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// How long those who are told of the end have for it.
const GOODBYE: Duration = Duration::from_secs(1);

/// How Engine.IO is spoken: the server's transport and the conformance suites' differ in these numbers only.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Between two pings.
    pub ping_interval: Duration,
    /// From a ping to its answer.
    pub ping_timeout: Duration,
    /// From the line to the `CONNECT` packet.
    pub connect_timeout: Duration,
    /// Bytes in one body, WebSocket message or frame.
    pub payload_bytes_max: usize,
}

impl Tuning {
    /// By the limits in force.
    pub fn new(limits: &Limits) -> Self {
        let silence_ms = limits.silence_ms_max.saturating_sub(limits.ping_every_ms).max(limits.ping_every_ms / 4);
        Self {
            ping_interval: Duration::from_millis(limits.ping_every_ms),
            ping_timeout: Duration::from_millis(silence_ms.max(1)),
            // Some clients say who they are when they have tried their upgrade.
            connect_timeout: Duration::from_millis(limits.hello_ms_max) + UPGRADE_TIMEOUT,
            payload_bytes_max: usize::try_from(limits.frame_bytes_max).unwrap_or(usize::MAX),
        }
    }

    /// The library, set up with it.
    pub fn builder(&self) -> SocketIoBuilder {
        let parser = ParserConfig::common()
            .max_incoming_binaries(ATTACHMENTS_MAX)
            .max_incoming_binary_buf_size(self.payload_bytes_max);
        SocketIoBuilder::new()
            .ping_interval(self.ping_interval)
            .ping_timeout(self.ping_timeout)
            .connect_timeout(self.connect_timeout)
            .upgrade_timeout(UPGRADE_TIMEOUT)
            .max_buffer_size(BUFFER_PACKETS)
            .max_payload(u64::try_from(self.payload_bytes_max).unwrap_or(u64::MAX))
            .ws_read_buffer_size(READ_BUFFER_BYTES)
            .ws_max_message_size(self.payload_bytes_max)
            .ws_max_frame_size(self.payload_bytes_max)
            .with_parser(parser)
    }
}

/// The transport's addresses.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let switchboard = Arc::new(Switchboard::default());
    let tuning = Tuning::new(&state.config.limits);
    let (service, io) = tuning.builder().build_svc();
    let (admitting, board) = (state.clone(), Arc::clone(&switchboard));
    let admit = move |socket: SocketRef, auth: TryData<Value>| {
        connect::admit(admitting.clone(), Arc::clone(&board), socket, auth)
    };
    let running = state.clone();
    let connected = move |client: connect::Client| connect::connected(&running, client);
    io.ns("/", connected.with(admit));
    let (board, stopping) = (Arc::clone(&switchboard), state.stopping.clone());
    state.tracker.spawn(async move {
        stopping.cancelled().await;
        // Clients with a session are told by their own tasks; what is left then has none.
        sleep(GOODBYE / 4).await;
        board.release_all();
        let _ = timeout(GOODBYE, io.close()).await;
    });
    Router::new()
        .route("/socket.io/", any(door::enter))
        .route("/socket.io", any(door::enter))
        .layer(from_fn_with_state(state.clone(), share))
        .layer(Extension(Engine::new(service, &tuning)))
        .layer(Extension(switchboard))
}

/// Tells a session that its person has entered a room elsewhere, if it wants to be there too.
pub(crate) fn follow(session: &Session, code: RoomCode, limits: &Limits) {
    match &session.dialect {
        Dialect::SocketIo { follows: true, .. } => session.push(&packet::follow(code), limits),
        Dialect::SocketIo { follows: false, .. } | Dialect::Native => {}
    }
}
