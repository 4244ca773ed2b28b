//! What a person asks of a room and the server has to take: a message, or what becomes of one. Pure.

use std::fmt;

use protocol::{ClientFrame, ClientId, MessageId, Refers, SendBody, SendMessage, SendWhisper};

use crate::row::Confidant;

/// One such request, without its name.
#[derive(Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// To be said.
    Message(String, Refers),
    /// To be said to one person.
    Whisper {
        /// To whom.
        to: Confidant,
        /// The words.
        text: String,
        /// What goes with them.
        refers: Refers,
    },
    /// An own message in other words.
    Edit {
        /// Which message.
        id: MessageId,
        /// The words.
        text: String,
    },
    /// An emoji is put to a message, or taken away.
    React {
        /// Which message.
        id: MessageId,
        /// Which emoji.
        emoji: String,
        /// Put, or taken away.
        on: bool,
    },
    /// An own message is taken back.
    Delete {
        /// Which message.
        id: MessageId,
    },
}

impl Outgoing {
    /// As it is sent.
    pub fn frame(self, cid: ClientId, room: String) -> ClientFrame {
        match self {
            Self::Message(text, refers) => {
                ClientFrame::Send(SendMessage { cid, room, body: SendBody::Text(text), refers })
            }
            Self::Whisper { to, text, refers: Refers { reply, timer_s, .. } } => {
                ClientFrame::Whisper(SendWhisper { cid, room, to: to.member, text, reply, timer_s })
            }
            Self::Edit { id, text } => ClientFrame::Edit { cid, room, id, text },
            Self::React { id, emoji, on } => ClientFrame::React { cid, room, id, emoji, on },
            Self::Delete { id } => ClientFrame::Delete { cid, room, id },
        }
    }

    /// What it says, where it is a message of its own.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Message(text, _) | Self::Whisper { text, .. } => Some(text),
            Self::Edit { .. } | Self::React { .. } | Self::Delete { .. } => None,
        }
    }

    /// Whether something would be lost with it: what was refused stays until the person retries or discards it.
    pub const fn holds_words(&self) -> bool {
        match self {
            Self::Message(..) | Self::Whisper { .. } | Self::Edit { .. } => true,
            Self::React { .. } | Self::Delete { .. } => false,
        }
    }
}

/// Holds what people write.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(..) => "Message",
            Self::Whisper { .. } => "Whisper",
            Self::Edit { .. } => "Edit",
            Self::React { .. } => "React",
            Self::Delete { .. } => "Delete",
        })
    }
}
