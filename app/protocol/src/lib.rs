//! The wire of `WhisperSpace`: every type that crosses between server and clients, in one crate that both sides compile.
//!
//! This crate knows serde and nothing else: no async, no clock, no randomness, no feature flags.
//! Rules of change within [`SUBPROTOCOL`]: fields and server frames may be added, none is re-purposed or removed;
//! clients ignore server frames they do not know, the server answers unknown client frames with an error.
//! `README.md` beside this crate is the public description and changes in the same commit.

pub mod api;
mod client_frame;
mod decode;
pub mod error;
pub mod ids;
pub mod limits;
mod member;
pub mod names;
mod server_frame;

#[cfg(test)]
mod tests;

pub use client_frame::{ClientFrame, FrameError, Resume, decode_client};
pub use decode::decode;
pub use error::{ErrorCode, Problem};
pub use ids::{ClientId, LoginId, MemberId, MessageId, RoomCode, Secret, SessionId};
pub use limits::Limits;
pub use member::{Activity, LeaveReason, Me, Member, Position, RoomInfo, UserKind, WireLimits};
pub use names::{DisplayName, Pin, RoomName, Text, Username};
pub use server_frame::{Message, ServerFrame, decode_server, encode};

/// The WebSocket subprotocol that names this version of the wire.
pub const SUBPROTOCOL: &str = "whisperspace.v1";

/// Milliseconds since the Unix epoch, always handed in, never read from a clock here.
pub type Millis = u64;
