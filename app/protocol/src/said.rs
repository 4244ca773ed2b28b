//! What somebody said, as it is told: to everybody, sealed, or to one person.

use std::fmt;

use serde::Serialize;

use crate::Millis;
use crate::ids::{ClientId, MemberId, MessageId, RoomCode};
use crate::names::{DisplayName, Sealed};
use crate::timer::Timer;

/// One message as everybody in the room gets it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Message {
    /// The room's code.
    pub room: RoomCode,
    /// Its place in the order.
    pub seq: u64,
    /// Its id.
    pub id: MessageId,
    /// The sender's request: receivers drop a repeated (member, cid).
    pub cid: ClientId,
    /// Who sent it.
    pub member: MemberId,
    /// What they were called then.
    pub name: DisplayName,
    /// When the server took it.
    pub at: Millis,
    /// What was typed; show it as text.
    pub text: String,
    /// The same as sanitised HTML, only where markup makes a difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<MessageId>,
    /// The people inside whom it names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<MemberId>,
    /// For how long it is there. One that was over before it could be told comes without its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer: Option<Timer>,
}

/// One message of a sealed room: where it stands and whose it is, and what only the members can read.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct SealedMessage {
    /// The room's code.
    pub room: RoomCode,
    /// Its place in the order.
    pub seq: u64,
    /// Its id.
    pub id: MessageId,
    /// The sender's request: receivers drop a repeated (member, cid).
    pub cid: ClientId,
    /// Who sent it.
    pub member: MemberId,
    /// What they were called then.
    pub name: DisplayName,
    /// When the server took it.
    pub at: Millis,
    /// As the sender's client encrypted it, byte for byte.
    pub sealed: Sealed,
}

/// One whisper. It has no place in the order of messages: nobody else can tell that there was one.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Whisper {
    /// The room's code.
    pub room: RoomCode,
    /// Its id.
    pub id: MessageId,
    /// The sender's request: receivers drop a repeated (member, cid).
    pub cid: ClientId,
    /// Who sent it.
    pub member: MemberId,
    /// What they were called then.
    pub name: DisplayName,
    /// To whom.
    pub to: MemberId,
    /// What they were called then.
    pub to_name: DisplayName,
    /// When the server took it.
    pub at: Millis,
    /// What was typed; show it as text.
    pub text: String,
    /// The same as sanitised HTML, only where markup makes a difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The message, or the whisper between these two, that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<MessageId>,
    /// When it burns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer: Option<Timer>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} bytes)", self.text.len())
    }
}

impl fmt::Debug for SealedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedMessage({:?})", self.sealed)
    }
}

impl fmt::Debug for Whisper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Whisper({} bytes)", self.text.len())
    }
}
