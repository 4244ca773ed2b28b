//! The wire of `WhisperSpace`: every type that crosses between server and clients, in one crate that both sides compile.
//!
//! This crate knows serde and nothing else: no async, no clock, no randomness. Of its features `door` adds the reading of
//! what people typed, which needs the tables of Unicode, and `describe` schemas of all that travels: servers have them, the
//! page in the browser does not.
//! Rules of change within [`SUBPROTOCOL`]: fields and server frames may be added, none is re-purposed or removed;
//! clients ignore server frames they do not know, the server answers unknown client frames with an error.
//! `README.md` beside this crate is the public description and changes in the same commit.

#![cfg_attr(
    feature = "describe",
    expect(clippy::large_stack_arrays, reason = "what derives make of the enums of frames; it is built once")
)]

#[macro_use]
mod decode;
pub mod admin;
pub mod api;
mod channel_frames;
mod client_frame;
#[cfg(feature = "describe")]
mod describe;
mod device;
pub mod error;
pub mod ids;
mod json;
pub mod limits;
mod member;
pub mod names;
mod powers;
mod said;
mod server_frame;
mod timer;

#[cfg(test)]
mod tests;

pub use channel_frames::{
    ChannelClientFrame, ChannelLimits, ChannelPosition, ChannelServerFrame, decode_channel_client,
};
pub use client_frame::{ClientFrame, FrameError, Refers, Resume, SendBody, SendMessage, SendWhisper, decode_client};
pub use decode::{Read, Unreadable, decode, field};
pub use device::{Browser, Device, System};
pub use error::{ErrorCode, Problem};
pub use ids::{
    ClientId, InviteId, InviteToken, LoginId, MemberId, MessageId, ROOM_CODE_CHARS, RoomCode, Secret, SessionId,
};
pub use json::{Object, Value};
pub use limits::Limits;
pub use member::{Activity, Knocking, LeaveReason, Me, Member, Position, RoomInfo, UserKind, WireLimits};
pub use names::{DisplayName, Emoji, RoomName, Sealed, Text, Topic};
#[cfg(feature = "door")]
pub use names::{Password, Pin, Username};
pub use powers::{Power, Role};
pub use said::{Message, SealedMessage, Whisper};
pub use server_frame::{Notice, ReadUpTo, ServerFrame, decode_server, encode};
pub use timer::{Timer, timer_within};

/// The WebSocket subprotocol that names this version of the wire.
pub const SUBPROTOCOL: &str = "whisperspace.v1";

/// Milliseconds since the Unix epoch, always handed in, never read from a clock here.
pub type Millis = u64;
