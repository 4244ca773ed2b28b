//! What one node tells all others beside what goes on in a room: what has ended in the records, who is called how, and what
//! the operator says.

use chat::{ChannelId, NodeId};
use protocol::{DisplayName, InviteId, LeaveReason, MemberId};
use serde::{Deserialize, Serialize};

use super::question::{Answer, Question};
use crate::channel::{Verdict, Visitor};
use crate::identity::{LoginKey, UserId};
use crate::orders::Orders;
use crate::rate_limits::Charge;

/// Words about users, logins, rooms and memberships are news that the records hold already; the others are about what is in
/// memory only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// A login was revoked.
    LoginEnded(UserId, LoginKey),
    /// A user is gone.
    UserEnded(UserId),
    /// A person is called something else.
    Renamed(UserId, DisplayName),
    /// A room has no record any more.
    RoomEnded(ChannelId, LeaveReason),
    /// A membership has ended.
    Removed(ChannelId, MemberId, LeaveReason),
    /// A room has another owner.
    Owner(ChannelId, MemberId),
    /// What the operator has said for all nodes.
    Orders(Orders),
    /// Who waits in front of a room at that node: all of them.
    Knocks(ChannelId, NodeId, Vec<Visitor>),
    /// Who waits in front of a room is to be told, where somebody does.
    KnocksAsked(ChannelId),
    /// What those inside say to somebody who waits in front of a room, wherever that is.
    Verdict(ChannelId, MemberId, Verdict),
    /// A count that holds over all nodes.
    Charged(Charge),
    /// A use of an invite came to nothing.
    InviteUnused(ChannelId, InviteId),
    /// A question to every other node, and the number under which that one waits.
    Asked(NodeId, u64, Question),
    /// The answer to the question of a node.
    Answered(NodeId, u64, Answer),
}
