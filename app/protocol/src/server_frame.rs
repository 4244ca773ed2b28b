//! What the server says.

use std::fmt;

use serde::Serialize;

use crate::Millis;
use crate::decode::{Read, Unreadable, decode, field};
use crate::error::ErrorCode;
use crate::ids::{ClientId, MemberId, MessageId, RoomCode, Secret, SessionId};
use crate::json::{Object, Value};
use crate::member::{Knocking, LeaveReason, Me, Member, Position, RoomInfo, WireLimits};
use crate::names::{DisplayName, Emoji};
use crate::said::{Message, SealedMessage, Whisper};

/// One frame from the server. `t` names the variant; clients ignore the ones they do not know.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub enum ServerFrame {
    /// The answer to `hello`. The count of frames starts here.
    Welcome {
        /// This session; claimed again after a drop.
        session: SessionId,
        /// What the claim needs; new with each `welcome`.
        secret: Secret,
        /// Whether the claimed session went on. If not, its rooms must be joined again.
        resumed: bool,
        /// The rooms that the session is in.
        rooms: Vec<RoomCode>,
        /// Who you are.
        me: Me,
        /// The server's clock.
        now: Millis,
        /// What this server accepts.
        limits: WireLimits,
    },
    /// The answer to `join`; also sent for each room of a resumed session, without a `cid`.
    Joined {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        cid: Option<ClientId>,
        /// The room.
        room: RoomInfo,
        /// Your member id in this room.
        you: MemberId,
        /// Where the room's order stands.
        position: Position,
        /// People inside.
        count: u32,
        /// At most `roster_max` of them, you first.
        members: Vec<Member>,
    },
    /// The answer to `leave`, or word that the seat has ended.
    Left {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        cid: Option<ClientId>,
        /// The room's code.
        room: RoomCode,
        /// Why.
        reason: LeaveReason,
    },
    /// The room changed: name, topic, PIN, capacity, lifetime, lock.
    Room {
        /// As it is now.
        room: RoomInfo,
        /// Who changed it.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<MemberId>,
    },
    /// Who waits to be let in, for those who may do that. Replaces the list before. Not counted.
    Knocks {
        /// The room's code.
        room: RoomCode,
        /// The first of them first.
        knocks: Vec<Knocking>,
    },
    /// A change that was asked for is made, and those inside are told.
    Done {
        /// The request.
        cid: ClientId,
        /// The room's code.
        room: RoomCode,
    },
    /// Somebody said something. The sender gets it too.
    Message(Message),
    /// Somebody said something in a sealed room. The sender gets it too.
    Sealed(SealedMessage),
    /// Somebody said something to one person: only these two get it, in all their sessions.
    Whisper(Whisper),
    /// A message says something else from here on. Only its author can bring this about.
    Edited {
        /// The room's code.
        room: RoomCode,
        /// The message's id.
        id: MessageId,
        /// When the server took the edit.
        at: Millis,
        /// What was typed; show it as text.
        text: String,
        /// The same as sanitised HTML, only where markup makes a difference.
        #[serde(skip_serializing_if = "Option::is_none")]
        html: Option<String>,
        /// Of a whisper: only those two are told, and it is not among [`crate::Position::changes`].
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        whisper: bool,
    },
    /// A message was taken back: forget its text. No later frame brings it back.
    Deleted {
        /// The room's code.
        room: RoomCode,
        /// The message's id.
        id: MessageId,
        /// When the server took the deletion.
        at: Millis,
        /// Of a whisper: only those two are told, and it is not among [`crate::Position::changes`].
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        whisper: bool,
    },
    /// Somebody has put an emoji to a message, or taken it away again. The same twice is the same once.
    Reaction {
        /// The room's code.
        room: RoomCode,
        /// The message's id.
        id: MessageId,
        /// Who.
        member: MemberId,
        /// What they were called then.
        name: DisplayName,
        /// Which.
        emoji: Emoji,
        /// It is there now, or is not any more.
        on: bool,
        /// Of a whisper: only those two are told, and it is not among [`crate::Position::changes`].
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        whisper: bool,
    },
    /// Accepted and relayed. It does not mean read.
    Ack {
        /// The request.
        cid: ClientId,
        /// The room's code.
        room: RoomCode,
        /// Its place in the order; of a change of a message, the last message's before it.
        seq: u64,
        /// The id of the message that was sent or changed.
        id: MessageId,
        /// When the server took it.
        at: Millis,
    },
    /// Who came, changed and went since the last such frame. Not counted.
    Presence {
        /// The room's code.
        room: RoomCode,
        /// People inside now.
        count: u32,
        /// Came in.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        joined: Vec<Member>,
        /// Name, state or role is another.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        changed: Vec<Member>,
        /// Went out.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        left: Vec<MemberId>,
    },
    /// Everybody who is typing now (the reader too, if so). Replaces the frame before. Not counted.
    Typing {
        /// The room's code.
        room: RoomCode,
        /// Who.
        members: Vec<MemberId>,
    },
    /// How far people have read, of those of whom that is another than before. To those who tell it of themselves. Not
    /// counted.
    Receipt {
        /// The room's code.
        room: RoomCode,
        /// Each of them.
        reads: Vec<ReadUpTo>,
    },
    /// You missed messages that cannot be fetched.
    Gap {
        /// The room's code.
        room: RoomCode,
        /// How many; absent: possibly some.
        #[serde(skip_serializing_if = "Option::is_none")]
        missed: Option<u64>,
    },
    /// Something about the server that concerns those inside. Not counted: it is told again to whoever joins while it holds.
    Notice {
        /// The room that it is about; absent: all of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<RoomCode>,
        /// What.
        notice: Notice,
        /// In the operator's words, of an announcement; absent: it holds no more.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A request failed; the connection goes on.
    Error {
        /// From the table.
        code: ErrorCode,
        /// The table's text.
        text: String,
        /// The request, where one is named.
        #[serde(skip_serializing_if = "Option::is_none")]
        cid: Option<ClientId>,
        /// When it makes sense to try again.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The token's time is half over. The next one, where the client keeps it itself; nothing where a cookie carries it:
    /// `POST /api/v1/me/token` renews that.
    Token {
        /// To be used from now on. The one before stays good until its end.
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// When it ends.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Millis>,
    },
    /// The connection ends next. Its close code says whether to come back. Not counted.
    Bye {
        /// From the table.
        code: ErrorCode,
        /// When to connect again, spread so that not all come at once.
        #[serde(skip_serializing_if = "Option::is_none")]
        reconnect_in_ms: Option<u64>,
    },
    /// Are you there? Answer with `pong`. Not counted.
    Ping {},
    /// The answer to a client's `ping`. Not counted.
    Pong {},
    /// A frame that this version does not know.
    Unknown,
}

/// What of the server is told to those inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Other servers of the site are out of reach: people on those hear nothing of the room, and nothing is sent later.
    Apart,
    /// They are reached again.
    Together,
    /// The operator says something to everybody.
    Announcement,
}

/// How far somebody has read: what was sent between these two times, both by the server's clock.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct ReadUpTo {
    /// Who.
    pub member: MemberId,
    /// When they came: what was sent before has not reached them.
    pub from: Millis,
    /// When the last message that they have seen was sent.
    pub at: Millis,
}

impl ServerFrame {
    /// Whether both sides count this frame for resuming.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        match self {
            Self::Joined { .. }
            | Self::Left { .. }
            | Self::Room { .. }
            | Self::Done { .. }
            | Self::Message(_)
            | Self::Sealed(_)
            | Self::Whisper(_)
            | Self::Edited { .. }
            | Self::Deleted { .. }
            | Self::Reaction { .. }
            | Self::Ack { .. }
            | Self::Gap { .. }
            | Self::Error { .. }
            | Self::Token { .. }
            | Self::Unknown => true,
            Self::Welcome { .. }
            | Self::Presence { .. }
            | Self::Typing { .. }
            | Self::Knocks { .. }
            | Self::Receipt { .. }
            | Self::Notice { .. }
            | Self::Bye { .. }
            | Self::Ping {}
            | Self::Pong {} => false,
        }
    }

    /// An `error` frame with the table's text.
    #[must_use]
    pub fn error(code: ErrorCode, cid: Option<ClientId>, retry_after_ms: Option<u64>) -> Self {
        Self::Error { code, text: code.text().to_owned(), cid, retry_after_ms }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::Joined { .. } => "joined",
            Self::Left { .. } => "left",
            Self::Room { .. } => "room",
            Self::Knocks { .. } => "knocks",
            Self::Done { .. } => "done",
            Self::Message(_) => "message",
            Self::Sealed(_) => "sealed",
            Self::Whisper(_) => "whisper",
            Self::Edited { .. } => "edited",
            Self::Deleted { .. } => "deleted",
            Self::Reaction { .. } => "reaction",
            Self::Ack { .. } => "ack",
            Self::Presence { .. } => "presence",
            Self::Typing { .. } => "typing",
            Self::Receipt { .. } => "receipt",
            Self::Gap { .. } => "gap",
            Self::Notice { .. } => "notice",
            Self::Error { .. } => "error",
            Self::Token { .. } => "token",
            Self::Bye { .. } => "bye",
            Self::Ping {} => "ping",
            Self::Pong {} => "pong",
            Self::Unknown => "unknown",
        }
    }
}

/// Frames carry text and names: only the variant is ever formatted.
impl fmt::Debug for ServerFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerFrame::{}", self.name())
    }
}

/// Ties people to times: a log line never needs it.
impl fmt::Debug for ReadUpTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadUpTo(…)")
    }
}

read_struct!(ReadUpTo { member, from, at });

impl Read for Notice {
    fn read(value: Value) -> Option<Self> {
        match value.as_str()? {
            "apart" => Some(Self::Apart),
            "together" => Some(Self::Together),
            "announcement" => Some(Self::Announcement),
            _ => None,
        }
    }
}

/// Writes one frame. Called once for a broadcast, whatever the number of readers.
#[must_use]
pub fn encode<F: Serialize>(frame: &F) -> String {
    // Frames are structs, enums and strings: none of serde_json's failures (non-string keys, foreign errors) can occur.
    serde_json::to_string(frame).expect("frames always serialise")
}

/// Reads one frame from the server, as clients do: one of a kind that this version does not know is
/// [`ServerFrame::Unknown`].
///
/// # Errors
/// [`Unreadable`] for text that is not a frame, or lacks what its kind has.
pub fn decode_server(text: &str) -> Result<ServerFrame, Unreadable> {
    decode(text)
}

impl Read for ServerFrame {
    fn read(value: Value) -> Option<Self> {
        let Value::Object(mut object) = value else { return None };
        let tag: String = field(&mut object, "t")?;
        let object = &mut object;
        Some(match tag.as_str() {
            "knocks" | "done" | "sealed" | "whisper" | "edited" | "deleted" | "reaction" | "receipt" | "notice"
            | "token" => read_seldom(&tag, object)?,
            "welcome" => {
                from_fields!(object => Self::Welcome { session, secret, resumed, rooms, me, now, limits })
            }
            "joined" => from_fields!(object => Self::Joined { cid, room, you, position, count, members }),
            "left" => from_fields!(object => Self::Left { cid, room, reason }),
            "room" => from_fields!(object => Self::Room { room, by }),
            "message" => Self::Message(from_fields!(object => Message {
                room, seq, id, cid, member, name, at, text, html, reply, mentions, timer
            })),
            "ack" => from_fields!(object => Self::Ack { cid, room, seq, id, at }),
            "presence" => from_fields!(object => Self::Presence { room, count, joined, changed, left }),
            "typing" => from_fields!(object => Self::Typing { room, members }),
            "gap" => from_fields!(object => Self::Gap { room, missed }),
            "error" => from_fields!(object => Self::Error { code, text, cid, retry_after_ms }),
            "bye" => from_fields!(object => Self::Bye { code, reconnect_in_ms }),
            "ping" => Self::Ping {},
            "pong" => Self::Pong {},
            _ => Self::Unknown,
        })
    }
}

/// What seldom comes, kept by itself: a page fetches it when it is idle.
#[inline(never)]
fn read_seldom(tag: &str, object: &mut Object) -> Option<ServerFrame> {
    Some(match tag {
        "knocks" => from_fields!(object => ServerFrame::Knocks { room, knocks }),
        "done" => from_fields!(object => ServerFrame::Done { cid, room }),
        "sealed" => ServerFrame::Sealed(from_fields!(object => SealedMessage {
            room, seq, id, cid, member, name, at, sealed
        })),
        "whisper" => ServerFrame::Whisper(from_fields!(object => Whisper {
            room, id, cid, member, name, to, to_name, at, text, html, reply, timer
        })),
        "edited" => from_fields!(object => ServerFrame::Edited { room, id, at, text, html, whisper }),
        "deleted" => from_fields!(object => ServerFrame::Deleted { room, id, at, whisper }),
        "reaction" => from_fields!(object => ServerFrame::Reaction { room, id, member, name, emoji, on, whisper }),
        "receipt" => from_fields!(object => ServerFrame::Receipt { room, reads }),
        "notice" => from_fields!(object => ServerFrame::Notice { room, notice, text }),
        "token" => from_fields!(object => ServerFrame::Token { token, expires_at }),
        _ => ServerFrame::Unknown,
    })
}
