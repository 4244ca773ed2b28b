//! What is said to one person. It reaches every session of these two and nobody else, whatever anybody's role is, and
//! leaves no mark by which others could tell: no number in the order, no change counted, no end of typing.

use protocol::{DisplayName, ErrorCode, MemberId, MessageId, Millis, ServerFrame, Whisper};

use super::Room;
use crate::event::{Effect, EventKind, NewWhisper};
use crate::ids::Origin;
use crate::request::WhisperRequest;
use crate::seat::Acked;
use crate::time::Now;

impl Room {
    /// Checks a whisper and hands it to the broker, as [`Room::send`] does with a message.
    pub(super) fn whisper(&mut self, out: &mut Vec<Effect>, now: Now, request: WhisperRequest) {
        let WhisperRequest { session, cid, random, to, text, html, refers } = request;
        let Some((member, name)) = self.new_request(out, session, &cid) else { return };
        let to_name = match self.may_whisper(&member, &to, refers.reply.as_ref()) {
            Ok(to_name) => to_name,
            Err(code) => {
                out.push(Effect::Reply(session, ServerFrame::error(code, Some(cid), None)));
                return;
            }
        };
        self.remember(session, &cid);
        let id = self.ids.whisper_id(now.wall, random, &member, &to);
        let timer = self.timer_of_text(&refers, now.wall);
        let whisper = NewWhisper { cid, member, name, to, to_name, text, html, reply: refers.reply, timer };
        self.publish(out, now, session, id, EventKind::Whisper(whisper));
    }

    /// What the one is called to whom it goes. They need a seat: to a membership alone nothing can be told, and nothing is
    /// kept for later.
    fn may_whisper(
        &self,
        member: &MemberId,
        to: &MemberId,
        reply: Option<&MessageId>,
    ) -> Result<DisplayName, ErrorCode> {
        if self.info.sealed {
            return Err(ErrorCode::SealedRoom);
        }
        if member == to {
            return Err(ErrorCode::BadFrame);
        }
        let person = self.person(to).ok_or(ErrorCode::NoSuchMember)?;
        // What only one of the two has heard would be told to the other by its id.
        let is_known = |reply| self.ids.verify(reply).is_some_and(|named| named.is_for(member) && named.is_for(to));
        if reply.is_some_and(|reply| !is_known(reply)) {
            return Err(ErrorCode::UnknownMessage);
        }
        Ok(person.name.clone())
    }

    /// Tells these two. The ack carries the number of the last message, as that of a change does.
    pub(super) fn relay_whisper(
        &mut self,
        out: &mut Vec<Effect>,
        at: Millis,
        origin: Origin,
        id: MessageId,
        whisper: NewWhisper,
    ) {
        let NewWhisper { cid, member, name, to, to_name, text, html, reply, timer } = whisper;
        self.acknowledge(out, origin, &cid, Acked { seq: self.seq, id: id.clone(), at });
        let (room, text, pair) = (self.info.code, text.as_str().to_owned(), [member.clone(), to.clone()]);
        let told = Whisper { room, id, cid, member, name, to, to_name, at, text, html, reply, timer };
        out.push(Effect::Between(pair, ServerFrame::Whisper(told)));
    }
}
