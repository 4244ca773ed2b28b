//! What a room does, as a pure state machine: [`Room::handle`] takes the time (both clocks, see [`Now`]) and an [`Input`], and answers [`Effect`]s.
//!
//! This crate has no IO, no clock, no randomness and no async; it keeps no message after `handle` returns.
//! Its types are not wire types: what travels is `protocol`'s.

mod event;
mod ids;
mod names;
mod presence;
mod rate;
mod resume;
mod room;
mod seat;
mod time;
mod typing;

#[cfg(test)]
mod tests;

pub use event::{Body, Change, ChangeKind, Effect, Ended, EventKind, Input, NewMessage, RoomEvent};
pub use ids::{ChannelId, MessageIds, NodeId, Origin, SessionKey};
pub use rate::{Bucket, Rate};
pub use resume::{ResumeQueue, Tells};
pub use room::{Room, RoomStart};
pub use time::{Monotonic, Now};
