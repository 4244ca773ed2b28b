//! What clients of applications and the server say to each other about channels, on the same WebSocket and by the same rules
//! as [`ClientFrame`](crate::ClientFrame) and [`ServerFrame`](crate::ServerFrame). A session speaks of rooms or of channels,
//! never of both.
//!
//! Names of channels and events arrive as plain strings and are parsed by the server's door.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Millis;
use crate::client_frame::{FrameError, Resume, read_strictly};
use crate::ids::{ClientId, Secret, SessionId};

/// One frame from a client of an application. `t` names the variant; unknown frames and unknown fields are errors.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub enum ChannelClientFrame {
    /// First of all, once: who it is, of which application, and which session it wants back.
    Hello {
        /// The application's name, where neither the address (`?app=`) nor the token's issuer says it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app: Option<String>,
        /// The application's token, where no header carries it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// The session that dropped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
        /// What it wants to hear of; the application's first one where it names none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        namespaces: Vec<String>,
    },
    /// Hear a channel.
    Subscribe {
        /// Names the request.
        cid: ClientId,
        /// The channel's name.
        channel: String,
        /// The last position seen, by somebody who heard it before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<ChannelPosition>,
    },
    /// Hear it no more.
    Unsubscribe {
        /// Names the request.
        cid: ClientId,
        /// The channel's name.
        channel: String,
    },
    /// Tell those who hear a channel something, where its rules let clients do so.
    Publish {
        /// Names the request.
        cid: ClientId,
        /// The channel's name.
        channel: String,
        /// What the event is called.
        event: String,
        /// What it says.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        data: Value,
    },
    /// One of the application's own events, which its file says the meaning of.
    Event {
        /// Names the request.
        cid: ClientId,
        /// Where, if not in the application's first one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        /// What it is called.
        event: String,
        /// What it says.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        data: Value,
    },
    /// A later token of the same user: the session lasts as long as it does.
    Token {
        /// Names the request.
        cid: ClientId,
        /// The token.
        token: String,
    },
    /// Is the server there? Answered by `pong`.
    Ping {
        /// Counted frames that have arrived since `welcome`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        have: Option<u64>,
    },
    /// The answer to the server's `ping`, and whenever else the client wants to say what it has.
    Pong {
        /// Counted frames that have arrived since `welcome`.
        have: u64,
    },
}

/// A place in the order of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct ChannelPosition {
    /// Random, below 2^32, another one whenever the channel began anew: what was told before it is not known then.
    pub epoch: u64,
    /// The number of the last event that was told.
    pub seq: u64,
}

/// What a server accepts of clients of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct ChannelLimits {
    /// Bytes of one frame.
    pub frame_bytes_max: u32,
    /// Frames a minute.
    pub frames_per_minute: u32,
    /// Channels that one session may hear.
    pub channels_max: u64,
    /// How long a session waits for its client to come back.
    pub grace_ms: Millis,
    /// How often the server asks whether the client is there.
    pub ping_every_ms: Millis,
    /// After how long a silent client counts as gone.
    pub silence_ms_max: Millis,
}

/// One frame from the server. `t` names the variant; clients ignore the ones they do not know. `bye`, `ping` and `pong` are
/// those of [`ServerFrame`](crate::ServerFrame).
#[derive(Clone, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub enum ChannelServerFrame<'a> {
    /// The answer to `hello`. The count of frames starts here.
    Welcome {
        /// This session; claimed again after a drop.
        session: &'a SessionId,
        /// What the claim needs; new with each `welcome`.
        secret: &'a Secret,
        /// Whether the claimed session went on. If not, its channels must be subscribed to again.
        resumed: bool,
        /// The application's name.
        app: &'a str,
        /// The application's id of the user.
        user: &'a str,
        /// What it hears of.
        namespaces: Vec<&'a str>,
        /// The channels that the session hears.
        channels: Vec<&'a str>,
        /// The server's clock.
        now: Millis,
        /// What this server accepts.
        limits: ChannelLimits,
    },
    /// The answer to `subscribe`; without `cid`: the session hears it because its token, its user's backend or one of the
    /// application's events says so.
    Subscribed {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        cid: Option<&'a ClientId>,
        /// The channel's name.
        channel: &'a str,
        /// Where its order stands.
        position: ChannelPosition,
        /// Connections in it, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<usize>,
        /// At most 200 of its users, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        users: Option<Vec<String>>,
    },
    /// The answer to `unsubscribe`, or word that the channel is heard no more.
    Unsubscribed {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        cid: Option<&'a ClientId>,
        /// The channel's name.
        channel: &'a str,
    },
    /// A request was done.
    Done {
        /// The request.
        cid: &'a ClientId,
        /// What the application answers, where it does.
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Value>,
    },
    /// Something was told.
    Event {
        /// The channel's name; none: to this session's user, or in answer to it.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<&'a str>,
        /// Its place among the channel's events. Numbers are left out where something was not for this session; an event
        /// that may be left out has none.
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        /// Where, if not in the main one.
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<&'a str>,
        /// What it is called.
        event: &'a str,
        /// What it says.
        data: &'a Value,
    },
    /// Some was missed.
    Gap {
        /// Of which channel; none: of what was told to this session's user.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<&'a str>,
        /// So many events at the most; none: possibly some.
        #[serde(skip_serializing_if = "Option::is_none")]
        missed: Option<u64>,
    },
    /// A request was refused.
    Error {
        /// For programs: of this server's table (small letters), of channels' refusals (`UNAUTHORIZED`), or the application's.
        code: &'a str,
        /// For people.
        text: &'a str,
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        cid: Option<&'a ClientId>,
        /// When to try again.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<Millis>,
    },
}

/// Reads one text frame of a client of an application.
///
/// # Errors
/// [`FrameError`] when it is not JSON, not a known frame, or has a missing, unknown or mistyped field.
pub fn decode_channel_client(text: &str) -> Result<ChannelClientFrame, FrameError> {
    read_strictly(text)
}

impl ChannelClientFrame {
    /// The request's `cid`, for the frames that are answered by name.
    #[must_use]
    pub const fn cid(&self) -> Option<&ClientId> {
        match self {
            Self::Subscribe { cid, .. }
            | Self::Unsubscribe { cid, .. }
            | Self::Publish { cid, .. }
            | Self::Event { cid, .. }
            | Self::Token { cid, .. } => Some(cid),
            Self::Hello { .. } | Self::Ping { .. } | Self::Pong { .. } => None,
        }
    }
}

impl fmt::Debug for ChannelClientFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelClientFrame(…)")
    }
}

impl fmt::Debug for ChannelServerFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelServerFrame(…)")
    }
}
