//! What the frames and the HTTP answers say about people and rooms.

use serde::{Deserialize, Serialize};

use crate::ids::{MemberId, RoomCode};
use crate::names::{DisplayName, RoomName, Topic};
use crate::powers::Role;
use crate::{Limits, Millis};

/// Whether somebody is looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub enum Activity {
    /// At least one session looks at the room.
    #[default]
    Online,
    /// Every connected session is hidden or idle.
    Away,
    /// Every session has lost its line; the seat is kept for the grace period. Only the server says this.
    Offline,
}

/// One person in one room, as the others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Member {
    /// The same on return to this room, unlinkable to other rooms.
    pub id: MemberId,
    /// Unique in the room.
    pub name: DisplayName,
    /// Over all sessions of the person.
    pub state: Activity,
    /// Made the room, or inherited it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owner: bool,
    /// Named by the owner to keep order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moderator: bool,
}

impl Member {
    /// What they are in the room.
    #[must_use]
    pub const fn role(&self) -> Role {
        match (self.owner, self.moderator) {
            (true, _) => Role::Owner,
            (false, true) => Role::Moderator,
            (false, false) => Role::Member,
        }
    }
}

/// What members know about their room.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the wire")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct RoomInfo {
    /// The code that opens it.
    pub code: RoomCode,
    /// What it is called.
    pub name: RoomName,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    /// The most people inside at once.
    pub capacity: u32,
    /// Whether newcomers need a PIN.
    pub pin: bool,
    /// Whether it takes only what clients have encrypted, and no text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// Whether no newcomers are let in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// The burn timer of messages whose sender chose none, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer_s: Option<u32>,
    /// Whether newcomers wait until somebody inside lets them in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lobby: bool,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends at the latest.
    pub expires_at: Millis,
}

/// Somebody who waits in front of a room to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Knocking {
    /// Who they would be inside.
    pub id: MemberId,
    /// What they want to be called.
    pub name: DisplayName,
}

/// A place in a room's order of messages.
///
/// `seq` numbers `message` frames from 1 and means nothing under another `epoch`; neither does `changes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Position {
    /// Random at each start of the room's task, below 2^53 so that JavaScript keeps it exact.
    pub epoch: u64,
    /// The last message that was relayed.
    pub seq: u64,
    /// Changes of messages (edits, deletions, reactions; not those of whispers) that were relayed under this epoch. A client that does not count them leaves
    /// it out, and is not told of those that it missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<u64>,
}

/// Why somebody is no longer in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub enum LeaveReason {
    /// They asked for it, here or on another of their sessions.
    Left,
    /// The room reached the end of its lifetime.
    Expired,
    /// Nobody had a seat for too long.
    Empty,
    /// The owner deleted the room.
    Deleted,
    /// The account was deleted or the login revoked.
    SignedOut,
    /// An owner or moderator put them out; they may come back.
    Kicked,
    /// An owner or moderator put them out; they may not come back.
    Banned,
}

/// Guest or account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub enum UserKind {
    /// No sign-up; ends with its cookie.
    Guest,
    /// User name and password.
    Account,
}

/// What a person is told about themselves, and nobody else is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Me {
    /// Guest or account.
    pub kind: UserKind,
    /// The display name they bring into rooms.
    pub name: DisplayName,
    /// The account's user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// The limits a client should know to stop bad input before it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct WireLimits {
    /// Characters in a message.
    pub text_chars_max: u32,
    /// Characters in a sealed message.
    pub sealed_chars_max: u32,
    /// Bytes in a frame.
    pub frame_bytes_max: u32,
    /// Silence after which a line is dead.
    pub silence_ms_max: u64,
    /// How long a dropped session keeps its seat.
    pub grace_ms: u64,
    /// How long a message can be edited and deleted.
    pub edit_window_ms: u64,
    /// How long a message with a burn timer is there for those who do not see it.
    pub burn_unread_ms: u64,
}

impl From<&Limits> for WireLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            text_chars_max: limits.text_chars_max,
            sealed_chars_max: limits.sealed_chars_max,
            frame_bytes_max: limits.frame_bytes_max,
            silence_ms_max: limits.silence_ms_max,
            grace_ms: limits.grace_ms,
            edit_window_ms: limits.edit_window_ms,
            burn_unread_ms: limits.burn_unread_ms,
        }
    }
}

read_words!(Activity { Online = "online", Away = "away", Offline = "offline" });
read_words!(LeaveReason {
    Left = "left",
    Expired = "expired",
    Empty = "empty",
    Deleted = "deleted",
    SignedOut = "signed_out",
    Kicked = "kicked",
    Banned = "banned",
});
read_words!(UserKind { Guest = "guest", Account = "account" });
read_struct!(Member { id, name, state, owner, moderator });
read_struct!(RoomInfo { code, name, topic, capacity, pin, sealed, locked, timer_s, lobby, created_at, expires_at });
read_struct!(Knocking { id, name });
read_struct!(Position { epoch, seq, changes });
read_struct!(Me { kind, name, username });
read_struct!(WireLimits {
    text_chars_max,
    sealed_chars_max,
    frame_bytes_max,
    silence_ms_max,
    grace_ms,
    edit_window_ms,
    burn_unread_ms
});
