//! The server's side of Engine.IO 4 and Socket.IO 5 without any IO: bytes and times go in, bytes and decisions come out.
//!
//! Rules come from the two protocol documents in the repository socketio/socket.io (`docs/engine.io-protocol/v4-current.md`,
//! `docs/socket.io-protocol/v5-current.md`); where they are silent, from what the reference server does. The crate knows no
//! socket, task, clock or random number: whoever uses it passes times and ids in. It knows no rooms and no events either.
//!
//! - [`Ask`]: what an HTTP request wants, or the [`Refusal`] it gets.
//! - [`Packet`] and [`Payload`]: packets of Engine.IO in a WebSocket frame and in a polling body.
//! - [`EngineSession`]: one Engine.IO session over both transports: polls, probe, upgrade, heartbeat, close.
//! - [`Namespaces`]: Socket.IO on top of a session: who is connected to what, events, acknowledgements, attachments.
//! - [`packet`]: packets of Socket.IO, read and written.

mod engine;
mod fault;
mod namespaces;
pub mod packet;
mod request;
mod session;

use std::time::Duration;

pub use engine::{Encoded, Packet, Payload};
pub use fault::Fault;
pub use namespaces::{Attached, Event, Incoming, Namespaces};
pub use request::{Ask, Refusal};
pub use session::{Closed, EngineSession, Probe};

/// How the protocols are spoken, and every limit on what one session may hold.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Between two pings.
    pub ping_interval: Duration,
    /// From a ping to its answer.
    pub ping_timeout: Duration,
    /// From the opening, or from the last `DISCONNECT`, to a `CONNECT` that is accepted.
    pub connect_timeout: Duration,
    /// From the request for an upgrade to its end.
    pub upgrade_timeout: Duration,
    /// Bytes in one body or WebSocket message. The caller enforces it where it reads; clients are told it.
    pub payload_bytes_max: usize,
    /// Packets that one poll may bring.
    pub poll_packets_max: usize,
    /// Bytes that one poll may bring, unless its first packet has more.
    pub poll_bytes_max: usize,
    /// Packets that may wait in the session; beyond it the session closes.
    pub queue_packets_max: usize,
    /// Attachments of one packet; 0 refuses every packet that has some.
    pub attachments_max: usize,
    /// Namespaces that one session may be connected to at once.
    pub namespaces_max: usize,
}

/// What a session's packets travel by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// Long polling: `GET` and `POST`.
    Polling,
    /// One packet a WebSocket message.
    WebSocket,
}
