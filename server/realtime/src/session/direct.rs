//! A line that its session writes to by itself, without waking the connection's task.
//!
//! One of the two writes at a time: the flusher while the line takes everything at once, the connection from the moment
//! when it does not, or when the transport itself has something to say, until nothing waits any more. Who writes is decided
//! under the session's lock.

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use tokio::time::Instant;

use super::flusher::{Flush, Flusher};
use super::outbound::Outbound;

/// What takes bytes without waiting.
pub trait TryWrite: Send + Sync {
    /// Writes what the peer's side has room for.
    ///
    /// # Errors
    /// Of the line; [`io::ErrorKind::WouldBlock`] where it takes nothing.
    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;
}

/// Such a line, shared by a session and its connection.
pub struct DirectLine {
    line: Arc<dyn TryWrite>,
    /// Of a frame that the flusher has written in part. It belongs before everything that the connection writes.
    rest: Mutex<Bytes>,
}

impl DirectLine {
    /// Nothing is written to it yet.
    pub fn new(line: Arc<dyn TryWrite>) -> Self {
        Self { line, rest: Mutex::default() }
    }

    /// For the connection, when it is the one that writes.
    #[must_use = "without it the client can read nothing behind"]
    pub fn take_rest(&self) -> Bytes {
        std::mem::take(&mut self.rest())
    }

    fn rest(&self) -> MutexGuard<'_, Bytes> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session's side of it.
pub(super) struct Direct {
    session: Weak<dyn Flush>,
    line: Arc<DirectLine>,
    flusher: Flusher,
    /// On the flusher's list.
    is_marked: bool,
    /// The connection writes, not the flusher.
    is_taken_over: bool,
}

impl Direct {
    /// The connection has something to write first.
    pub(super) fn new(session: Weak<dyn Flush>, line: Arc<DirectLine>, flusher: Flusher) -> Self {
        Self { session, line, flusher, is_marked: false, is_taken_over: true }
    }

    pub(super) const fn is_taken_over(&self) -> bool {
        self.is_taken_over
    }

    /// Whether the flusher has written a part of a frame only.
    pub(super) fn has_rest(&self) -> bool {
        !self.line.rest().is_empty()
    }

    pub(super) const fn take_over(&mut self) {
        self.is_taken_over = true;
    }

    pub(super) const fn give_back(&mut self) {
        self.is_taken_over = false;
    }

    /// Something waits for the flusher.
    pub(super) fn mark(&mut self) {
        if !self.is_marked
            && let Some(session) = self.session.upgrade()
        {
            self.is_marked = true;
            self.flusher.mark(session);
        }
    }

    /// Writes what waits, where that is the flusher's to do. `false`: the rest is the connection's.
    pub(super) fn flush(&mut self, outbound: &mut Outbound) -> bool {
        self.is_marked = false;
        if self.is_taken_over {
            return true;
        }
        // Why a line has failed is found by the connection, which waits for it.
        let written = outbound.write(|parts| self.line.line.try_write(parts), Instant::now);
        if let Err(rest) = written {
            *self.line.rest() = rest;
            self.is_taken_over = true;
        }
        !self.is_taken_over
    }
}

impl std::fmt::Debug for DirectLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DirectLine(…)")
    }
}
