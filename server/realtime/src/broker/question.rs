//! What one node asks all others, and what they answer: about what each has in its memory alone.

use chat::{ChannelId, InviteMark};
use protocol::{InviteId, Millis};
use serde::{Deserialize, Serialize};

/// Every node answers each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// One use of the invite with this mark is wanted. The node that made it gives it.
    ClaimInvite(ChannelId, InviteMark),
    /// Which invites are in force.
    Invites(ChannelId),
    /// An invite is to be taken back.
    RevokeInvite(ChannelId, InviteId),
}

/// `Nothing`: that node has nothing to do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Nothing of the kind is there.
    Nothing,
    /// One use is taken; it has to be given back where it comes to nothing.
    Claimed(ChannelId, InviteId),
    /// Those in force there.
    Invites(Vec<ToldInvite>),
    /// It was taken back.
    Revoked,
}

/// An invite of another node, as those may see it who make invites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldInvite {
    /// Names it.
    pub id: InviteId,
    /// Whether it lets in one person only.
    pub once: bool,
    /// When it runs out, by the wall clock; `None`: with the room.
    pub expires_at: Option<Millis>,
    /// How many it has let in.
    pub used: u32,
}
