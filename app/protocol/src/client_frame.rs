//! What a client says.
//!
//! Fields that a person types arrive as plain strings here and are parsed by the server's door, so that each gets the
//! error that fits it instead of a general `bad_frame`.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::api::{ChangeRoom, buffered_timer};
use crate::error::ErrorCode;
use crate::ids::{ClientId, MemberId, MessageId, Secret, SessionId};
use crate::member::{Activity, Position};
use crate::powers::Role;

/// One frame from a client. `t` names the variant; unknown frames and unknown fields are errors.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub enum ClientFrame {
    /// First of all, once: who it is, and which session it wants back.
    Hello {
        /// The JWT, where no cookie carries it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// The session that dropped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
        /// Enter by itself what the person is a member of, and what they enter by another session.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        follow: bool,
    },
    /// Take a seat in a room.
    Join {
        /// Names the request.
        cid: ClientId,
        /// As typed; the server normalises it.
        code: String,
        /// Needed by newcomers where the room has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<String>,
        /// What an invite's link carries, instead of the PIN.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invite: Option<String>,
        /// The last position seen, by somebody who was here before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Position>,
    },
    /// Leave a room for good, with every session.
    Leave {
        /// Names the request.
        cid: ClientId,
        /// The room's code.
        room: String,
    },
    /// Say something.
    Send(SendMessage),
    /// Say something to one person inside, and to nobody else.
    Whisper(SendWhisper),
    /// Say an own message in other words, within the time for it.
    Edit {
        /// Names the request, as in `send`.
        cid: ClientId,
        /// The room's code.
        room: String,
        /// The message's id.
        id: MessageId,
        /// As typed.
        text: String,
    },
    /// Take an own message back, within the time for it.
    Delete {
        /// Names the request, as in `send`.
        cid: ClientId,
        /// The room's code.
        room: String,
        /// The message's id.
        id: MessageId,
    },
    /// Put an emoji to a message, or take it away again.
    React {
        /// Names the request, as in `send`.
        cid: ClientId,
        /// The room's code.
        room: String,
        /// The message's id.
        id: MessageId,
        /// One emoji.
        emoji: String,
        /// Put it there, or take it away.
        on: bool,
    },
    /// Change the room: its name, topic, PIN, capacity, lifetime, lock.
    Change {
        /// Names the request.
        cid: ClientId,
        /// The room's code.
        room: String,
        /// What is to be another.
        set: ChangeRoom,
    },
    /// Ask those inside of a room to be let in. `done` when that is so: join then.
    Knock {
        /// Names the request.
        cid: ClientId,
        /// As typed; the server normalises it.
        code: String,
        /// Needed where the room has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<String>,
    },
    /// Let in whoever knocks, or send them away.
    Admit {
        /// Names the request.
        cid: ClientId,
        /// The room's code.
        room: String,
        /// Who.
        member: MemberId,
        /// In, or away.
        on: bool,
    },
    /// Let somebody come back who was banned.
    Unban {
        /// Names the request.
        cid: ClientId,
        /// The room's code.
        room: String,
        /// Who.
        member: MemberId,
    },
    /// Put somebody out, who may come back.
    Kick {
        /// Names the request.
        cid: ClientId,
        /// The room's code.
        room: String,
        /// Who.
        member: MemberId,
    },
    /// Put somebody out, who may not come back.
    Ban {
        /// Names the request.
        cid: ClientId,
        /// The room's code.
        room: String,
        /// Who.
        member: MemberId,
    },
    /// Make somebody a moderator, a member again, or the owner instead of oneself.
    Role {
        /// Names the request.
        cid: ClientId,
        /// The room's code.
        room: String,
        /// Who.
        member: MemberId,
        /// What they are from now on.
        role: Role,
    },
    /// End the room for everybody.
    Burn {
        /// Names the request.
        cid: ClientId,
        /// The room's code.
        room: String,
    },
    /// Started or stopped typing. Not answered.
    Typing {
        /// The room's code.
        room: String,
        /// Started or stopped.
        on: bool,
    },
    /// How far the person has read. Not answered. Without an id, nothing is told of them any more, nor to them.
    Read {
        /// The room's code.
        room: String,
        /// The last message that they have seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<MessageId>,
    },
    /// Whether the person looks. Not answered.
    Status {
        /// Online or away.
        state: Activity,
        /// For one room; for all where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
    },
    /// Are you there? Answered by `pong`.
    Ping {
        /// Counted frames since `welcome`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        have: Option<u64>,
    },
    /// The answer to the server's `ping`; also sent unasked every 64 counted frames.
    Pong {
        /// Counted frames since `welcome`.
        have: u64,
    },
}

/// Something to be relayed to everybody in a room.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SendFields", into = "SendFields")]
pub struct SendMessage {
    /// Names the message: a repeated one is acknowledged again and relayed once.
    pub cid: ClientId,
    /// The room's code.
    pub room: String,
    /// What is said.
    pub body: SendBody,
    /// What it refers to. In a sealed room that is sealed with it.
    pub refers: Refers,
}

/// Something to be told to one person and to the sender's own sessions.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct SendWhisper {
    /// Names it, as in `send`.
    pub cid: ClientId,
    /// The room's code.
    pub room: String,
    /// To whom.
    pub to: MemberId,
    /// As typed.
    pub text: String,
    /// The message, or the whisper between these two, that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<MessageId>,
    /// As in `send`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer_s: Option<u64>,
}

/// What goes with a message beside its words: what it refers to, and for how long it is there.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Refers {
    /// The message that it answers.
    pub reply: Option<MessageId>,
    /// The people whom it names.
    pub mentions: Vec<MemberId>,
    /// Its burn timer in seconds; 0: none, absent: the room's.
    pub timer_s: Option<u64>,
}

/// What is said, not parsed yet. Which of the two a room takes was decided when it was made.
#[derive(Clone, PartialEq, Eq)]
pub enum SendBody {
    /// As typed.
    Text(String),
    /// As the client encrypted it, in base64url.
    Sealed(String),
}

/// The fields of a `send` on the wire: exactly one of `text` and `sealed` is there.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema), schema(as = SendMessage))]
pub(crate) struct SendFields {
    cid: ClientId,
    room: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<MemberId>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "buffered_timer")]
    timer_s: Option<u64>,
}

impl TryFrom<SendFields> for SendMessage {
    type Error = ErrorCode;
    fn try_from(fields: SendFields) -> Result<Self, ErrorCode> {
        let SendFields { cid, room, text, sealed, reply, mentions, timer_s } = fields;
        let refers = Refers { reply, mentions, timer_s };
        let body = match (text, sealed) {
            (Some(text), None) => SendBody::Text(text),
            (None, Some(sealed)) if refers == Refers::default() => SendBody::Sealed(sealed),
            (None | Some(_), None | Some(_)) => return Err(ErrorCode::BadFrame),
        };
        Ok(Self { cid, room, body, refers })
    }
}

impl From<SendMessage> for SendFields {
    fn from(message: SendMessage) -> Self {
        let SendMessage { cid, room, body, refers: Refers { reply, mentions, timer_s } } = message;
        let (text, sealed) = match body {
            SendBody::Text(text) => (Some(text), None),
            SendBody::Sealed(sealed) => (None, Some(sealed)),
        };
        Self { cid, room, text, sealed, reply, mentions, timer_s }
    }
}

/// A claim to a session that dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Resume {
    /// From the last `welcome`.
    pub session: SessionId,
    /// From the last `welcome`; used once.
    pub secret: Secret,
    /// Counted frames that arrived since that `welcome`.
    pub have: u64,
}

/// Why a frame could not be read, with the request it belongs to as far as that can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameError {
    /// Always [`ErrorCode::BadFrame`] today.
    pub code: ErrorCode,
    /// The request's `cid`, where one could be read.
    pub cid: Option<ClientId>,
}

/// Reads one text frame.
///
/// # Errors
/// [`FrameError`] when it is not JSON, not a known frame, or has a missing, unknown or mistyped field.
pub fn decode_client(text: &str) -> Result<ClientFrame, FrameError> {
    read_strictly(text)
}

/// Reads a frame of either kind.
pub(crate) fn read_strictly<T: DeserializeOwned>(text: &str) -> Result<T, FrameError> {
    #[derive(Deserialize)]
    struct OnlyCid {
        cid: ClientId,
    }
    // serde reads a struct from an array as well; a frame is an object.
    if !text.trim_start().starts_with('{') {
        return Err(FrameError { code: ErrorCode::BadFrame, cid: None });
    }
    serde_json::from_str(text).map_err(|_| FrameError {
        code: ErrorCode::BadFrame,
        cid: serde_json::from_str::<OnlyCid>(text).ok().map(|only| only.cid),
    })
}

impl ClientFrame {
    /// The request's `cid`, for the frames that are answered by name.
    #[must_use]
    pub fn cid(&self) -> Option<&ClientId> {
        match self {
            Self::Join { cid, .. }
            | Self::Leave { cid, .. }
            | Self::Send(SendMessage { cid, .. })
            | Self::Whisper(SendWhisper { cid, .. })
            | Self::Edit { cid, .. }
            | Self::Delete { cid, .. }
            | Self::React { cid, .. }
            | Self::Change { cid, .. }
            | Self::Knock { cid, .. }
            | Self::Admit { cid, .. }
            | Self::Unban { cid, .. }
            | Self::Kick { cid, .. }
            | Self::Ban { cid, .. }
            | Self::Role { cid, .. }
            | Self::Burn { cid, .. } => Some(cid),
            Self::Hello { .. }
            | Self::Typing { .. }
            | Self::Read { .. }
            | Self::Status { .. }
            | Self::Ping { .. }
            | Self::Pong { .. } => None,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Send(_) => "send",
            Self::Whisper(_) => "whisper",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::Change { .. } => "change",
            Self::Knock { .. } => "knock",
            Self::Admit { .. } => "admit",
            Self::Unban { .. } => "unban",
            Self::Kick { .. } => "kick",
            Self::Ban { .. } => "ban",
            Self::Role { .. } => "role",
            Self::Burn { .. } => "burn",
            Self::React { .. } => "react",
            Self::Typing { .. } => "typing",
            Self::Read { .. } => "read",
            Self::Status { .. } => "status",
            Self::Ping { .. } => "ping",
            Self::Pong { .. } => "pong",
        }
    }
}

/// Frames carry text, codes and tokens: only the name is ever formatted.
impl fmt::Debug for ClientFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientFrame::{}", self.name())
    }
}

impl fmt::Debug for Refers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refers({} people)", self.mentions.len())
    }
}

impl fmt::Debug for SendMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendMessage(…)")
    }
}

impl fmt::Debug for SendWhisper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendWhisper(…)")
    }
}

impl fmt::Debug for SendBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Sealed(_) => "Sealed(…)",
        })
    }
}

impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resume(…)")
    }
}
