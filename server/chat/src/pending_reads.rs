//! Who has read on, until that is told: gathered over a tick, so that a room is told at most so often.

use std::collections::BTreeSet;

use protocol::MemberId;

use crate::time::Monotonic;

/// Who has read on since that was told last.
#[derive(Debug, Default)]
pub(crate) struct PendingReads {
    pub(crate) who: BTreeSet<MemberId>,
    pub(crate) since: Option<Monotonic>,
}

impl PendingReads {
    /// When it is due to be told.
    pub(crate) fn deadline(&self, tick_ms: u64) -> Option<Monotonic> {
        self.since.map(|since| since.after(tick_ms))
    }
}
