//! `typing`, `read` and `status`: signals that nobody waits for an answer to.

use chat::{Input, Now};
use protocol::{Activity, MessageId};

use super::Requests;
use crate::channel::SeatHandle;

impl Requests {
    pub(super) fn typing(&mut self, inside: &SeatHandle, on: bool, now: Now) {
        let now = now.mono;
        let last = self.typed_at.get(&inside.code).copied();
        let soon = last.is_some_and(|at| now < at.after(self.limits().typing_every_ms));
        if on && soon {
            return;
        }
        if on {
            // Rooms that were left long ago are forgotten, too.
            let every_ms = self.limits().typing_every_ms;
            self.typed_at.retain(|_, at| now < at.after(every_ms));
            self.typed_at.insert(inside.code, now);
        } else {
            self.typed_at.remove(&inside.code);
        }
        // A signal that finds the mailbox full is of no use later.
        let _ = inside.room.request(&self.session, Input::Typing { session: self.session.key, on });
    }

    /// How far the person has read is told and not asked for: where it finds no room, it is of no use.
    pub(super) fn read(&self, room: &str, id: Option<MessageId>) {
        if let Some(inside) = self.inside(room, None) {
            let _ = inside.room.request(&self.session, Input::Read { session: self.session.key, id });
        }
    }

    pub(super) fn status(&mut self, activity: Activity, room: Option<&str>) {
        let insides = if let Some(room) = room {
            self.inside(room, None).into_iter().collect()
        } else {
            self.activity = activity;
            self.session.insides()
        };
        for inside in insides {
            let _ = inside.room.request(&self.session, Input::Status { session: self.session.key, activity });
        }
    }
}
