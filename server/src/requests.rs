//! What a client's frames do, whatever transport brought them: parse, check, hand to the room.
//!
//! Knows no socket. Answers go through the session's queue, those of a room through the room, so that they come in the
//! order of the requests.

use std::collections::HashMap;
use std::sync::Arc;

use chat::{Bucket, Input, Rate};
use futures::future::BoxFuture;
use protocol::{
    Activity, ClientFrame, ClientId, ErrorCode, FrameError, LeaveReason, Millis, Position, RoomCode, ServerFrame, Text,
    decode_client,
};
use tokio::sync::oneshot;

use crate::address::Address;
use crate::admission;
use crate::clock;
use crate::error::Failure;
use crate::gates::Gate;
use crate::room::{Command, Inside};
use crate::sanitize;
use crate::session::Session;
use crate::state::AppState;
use crate::store::{Joined, Left, StoreError};

/// Refused frames after which a connection counts as flooding.
const REFUSED_MAX: u32 = 300;

/// When to try again what found a room's mailbox full.
const BUSY_RETRY_MS: u64 = 500;

/// One client's side of a session.
#[derive(Debug)]
pub(crate) struct Requests {
    state: AppState,
    session: Arc<Session>,
    address: Address,
    frames: Bucket,
    refused: u32,
    looks: Activity,
    typed_at: HashMap<RoomCode, Millis>,
}

/// What the transport does next.
pub(crate) enum Next {
    /// Read on.
    Read,
    /// Read on when this is done; write meanwhile.
    Wait(BoxFuture<'static, ()>),
    /// Close with this code.
    Close(ErrorCode),
}

impl Requests {
    /// For one connection.
    pub(crate) fn new(state: AppState, session: Arc<Session>, address: Address) -> Self {
        let (frames, looks, typed_at) = (Bucket::default(), Activity::Online, HashMap::new());
        Self { state, session, address, frames, refused: 0, looks, typed_at }
    }

    /// Takes one text frame.
    pub(crate) fn take(&mut self, text: &str) -> Next {
        self.take_decoded(decode_client(text))
    }

    /// Takes what a transport has read by itself.
    pub(crate) fn take_decoded(&mut self, decoded: Result<ClientFrame, FrameError>) -> Next {
        let now = clock::now();
        if let Err(failure) = self.count(now) {
            let cid = match &decoded {
                Ok(frame) => frame.cid().cloned(),
                Err(error) => error.cid.clone(),
            };
            return self.refuse(failure, cid);
        }
        match decoded {
            Ok(frame) => self.handle(frame, now),
            Err(error) => self.refuse(error.code.into(), error.cid),
        }
    }

    /// Takes what this server has no frame for: told so, and counted like any frame.
    pub(crate) fn unknown(&mut self, cid: ClientId) -> Next {
        if let Err(failure) = self.count(clock::now()) {
            return self.refuse(failure, Some(cid));
        }
        self.error(ErrorCode::BadFrame.into(), Some(cid));
        Next::Read
    }

    /// Takes a typing signal of a client that wants to know what became of it.
    ///
    /// # Errors
    /// It was refused, and the client told with this `cid`: what the transport does next.
    pub(crate) fn signal(&mut self, cid: &ClientId, room: &str, on: bool) -> Result<(), Next> {
        let now = clock::now();
        self.count(now).map_err(|failure| self.refuse(failure, Some(cid.clone())))?;
        let inside = self.inside(room, Some(cid)).ok_or(Next::Read)?;
        self.typing(&inside, on, now);
        Ok(())
    }

    /// Counts one frame.
    fn count(&mut self, now: Millis) -> Result<(), Failure> {
        let rate = Rate::per_minute(self.state.config.limits.frames_per_minute);
        self.frames.take(now, rate).map_err(|wait_ms| Failure::after(ErrorCode::RateLimited, wait_ms))
    }

    /// Takes a frame that is no text.
    pub(crate) fn take_binary(&mut self) -> Next {
        self.refuse(ErrorCode::BadFrame.into(), None)
    }

    fn handle(&mut self, frame: ClientFrame, now: Millis) -> Next {
        match frame {
            ClientFrame::Hello { .. } => return self.refuse(ErrorCode::BadFrame.into(), None),
            ClientFrame::Join { cid, code, pin, since } => return self.join(cid, code, pin, since, now),
            ClientFrame::Leave { cid, room } => return self.leave(cid, &room),
            ClientFrame::Send { cid, room, text } => self.send(cid, &room, &text, now),
            ClientFrame::Typing { room, on } => {
                if let Some(inside) = self.inside(&room, None) {
                    self.typing(&inside, on, now);
                }
            }
            ClientFrame::Status { state: Activity::Offline, .. } => {
                return self.refuse(ErrorCode::BadFrame.into(), None);
            }
            ClientFrame::Status { state, room } => self.status(state, room.as_deref()),
            ClientFrame::Ping { have } => {
                if have.is_some_and(|have| !self.session.confirm(have)) {
                    return self.refuse(ErrorCode::BadFrame.into(), None);
                }
                self.push(&ServerFrame::Pong {});
            }
            ClientFrame::Pong { have } => {
                if !self.session.confirm(have) {
                    return self.refuse(ErrorCode::BadFrame.into(), None);
                }
            }
        }
        Next::Read
    }

    fn join(&mut self, cid: ClientId, code: String, pin: Option<String>, since: Option<Position>, now: Millis) -> Next {
        let user = self.session.identity().user;
        if let Err(failure) = self.state.gates.take(Gate::Joins(user), now) {
            self.error(failure, Some(cid));
            return Next::Read;
        }
        let rooms_max = usize::try_from(self.state.config.limits.rooms_per_session).unwrap_or(usize::MAX);
        let known = RoomCode::parse(&code).is_ok_and(|code| self.session.inside(code).is_some());
        if !known && self.session.room_count() >= rooms_max {
            self.error(ErrorCode::TooManyRooms.into(), Some(cid));
            return Next::Read;
        }
        Next::Wait(self.enter(Some(cid), code, pin, since, now))
    }

    /// Takes a seat that the server asks for itself, in a room that the person is a member of; `None` where there is
    /// nothing to do.
    ///
    /// # Errors
    /// Too many of them for now, because somebody comes and goes: the milliseconds to wait.
    pub(crate) fn follow(&self, code: RoomCode) -> Result<Option<BoxFuture<'static, ()>>, u64> {
        let rooms_max = usize::try_from(self.state.config.limits.rooms_per_session).unwrap_or(usize::MAX);
        if self.session.inside(code).is_some() || self.session.room_count() >= rooms_max {
            return Ok(None);
        }
        let (now, user) = (clock::now(), self.session.identity().user);
        let counted = self.state.gates.take(Gate::Follows(user), now);
        counted.map_err(|failure| failure.retry_after_ms.unwrap_or(BUSY_RETRY_MS))?;
        Ok(Some(self.enter(None, code.as_str().to_owned(), None, None, now)))
    }

    fn enter(
        &self,
        cid: Option<ClientId>,
        code: String,
        pin: Option<String>,
        since: Option<Position>,
        now: Millis,
    ) -> BoxFuture<'static, ()> {
        let (state, session, address) = (self.state.clone(), Arc::clone(&self.session), self.address);
        let join = Join { cid: cid.clone(), code, pin, since, activity: self.looks };
        self.finish(async move {
            if let Err(failure) = join.run(&state, &session, address, now).await {
                push(&state, &session, &ServerFrame::error(failure.code, cid, failure.retry_after_ms));
            }
        })
    }

    fn leave(&self, cid: ClientId, room: &str) -> Next {
        let Some(inside) = self.inside(room, Some(&cid)) else {
            return Next::Read;
        };
        let (state, session) = (self.state.clone(), Arc::clone(&self.session));
        Next::Wait(self.finish(async move {
            let user = session.identity().user;
            match state.store.leave(inside.room.id, user).await {
                Ok(outcome) => {
                    leave_seat(&state, &session, &inside, cid).await;
                    state.hub.left(inside.room.id, user, &outcome, LeaveReason::Left);
                }
                // Who wants to go, goes: the database is told when it is back.
                Err(StoreError::Unavailable) if state.hub.owe_leave(inside.room.id, user) => {
                    leave_seat(&state, &session, &inside, cid).await;
                    state.hub.left(inside.room.id, user, &Left::NotMember, LeaveReason::Left);
                }
                Err(error) => {
                    let failure = Failure::from(error);
                    push(&state, &session, &ServerFrame::error(failure.code, Some(cid), failure.retry_after_ms));
                }
            }
        }))
    }

    /// Does to its end what touches store and room, even if the connection ends meanwhile: the two must not disagree.
    fn finish(&self, work: impl Future<Output = ()> + Send + 'static) -> BoxFuture<'static, ()> {
        let session = Arc::clone(&self.session);
        let working = self.state.tracker.spawn(work);
        Box::pin(async move {
            // A panic leaves the request without an answer; as any fault of ours it ends this connection only.
            if working.await.is_err() {
                session.close(ErrorCode::Internal);
            }
        })
    }

    fn send(&self, cid: ClientId, room: &str, text: &str, now: Millis) {
        let Some(inside) = self.inside(room, Some(&cid)) else {
            return;
        };
        let chars_max = usize::try_from(self.state.config.limits.text_chars_max).unwrap_or(usize::MAX);
        let parsed = Text::parse(text, chars_max).map_err(Failure::from).and_then(|text| {
            self.state.gates.take(Gate::Sends(self.session.identity().user), now)?;
            Ok(text)
        });
        let (key, failed) = (self.session.key, cid.clone());
        let input = match parsed {
            Ok(text) => Input::Send { session: key, cid, body: sanitize::body(text) },
            Err(failure) => {
                let frame = ServerFrame::error(failure.code, Some(cid), failure.retry_after_ms);
                Input::Answer { session: key, frame }
            }
        };
        if let Err(code) = inside.room.request(&self.session, input) {
            self.error(Failure { code, retry_after_ms: Some(BUSY_RETRY_MS) }, Some(failed));
        }
    }

    fn typing(&mut self, inside: &Inside, on: bool, now: Millis) {
        let last = self.typed_at.get(&inside.code).copied();
        let soon = last.is_some_and(|at| now < at.saturating_add(self.state.config.limits.typing_every_ms));
        if on && soon {
            return;
        }
        if on {
            // Rooms that were left long ago are forgotten, too.
            let every_ms = self.state.config.limits.typing_every_ms;
            self.typed_at.retain(|_, at| now < at.saturating_add(every_ms));
            self.typed_at.insert(inside.code, now);
        } else {
            self.typed_at.remove(&inside.code);
        }
        // A signal that finds the mailbox full is of no use later.
        let _ = inside.room.request(&self.session, Input::Typing { session: self.session.key, on });
    }

    fn status(&mut self, activity: Activity, room: Option<&str>) {
        let insides = if let Some(room) = room {
            self.inside(room, None).into_iter().collect()
        } else {
            self.looks = activity;
            self.session.insides()
        };
        for inside in insides {
            let _ = inside.room.request(&self.session, Input::Status { session: self.session.key, activity });
        }
    }

    /// The seat in a room that the client names; an error frame where there is none.
    fn inside(&self, room: &str, cid: Option<&ClientId>) -> Option<Inside> {
        let inside = RoomCode::parse(room).and_then(|code| self.session.inside(code).ok_or(ErrorCode::NotInRoom));
        inside.map_err(|code| self.error(code.into(), cid.cloned())).ok()
    }

    fn refuse(&mut self, failure: Failure, cid: Option<ClientId>) -> Next {
        self.refused += 1;
        if self.refused > REFUSED_MAX {
            return Next::Close(ErrorCode::Flooding);
        }
        self.error(failure, cid);
        Next::Read
    }

    fn error(&self, failure: Failure, cid: Option<ClientId>) {
        self.push(&ServerFrame::error(failure.code, cid, failure.retry_after_ms));
    }

    fn push(&self, frame: &ServerFrame) {
        push(&self.state, &self.session, frame);
    }
}

/// The fields of a `join`, checked as far as that goes without the store.
struct Join {
    cid: Option<ClientId>,
    code: String,
    pin: Option<String>,
    since: Option<Position>,
    activity: Activity,
}

impl Join {
    /// Membership first (the store's atomic step), then the seat (the room's).
    async fn run(self, state: &AppState, session: &Arc<Session>, address: Address, now: Millis) -> Result<(), Failure> {
        let identity = session.identity();
        let admitted = admission::admit(state, identity.user, address, &self.code, self.pin.as_deref(), now).await?;
        let room = state.hub.room(&admitted.room);
        let (done, waiting) = oneshot::channel();
        let input = Input::Join {
            session: session.key,
            cid: self.cid,
            member: admitted.member,
            name: identity.name,
            activity: self.activity,
            since: self.since,
        };
        room.send_in_turn(Command { input, session: Some(Arc::clone(session)), done: Some(done) }).await?;
        // The room ends before it answers only by a panic; the client then meets a closed connection.
        let _ = waiting.await;
        let inside = session.inside(admitted.room.code).is_some();
        if inside {
            state.hub.entered(session, admitted.room.code);
        }
        if !inside && admitted.joined == Joined::New {
            // The room was full: the membership that was made for this join goes again.
            let outcome = match state.store.leave(admitted.room.id, identity.user).await {
                Err(StoreError::Unavailable) if state.hub.owe_leave(admitted.room.id, identity.user) => return Ok(()),
                outcome => outcome?,
            };
            match outcome {
                Left::RoomDeleted => state.hub.end_room(admitted.room.id, LeaveReason::Empty),
                // All others may have left meanwhile, so that the room had come to this one.
                Left::Remaining { owner } => state.hub.passed_on(admitted.room.id, owner),
                Left::NotMember => {}
            }
        }
        Ok(())
    }
}

/// The store has ended the membership, so the room must hear of it: it waits for a place in the mailbox, holding up its own
/// connection only.
async fn leave_seat(state: &AppState, session: &Arc<Session>, inside: &Inside, cid: ClientId) {
    let (done, waiting) = oneshot::channel();
    let input = Input::Leave { session: session.key, cid: Some(cid.clone()) };
    let command = Command { input, session: Some(Arc::clone(session)), done: Some(done) };
    match inside.room.send_in_turn(command).await {
        Ok(()) => {
            let _ = waiting.await;
        }
        Err(code) => push(state, session, &ServerFrame::error(code, Some(cid), None)),
    }
}

fn push(state: &AppState, session: &Session, frame: &ServerFrame) {
    session.tell(frame, &state.config.limits);
}

impl std::fmt::Debug for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read => f.write_str("Read"),
            Self::Wait(_) => f.write_str("Wait"),
            Self::Close(code) => write!(f, "Close({code})"),
        }
    }
}
