//! What is kept of a room for its reader while another room is shown.

use crate::row::Confidant;

/// Put aside when the person goes to another room, and taken up again when they come back.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Aside {
    /// What was typed and not sent.
    pub draft: String,
    /// The same of a whisper, and to whom it would have gone.
    pub whisper: Option<(Confidant, String)>,
    /// Where the reader was among the older rows; `None` at the end of the log.
    pub place: Option<Place>,
}

/// A place in a log, told by what is drawn there and not by a height: heights change while nobody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The key of the row at the upper edge.
    pub row: u64,
    /// How far its upper edge is from that of the log, in pixels.
    pub offset_px: i32,
}

/// Holds what somebody writes.
impl std::fmt::Debug for Aside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Aside({} bytes, {:?})", self.draft.len(), self.place)
    }
}
