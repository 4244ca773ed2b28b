//! `change`, `kick`, `ban`, `role` and `burn`: what owners and moderators ask for. The records decide whether they may; the
//! answer comes through the room.

use std::sync::Arc;

use chat::Now;
use protocol::{ClientId, ServerFrame};

use super::{Next, Requests};
use crate::rate_limits::RateLimit;
use crate::services::{Asked, Wish};

impl Requests {
    pub(super) fn power(&self, cid: ClientId, room: &str, wish: Wish, now: Now) -> Next {
        let Some(inside) = self.inside(room, Some(&cid)) else {
            return Next::Read;
        };
        let (services, session) = (Arc::clone(&self.services), Arc::clone(&self.session));
        Next::Wait(self.finish(async move {
            let asked = Asked { user: session.user(), by: Some((session.key, cid.clone())), now };
            let work = services.exercise(inside.room.id, asked, wish);
            if let Err(failure) = services.rate_limits().charge(RateLimit::Powers(session.user()), now, work).await {
                let frame = ServerFrame::error(failure.code, Some(cid), failure.retry_after_ms);
                services.hub().answer(&session, &frame);
            }
        }))
    }
}
