//! What a session holds at this moment, for an operator's numbers.

use super::{Purpose, Session};

/// See the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Whether it has a line.
    pub is_connected: bool,
    /// Bytes that wait to be taken.
    pub unwritten: usize,
    /// Bytes that are kept until the client says that it has them.
    pub unconfirmed: usize,
}

impl<P: Purpose> Session<P> {
    /// Looks.
    pub fn load(&self) -> Load {
        let state = self.lock();
        let (unwritten, unconfirmed) = (state.outbound.waiting(), state.resume.bytes());
        Load { is_connected: state.connected, unwritten, unconfirmed }
    }
}
