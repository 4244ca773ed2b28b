//! How long a message that burns is still there. Pure.

use protocol::{Millis, Timer};

/// The timer of one row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fuse {
    /// Which row.
    pub(crate) key: u64,
    /// As it was told.
    pub(crate) timer: Timer,
    /// When it was in view first; own messages are read when they are sent.
    pub(crate) read_at: Option<Millis>,
}

impl Fuse {
    /// When the message is over, by the server's clock.
    pub(crate) fn over_at(&self) -> Millis {
        let read = self.read_at.map(|at| at.saturating_add(u64::from(self.timer.after_s) * 1_000));
        read.map_or(self.timer.ends_at, |over| over.min(self.timer.ends_at))
    }
}
