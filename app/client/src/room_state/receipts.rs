//! How far people have read: what others tell, and what this page tells of its reader. Pure.

use protocol::{ClientFrame, MemberId, MessageId, Millis, ReadUpTo};

use super::RoomState;
use crate::receipts::Reach;

/// It is told at most this often.
const EVERY_MS: Millis = 1_000;

impl RoomState {
    /// Others have read on.
    pub fn receipts(&mut self, reads: Vec<ReadUpTo>) {
        for ReadUpTo { member, from, at } in reads {
            self.receipts.of.insert(member, (from, at));
        }
        self.changed = true;
    }

    /// The server took an own message.
    pub(super) fn note_relayed(&mut self, id: MessageId) {
        self.receipts.relayed = Some((id, self.roster.count().saturating_sub(1)));
    }

    /// How far the last own message came, while nothing was said since; `None` where that is not known.
    pub fn reach(&self) -> Option<Reach> {
        let (id, relayed) = self.receipts.relayed.as_ref().filter(|_| self.receipts.is_wanted)?;
        let at = self.timeline.last_own(id)?;
        let has_read = |(member, (from, read)): (&MemberId, &(Millis, Millis))| {
            self.roster.you() != Some(member) && *from <= at && at <= *read
        };
        let read = self.receipts.of.iter().filter(|read| has_read(*read)).count();
        let read = u32::try_from(read).unwrap_or(u32::MAX).min(*relayed);
        match (read, *relayed) {
            (_, 0) => None,
            (0, relayed) => Some(Reach::Relayed(relayed)),
            (read, _) => Some(Reach::Read(read)),
        }
    }

    /// Says how far the reader is, if it is time to; `looks`: they look at the end of the log. Who wants no receipts says
    /// so once, if they had said anything before.
    pub(super) fn tell_reading(&mut self, now: Millis, looks: bool, wanted: bool, say: &mut Vec<ClientFrame>) {
        let receipts = &mut self.receipts;
        self.changed |= receipts.is_wanted != wanted;
        receipts.is_wanted = wanted;
        if now.saturating_sub(receipts.told_at) < EVERY_MS {
            return;
        }
        let id = if wanted { self.timeline.last_said() } else { None };
        let is_news = match (&receipts.told, &id) {
            (None, None) => false,
            (Some(_), None) => !wanted,
            (told, Some(_)) => looks && *told != id,
        };
        if is_news {
            (receipts.told, receipts.told_at) = (id.clone(), now);
            say.push(ClientFrame::Read { room: self.code.as_str().to_owned(), id });
        }
    }

    /// When that is to be looked at again.
    pub(super) fn reading_due(&self, now: Millis) -> Option<Millis> {
        let due = self.receipts.told_at + EVERY_MS;
        (due > now).then_some(due)
    }
}
