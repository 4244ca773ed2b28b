//! The list under the timeline: placed rows first, in the server's order, then own messages that wait. Pure.
//!
//! Keeps keys, versions, groups and the bound; knows nothing of frames.

use std::sync::Arc;

use protocol::{ClientId, MemberId, MessageId, Millis};

use crate::row::{Block, MessageLine, Row, RowKind};
use crate::sequence::LogPlace;

/// Messages of one author that are closer than this form a group.
const GROUP_MS: Millis = 5 * 60 * 1_000;
/// Rows that make a block. Fewer would cost the browser more blocks to look after, more would draw more than is seen.
const BLOCK_ROWS: usize = 50;
/// The block of the messages that wait; the others count from 1.
const WAITING: u64 = 0;

/// One row and what is known of it beside what it shows.
pub struct ListEntry {
    /// What is shown.
    pub row: Arc<Row>,
    /// Of messages.
    pub cid: Option<ClientId>,
    /// Of messages that are placed.
    pub place: Option<LogPlace>,
    /// Whether the `message` frame has arrived; a row may be placed by its `ack` alone.
    pub echoed: bool,
    /// The key of its block; given by the list.
    pub block: u64,
}

/// The rows of one room.
pub struct MessageList {
    rows_max: usize,
    all: Vec<ListEntry>,
    /// The first so many lines are placed; own messages that wait follow.
    settled: usize,
    next_key: u64,
    next_block: u64,
    /// Somebody reads the older rows: more of them are kept meanwhile.
    held: bool,
    changed: bool,
}

impl MessageList {
    /// None yet, and never more than `rows_max` beside those that wait.
    pub fn new(rows_max: usize) -> Self {
        Self { rows_max, all: Vec::new(), settled: 0, next_key: 0, next_block: WAITING, held: false, changed: false }
    }

    /// What is shown, oldest first.
    pub fn rows(&self) -> Vec<Arc<Row>> {
        self.all.iter().map(|line| Arc::clone(&line.row)).collect()
    }

    /// The same in blocks. A row never moves to another block but when its message is placed.
    pub fn blocks(&self) -> Vec<Block> {
        let same = |a: &ListEntry, b: &ListEntry| a.block == b.block;
        let block = |lines: &[ListEntry]| Block {
            key: lines[0].block,
            rows: lines.iter().map(|line| Arc::clone(&line.row)).collect(),
        };
        self.all.chunk_by(same).map(block).collect()
    }

    /// Keeps half as many rows again while somebody reads the older ones: none is taken from under their eyes.
    pub fn hold(&mut self, held: bool) {
        if self.held != held {
            self.held = held;
            self.trim();
        }
    }

    /// Whether somebody does.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Whether rows changed since this was last asked.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The indices of all lines.
    pub fn indices(&self) -> std::ops::Range<usize> {
        0..self.all.len()
    }

    /// The line whose row has this key.
    pub fn find_key(&self, key: u64) -> Option<usize> {
        self.all.iter().rposition(|line| line.row.key == key)
    }

    /// The newest line whose message has this id.
    pub fn find_id(&self, id: &MessageId) -> Option<usize> {
        self.find_message(|line| line.id.as_ref() == Some(id))
    }

    /// The newest message for which this holds.
    pub fn find_message(&self, is_it: impl Fn(&MessageLine) -> bool) -> Option<usize> {
        self.all.iter().rposition(|line| matches!(&line.row.kind, RowKind::Message(line) if is_it(line)))
    }

    /// One line.
    pub fn get(&self, index: usize) -> &ListEntry {
        &self.all[index]
    }

    /// The last placed line's index.
    pub fn last_settled(&self) -> Option<usize> {
        self.settled.checked_sub(1)
    }

    /// A row with a key of its own.
    pub fn new_row(&mut self, kind: RowKind) -> Arc<Row> {
        self.next_key += 1;
        Arc::new(Row { key: self.next_key, version: 0, kind })
    }

    /// The placed row of a message, if it is shown already.
    pub fn find_settled(&self, cid: &ClientId, member: &MemberId) -> Option<usize> {
        let is_it = |line: &ListEntry| {
            line.cid.as_ref() == Some(cid)
                && matches!(&line.row.kind, RowKind::Message(shown) if shown.member.as_ref() == Some(member))
        };
        self.all[..self.settled].iter().rposition(is_it)
    }

    /// An own message that waits.
    pub fn find_waiting(&self, cid: &ClientId) -> Option<usize> {
        (self.settled..self.all.len()).find(|index| self.all[*index].cid.as_ref() == Some(cid))
    }

    /// The `cid` of the own message that waits under this key.
    pub fn cid_of(&self, key: u64) -> Option<ClientId> {
        self.all[self.settled..].iter().find(|line| line.row.key == key).and_then(|line| line.cid.clone())
    }

    /// Whether the line waits for its place.
    pub fn waits(&self, index: usize) -> bool {
        index >= self.settled
    }

    /// Puts a line among the placed ones: at their end, or before the first that the server placed later.
    pub fn settle(&mut self, line: ListEntry) {
        let index = line.place.map_or(self.settled, |(era, seq)| {
            let later = |other: &ListEntry| other.place.is_some_and(|(theirs, place)| theirs == era && place > seq);
            // Lines without a place stay behind the message that they followed.
            let tail = self.all[..self.settled].iter().rev().take_while(|other| later(other) || other.place.is_none());
            let back = tail.enumerate().filter(|(_, other)| later(other)).last();
            back.map_or(self.settled, |(back, _)| self.settled - back - 1)
        });
        let block = self.block_at(index);
        self.all.insert(index, ListEntry { block, ..line });
        self.settled += 1;
        self.regroup(index);
        self.trim();
    }

    /// Adds an own message behind everything.
    pub fn push_waiting(&mut self, line: ListEntry) {
        self.all.push(ListEntry { block: WAITING, ..line });
        self.regroup(self.all.len() - 1);
        self.trim();
    }

    /// Takes a line out.
    pub fn remove(&mut self, index: usize) -> ListEntry {
        let line = self.all.remove(index);
        self.settled -= usize::from(index < self.settled);
        self.regroup(index);
        line
    }

    /// Takes out every placed line but own messages whose `message` is still to come: it would bring them back.
    pub fn clear(&mut self) {
        let mut index = 0;
        while index < self.settled {
            let comes = self.all[index].cid.is_some() && !self.all[index].echoed;
            if comes {
                index += 1;
            } else {
                self.all.remove(index);
                self.settled -= 1;
            }
        }
        self.regroup(0);
    }

    /// Changes what a row says.
    pub fn edit(&mut self, index: usize, edit: impl FnOnce(&mut RowKind)) {
        let row = Arc::make_mut(&mut self.all[index].row);
        row.version += 1;
        edit(&mut row.kind);
        self.changed = true;
    }

    /// Changes what a message's row says; any other row is left alone.
    pub fn edit_message(&mut self, index: usize, edit: impl FnOnce(&mut MessageLine)) {
        self.edit(index, |kind| {
            if let RowKind::Message(line) = kind {
                edit(line);
            }
        });
    }

    /// The `message` frame of a placed line arrived. True the first time.
    pub fn echo(&mut self, index: usize) -> bool {
        !std::mem::replace(&mut self.all[index].echoed, true)
    }

    /// Finds again where groups start, from `index` on.
    pub fn regroup(&mut self, index: usize) {
        self.changed = true;
        for index in index..self.all.len() {
            let before = index.checked_sub(1).map(|index| &self.all[index].row.kind);
            if let RowKind::Message(line) = &self.all[index].row.kind {
                let first = starts_group(before, line);
                if first != line.first {
                    self.edit_message(index, |line| line.first = first);
                }
            }
        }
    }

    /// The block for a placed row at this index: that of the row before, unless it is full and the row is the last.
    fn block_at(&mut self, index: usize) -> u64 {
        let before = index.checked_sub(1).map(|index| self.all[index].block);
        if let Some(block) = before {
            let full = index >= BLOCK_ROWS && self.all[index - BLOCK_ROWS].block == block;
            if !full || self.all[index..self.settled].first().is_some_and(|next| next.block == block) {
                return block;
            }
        }
        self.all[index..self.settled].first().map_or_else(
            || {
                self.next_block += 1;
                self.next_block
            },
            |next| next.block,
        )
    }

    /// Forgets the oldest rows over the bound; own messages that wait are never forgotten.
    fn trim(&mut self) {
        let rows_max = if self.held { self.rows_max + self.rows_max / 2 } else { self.rows_max };
        let over = self.all.len().saturating_sub(rows_max).min(self.settled);
        if over == 0 {
            return;
        }
        self.changed = true;
        self.all.drain(..over);
        self.settled -= over;
        if matches!(self.all.first().map(|line| &line.row.kind), Some(RowKind::Message(line)) if !line.first) {
            self.edit_message(0, |line| line.first = true);
        }
    }
}

fn starts_group(before: Option<&RowKind>, line: &MessageLine) -> bool {
    match before {
        Some(RowKind::Message(before)) => {
            let same = before.own == line.own && (line.own || before.member == line.member);
            // A whisper never stands under a head of what was said to all, nor the other way round.
            !same || before.whisper != line.whisper || line.at.saturating_sub(before.at) >= GROUP_MS
        }
        Some(RowKind::Joins { .. } | RowKind::Missed(_) | RowKind::Unread | RowKind::Changed { .. }) | None => true,
    }
}

/// Holds what people said.
impl std::fmt::Debug for MessageList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MessageList({})", self.all.len())
    }
}

/// Holds what somebody said.
impl std::fmt::Debug for ListEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ListEntry({:?})", self.row)
    }
}
