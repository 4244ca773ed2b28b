//! What happens to people in rooms, told to whoever keeps a log of it. The core knows no file, and says nothing of what is
//! said: no message is an event.
//!
//! It is told where people come and go and where they are refused, never on a message's way to those inside. Where nobody
//! listens, all of it is one look at an option.

use chat::ChannelId;
use protocol::{ErrorCode, LeaveReason};

use crate::counts::Eviction;
use crate::dialect::DialectId;
use crate::identity::UserId;

/// One thing that happened on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// A person has taken a seat, by the first of their sessions in this room.
    Joined(ChannelId, UserId),
    /// A person has no seat any more. `None`: their last session has ended, and nothing else.
    Left(ChannelId, UserId, Option<LeaveReason>),
    /// A room is over. So many people were inside, of whom none is told as having left.
    RoomEnded(ChannelId, LeaveReason, usize),
    /// A person waits in front of a room for the answer of those inside.
    Knocked(ChannelId, UserId),
    /// A request on a session was refused.
    Refused(UserId, ErrorCode, DialectId),
    /// A session had to go.
    Evicted(UserId, Eviction),
}

/// Is told what happens. It never waits and never fails.
pub trait Witness: std::fmt::Debug + Send + Sync {
    /// This has happened.
    fn happened(&self, what: Happening);
}
