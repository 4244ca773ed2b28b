//! Whether the client of a polling session still comes. It has no line whose end would tell: between two requests it may
//! be gone, and the heartbeat finds that out late.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use realtime::session::Liveness;

/// A client that is there asks again sooner, also on a bad line.
const ABANDONED_AFTER: Duration = Duration::from_secs(2);

/// One session's requests.
#[derive(Debug)]
pub(crate) struct Polls(Mutex<State>);

#[derive(Debug)]
struct State {
    open: usize,
    /// When the last one ended.
    since: Instant,
    /// The session went over to a line, whose end tells.
    has_line: bool,
}

/// A request that is under way.
#[derive(Debug)]
pub(super) struct Poll(Arc<Polls>);

impl Polls {
    pub(super) fn new(now: Instant) -> Self {
        Self(Mutex::new(State { open: 0, since: now, has_line: false }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request.
    pub(super) fn begin(self: &Arc<Self>) -> Poll {
        self.lock().open += 1;
        Poll(Arc::clone(self))
    }

    /// Notes that the session has gone over to a line: nobody has to ask any more.
    pub(super) fn goes_over(&self) {
        self.lock().has_line = true;
    }
}

impl Liveness for Polls {
    fn abandoned_for(&self, now: Instant) -> Option<Duration> {
        let state = self.lock();
        let idle = now.saturating_duration_since(state.since);
        (state.open == 0 && !state.has_line && idle >= ABANDONED_AFTER).then_some(idle)
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.open -= 1;
        state.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use super::{ABANDONED_AFTER, Polls};
    use realtime::session::Liveness as _;

    #[test]
    fn a_session_is_abandoned_when_nobody_has_come_for_a_while_and_no_line_is_there() {
        let polls = Arc::new(Polls::new(Instant::now()));
        let poll = polls.begin();
        let later = || Instant::now() + ABANDONED_AFTER;
        assert_eq!(polls.abandoned_for(later()), None, "it waits");
        drop(poll);
        assert_eq!(polls.abandoned_for(Instant::now()), None, "it was there just now");
        assert!(polls.abandoned_for(later()).is_some());
        polls.goes_over();
        assert_eq!(polls.abandoned_for(later()), None, "it is on a line");
    }
}
