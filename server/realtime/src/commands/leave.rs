//! `leave`: a person goes for good, with every session.

use std::sync::Arc;

use chat::Input;
use protocol::{ClientId, LeaveReason, ServerFrame};
use tokio::sync::oneshot;

use super::{Next, Requests};
use crate::channel::{RoomCommand, SeatHandle};
use crate::services::Services;
use crate::session::for_rooms::RoomsSession;

impl Requests {
    pub(super) fn leave(&self, cid: ClientId, room: &str) -> Next {
        let Some(inside) = self.inside(room, Some(&cid)) else {
            return Next::Read;
        };
        let (services, session) = (Arc::clone(&self.services), Arc::clone(&self.session));
        Next::Wait(self.finish(async move {
            match services.leave(&inside.room, session.user()).await {
                Ok(left) => {
                    leave_seat(&*services, &session, &inside, cid).await;
                    services.hub().left(inside.room.id, inside.member, &left, LeaveReason::Left);
                }
                Err(failure) => {
                    let frame = ServerFrame::error(failure.code, Some(cid), failure.retry_after_ms);
                    services.hub().answer(&session, &frame);
                }
            }
        }))
    }
}

/// The store has ended the membership, so the room must hear of it: it waits for a place in the mailbox, holding up its own
/// connection only.
async fn leave_seat(services: &dyn Services, session: &Arc<RoomsSession>, inside: &SeatHandle, cid: ClientId) {
    let (done, waiting) = oneshot::channel();
    let input = Input::Leave { session: session.key, cid: Some(cid.clone()) };
    let command = RoomCommand { input, session: Some(Arc::clone(session)), done: Some(done) };
    match inside.room.send_in_turn(command).await {
        Ok(()) => {
            let _ = waiting.await;
        }
        Err(code) => services.hub().answer(session, &ServerFrame::error(code, Some(cid), None)),
    }
}
