//! One tab or client through its drops: what waits to be written to it, what it has not confirmed, where it is inside.
//!
//! Nothing is sent to a peer except through [`Session::push`]: it never waits, and a peer that does not read is closed.
//! A session knows no socket; `ws` (and other transports) drain it.

mod direct;
mod flusher;
mod gone;
mod handover;
mod outbound;
#[cfg(test)]
mod tests;
mod unconfirmed;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chat::SessionKey;
use protocol::{ErrorCode, Limits, RoomCode, Secret, ServerFrame, SessionId};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::channel::SeatHandle;
use crate::dialect::{Counted, Dialect, Frame, one_word};
use crate::identity::{Identity, UserId};
use crate::session::direct::Direct;
pub use crate::session::direct::{DirectLine, TryWrite};
pub use crate::session::flusher::{Flusher, Flushers};
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

/// One session.
pub struct Session {
    /// This server's number for it.
    pub key: SessionKey,
    /// Whose it is, for as long as it lives.
    pub user: UserId,
    /// What its client speaks.
    pub dialect: &'static dyn Dialect,
    /// Its name on the wire, told to its owner only.
    pub id: SessionId,
    /// What woke up the connection: something to write, or to close.
    pub wake: Notify,
    /// Where its transport cannot tell at once that the client is gone.
    liveness: OnceLock<Arc<dyn Liveness>>,
    state: Mutex<State>,
}

struct State {
    identity: Identity,
    carrier: Carrier,
    secret: Secret,
    /// Of the current connection, or of the last one.
    generation: Generation,
    connected: bool,
    ended: bool,
    outbound: Outbound,
    /// Where what waits is written without the connection.
    direct: Option<Direct>,
    resume: Unconfirmed,
    close: Option<ErrorCode>,
    /// Its seats: mostly one.
    rooms: Vec<SeatHandle>,
    /// Rooms that the person entered elsewhere and this session is to enter; `None`: it did not ask for it.
    follows: Option<Vec<RoomCode>>,
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
}

impl Session {
    /// A session without a line. [`Session::attach`] gives it one.
    pub fn new(
        key: SessionKey,
        id: SessionId,
        dialect: &'static dyn Dialect,
        identity: Identity,
        carrier: Carrier,
        secret: Secret,
    ) -> Self {
        let user = identity.user;
        let state = State {
            identity,
            carrier,
            secret,
            generation: 0,
            connected: false,
            ended: false,
            outbound: Outbound::default(),
            direct: None,
            resume: Unconfirmed::default(),
            close: None,
            rooms: Vec::new(),
            follows: None,
            gone: None,
        };
        Self { key, user, dialect, id, wake: Notify::new(), liveness: OnceLock::new(), state: Mutex::new(state) }
    }

    /// Sections under this lock are a few moves of pointers, or one write that waits for nothing; they never await.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a frame to the client, now or (if it counts) when it returns. Never waits.
    pub fn push(&self, frame: &Frame, limits: &Limits) {
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

    /// Says one frame in the client's words.
    pub fn tell(&self, frame: &ServerFrame, limits: &Limits) {
        self.dialect.reply(self.user, frame, &mut |said| self.push(&said, limits));
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

    /// Gives the session a new line, whose client is this person: behind the new `welcome` goes what is owed, gaps where something could not be kept
    /// and then all that was.
    ///
    /// `have` is what the client confirmed; `welcome` makes the first frame. `None` where the session is over, the
    /// secret is not the current one, or the count is not possible.
    pub fn attach(
        &self,
        identity: &Identity,
        carrier: Carrier,
        claim: Option<(&Secret, u64)>,
        fresh_secret: Secret,
        limits: &Limits,
        welcome: impl FnOnce(&Secret, Vec<RoomCode>) -> ServerFrame,
    ) -> Option<Attached> {
        let mut state = self.lock();
        if state.ended {
            return None;
        }
        let mut owed = Vec::new();
        let mut rooms: Vec<RoomCode> = state.rooms.iter().map(|inside| inside.code).collect();
        rooms.sort_unstable();
        if let Some((secret, have)) = claim {
            if !same_secret(&state.secret, secret) {
                return None;
            }
            owed = state.resume.resume(have, &rooms, retention(limits), |room, missed| {
                one_word(self.dialect, self.user, &ServerFrame::Gap { room, missed })
            })?;
        }
        let took_over = state.connected;
        state.secret = fresh_secret;
        state.identity = identity.clone();
        state.carrier = carrier;
        state.generation += 1;
        state.connected = true;
        state.close = None;
        state.direct = None;
        let welcome = one_word(self.dialect, self.user, &welcome(&state.secret, rooms));
        state.outbound = Outbound::owing(welcome.map(|frame| frame.bytes).into_iter().chain(owed).collect());
        let generation = state.generation;
        drop(state);
        // Both have to look at the session: `notify_waiters` wakes the old connection where it waits now, and
        // `notify_one` leaves a permit for the new one, which does not wait yet.
        self.wake.notify_waiters();
        self.wake.notify_one();
        Some(Attached { generation, took_over })
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

    /// Ends the session if it still has no line since this connection. Answers where it was inside.
    pub fn end_if_detached(&self, generation: Generation) -> Option<Vec<SeatHandle>> {
        let mut state = self.lock();
        let over = !state.ended && !state.connected && state.generation == generation;
        over.then(|| state.end())
    }

    /// Ends the session if it has lost its line. Answers where it was inside.
    pub fn end_if_dropped(&self) -> Option<Vec<SeatHandle>> {
        let mut state = self.lock();
        let over = !state.ended && state.is_dropped();
        over.then(|| state.end())
    }

    /// Ends the session whatever its state. Answers where it was inside.
    pub fn end(&self) -> Vec<SeatHandle> {
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

    /// Whether the session enters what its person enters elsewhere.
    pub fn set_follows(&self, follows: bool) {
        let mut state = self.lock();
        state.follows = follows.then(|| state.follows.take().unwrap_or_default());
    }

    /// The person has entered a room elsewhere, or is a member of it: the session's connection enters it too, if that was
    /// asked for. A session without a line does so when it is back.
    pub fn follow(&self, code: RoomCode, limits: &Limits) {
        let rooms_max = usize::try_from(limits.rooms_per_session).unwrap_or(usize::MAX);
        let mut state = self.lock();
        let inside = state.seat(code).is_some();
        let Some(follows) = state.follows.as_mut().filter(|follows| !inside && !follows.contains(&code)) else {
            return;
        };
        if follows.len() < rooms_max {
            follows.push(code);
        }
        drop(state);
        self.wake.notify_one();
    }

    /// The rooms to enter without being asked.
    pub fn take_follows(&self) -> Vec<RoomCode> {
        self.lock().follows.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Notes a seat. A session that is over takes none.
    pub fn entered(&self, inside: SeatHandle) -> bool {
        let mut state = self.lock();
        if !state.ended {
            state.leave(inside.code);
            state.rooms.reserve_exact(1);
            state.rooms.push(inside);
        }
        !state.ended
    }

    /// Forgets a seat.
    pub fn left(&self, code: RoomCode) {
        self.lock().leave(code);
    }

    /// The seat in one room.
    pub fn inside(&self, code: RoomCode) -> Option<SeatHandle> {
        self.lock().seat(code).cloned()
    }

    /// Every seat.
    pub fn insides(&self) -> Vec<SeatHandle> {
        self.lock().rooms.clone()
    }

    /// How many rooms it is in.
    pub fn room_count(&self) -> usize {
        self.lock().rooms.len()
    }

    /// Whose it is.
    pub fn identity(&self) -> Identity {
        self.lock().identity.clone()
    }

    /// Where its client keeps its token.
    pub fn carrier(&self) -> Carrier {
        self.lock().carrier
    }

    /// The client has a token that ends then.
    pub fn renewed(&self, expires_at: protocol::Millis) {
        self.lock().identity.expires_at = expires_at;
    }

    /// Renames the person.
    pub fn rename(&self, name: &protocol::DisplayName) {
        self.lock().identity.name = name.clone();
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

    /// Whether it has a line.
    pub fn is_connected(&self) -> bool {
        self.lock().connected
    }
}

impl State {
    const fn is_dropped(&self) -> bool {
        !self.connected && self.generation > 0
    }

    fn seat(&self, code: RoomCode) -> Option<&SeatHandle> {
        self.rooms.iter().find(|inside| inside.code == code)
    }

    fn leave(&mut self, code: RoomCode) {
        self.rooms.retain(|inside| inside.code != code);
    }

    fn request_close(&mut self, code: ErrorCode) {
        if self.connected && self.close.is_none() {
            self.close = Some(code);
            if !lets_finish(code) {
                self.outbound.clear();
            }
        }
    }

    fn end(&mut self) -> Vec<SeatHandle> {
        self.ended = true;
        self.go();
        self.resume.clear();
        std::mem::take(&mut self.rooms)
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

impl std::fmt::Debug for Session {
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
