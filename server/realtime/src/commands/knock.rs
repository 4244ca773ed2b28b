//! `knock`: somebody asks those inside to let them in. The answer comes when they have decided; meanwhile the line goes on.

use std::sync::Arc;

use chat::Now;
use protocol::{ClientId, RoomCode, ServerFrame};

use super::{Next, Requests};
use crate::knock::Knock;
use crate::rate_limits::RateLimit;
use crate::services::{Admission, Services};
use crate::session::for_rooms::RoomsSession;

impl Requests {
    pub(super) fn knock(&self, cid: ClientId, code: String, pin: Option<String>, now: Now) -> Next {
        if let Err(failure) = self.services.rate_limits().take(RateLimit::Joins(self.session.user()), now) {
            self.error(failure, Some(cid));
            return Next::Read;
        }
        let (services, session, address) = (Arc::clone(&self.services), Arc::clone(&self.session), self.address);
        Next::Wait(self.finish(async move {
            let (identity, pin, reads_sealed) = (session.identity(), pin.as_deref(), session.dialect().reads_sealed());
            let (user, kind) = (session.user(), identity.kind);
            let admission = Admission { user, kind, address, code: &code, pin, invite: None, reads_sealed, now };
            let knock = services.knock(admission, identity.name).await;
            let knock = knock.and_then(|knock| Ok((knock, RoomCode::parse(&code)?)));
            match knock {
                Ok((None, room)) => session.tell(&ServerFrame::Done { cid, room }, services.hub().limits()),
                // Not on the line: what comes behind it does not wait for people.
                Ok((Some(knock), room)) => {
                    let waiting = wait(Arc::clone(&services), session, knock, cid, room);
                    drop(services.hub().spawn(waiting));
                }
                Err(failure) => {
                    let frame = ServerFrame::error(failure.code, Some(cid), failure.retry_after_ms);
                    services.hub().answer(&session, &frame);
                }
            }
        }))
    }
}

/// Tells the session what those inside say. Who has gone waits no more.
async fn wait(
    services: Arc<dyn Services>,
    session: Arc<RoomsSession>,
    mut knock: Knock,
    cid: ClientId,
    room: RoomCode,
) {
    let gone = session.gone();
    let verdict = tokio::select! {
        verdict = knock.answered() => verdict,
        () = gone.cancelled() => return,
    };
    let frame = match verdict.refusal() {
        None => ServerFrame::Done { cid, room },
        Some(code) => ServerFrame::error(code, Some(cid), None),
    };
    services.hub().answer(&session, &frame);
}
