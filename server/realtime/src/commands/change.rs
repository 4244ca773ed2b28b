//! `edit`, `delete` and `react`: what somebody does to a message. Parsed and counted here; whether they may is the room's to say,
//! by the message's id.

use chat::{ChangeKind, Input, Now};
use protocol::{ClientId, Emoji, MessageId};

use super::Requests;
use crate::clock;
use crate::error::Refused;
use crate::rate_limits::RateLimit;

impl Requests {
    pub(super) fn edit(&self, cid: ClientId, room: &str, message: MessageId, text: &str, now: Now) {
        let limit = RateLimit::Edits(self.session.user());
        let Some(inside) = self.inside(room, Some(&cid)) else {
            return;
        };
        let words = self.text(text, limit, now);
        let asked = words.map(|(text, html)| self.changing(cid.clone(), message, ChangeKind::Edit { text, html }));
        self.hand_over(&inside, cid, asked, limit);
    }

    pub(super) fn delete(&self, cid: ClientId, room: &str, message: MessageId, now: Now) {
        let limit = RateLimit::Edits(self.session.user());
        let Some(inside) = self.inside(room, Some(&cid)) else {
            return;
        };
        let counted = self.services.rate_limits().take(limit, now);
        let asked = counted.map(|()| self.changing(cid.clone(), message, ChangeKind::Delete));
        self.hand_over(&inside, cid, asked, limit);
    }

    pub(super) fn react(&self, cid: ClientId, room: &str, message: MessageId, (emoji, on): (&str, bool), now: Now) {
        let limit = RateLimit::Reactions(self.session.user());
        let Some(inside) = self.inside(room, Some(&cid)) else {
            return;
        };
        let parsed = Emoji::parse(emoji).map_err(Refused::from).and_then(|emoji| {
            self.services.rate_limits().take(limit, now)?;
            Ok(ChangeKind::React { emoji, on })
        });
        let asked = parsed.map(|kind| self.changing(cid.clone(), message, kind));
        self.hand_over(&inside, cid, asked, limit);
    }

    fn changing(&self, cid: ClientId, message: MessageId, kind: ChangeKind) -> Input {
        let random = u64::from_be_bytes(clock::random());
        Input::Change { session: self.session.key, cid, message, kind, random }
    }
}
