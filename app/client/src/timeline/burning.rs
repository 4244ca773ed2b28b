//! Messages with a burn timer: from when they are read until they are over. What they said is then in no row, no quote and
//! no edit that waits; a line is left that says so.
//!
//! The timers stand beside the rows: one that begins to count changes nothing that is drawn, so nothing is drawn anew
//! under its reader. All times are the server's.

use protocol::{ClientId, Millis, Timer};

use super::{RowKind, Timeline};
use crate::fuse::Fuse;
use crate::row::{MessageLine, Revision};

impl Timeline {
    /// The message in this row is over some time.
    pub(super) fn light(&mut self, key: u64, timer: Option<Timer>, read_at: Option<Millis>) {
        let before = self.fuses.iter().position(|fuse| fuse.key == key).map(|place| self.fuses.swap_remove(place));
        let Some(timer) = timer else { return };
        // Rows that a long log has let go need none.
        if self.fuses.len() > self.lines.indices().len() {
            self.fuses.retain(|fuse| self.lines.find_key(fuse.key).is_some());
        }
        let read_at = read_at.or(before.and_then(|before| before.read_at));
        self.fuses.push(Fuse { key, timer, read_at });
    }

    /// An own message that waits has this timer: it counts from when the server takes the message.
    pub fn set_timer(&mut self, key: u64, after_s: Option<u32>) {
        if let Some(index) = self.lines.find_key(key).filter(|_| after_s.is_some()) {
            self.lines.edit_message(index, |line| line.timer_s = after_s);
        }
    }

    /// The message in this row is in view. True where its timer begins to count.
    pub fn see(&mut self, key: u64, now: Millis) -> bool {
        let unread = self.fuses.iter_mut().find(|fuse| fuse.key == key && fuse.read_at.is_none());
        unread.map(|fuse| fuse.read_at = Some(now)).is_some()
    }

    /// The rows with timers, and of those that count, when they are over.
    pub fn timers(&self) -> Vec<(u64, Option<Millis>)> {
        self.fuses.iter().map(|fuse| (fuse.key, fuse.read_at.map(|_| fuse.over_at()))).collect()
    }

    /// When the next message is over.
    pub fn burns_at(&self) -> Option<Millis> {
        self.fuses.iter().map(Fuse::over_at).min()
    }

    /// Time passed. Answers the edits that waited for messages which are over now.
    pub fn burn(&mut self, now: Millis) -> Vec<ClientId> {
        let mut edits = Vec::new();
        while let Some(place) = self.fuses.iter().position(|fuse| fuse.over_at() <= now) {
            let fuse = self.fuses.swap_remove(place);
            let Some(index) = self.lines.find_key(fuse.key) else { continue };
            let RowKind::Message(line) = &self.lines.get(index).row.kind else { continue };
            if line.revision.is_gone() {
                continue;
            }
            edits.extend(line.edit.as_ref().map(|edit| edit.cid.clone()));
            let id = line.id.clone();
            self.lines.edit_message(index, burnt);
            if let Some(id) = id {
                self.requote(&id);
            }
        }
        edits
    }
}

fn burnt(line: &mut MessageLine) {
    line.forget(Revision::Burned);
}
