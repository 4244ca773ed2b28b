//! How far people have read: told by them, gathered until the next tick, and told to those who tell it of themselves. Kept is
//! one time a person, and that as long as their seat: nothing of any message.

use protocol::{MemberId, MessageId, Millis, ReadUpTo, ServerFrame};

use super::Room;
use crate::event::Effect;
use crate::ids::SessionKey;
use crate::pending_reads::PendingReads;
use crate::time::{Monotonic, Now};

impl Room {
    /// A message is named by its id, which says when it was sent: of that time all is read that was sent before. Numbers
    /// would be each node's own. Of a whisper nothing is told, as others would learn of it.
    pub(super) fn read(&mut self, out: &mut Vec<Effect>, now: Now, session: SessionKey, id: Option<&MessageId>) {
        let Some(occupant) = self.sessions.get_mut(&session) else { return };
        let member = occupant.member.clone();
        // Who names nothing that they can have read does not see what others have.
        let named = id.and_then(|id| self.ids.verify(id)).filter(|named| named.is_for(&member));
        if id.is_some() && named.is_none() {
            return;
        }
        let is_new = id.is_some() && !occupant.tells_reading;
        occupant.tells_reading = id.is_some();
        if is_new {
            self.tell_all_reads(out, session);
        }
        let (Some(named), true) = (named.filter(|named| named.to.is_none()), self.tells_receipts()) else { return };
        if let Some(seat) = self.seats.get_mut(&member).filter(|seat| seat.read < Some(named.at)) {
            seat.read = Some(named.at);
            self.reads.who.insert(member);
            self.reads.since.get_or_insert(now.mono);
        }
    }

    /// In a large room it would be many frames for a number that nobody needs.
    fn tells_receipts(&self) -> bool {
        self.count() <= self.limits.receipts_people_max
    }

    /// What one session does not know yet: all of it.
    pub(super) fn tell_all_reads(&self, out: &mut Vec<Effect>, session: SessionKey) {
        let tells = self.sessions.get(&session).is_some_and(|occupant| occupant.tells_reading);
        if tells && self.tells_receipts() {
            let everybody = self.members().map(|member| &member.id);
            out.extend(self.receipt(everybody).map(|frame| Effect::Reply(session, frame)));
        }
    }

    pub(super) fn tell_reads(&mut self, out: &mut Vec<Effect>, now: Monotonic) {
        if self.reads.deadline(self.limits.presence_tick_ms).is_none_or(|due| now < due) {
            return;
        }
        let PendingReads { who, .. } = std::mem::take(&mut self.reads);
        // What other nodes told is news here alone.
        for member in who.iter().filter(|member| self.seats.get(*member).is_some_and(|seat| seat.read.is_some())) {
            self.news.of(member);
        }
        let Some(frame) = self.receipt(who.iter()).filter(|_| self.tells_receipts()) else { return };
        let mut listeners: Vec<_> = self.sessions.iter().filter(|(_, occupant)| occupant.tells_reading).collect();
        listeners.sort_unstable_by_key(|(session, _)| **session);
        out.extend(listeners.into_iter().map(|(session, _)| Effect::Reply(*session, frame.clone())));
    }

    /// Somebody has read on, on another node: it is told here with the next tick.
    pub(super) fn has_read_there(&mut self, now: Monotonic, member: &MemberId, read: Option<Millis>) {
        let Some(there) = self.elsewhere.get_mut(member).filter(|there| there.read < read) else { return };
        there.read = read;
        self.reads.who.insert(member.clone());
        self.reads.since.get_or_insert(now);
    }

    /// As far as they have read anywhere.
    fn read_by(&self, member: &MemberId) -> Option<ReadUpTo> {
        let here = self.seats.get(member).map(|seat| (seat.from, seat.read));
        let there = self.elsewhere.get(member).map(|there| (there.from, there.read));
        let both = || here.into_iter().chain(there);
        let from = both().map(|(from, _)| from).min()?;
        let at = both().filter_map(|(_, read)| read).max()?;
        Some(ReadUpTo { member: member.clone(), from, at })
    }

    fn receipt<'a>(&self, who: impl Iterator<Item = &'a MemberId>) -> Option<ServerFrame> {
        let reads: Vec<_> = who.filter_map(|member| self.read_by(member)).collect();
        (!reads.is_empty()).then_some(ServerFrame::Receipt { room: self.info.code, reads })
    }
}
