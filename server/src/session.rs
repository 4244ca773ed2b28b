//! One tab or client through its drops: what waits to be written to it, what it has not confirmed, where it is inside.
//!
//! Nothing is sent to a peer except through [`Session::push`]: it never waits, and a peer that does not read is closed.
//! A session knows no socket; `ws` (and other transports) drain it.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chat::{ResumeQueue, SessionKey, Tells};
use protocol::{ErrorCode, Limits, RoomCode, Secret, ServerFrame, SessionId};
use tokio::sync::Notify;

use crate::auth::Identity;
use crate::room::Inside;

/// Names one connection of a session; the next connection has another.
pub type Generation = u64;

/// How a frame counts for resuming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Of no use later: dropped where there is no line.
    No,
    /// Kept until confirmed; what it tells is told in another way where it could not be kept.
    Yes(Tells),
}

/// One encoded frame, shared by all who get it.
#[derive(Clone)]
pub struct Frame {
    /// JSON.
    pub bytes: Bytes,
    /// How it counts.
    pub counted: Counted,
}

impl Frame {
    /// Encodes, once.
    pub fn new(frame: &ServerFrame) -> Self {
        let counted = match frame {
            ServerFrame::Message(message) => Counted::Yes(Tells::Message(message.room)),
            ServerFrame::Gap { room, missed } => Counted::Yes(Tells::Gap(*room, *missed)),
            other if other.is_counted() => Counted::Yes(Tells::Nothing),
            _ => Counted::No,
        };
        let bytes = Bytes::from(protocol::encode(frame).into_bytes().into_boxed_slice());
        Self { bytes, counted }
    }
}

/// What the client behind a session speaks, and what only its transport has to know of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Dialect {
    /// Frames of `protocol`.
    Native,
    /// Events of `socketio`.
    SocketIo {
        /// What the API told the person as their id.
        own_id: String,
        /// Whether it enters every room that the person enters elsewhere.
        follows: bool,
    },
}

/// One session.
pub struct Session {
    /// This server's number for it.
    pub key: SessionKey,
    /// What its client speaks.
    pub dialect: Dialect,
    /// Its name on the wire, told to its owner only.
    pub id: SessionId,
    /// What woke up the connection: something to write, or to close.
    pub wake: Notify,
    state: Mutex<State>,
}

struct State {
    identity: Identity,
    secret: Secret,
    /// Of the current connection, or of the last one.
    generation: Generation,
    connected: bool,
    ended: bool,
    queue: VecDeque<Bytes>,
    queue_bytes: usize,
    resume: ResumeQueue<Bytes>,
    close: Option<ErrorCode>,
    rooms: HashMap<RoomCode, Inside>,
}

/// What a connection finds when it looks after its session.
pub enum Turn {
    /// Write these.
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
    pub fn new(key: SessionKey, id: SessionId, dialect: Dialect, identity: Identity, secret: Secret) -> Self {
        let state = State {
            identity,
            secret,
            generation: 0,
            connected: false,
            ended: false,
            queue: VecDeque::new(),
            queue_bytes: 0,
            resume: ResumeQueue::default(),
            close: None,
            rooms: HashMap::new(),
        };
        Self { key, id, dialect, wake: Notify::new(), state: Mutex::new(state) }
    }

    /// Sections under this lock are a few moves of pointers and never await.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a frame to the client, now or (if it counts) when it returns. Never waits.
    pub fn push(&self, frame: &Frame, limits: &Limits) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        let bytes = frame.bytes.len();
        match frame.counted {
            Counted::Yes(tells) => state.resume.push(frame.bytes.clone(), bytes, tells, retention(limits)),
            Counted::No => {}
        }
        if !state.connected || state.close.is_some() {
            return;
        }
        state.queue_bytes += bytes;
        if state.queue_bytes > usize::try_from(limits.unwritten_bytes_max).unwrap_or(usize::MAX) {
            state.request_close(ErrorCode::SlowConsumer);
        } else {
            state.queue.push_back(frame.bytes.clone());
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Says one frame in the client's words.
    pub fn tell(&self, frame: &ServerFrame, limits: &Limits) {
        match &self.dialect {
            Dialect::Native => self.push(&Frame::new(frame), limits),
            Dialect::SocketIo { own_id, .. } => {
                for said in crate::socketio::replies(frame, own_id) {
                    self.push(&said, limits);
                }
            }
        }
    }

    /// What this connection should do now; `None`: nothing.
    pub fn turn(&self, generation: Generation) -> Option<Turn> {
        let mut state = self.lock();
        if state.generation != generation {
            return Some(Turn::Close(ErrorCode::Replaced));
        }
        if let Some(code) = state.close {
            return Some(Turn::Close(code));
        }
        if state.queue.is_empty() {
            return None;
        }
        state.queue_bytes = 0;
        Some(Turn::Write(std::mem::take(&mut state.queue)))
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

    /// Gives the session a new line: behind the new `welcome` goes what is owed, gaps where something could not be kept
    /// and then all that was.
    ///
    /// `have` is what the client confirmed; `welcome` makes the first frame. `None` where the session is over, the
    /// secret is not the current one, or the count is not possible.
    pub fn attach(
        &self,
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
        let mut rooms: Vec<RoomCode> = state.rooms.keys().copied().collect();
        rooms.sort_unstable();
        if let Some((secret, have)) = claim {
            if !same_secret(&state.secret, secret) {
                return None;
            }
            owed = state.resume.resume(have, &rooms, retention(limits), |room, missed| {
                let gap = Frame::new(&ServerFrame::Gap { room, missed });
                let bytes = gap.bytes.len();
                (gap.bytes, bytes)
            })?;
        }
        let took_over = state.connected;
        state.secret = fresh_secret;
        state.generation += 1;
        state.connected = true;
        state.close = None;
        let welcome = Frame::new(&welcome(&state.secret, rooms));
        state.queue.clear();
        state.queue.push_back(welcome.bytes);
        state.queue.extend(owed);
        // What was kept fits the retention and is owed: it does not count against a slow reader before it was offered.
        state.queue_bytes = 0;
        let generation = state.generation;
        drop(state);
        // Two permits are one: the old connection, if any, and the new one both look after the session when they next
        // run, because the old one is woken here and the new one has not waited yet.
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

    /// The connection is gone. Answers whether the session has no line now (it may have been taken over).
    pub fn detach(&self, generation: Generation) -> bool {
        let mut state = self.lock();
        if state.generation != generation {
            return false;
        }
        state.connected = false;
        state.queue = VecDeque::new();
        state.queue_bytes = 0;
        true
    }

    /// Ends the session if it still has no line since this connection. Answers where it was inside.
    pub fn end_if_detached(&self, generation: Generation) -> Option<Vec<Inside>> {
        let mut state = self.lock();
        let over = !state.ended && !state.connected && state.generation == generation;
        over.then(|| state.end())
    }

    /// Ends the session if it has lost its line. Answers where it was inside.
    pub fn end_if_dropped(&self) -> Option<Vec<Inside>> {
        let mut state = self.lock();
        let over = !state.ended && state.is_dropped();
        over.then(|| state.end())
    }

    /// Ends the session whatever its state. Answers where it was inside.
    pub fn end(&self) -> Vec<Inside> {
        self.lock().end()
    }

    /// Notes what the client confirms. Answers false where that was never sent.
    pub fn confirm(&self, have: u64) -> bool {
        self.lock().resume.confirm(have)
    }

    /// Notes a seat. A session that is over takes none.
    pub fn entered(&self, inside: Inside) -> bool {
        let mut state = self.lock();
        if !state.ended {
            state.rooms.insert(inside.code, inside);
        }
        !state.ended
    }

    /// Forgets a seat.
    pub fn left(&self, code: RoomCode) {
        self.lock().rooms.remove(&code);
    }

    /// The seat in one room.
    pub fn inside(&self, code: RoomCode) -> Option<Inside> {
        self.lock().rooms.get(&code).cloned()
    }

    /// Every seat.
    pub fn insides(&self) -> Vec<Inside> {
        self.lock().rooms.values().cloned().collect()
    }

    /// How many rooms it is in.
    pub fn room_count(&self) -> usize {
        self.lock().rooms.len()
    }

    /// Whose it is.
    pub fn identity(&self) -> Identity {
        self.lock().identity.clone()
    }

    /// The same person with a new name or token.
    pub fn set_identity(&self, identity: Identity) {
        self.lock().identity = identity;
    }

    /// Renames the person.
    pub fn rename(&self, name: &protocol::DisplayName) {
        self.lock().identity.name = name.clone();
    }

    /// Whether it had a line and lost it. One that is about to get its first has not.
    pub fn is_dropped(&self) -> bool {
        self.lock().is_dropped()
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

    fn request_close(&mut self, code: ErrorCode) {
        if self.connected && self.close.is_none() {
            self.close = Some(code);
            self.queue = VecDeque::new();
            self.queue_bytes = 0;
        }
    }

    fn end(&mut self) -> Vec<Inside> {
        self.ended = true;
        self.resume.clear();
        std::mem::take(&mut self.rooms).into_values().collect()
    }
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

impl std::fmt::Debug for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Native => "Native",
            Self::SocketIo { .. } => "SocketIo(…)",
        })
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({} bytes)", self.bytes.len())
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
