//! Where a page stands with a room, and what the answer to its wish for a seat carries.

use protocol::{ClientId, LeaveReason, Member, MemberId, Position, RoomInfo};

use crate::RequestError;

/// Where this page stands with a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomPhase {
    /// Asked for a seat, or waiting for the connection.
    Joining,
    /// Has a seat. Stays so while the connection is lost.
    Inside,
    /// The room did not take it. What was typed is kept.
    Refused(RequestError),
    /// The seat ended.
    Ended(LeaveReason),
}

/// How a room came back after the connection was lost. Shown for a while, then gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// Every message arrived.
    NothingMissed,
    /// So many messages can not be fetched; absent: possibly some.
    Missed(Option<u64>),
}

/// The content of a `joined` frame.
#[derive(Debug)]
pub struct Joined {
    /// The request; absent when the server speaks first, for a session that went on.
    pub cid: Option<ClientId>,
    /// The room.
    pub room: RoomInfo,
    /// The reader's member id.
    pub you: MemberId,
    /// Where the order stands.
    pub position: Position,
    /// People inside.
    pub count: u32,
    /// Some of them.
    pub members: Vec<Member>,
}
