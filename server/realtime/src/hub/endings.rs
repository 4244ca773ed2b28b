//! What ends, and who has to hear of it: memberships, rooms, logins, users. Their records have ended before.

use std::sync::Arc;

use chat::{ChannelId, Input};
use protocol::{ErrorCode, LeaveReason, MemberId};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Hub;
use crate::broker::Word;
use crate::channel::RoomCommand;
use crate::events::Happening;
use crate::identity::{LoginKey, UserId};
use crate::record::Left;
use crate::request_id::carried;
use crate::session::for_rooms::RoomsSession;

impl Hub {
    /// A membership has ended: the live room hears of it, and of what that means for those who stay.
    pub fn left(&self, room: ChannelId, member: MemberId, left: &Left, reason: LeaveReason) {
        self.tell_nodes(Word::Removed(room, member.clone(), reason));
        self.tell(room, Input::Remove { member, reason });
        self.left_behind(room, left);
    }

    /// What a membership's end means for those who stay.
    pub fn left_behind(&self, room: ChannelId, left: &Left) {
        match left {
            Left::NotMember => {}
            Left::Remaining { owner } => self.passed_on(room, owner.clone()),
            Left::RoomDeleted => self.end_room(room, LeaveReason::Deleted),
        }
    }

    /// A room has another owner.
    pub fn passed_on(&self, room: ChannelId, owner: MemberId) {
        self.tell_nodes(Word::Owner(room, owner.clone()));
        self.tell(room, Input::Owner { member: owner });
    }

    /// Takes a person out of a live room. What this answers resolves when their clients were told; `None` where there is
    /// no such room.
    pub fn remove(
        &self,
        room: ChannelId,
        member: MemberId,
        reason: LeaveReason,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        self.tell_nodes(Word::Removed(room, member.clone(), reason));
        let live = self.live(room)?;
        let (done, waiting) = oneshot::channel();
        let command = RoomCommand { input: Input::Remove { member, reason }, session: None, done: Some(done) };
        Some(async move {
            // A room that is over has told them.
            if live.send_in_turn(command).await.is_ok() {
                let _ = waiting.await;
            }
        })
    }

    /// A room has no record any more: those inside are told why.
    pub fn end_room(&self, room: ChannelId, reason: LeaveReason) {
        // The task of one that is live tells how many were inside.
        if !self.is_live(room) {
            self.happened(|| Happening::RoomEnded(room, reason, 0));
        }
        self.end_room_everywhere(room, reason);
    }

    /// As [`Hub::end_room`], where it is not news that the room is over.
    pub fn end_room_everywhere(&self, room: ChannelId, reason: LeaveReason) {
        self.tell_nodes(Word::RoomEnded(room, reason));
        self.end_room_here(room, reason);
    }

    pub(super) fn end_room_here(&self, room: ChannelId, reason: LeaveReason) {
        let keeper = self.rooms().get(&room).map(|live| Arc::clone(&live.keeper));
        if let Some(keeper) = keeper {
            keeper.note_ended();
        }
        self.tell(room, Input::End(reason));
    }

    /// A login of a user was revoked: its connections close at once and its sessions end.
    pub fn end_login(&self, user: UserId, login: LoginKey) {
        self.tell_nodes(Word::LoginEnded(user, login));
        self.end_login_here(user, login);
    }

    pub(super) fn end_login_here(&self, user: UserId, login: LoginKey) {
        for session in self.sessions_of(user) {
            if session.identity().login == login {
                self.end(&session, ErrorCode::Revoked);
            }
        }
    }

    /// A user is gone: as [`Hub::end_login`], whatever their logins.
    pub fn end_user(&self, user: UserId) {
        self.tell_nodes(Word::UserEnded(user));
        self.end_user_here(user);
    }

    pub(super) fn end_user_here(&self, user: UserId) {
        for session in self.sessions_of(user) {
            self.end(&session, ErrorCode::Revoked);
        }
    }

    /// Ends a session, and closes its line with this code.
    pub fn end(&self, session: &Arc<RoomsSession>, code: ErrorCode) {
        session.close(code);
        self.end_session(session, session.end());
    }

    /// Does something to its end, also where whoever asked for it is gone; a stop of the server waits for it.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.tracker.spawn(carried(work))
    }
}
