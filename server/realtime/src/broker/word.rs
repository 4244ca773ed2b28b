//! What one node tells all others beside what goes on in a room: what has ended in the records, who is called how, and what
//! the operator says.

use chat::ChannelId;
use protocol::{DisplayName, LeaveReason, MemberId};
use serde::{Deserialize, Serialize};

use crate::identity::{LoginKey, UserId};
use crate::orders::Orders;

/// Each is news that the records hold already, but for what the operator says, which no record holds.
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
}
