//! What is known of how far people have read in one room. Pure.

use std::collections::BTreeMap;

use protocol::{MemberId, MessageId, Millis};

/// How far an own message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Relayed to so many people, of whom none has told that they have read it.
    Relayed(u32),
    /// Read by so many.
    Read(u32),
}

/// What is known of reading in one room.
#[derive(Default)]
pub(crate) struct Receipts {
    /// When each came, and when the last message was sent that they have seen.
    pub(crate) of: BTreeMap<MemberId, (Millis, Millis)>,
    /// The own message that was taken last, and to how many others it went.
    pub(crate) relayed: Option<(MessageId, u32)>,
    /// What was told last on this connection; `None`: nothing, or that nothing is told any more.
    pub(crate) told: Option<MessageId>,
    /// When that was.
    pub(crate) told_at: Millis,
    /// The person tells it, and wants to know it of others.
    pub(crate) is_wanted: bool,
}

impl Receipts {
    /// The connection is gone, and the room forgets what was told.
    pub(crate) fn cut(&mut self) {
        self.told = None;
        self.of.clear();
    }

    /// These people are inside no more.
    pub(crate) fn left(&mut self, members: &[MemberId]) {
        for member in members {
            self.of.remove(member);
        }
    }
}

/// Ties people to times.
impl std::fmt::Debug for Receipts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receipts({} people)", self.of.len())
    }
}
