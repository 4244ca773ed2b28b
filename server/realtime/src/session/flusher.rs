//! Writes what sessions have waiting, once a turn: whoever pushes a frame puts its session on a list, and a task walks the
//! list when everything that could run has run. So frames that come together go out together, by one call a session, and
//! no task is woken for a delivery.
//!
//! A session belongs to one flusher for good. There is one for each thread of the runtime, so that the writing of a large
//! room is spread.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

use crate::counts::Counts;

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
    dirty: Mutex<Dirty>,
    wake: Notify,
    /// Where it is measured how long they wait.
    counts: Option<Arc<Counts>>,
}

#[derive(Default)]
struct Dirty {
    sessions: Vec<Arc<dyn Flush>>,
    /// Since when the first of them waits.
    since: Option<Instant>,
}

impl Flusher {
    /// This session has something to be written. Called once a turn for each.
    pub(super) fn mark(&self, session: Arc<dyn Flush>) {
        let mut dirty = self.0.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        dirty.sessions.push(session);
        let is_first = dirty.sessions.len() == 1;
        if is_first && let Some(counts) = &self.0.counts {
            dirty.since = counts.begins();
        }
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
            let since = self.0.take(&mut batch);
            for (number, session) in batch.drain(..).enumerate() {
                flush(&*session);
                if number % BATCH_MAX == BATCH_MAX - 1 {
                    yield_now().await;
                }
            }
            if let (Some(since), Some(times)) = (since, self.0.counts.as_ref().and_then(|counts| counts.times())) {
                times.flushes.add(since.elapsed());
            }
        }
    }
}

impl Inner {
    /// Exchanges the list for this empty one; answers since when the first on it waits.
    fn take(&self, batch: &mut Vec<Arc<dyn Flush>>) -> Option<Instant> {
        let mut dirty = self.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(batch, &mut dirty.sessions);
        dirty.since.take()
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
pub struct Flushers {
    each: Arc<[Flusher]>,
    counts: Arc<Counts>,
}

impl Flushers {
    /// So many. They measure how long they take if these numbers have spans of time.
    pub fn new(count: usize, counts: Arc<Counts>) -> Self {
        let timed = counts.times().map(|_| &counts);
        let flusher = || Flusher(Arc::new(Inner { counts: timed.cloned(), ..Inner::default() }));
        Self { each: (0..count.max(1)).map(|_| flusher()).collect(), counts }
    }

    /// The numbers of the node that they write for.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = &Flusher> {
        self.each.iter()
    }

    /// That of the session with this number.
    pub(super) fn of(&self, session: u64) -> Flusher {
        let count = self.each.len() as u64;
        let place = usize::try_from(session % count).unwrap_or_default();
        self.each.get(place).cloned().unwrap_or_default()
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flusher(…)")
    }
}
