//! A room's record as a node has read it again. Decides nothing.

use std::collections::BTreeSet;

use protocol::{MemberId, Millis, RoomInfo};

/// A record as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When it was asked for, by the wall clock of this node. What was done here since then may not be in it.
    pub asked_at: Millis,
    /// The room.
    pub info: RoomInfo,
    /// Who owns it.
    pub owner: MemberId,
    /// Who keeps order beside the owner.
    pub moderators: BTreeSet<MemberId>,
    /// Everybody who may come in, inside or not.
    pub members: BTreeSet<MemberId>,
}

/// How a live room stands to its record.
#[derive(Default)]
pub(crate) struct Following {
    /// When something was last done that the record has as well, by the wall clock.
    pub(crate) acted_at: Millis,
    /// The record that was read is older than that.
    pub(crate) is_behind: bool,
}

/// Names of rooms and topics are what people typed.
impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorded(…)")
    }
}
