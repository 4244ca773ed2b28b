//! What the server addresses by: channels, nodes, sessions. Random bits and running numbers are handed in; none of them
//! is ever on the wire.

use std::fmt;

use protocol::{MemberId, MessageId, Millis};
use serde::{Deserialize, Serialize};

/// One session, as its node numbers it: another node gives the same number to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionKey(pub u64);

impl SessionKey {
    /// No session: what the API asks for, whose answer is its own. Nodes number theirs from 1.
    pub const NOBODY: Self = Self(0);
}

/// One process among those that serve the same rooms: 64 random bits, drawn at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub u64);

/// Where an event began: a session's number means something only together with its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The node that made the event.
    pub node: NodeId,
    /// Which of that node's sessions asked for it.
    pub session: SessionKey,
}

/// Makes the message ids of one room; given by the server, because a keyed hash is its business.
pub trait MessageIds: Send {
    /// The id of what a member sent at this time, by the wall clock. `random`: 64 bits that no other message has. Equal
    /// arguments give equal ids, on every node.
    fn message_id(&self, at: Millis, random: u64, member: &MemberId) -> MessageId;

    /// The id of what a member whispered to another: as [`MessageIds::message_id`], and never equal to one of those.
    fn whisper_id(&self, at: Millis, random: u64, member: &MemberId, to: &MemberId) -> MessageId;

    /// What an id says of the message that it names; `None` for whatever the room did not make.
    fn verify(&self, id: &MessageId) -> Option<Named>;
}

/// What a message's id says.
#[derive(Clone, PartialEq, Eq)]
pub struct Named {
    /// When it was sent.
    pub at: Millis,
    /// By whom.
    pub by: MemberId,
    /// To whom it was whispered; `None`: it was said to all.
    pub to: Option<MemberId>,
}

impl Named {
    /// The two between whom it was whispered.
    #[must_use]
    pub fn pair(&self) -> Option<[&MemberId; 2]> {
        self.to.as_ref().map(|to| [&self.by, to])
    }

    /// Whether this member was meant to hear of it.
    #[must_use]
    pub fn is_for(&self, member: &MemberId) -> bool {
        self.pair().is_none_or(|pair| pair.contains(&member))
    }
}

/// Ties people together: a log line never needs it.
impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Named(…)")
    }
}

/// What events are sent to: today always a room. 128 random bits that never change; a code only leads to them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChannelId(pub [u8; 16]);

/// It ties records together: a log line never needs it.
impl fmt::Debug for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelId(…)")
    }
}
