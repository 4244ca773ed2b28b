//! What a client's frames do, whatever transport brought them: parse, check, hand to the room.
//!
//! Knows no socket. Answers go through the session's queue, those of a room through the room, so that they come in the
//! order of the requests. `join.rs`, `knock.rs`, `leave.rs`, `send.rs`, `change.rs`, `powers.rs` and
//! `signals.rs` have the commands; here is what they share.

mod change;
mod join;
mod knock;
mod leave;
mod powers;
mod send;
mod signals;

use std::collections::HashMap;
use std::sync::Arc;

use chat::{Bucket, Input, Monotonic, Now, Rate};
use futures::future::BoxFuture;
use protocol::{
    Activity, ClientFrame, ClientId, ErrorCode, FrameError, Limits, MessageId, RoomCode, ServerFrame, Text,
    decode_client,
};

use crate::address::Address;
use crate::attachment::Attachment;
use crate::channel::SeatHandle;
use crate::dialect::Frame;
use crate::error::Refused;
use crate::rate_limits::RateLimit;
use crate::services::{Services, Wish};
use crate::session::for_rooms::RoomsSession;
use crate::session::{Confirmed, Generation};
use crate::transport::Next;

/// When to try again what found a room's mailbox full.
const BUSY_RETRY_MS: u64 = 500;

/// One client's side of a session.
#[derive(Debug)]
pub struct Requests {
    services: Arc<dyn Services>,
    session: Arc<RoomsSession>,
    /// The line that the frames come by.
    generation: Generation,
    address: Address,
    frames: Bucket,
    refused: Bucket,
    activity: Activity,
    typed_at: HashMap<RoomCode, Monotonic>,
}

impl Requests {
    /// For one connection.
    pub fn new(services: Arc<dyn Services>, line: &Attachment, address: Address) -> Self {
        let (session, generation) = (Arc::clone(&line.session), line.generation);
        let (frames, refused, typed_at) = (Bucket::default(), Bucket::default(), HashMap::new());
        Self { services, session, generation, address, frames, refused, activity: Activity::Online, typed_at }
    }

    /// Takes one text frame.
    pub fn take(&mut self, text: &str) -> Next {
        self.take_decoded(decode_client(text))
    }

    /// Takes what a transport has read by itself.
    pub fn take_decoded(&mut self, decoded: Result<ClientFrame, FrameError>) -> Next {
        let now = self.now();
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
    pub fn unknown(&mut self, cid: ClientId) -> Next {
        if let Err(failure) = self.count(self.now()) {
            return self.refuse(failure, Some(cid));
        }
        self.error(ErrorCode::BadFrame.into(), Some(cid));
        Next::Read
    }

    /// Takes a typing signal of a client that wants to know what became of it.
    ///
    /// # Errors
    /// It was refused, and the client told with this `cid`: what the transport does next.
    pub fn signal(&mut self, cid: &ClientId, room: &str, on: bool) -> Result<(), Next> {
        let now = self.now();
        self.count(now).map_err(|failure| self.refuse(failure, Some(cid.clone())))?;
        let inside = self.inside(room, Some(cid)).ok_or(Next::Read)?;
        self.typing(&inside, on, now);
        Ok(())
    }

    /// Takes how far somebody has read, of a client that wants to know that it was taken.
    ///
    /// # Errors
    /// As [`Requests::signal`].
    pub fn reading(&mut self, cid: &ClientId, room: &str, id: Option<MessageId>) -> Result<(), Next> {
        let now = self.now();
        self.count(now).map_err(|failure| self.refuse(failure, Some(cid.clone())))?;
        self.inside(room, Some(cid)).ok_or(Next::Read)?;
        self.read(room, id);
        Ok(())
    }

    /// Answers in words that the transport has chosen itself.
    pub fn answer(&self, frame: &Frame) {
        self.session.push(frame, self.limits());
    }

    /// Counts one frame.
    fn count(&mut self, now: Now) -> Result<(), Refused> {
        let rate = Rate::per_minute(self.limits().frames_per_minute);
        self.frames.take(now.mono, rate).map_err(|wait_ms| Refused::after(ErrorCode::RateLimited, wait_ms))
    }

    /// Takes a frame that is no text.
    pub fn take_binary(&mut self) -> Next {
        self.refuse(ErrorCode::BadFrame.into(), None)
    }

    fn handle(&mut self, frame: ClientFrame, now: Now) -> Next {
        match frame {
            ClientFrame::Hello { .. } => return self.refuse(ErrorCode::BadFrame.into(), None),
            ClientFrame::Join { cid, code, pin, invite, since } => {
                return self.join(cid, code, [pin, invite], since, now);
            }
            ClientFrame::Leave { cid, room } => return self.leave(cid, &room),
            ClientFrame::Send(message) => self.send(message, now),
            ClientFrame::Whisper(whisper) => self.whisper(whisper, now),
            ClientFrame::Edit { cid, room, id, text } => self.edit(cid, &room, id, &text, now),
            ClientFrame::Delete { cid, room, id } => self.delete(cid, &room, id, now),
            ClientFrame::React { cid, room, id, emoji, on } => self.react(cid, &room, id, (&emoji, on), now),
            ClientFrame::Change { cid, room, set } => return self.power(cid, &room, Wish::Change(set), now),
            ClientFrame::Kick { cid, room, member } => return self.power(cid, &room, Wish::Kick(member), now),
            ClientFrame::Ban { cid, room, member } => return self.power(cid, &room, Wish::Ban(member), now),
            ClientFrame::Unban { cid, room, member } => return self.power(cid, &room, Wish::Unban(member), now),
            ClientFrame::Admit { cid, room, member, on } => {
                return self.power(cid, &room, Wish::Admit(member, on), now);
            }
            ClientFrame::Knock { cid, code, pin } => return self.knock(cid, code, pin, now),
            ClientFrame::Role { cid, room, member, role } => {
                return self.power(cid, &room, Wish::Role(member, role), now);
            }
            ClientFrame::Burn { cid, room } => return self.power(cid, &room, Wish::Burn, now),
            ClientFrame::Typing { room, on } => {
                if let Some(inside) = self.inside(&room, None) {
                    self.typing(&inside, on, now);
                }
            }
            ClientFrame::Read { room, id } => self.read(&room, id),
            ClientFrame::Status { state: Activity::Offline, .. } => {
                return self.refuse(ErrorCode::BadFrame.into(), None);
            }
            ClientFrame::Status { state, room } => self.status(state, room.as_deref()),
            ClientFrame::Ping { have } => {
                let next = have.map_or(Next::Read, |have| self.confirm(have));
                if matches!(next, Next::Read) {
                    self.push(&ServerFrame::Pong {});
                }
                return next;
            }
            ClientFrame::Pong { have } => return self.confirm(have),
        }
        Next::Read
    }

    fn confirm(&mut self, have: u64) -> Next {
        match self.session.confirm(self.generation, have) {
            Confirmed::Yes => Next::Read,
            Confirmed::Never => self.refuse(ErrorCode::BadFrame.into(), None),
            // An answer would reach the line that the session has now.
            Confirmed::Stale => Next::Close(ErrorCode::Replaced),
        }
    }

    /// Does to its end what touches store and room, even if the connection ends meanwhile: the two must not disagree.
    fn finish(&self, work: impl Future<Output = ()> + Send + 'static) -> BoxFuture<'static, ()> {
        let session = Arc::clone(&self.session);
        let working = self.services.hub().spawn(work);
        Box::pin(async move {
            // A panic leaves the request without an answer; as any fault of ours it ends this connection only.
            if working.await.is_err() {
                session.close(ErrorCode::Internal);
            }
        })
    }

    /// The seat in a room that the client names; an error frame where there is none.
    fn inside(&self, room: &str, cid: Option<&ClientId>) -> Option<SeatHandle> {
        let inside = RoomCode::parse(room).and_then(|code| self.session.inside(code).ok_or(ErrorCode::NotInRoom));
        inside.map_err(|code| self.error(code.into(), cid.cloned())).ok()
    }

    /// A typed text and its sanitised HTML; a text that fits is counted by this limit before that work is done.
    fn text(&self, typed: &str, limit: RateLimit, now: Now) -> Result<(Text, Option<String>), Refused> {
        let chars_max = usize::try_from(self.limits().text_chars_max).unwrap_or(usize::MAX);
        let text = Text::parse(typed, chars_max)?;
        self.services.rate_limits().take(limit, now)?;
        let html = self.services.html(&text);
        Ok((text, html))
    }

    /// Hands the room what is to be relayed, or the refusal of it, so that answers come in the order of the requests.
    /// `paid`: what a limit has counted for it, given back where the room cannot take it.
    fn hand_over(&self, inside: &SeatHandle, cid: ClientId, asked: Result<Input, Refused>, paid: RateLimit) {
        let is_paid = asked.is_ok();
        let input = asked.unwrap_or_else(|failure| {
            let frame = ServerFrame::error(failure.code, Some(cid.clone()), failure.retry_after_ms);
            Input::Answer { session: self.session.key, frame }
        });
        if let Err(code) = inside.room.request(&self.session, input) {
            let failure = Refused::after(code, BUSY_RETRY_MS);
            if is_paid && failure.is_ours() {
                self.services.rate_limits().give_back(paid);
            }
            self.error(failure, Some(cid));
        }
    }

    fn refuse(&mut self, failure: Refused, cid: Option<ClientId>) -> Next {
        let limits = self.limits();
        let rate = Rate { burst: limits.refusals_burst, refill_ms: limits.refusals_refill_ms };
        if self.refused.take(self.now().mono, rate).is_err() {
            return Next::Close(ErrorCode::Flooding);
        }
        self.error(failure, cid);
        Next::Read
    }

    fn limits(&self) -> &Limits {
        self.services.hub().limits()
    }

    fn now(&self) -> Now {
        self.services.hub().clock().now()
    }

    fn error(&self, failure: Refused, cid: Option<ClientId>) {
        self.services.hub().answer(&self.session, &ServerFrame::error(failure.code, cid, failure.retry_after_ms));
    }

    fn push(&self, frame: &ServerFrame) {
        self.session.tell(frame, self.limits());
    }
}
