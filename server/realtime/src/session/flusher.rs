//! Writes what sessions have waiting, once a turn: whoever pushes a frame puts its session on a list, and a task walks the
//! list when everything that could run has run. So frames that come together go out together, by one call a session, and
//! no task is woken for a delivery.
//!
//! A session belongs to one flusher for good. There is one for each thread of the runtime, so that the writing of a large
//! room is spread.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

/// Sessions that are written to between two looks at what else there is to do.
const BATCH_MAX: usize = 128;

/// A session, for whoever writes what it has waiting.
pub(super) trait Flush: Send + Sync {
    /// Writes, and waits for nothing.
    fn flush(&self);

    /// That went wrong in a way that it never should.
    fn failed(&self);
}

/// A list of sessions that have something to be written.
#[derive(Clone, Debug, Default)]
pub struct Flusher(Arc<Inner>);

#[derive(Default)]
struct Inner {
    dirty: Mutex<Vec<Arc<dyn Flush>>>,
    wake: Notify,
}

impl Flusher {
    /// This session has something to be written. Called once a turn for each.
    pub(super) fn mark(&self, session: Arc<dyn Flush>) {
        let mut dirty = self.0.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        dirty.push(session);
        let is_first = dirty.len() == 1;
        drop(dirty);
        if is_first {
            self.0.wake.notify_one();
        }
    }

    /// Writes until `halt`.
    pub async fn run(self, halt: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                () = halt.cancelled() => return,
                () = self.0.wake.notified() => {}
            }
            // Behind all that is ready to run: it may have more to say to the same sessions.
            yield_now().await;
            std::mem::swap(&mut batch, &mut *self.0.dirty.lock().unwrap_or_else(PoisonError::into_inner));
            for (number, session) in batch.drain(..).enumerate() {
                flush(&*session);
                if number % BATCH_MAX == BATCH_MAX - 1 {
                    yield_now().await;
                }
            }
        }
    }
}

/// A failure in one session must not keep the others from being written to.
fn flush(session: &dyn Flush) {
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| session.flush())).is_err() {
        session.failed();
    }
}

/// The flushers of a server.
#[derive(Clone, Debug)]
pub struct Flushers(Arc<[Flusher]>);

impl Flushers {
    /// So many.
    pub fn new(count: usize) -> Self {
        Self((0..count.max(1)).map(|_| Flusher::default()).collect())
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = &Flusher> {
        self.0.iter()
    }

    /// That of the session with this number.
    pub(super) fn of(&self, session: u64) -> Flusher {
        let count = self.0.len() as u64;
        let place = usize::try_from(session % count).unwrap_or_default();
        self.0.get(place).cloned().unwrap_or_default()
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flusher(…)")
    }
}
