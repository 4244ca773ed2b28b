//! Whoever waits for a client's sake waits no longer than it has a line.

use tokio_util::sync::CancellationToken;

use super::{Purpose, Session, State};

impl<P: Purpose> Session<P> {
    /// Cancelled when the session has no line; already, where it has none now. That another line takes its place is no end.
    pub fn gone(&self) -> CancellationToken {
        let mut state = self.lock();
        let is_there = state.connected && !state.ended;
        let gone = state.gone.get_or_insert_default().clone();
        if !is_there {
            state.go();
        }
        gone
    }
}

impl<P: Purpose> State<P> {
    /// Whoever waits for the client waits no more.
    pub(super) fn go(&mut self) {
        if let Some(gone) = self.gone.take() {
            gone.cancel();
        }
    }
}
