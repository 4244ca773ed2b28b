//! What a room does, as a pure state machine: [`Room::handle`] takes the time (both clocks, see [`Now`]) and an [`Input`], and answers [`Effect`]s.
//!
//! This crate has no IO, no clock, no randomness and no async; it keeps no message after `handle` returns.
//! Its types are not wire types: what travels is `protocol`'s.

mod bans;
mod event;
mod event_debug;
mod ids;
mod in_list;
mod invites;
mod names;
mod pending_reads;
mod people;
mod presence;
mod rate;
mod recorded;
mod request;
mod resume;
mod room;
mod seat;
mod time;
mod typing;

#[cfg(test)]
mod tests;

pub use bans::{Ban, Bans, Mark};
pub use event::{
    Action, Body, Change, ChangeKind, Effect, Ended, EventKind, Input, NewMessage, NewWhisper, RoomEvent, Settings,
};
pub use ids::{ChannelId, MessageIds, Named, NodeId, Origin, SessionKey};
pub use invites::{Invite, InviteMark, Invites};
pub use people::{Inside, People};
pub use rate::{Bucket, Rate};
pub use recorded::Recorded;
pub use resume::{ResumeQueue, Tells};
pub use room::{Doorway, Room, RoomStart};
pub use time::{Monotonic, Now};
