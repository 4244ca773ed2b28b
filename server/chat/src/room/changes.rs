//! What is done to messages that were relayed before. The room keeps none of them, and no list of them: what may be done
//! to one is decided by its id alone, which tells by whom and when it was sent, and is keyed to the room.

use protocol::{ErrorCode, MemberId, MessageId, Millis, ServerFrame};

use super::Room;
use crate::event::{Change, ChangeKind, Effect, EventKind};
use crate::ids::Origin;
use crate::request::ChangeRequest;
use crate::seat::Acked;
use crate::time::Now;

impl Room {
    /// Checks a change and hands it to the broker, as [`Room::send`] does with a message.
    pub(super) fn change(&mut self, out: &mut Vec<Effect>, now: Now, request: ChangeRequest) {
        let ChangeRequest { session, cid, message, kind, random } = request;
        let Some((member, name)) = self.new_request(out, session, &cid) else { return };
        let between = match self.may_change(now.wall, &member, &message, &kind) {
            Ok(between) => between,
            Err(code) => {
                out.push(Effect::Reply(session, ServerFrame::error(code, Some(cid), None)));
                return;
            }
        };
        self.remember(session, &cid);
        match kind {
            ChangeKind::Edit { .. } if between.is_none() => self.stop_typing(now.mono, session),
            // Nobody sees when somebody is at a whisper.
            ChangeKind::Edit { .. } | ChangeKind::Delete | ChangeKind::React { .. } => {}
        }
        let id = self.ids.message_id(now.wall, random, &member);
        self.publish(out, now, session, id, EventKind::Change(Change { cid, message, member, name, between, kind }));
    }

    /// Answers between whom it was whispered, where it was.
    ///
    /// The age of a message is told by its stamp: nothing else of it is left. A clock that was set back makes it younger.
    fn may_change(
        &self,
        now: Millis,
        member: &MemberId,
        message: &MessageId,
        kind: &ChangeKind,
    ) -> Result<Option<[MemberId; 2]>, ErrorCode> {
        // Whoever has come by the id of others' whisper learns nothing from asking about it.
        let named = self.ids.verify(message).filter(|named| named.is_for(member)).ok_or(ErrorCode::UnknownMessage)?;
        match kind {
            // What is said in a sealed room is not for the server to read.
            ChangeKind::Edit { .. } | ChangeKind::React { .. } if self.info.sealed => Err(ErrorCode::SealedRoom),
            ChangeKind::Edit { .. } | ChangeKind::Delete if named.by != *member => Err(ErrorCode::NotYours),
            ChangeKind::Edit { .. } | ChangeKind::Delete
                if now.saturating_sub(named.at) > self.limits.edit_window_ms =>
            {
                Err(ErrorCode::TooLate)
            }
            ChangeKind::Edit { .. } | ChangeKind::Delete | ChangeKind::React { .. } => {
                Ok(named.to.map(|to| [named.by, to]))
            }
        }
    }

    /// Tells everybody who has heard the message of a change, in its place between the messages.
    pub(super) fn relay_change(&mut self, out: &mut Vec<Effect>, at: Millis, origin: Origin, change: Change) {
        let Change { cid, message: id, member, name, between, kind } = change;
        let whisper = between.is_some();
        // What others are not told they have not missed.
        self.changes += u64::from(!whisper);
        self.acknowledge(out, origin, &cid, Acked { seq: self.seq, id: id.clone(), at });
        let room = self.info.code;
        let told = match kind {
            ChangeKind::Edit { text, html } => {
                ServerFrame::Edited { room, id, at, text: text.as_str().to_owned(), html, whisper }
            }
            ChangeKind::Delete => ServerFrame::Deleted { room, id, at, whisper },
            ChangeKind::React { emoji, on } => ServerFrame::Reaction { room, id, member, name, emoji, on, whisper },
        };
        out.push(match between {
            Some(pair) => Effect::Between(pair, told),
            None => Effect::Broadcast(told),
        });
    }
}
