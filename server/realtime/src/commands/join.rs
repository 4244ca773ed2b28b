//! `join`, and the seats that a session takes without being asked: membership first, then the seat.

use std::sync::Arc;

use chat::{Input, Now};
use futures::future::BoxFuture;
use protocol::{Activity, ClientId, ErrorCode, Position, RoomCode, ServerFrame};
use tokio::sync::oneshot;

use super::{BUSY_RETRY_MS, Next, Requests};
use crate::address::Address;
use crate::channel::RoomCommand;
use crate::error::Refused;
use crate::rate_limits::RateLimit;
use crate::services::{Admission, Services};
use crate::session::for_rooms::RoomsSession;

impl Requests {
    pub(super) fn join(
        &mut self,
        cid: ClientId,
        code: String,
        [pin, invite]: [Option<String>; 2],
        since: Option<Position>,
        now: Now,
    ) -> Next {
        let wanted = Wanted { code, pin, invite, since };
        let user = self.session.user();
        if let Err(failure) = self.services.rate_limits().take(RateLimit::Joins(user), now) {
            self.error(failure, Some(cid));
            return Next::Read;
        }
        let rooms_max = usize::try_from(self.limits().rooms_per_session).unwrap_or(usize::MAX);
        let known = RoomCode::parse(&wanted.code).is_ok_and(|code| self.session.inside(code).is_some());
        if !known && self.session.room_count() >= rooms_max {
            self.error(ErrorCode::TooManyRooms.into(), Some(cid));
            return Next::Read;
        }
        Next::Wait(self.enter(Some(cid), wanted, now))
    }

    /// Takes a seat that the server asks for itself, in a room that the person is a member of; `None` where there is
    /// nothing to do.
    ///
    /// # Errors
    /// Too many of them for now, because somebody comes and goes: the milliseconds to wait.
    pub fn follow(&self, code: RoomCode) -> Result<Option<BoxFuture<'static, ()>>, u64> {
        let rooms_max = usize::try_from(self.limits().rooms_per_session).unwrap_or(usize::MAX);
        if self.session.inside(code).is_some() || self.session.room_count() >= rooms_max {
            return Ok(None);
        }
        let (now, user) = (self.now(), self.session.user());
        let counted = self.services.rate_limits().take(RateLimit::Follows(user), now);
        counted.map_err(|failure| failure.retry_after_ms.unwrap_or(BUSY_RETRY_MS))?;
        let wanted = Wanted { code: code.as_str().to_owned(), pin: None, invite: None, since: None };
        Ok(Some(self.enter(None, wanted, now)))
    }

    fn enter(&self, cid: Option<ClientId>, wanted: Wanted, now: Now) -> BoxFuture<'static, ()> {
        let (services, session, address) = (Arc::clone(&self.services), Arc::clone(&self.session), self.address);
        // The server's own are paid for by another limit than those that a client asks for.
        let user = session.user();
        let limit = if cid.is_some() { RateLimit::Joins(user) } else { RateLimit::Follows(user) };
        let join = Join { cid: cid.clone(), wanted, activity: self.activity };
        self.finish(async move {
            if let Err(failure) = join.run(&*services, &session, address, now).await {
                if failure.is_ours() {
                    services.rate_limits().give_back(limit);
                }
                // A room that this client cannot read is none to follow into: nobody asked, so nobody is told.
                if cid.is_some() || failure.code != ErrorCode::SealedRoom {
                    let frame = ServerFrame::error(failure.code, cid, failure.retry_after_ms);
                    services.hub().answer(&session, &frame);
                }
            }
        })
    }
}

/// What a `join` asks for, as it was typed.
struct Wanted {
    code: String,
    pin: Option<String>,
    invite: Option<String>,
    since: Option<Position>,
}

/// A `join`, checked as far as that goes without the store.
struct Join {
    cid: Option<ClientId>,
    wanted: Wanted,
    activity: Activity,
}

impl Join {
    /// Membership first (the records' atomic step), then the seat (the room's).
    async fn run(
        self,
        services: &dyn Services,
        session: &Arc<RoomsSession>,
        address: Address,
        now: Now,
    ) -> Result<(), Refused> {
        let began = services.hub().counts().begins();
        let Wanted { code, pin, invite, since } = self.wanted;
        let (pin, invite, reads_sealed) = (pin.as_deref(), invite.as_deref(), session.dialect().reads_sealed());
        let identity = session.identity();
        let (user, kind) = (session.user(), identity.kind);
        let admission = Admission { user, kind, address, code: &code, pin, invite, reads_sealed, now };
        let admitted = services.admit(admission).await?;
        let (done, waiting) = oneshot::channel();
        let input = Input::Join {
            session: session.key,
            cid: self.cid,
            member: admitted.member,
            name: identity.name,
            activity: self.activity,
            since,
            mark: Some(admitted.mark),
        };
        let room = admitted.room;
        room.send_in_turn(RoomCommand { input, session: Some(Arc::clone(session)), done: Some(done) }).await?;
        // The room ends before it answers only by a panic; the client then meets a closed connection.
        let _ = waiting.await;
        if session.inside(room.code).is_some() {
            if let (Some(began), Some(times)) = (began, services.hub().counts().times()) {
                times.joins.add(began.elapsed());
            }
            services.hub().entered(session, room.code);
        } else if admitted.is_new {
            // The room was full, or they were banned meanwhile: the membership that was made for this join goes again.
            services.withdraw(&room, session.user()).await?;
        }
        Ok(())
    }
}
