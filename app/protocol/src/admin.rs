//! The bodies of the API for operators, under `/api/v1/admin`.
//!
//! Rooms and people are named by keyed hashes alone: no code, no name, no address and nothing that was said is in any of
//! these.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::error::ErrorCode;

/// Characters of an announcement.
pub const ANNOUNCEMENT_CHARS_MAX: usize = 280;
/// The longest that may be waited before a drain begins, and that it may take.
pub const DRAIN_S_MAX: u64 = 3_600;
/// How long is waited where nothing is said: a load balancer has seen by then that nobody is to be sent here.
pub const DRAIN_AFTER_S: u64 = 10;
/// And how long those who are there are sent away, one after the other.
pub const DRAIN_OVER_S: u64 = 10;

/// `POST sign-in`: what an operator signs in with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct OperatorCredentials {
    /// The operator's name.
    pub name: String,
    /// Their password.
    pub password: String,
}

/// The answer: a token for an hour.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct OperatorToken {
    /// To be sent as a bearer token.
    pub token: String,
    /// When it ends.
    pub expires_at: Millis,
}

/// `GET overview`: how this node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct NodeOverview {
    /// The program's.
    pub version: String,
    /// What this node is called, where the operator has given it a name.
    pub node: Option<String>,
    /// Other nodes that were heard of lately; `null` where there is no engine between nodes.
    pub other_nodes: Option<u64>,
    /// Seconds since it began to serve.
    pub uptime_s: u64,
    /// Memory that is not swapped out, where the system tells it.
    pub memory_bytes: Option<u64>,
    /// Memory beyond which nobody new is let in, where the operator has set it.
    pub memory_max_bytes: Option<u64>,
    /// Connections, by what carries them.
    pub connections: Vec<Carried>,
    /// Lines that are open, whatever they carry.
    pub tcp_connections: u64,
    /// Sessions that have a line.
    pub sessions_connected: u64,
    /// Sessions that wait for theirs to come back.
    pub sessions_away: u64,
    /// Rooms with somebody inside, or waited for.
    pub rooms: u64,
    /// Since it began to serve.
    pub total: Traffic,
    /// In the last minute, or since it began where that is less.
    pub last_minute: Traffic,
    /// The most frequent refusals since it began to serve, most frequent first.
    pub refusals: Vec<Refusals>,
}

/// Connections of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Carried {
    /// As the metrics name it.
    pub transport: String,
    /// How many there are.
    pub count: u64,
}

/// What went on in some span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Traffic {
    /// Messages that rooms have told.
    pub messages: u64,
    /// Sessions that these were handed to.
    pub deliveries: u64,
    /// Requests that were refused.
    pub refusals: u64,
}

/// Refusals of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Refusals {
    /// Of the table of errors.
    pub code: ErrorCode,
    /// How many there were.
    pub count: u64,
}

/// `GET rooms`: the largest rooms that are live on this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct LiveRooms {
    /// All that are live here, listed or not.
    pub total: u64,
    /// The largest of them, largest first.
    pub rooms: Vec<LiveRoom>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct LiveRoom {
    /// A keyed hash that names it, as the log of events does: the same on every node, another each day (UTC).
    pub hash: String,
    /// People inside, on all nodes.
    pub people: u64,
    /// Sessions inside, on this node.
    pub sessions: u64,
    /// Whether newcomers are let in.
    pub locked: bool,
    /// Seconds since it was made.
    pub age_s: u64,
}

/// `GET socket-debug`: which sockets of whom are in which room, as guides for Socket.IO servers have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct SocketDebug {
    /// Connections of every kind on this node.
    pub total_connections: u64,
    /// Rooms that are live here, listed or not.
    pub total_rooms: u64,
    /// The largest of them, largest first.
    pub rooms: Vec<DebuggedRoom>,
}

/// One of them. Everything is named by keyed hashes, as in the log of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct DebuggedRoom {
    /// The room.
    pub room_name: String,
    /// Sessions inside, on this node, listed or not.
    pub socket_count: u64,
    /// The first of them.
    pub socket_ids: Vec<String>,
    /// Whose these are, each person once.
    pub user_ids: Vec<String>,
}

/// `GET switches`, and the answer to a change: what the operator has said for all nodes. Gone with the process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Switches {
    /// No accounts are made.
    pub registration_closed: bool,
    /// No rooms are made.
    pub rooms_closed: bool,
    /// Shown to everybody.
    pub announcement: Option<String>,
}

/// `POST switches`: what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct ChangeSwitches {
    /// Whether accounts are made no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_closed: Option<bool>,
    /// Whether rooms are made no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rooms_closed: Option<bool>,
    /// What is shown to everybody; an empty one takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement: Option<String>,
}

/// How far a node is in sending its people elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub enum DrainState {
    /// It is not.
    #[default]
    Open,
    /// Nobody new comes in; those who are there will be told to go. Can be taken back.
    Soon,
    /// They are told, one after the other.
    Going,
    /// All were told.
    Done,
}

/// `GET drain`, and the answer to its beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Drain {
    /// How far it is.
    pub state: DrainState,
    /// Seconds until those who are there are told to go.
    pub in_s: Option<u64>,
}

/// `POST drain` (the body may be absent).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct BeginDrain {
    /// Seconds until those who are there are told to go: 10, and 3,600 at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_s: Option<u64>,
    /// Seconds over which that is spread: 10, and 3,600 at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_s: Option<u64>,
}

/// `POST logins/{id}/end`: what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct EndedLogins {
    /// Logins that were ended.
    pub logins: u64,
}

/// Holds a secret.
impl fmt::Debug for OperatorCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorCredentials(…)")
    }
}

/// So does this.
impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken(…)")
    }
}
