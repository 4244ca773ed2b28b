//! One tab or client through its drops: what waits to be written to it, what it has not confirmed.
//!
//! Nothing is sent to a peer except through [`Session::push`]: it never waits, and a peer that does not read is closed.
//! A session knows no socket; `ws` (and other transports) drain it. What it is for is its [`Purpose`]: rooms (`for_rooms`), or
//! whatever else is told to clients.

mod direct;
mod flusher;
pub mod for_rooms;
mod gone;
mod handover;
mod load;
mod outbound;
#[cfg(test)]
mod tests;
mod unconfirmed;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chat::SessionKey;
use protocol::{ErrorCode, Limits, Secret, SessionId};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::dialect::{Counted, Frame};
use crate::session::direct::Direct;
pub use crate::session::direct::{DirectLine, TryWrite};
pub use crate::session::flusher::{Flusher, Flushers};
pub use crate::session::load::Load;
use crate::session::outbound::{Outbound, TooSlow};
use crate::session::unconfirmed::Unconfirmed;

pub use crate::identity::Carrier;

/// Names one connection of a session; the next connection has another.
pub type Generation = u64;

/// What became of a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Noted.
    Yes,
    /// So much was never sent.
    Never,
    /// It was said on a line that the session has left. Its count is of another numbering and says nothing.
    Stale,
}

/// What is known of a client whose transport has no line that ends with it: it may be gone without a word.
pub trait Liveness: Send + Sync {
    /// For how long nothing has come from it, where that is too long.
    fn abandoned_for(&self, now: std::time::Instant) -> Option<Duration>;
}

/// What a session is for.
pub trait Purpose: Send + Sync + Sized + 'static {
    /// What has an order of its own among what is told: a gap is one of a place.
    type Place: Copy + Eq + Send;
    /// What is kept under the session's lock.
    type Held: Send;
    /// What is left of that when the session ends, for whoever clears up.
    type Left;

    /// The session ends.
    fn leave(held: &mut Self::Held) -> Self::Left;
}

/// Keeps the sessions of one purpose.
pub trait Host<P: Purpose>: Send + Sync + std::fmt::Debug {
    /// The limits in force.
    fn limits(&self) -> &Limits;

    /// Who writes what sessions have waiting.
    fn flushers(&self) -> &Flushers;

    /// This connection of a session is gone.
    fn dropped(&self, session: &Arc<Session<P>>, generation: Generation);

    /// The server has ended a connection of this session for this reason.
    fn closed(&self, _: &Session<P>, code: ErrorCode) {
        self.flushers().counts().closed(code);
    }
}

/// What a client is told that has a new line, in its own words.
pub trait Greeting<P: Purpose> {
    /// The places of which it may have missed something, where nobody knows what.
    fn places(&self, held: &P::Held) -> Vec<P::Place>;

    /// So many messages of one were missed; `None`: possibly some.
    fn gap(&self, held: &P::Held, place: P::Place, missed: Option<u64>) -> Option<Frame<P::Place>>;

    /// The first frame; the client claims the session by this secret next time.
    fn welcome(self, held: &mut P::Held, secret: &Secret) -> Option<Frame<P::Place>>;
}

/// One session.
pub struct Session<P: Purpose> {
    /// This server's number for it.
    pub key: SessionKey,
    /// What it is for.
    pub purpose: P,
    /// Its name on the wire, told to its owner only.
    pub id: SessionId,
    /// What woke up the connection: something to write, or to close.
    pub wake: Notify,
    /// Where its transport cannot tell at once that the client is gone.
    liveness: OnceLock<Arc<dyn Liveness>>,
    state: Mutex<State<P>>,
}

struct State<P: Purpose> {
    secret: Secret,
    /// Of the current connection, or of the last one.
    generation: Generation,
    connected: bool,
    ended: bool,
    outbound: Outbound,
    /// Where what waits is written without the connection.
    direct: Option<Direct>,
    resume: Unconfirmed<P::Place>,
    close: Option<ErrorCode>,
    held: P::Held,
    /// Cancelled when it has no line any more; made when somebody waits for that.
    gone: Option<CancellationToken>,
}

/// What a connection finds when it looks after its session.
pub enum Turn {
    /// Write these, behind the rest of what the flusher has begun.
    Write(VecDeque<Bytes>),
    /// Say goodbye with this code.
    Close(ErrorCode),
}

/// What a returning client is told.
pub struct Attached {
    /// Names the new connection.
    pub generation: Generation,
    /// Whether an older connection was still there.
    pub took_over: bool,
    /// How many gaps the client is told of.
    pub gaps: u64,
}

impl<P: Purpose> Session<P> {
    /// A session without a line. [`Session::attach`] gives it one.
    pub fn new(key: SessionKey, id: SessionId, purpose: P, held: P::Held, secret: Secret) -> Self {
        let state = State {
            secret,
            generation: 0,
            connected: false,
            ended: false,
            outbound: Outbound::default(),
            direct: None,
            resume: Unconfirmed::default(),
            close: None,
            held,
            gone: None,
        };
        Self { key, purpose, id, wake: Notify::new(), liveness: OnceLock::new(), state: Mutex::new(state) }
    }

    /// Sections under this lock are a few moves of pointers, or one write that waits for nothing; they never await.
    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a frame to the client, now or (if it counts) when it returns. Never waits.
    pub fn push(&self, frame: &Frame<P::Place>, limits: &Limits) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        match frame.counted {
            Counted::Yes(tells) => state.resume.push(frame, tells, retention(limits)),
            Counted::No => {}
        }
        if !state.connected || state.close.is_some() {
            return;
        }
        let is_flushed = state.direct.as_ref().is_some_and(|direct| !direct.is_taken_over());
        if let Err(TooSlow) = state.outbound.push(frame.bytes.clone(), limits, is_flushed, Instant::now) {
            state.request_close(ErrorCode::SlowConsumer);
        } else if is_flushed {
            if let Some(direct) = &mut state.direct {
                direct.mark();
            }
            return;
        }
        drop(state);
        self.wake.notify_one();
    }

    /// What this connection should do now; `None`: nothing. `has_own`: it has something to write itself, which goes together
    /// with what the session has.
    pub fn turn(&self, generation: Generation, has_own: bool) -> Option<Turn> {
        let mut state = self.lock();
        if state.generation != generation {
            return Some(Turn::Close(ErrorCode::Replaced));
        }
        let State { direct, outbound, close, .. } = &mut *state;
        if let Some(direct) = direct {
            if !has_own && !direct.is_taken_over() && close.is_none() {
                return None;
            }
            direct.take_over();
        }
        let has_more = has_own || direct.as_ref().is_some_and(Direct::has_rest);
        let frames = outbound.take().or_else(|| has_more.then(VecDeque::new));
        // Where the close leaves something to be written, that goes first.
        let turn = frames.map(Turn::Write).or_else(|| close.map(Turn::Close));
        if let (None, Some(direct)) = (&turn, direct) {
            direct.give_back();
        }
        turn
    }

    /// The reader took so many bytes of what [`Session::turn`] gave to this connection.
    pub fn wrote(&self, generation: Generation, bytes: usize) {
        let mut state = self.lock();
        if state.generation == generation {
            state.outbound.wrote(bytes, Instant::now);
        }
    }

    /// Whether this connection is to close (for one that is busy writing).
    pub fn wants_close(&self, generation: Generation) -> Option<ErrorCode> {
        let state = self.lock();
        if state.generation == generation { state.close } else { Some(ErrorCode::Replaced) }
    }

    /// Asks the current connection to close.
    pub fn close(&self, code: ErrorCode) {
        self.lock().request_close(code);
        self.wake.notify_one();
    }

    /// Whether this is the secret that claims the session now.
    pub fn is_claimed_by(&self, secret: &Secret) -> bool {
        let state = self.lock();
        !state.ended && same_secret(&state.secret, secret)
    }

    /// Gives the session a new line: behind the new `welcome` goes what is owed, gaps where something could not be kept and
    /// then all that was.
    ///
    /// `claim`: the secret, and how much the client confirmed. `None` where the session is over, the secret is not the
    /// current one, or the count is not possible.
    pub fn attach(
        &self,
        claim: Option<(&Secret, u64)>,
        fresh_secret: Secret,
        limits: &Limits,
        greeting: impl Greeting<P>,
    ) -> Option<Attached> {
        let mut state = self.lock();
        if state.ended {
            return None;
        }
        let (mut owed, mut gaps) = (Vec::new(), 0);
        if let Some((secret, have)) = claim {
            if !same_secret(&state.secret, secret) {
                return None;
            }
            let places = greeting.places(&state.held);
            let State { resume, held, .. } = &mut *state;
            owed = resume.resume(have, &places, retention(limits), |place, missed| {
                let gap = greeting.gap(held, place, missed);
                gaps += u64::from(gap.is_some());
                gap
            })?;
        }
        let took_over = state.connected;
        state.secret = fresh_secret;
        state.generation += 1;
        state.connected = true;
        state.close = None;
        state.direct = None;
        let State { held, secret, .. } = &mut *state;
        let welcome = greeting.welcome(held, secret);
        state.outbound = Outbound::owing(welcome.map(|frame| frame.bytes).into_iter().chain(owed).collect());
        let generation = state.generation;
        drop(state);
        // Both have to look at the session: `notify_waiters` wakes the old connection where it waits now, and
        // `notify_one` leaves a permit for the new one, which does not wait yet.
        self.wake.notify_waiters();
        self.wake.notify_one();
        Some(Attached { generation, took_over, gaps })
    }

    /// Gives a new session its one line, for transports whose clients cannot come back to a session.
    pub fn connect(&self) -> Generation {
        let mut state = self.lock();
        state.generation += 1;
        state.connected = true;
        state.generation
    }

    /// The connection is gone. Returns whether the session has no line now (it may have been taken over).
    pub fn detach(&self, generation: Generation) -> bool {
        let mut state = self.lock();
        if state.generation != generation {
            return false;
        }
        state.connected = false;
        state.outbound.clear();
        state.direct = None;
        state.go();
        true
    }

    /// Ends the session if it still has no line since this connection. Answers what is left of it.
    pub fn end_if_detached(&self, generation: Generation) -> Option<P::Left> {
        let mut state = self.lock();
        let over = !state.ended && !state.connected && state.generation == generation;
        over.then(|| state.end())
    }

    /// Ends the session if it has lost its line. Answers what is left of it.
    pub fn end_if_dropped(&self) -> Option<P::Left> {
        let mut state = self.lock();
        let over = !state.ended && state.is_dropped();
        over.then(|| state.end())
    }

    /// Ends the session whatever its state. Answers what is left of it.
    pub fn end(&self) -> P::Left {
        self.lock().end()
    }

    /// Notes what the client confirms on one of its lines. Each line has a numbering of its own.
    pub fn confirm(&self, generation: Generation, have: u64) -> Confirmed {
        let mut state = self.lock();
        if state.generation != generation {
            return Confirmed::Stale;
        }
        if state.resume.confirm(have) { Confirmed::Yes } else { Confirmed::Never }
    }

    /// What it has, under its lock: nothing that waits may be done there, and nothing of this session be asked.
    pub fn with_held<T>(&self, work: impl FnOnce(&mut P::Held) -> T) -> T {
        work(&mut self.lock().held)
    }

    /// Whether it had a line and lost it. One that is about to get its first has not.
    pub fn is_dropped(&self) -> bool {
        self.lock().is_dropped()
    }

    /// Its client is one that may be gone without a word; a session begins once.
    pub fn set_liveness(&self, liveness: Arc<dyn Liveness>) {
        let _ = self.liveness.set(liveness);
    }

    /// For how long its client may have been gone without a word.
    pub fn abandoned_for(&self, now: std::time::Instant) -> Option<Duration> {
        self.liveness.get()?.abandoned_for(now)
    }

    /// Whether its reader has not taken what is older: what may be left out is, then.
    pub fn is_behind(&self) -> bool {
        self.lock().outbound.is_behind()
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.lock().ended
    }

    /// Whether it has a line.
    pub fn is_connected(&self) -> bool {
        self.lock().connected
    }
}

impl<P: Purpose> State<P> {
    const fn is_dropped(&self) -> bool {
        !self.connected && self.generation > 0
    }

    fn request_close(&mut self, code: ErrorCode) {
        if self.connected && self.close.is_none() {
            self.close = Some(code);
            if !lets_finish(code) {
                self.outbound.clear();
            }
        }
    }

    fn end(&mut self) -> P::Left {
        self.ended = true;
        self.go();
        self.resume.clear();
        P::leave(&mut self.held)
    }
}

/// Whether what waits is still written before the line closes: the last words to somebody who goes, such as that their
/// seats have ended. Nothing is added to it.
pub const fn lets_finish(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Revoked)
}

fn retention(limits: &Limits) -> usize {
    usize::try_from(limits.retention_bytes_max).unwrap_or(usize::MAX)
}

/// In constant time for secrets of equal length.
fn same_secret(a: &Secret, b: &Secret) -> bool {
    let (a, b) = (a.as_str().as_bytes(), b.as_str().as_bytes());
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

impl<P: Purpose> std::fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.key.0)
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Write(frames) => write!(f, "Write({} frames)", frames.len()),
            Self::Close(code) => write!(f, "Close({code})"),
        }
    }
}

impl std::fmt::Debug for Attached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attached({})", self.generation)
    }
}
