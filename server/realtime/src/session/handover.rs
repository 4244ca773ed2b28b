//! Who writes to a session's line: its connection or the flusher.

use std::sync::{Arc, Weak};

use protocol::ErrorCode;

use super::direct::{Direct, DirectLine};
use super::flusher::{Flush, Flushers};
use super::{Generation, Purpose, Session, State};

impl<P: Purpose> Session<P> {
    /// This connection has a line that can be written to without it. It goes on with what waits now; behind that its task
    /// is woken only where the line does not take everything at once.
    pub fn write_directly(self: &Arc<Self>, generation: Generation, line: Arc<DirectLine>, flushers: &Flushers) {
        let direct = Direct::new(Arc::downgrade(self) as Weak<dyn Flush>, line, flushers.of(self.key.0));
        let mut state = self.lock();
        if state.generation == generation {
            state.direct = Some(direct);
        }
    }

    /// Nobody else writes to the line of this connection any more.
    pub fn keep_off(&self, generation: Generation) {
        let mut state = self.lock();
        if state.generation == generation {
            state.direct = None;
        }
    }
}

impl<P: Purpose> Flush for Session<P> {
    fn flush(&self) {
        let mut state = self.lock();
        let State { direct: Some(direct), outbound, close: None, .. } = &mut *state else { return };
        if !direct.flush(outbound) {
            drop(state);
            self.wake.notify_one();
        }
    }

    fn failed(&self) {
        self.close(ErrorCode::Internal);
    }
}
