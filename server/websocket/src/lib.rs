//! The server's side of RFC 6455 (WebSocket), without IO: bytes go in and events come out, messages go in and slices of
//! bytes come out. Must not know a socket, a runtime or a clock, nor what the messages mean.
//!
//! * [`handshake`]: the HTTP request that opens a connection, and its answer.
//! * [`Reader`]: masked frames of a client, in whatever portions they arrive, to whole messages.
//! * [`Outgoing`]: unmasked frames of a server. A payload that many connections share is never copied: each connection
//!   puts the few bytes of the frame's header in front of it, for vectored writes.
//! * [`Connection`]: both together, with the answers that the protocol itself asks for (pong, close).
//!
//! No extension is spoken (compression would cost more than it saves here, and mixes secrets with chosen text), so the
//! reserved bits of every frame must be zero.

mod close;
mod close_code;
mod connection;
mod error;
mod event;
pub mod handshake;
mod header;
mod mask;
mod outgoing;
mod reader;
mod text;

pub use close::CloseFrame;
pub use close_code::CloseCode;
pub use connection::Connection;
pub use error::Error;
pub use event::{Event, Progress};
pub use header::{FrameHeader, Opcode};
pub use outgoing::{Outgoing, WireFrame, payload};
pub use reader::{Reader, SizeLimits};
