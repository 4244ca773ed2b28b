//! The log of one room: frames go in, rows come out. Pure.
//!
//! A message is shown once, in the place the server gave it; an own one is shown at once and merged by its `cid`. A
//! hole in the order becomes a line of its own: no message is missing without a row that says so.

use std::sync::Arc;

use protocol::{ClientId, DisplayName, MemberId, Message, MessageId, Millis, Position, Timer, Whisper};

use crate::fuse::Fuse;
use crate::message_list::{ListEntry, MessageList};
use crate::row::{BEGINNING_CHARS, Confidant, Revision};
pub use crate::row::{Block, Delivery, MessageLine, Row, RowKind};
use crate::sequence::LogPlace;
use crate::sequence::{Missed, MissedCount, Sequence};

/// The log of one room.
#[derive(Debug)]
pub struct Timeline {
    lines: MessageList,
    you: Option<MemberId>,
    order: Sequence,
    /// The row that was made from the position in `joined`. A `gap` right after it has the exact number and replaces
    /// it.
    announced: Option<Announced>,
    /// How many messages rows say are missing, from holes in `seq`, since the connection was lost. A `gap` that comes
    /// later counts the same ones again.
    untold: u64,
    /// `joined` has told the position since: until the next message no `gap` can add anything.
    proven: bool,
    missed: MissedCount,
    reading: Reading,
    /// Of the messages that burn.
    fuses: Vec<Fuse>,
}

/// How far the log was read.
#[derive(Debug, Default)]
struct Reading {
    /// Nobody looks at the log.
    away: bool,
    /// What came of others since.
    unread: u32,
    /// How many of these name this person.
    mentions: u32,
    /// How the last of these begins.
    mentioned_by: Option<Box<str>>,
    /// The row that says where reading ended.
    mark: Option<u64>,
}

/// A line about missed messages: its row's key, and what the row said before.
#[derive(Debug, Clone, Copy)]
struct Announced {
    key: u64,
    before: Option<Missed>,
}

impl Timeline {
    /// An empty log that keeps at most `rows_max` rows.
    pub fn new(rows_max: usize) -> Self {
        Self {
            lines: MessageList::new(rows_max),
            you: None,
            order: Sequence::default(),
            announced: None,
            untold: 0,
            proven: false,
            missed: MissedCount::default(),
            reading: Reading::default(),
            fuses: Vec::new(),
        }
    }

    /// Where the order stands, for joining again.
    pub fn position(&self) -> Option<Position> {
        self.order.position()
    }

    /// The rows, oldest first.
    pub fn rows(&self) -> Vec<Arc<Row>> {
        self.lines.rows()
    }

    /// The rows in blocks.
    pub fn blocks(&self) -> Vec<Block> {
        self.lines.blocks()
    }

    /// Somebody reads the older rows, or no more.
    pub fn hold(&mut self, held: bool) {
        self.lines.hold(held);
    }

    /// Whether somebody reads the older rows.
    pub fn is_held(&self) -> bool {
        self.lines.is_held()
    }

    /// Somebody looks at the log, or nobody any more: reading ends here. True where that changes anything.
    pub fn look(&mut self, looks: bool) -> bool {
        let changes = self.reading.away == looks;
        if changes {
            self.reading.away = !looks;
            (self.reading.unread, self.reading.mentions, self.reading.mentioned_by) = (0, 0, None);
        }
        changes
    }

    /// All was read: the mark where reading ended goes.
    pub fn read(&mut self) {
        (self.reading.unread, self.reading.mentions, self.reading.mentioned_by) = (0, 0, None);
        if let Some(index) = self.reading.mark.take().and_then(|key| self.lines.find_key(key)) {
            self.lines.remove(index);
        }
    }

    /// Forgets what was said, on this page alone; own messages that wait stay.
    pub fn clear(&mut self) {
        self.read();
        self.announced = None;
        self.lines.clear();
    }

    /// What others said while nobody looked.
    pub fn unread(&self) -> u32 {
        self.reading.unread
    }

    /// How many of these name this person.
    pub fn mentions(&self) -> u32 {
        self.reading.mentions
    }

    /// How the last of these begins, where others than this person may see it.
    pub fn mentioned_by(&self) -> Option<&str> {
        self.reading.mentioned_by.as_deref()
    }

    /// Something of others comes: the first of it, while nobody looks, stands below a mark.
    fn note_unread(&mut self, mentions_you: bool) {
        if !self.reading.away {
            return;
        }
        if self.reading.unread == 0 {
            self.read();
            self.reading.mark = Some(self.push(RowKind::Unread));
        }
        // Behind it: to have read all is to have read every mention.
        self.reading.mentions += u32::from(mentions_you);
        self.reading.unread = self.reading.unread.saturating_add(1);
    }

    /// Whether rows changed since this was last asked.
    pub fn take_changed(&mut self) -> bool {
        self.lines.take_changed()
    }

    /// The connection was lost: what is missed is counted from here.
    pub fn begin_outage(&mut self) {
        self.missed = MissedCount::default();
        self.announced = None;
        self.untold = 0;
        self.proven = false;
        self.order.begin_outage();
    }

    /// What was missed since the connection was lost; `None` for nothing.
    pub fn missed(&self) -> Option<Missed> {
        self.missed.sum()
    }

    /// The room was joined, or joined again: its order stands at `position`.
    pub fn joined(&mut self, you: &MemberId, position: Position) {
        self.claim_own(you);
        let missed = self.order.join(position);
        self.announced = missed.map(|missed| self.push_missed(missed));
        self.proven = true;
    }

    /// The server says that messages were missed here.
    pub fn gap(&mut self, missed: Missed) {
        let untold = self.untold;
        let new = match missed {
            // Holes in `seq` have given the exact number already.
            None if untold > 0 => Some(0),
            None => None,
            Some(missed) => {
                self.untold = untold.saturating_sub(missed);
                Some(missed.saturating_sub(untold))
            }
        };
        if new == Some(0) {
            return;
        }
        if let Some(announced) = self.announced.take() {
            self.restate_missed(announced, new);
        } else if !self.proven {
            self.push_missed(new);
            self.order.tell();
        }
    }

    /// Somebody said something; an own message takes the place that the server gave it. A repeated one changes nothing.
    pub fn message(&mut self, message: Message) {
        self.advance(message.seq);
        let place = Some(self.order.place(message.seq));
        self.show(message, place, None);
    }

    /// Somebody has whispered to this person, or this person to somebody. A whisper has no number: it stands behind what
    /// was there before it.
    pub fn whisper(&mut self, whisper: Whisper) {
        let Whisper { room, id, cid, member, name, to, to_name, at, text, html, reply, timer } = whisper;
        let mentions = Vec::new();
        let message = Message { room, seq: 0, id, cid, member, name, at, text, html, reply, mentions, timer };
        self.show(message, None, Some(Box::new(Confidant { member: to, name: to_name })));
    }

    fn show(&mut self, message: Message, place: Option<LogPlace>, whisper: Option<Box<Confidant>>) {
        if let Some(index) = self.lines.find_settled(&message.cid, &message.member) {
            if self.lines.echo(index) {
                let (timer, at) = (message.timer, message.at);
                self.lines.edit_message(index, |line| take_echo(line, message));
                self.lines.regroup(index);
                self.light(self.lines.get(index).row.key, timer, Some(at));
            }
            return;
        }
        let own = self.you.as_ref() == Some(&message.member);
        let mentions_you = !own && self.you.as_ref().is_some_and(|you| message.mentions.contains(you));
        if !own {
            // What is whispered to somebody calls them as their name does.
            let open = mentions_you && whisper.is_none() && message.timer.is_none();
            self.note_unread(mentions_you || whisper.is_some());
            self.reading.mentioned_by = open.then(|| message.text.chars().take(BEGINNING_CHARS).collect());
        }
        let reply = message.reply.clone().map(|id| Box::new(self.quote(id)));
        let (timer, read_at) = (message.timer, own.then_some(message.at));
        if let Some(index) = self.lines.find_waiting(&message.cid).filter(|_| own) {
            self.lines.edit_message(index, |line| take_echo(line, message));
            let line = self.lines.remove(index);
            self.light(line.row.key, timer, read_at);
            self.lines.settle(ListEntry { place, echoed: true, ..line });
            return;
        }
        let cid = Some(message.cid.clone());
        let line = MessageLine { reply, mentions_you, whisper, ..shown(message, own) };
        let row = self.lines.new_row(RowKind::Message(line));
        self.light(row.key, timer, read_at);
        self.lines.settle(ListEntry { row, cid, place, echoed: true, block: 0 });
    }

    /// The server took an own message: it has its place, even if its `message` never comes.
    pub fn acknowledged(&mut self, cid: &ClientId, seq: u64, id: MessageId, at: Millis) {
        let waiting = self.lines.find_waiting(cid);
        let is_whisper = waiting.is_some_and(
            |index| matches!(&self.lines.get(index).row.kind, RowKind::Message(line) if line.whisper.is_some()),
        );
        if !is_whisper && self.order.is_next(seq) {
            self.advance(seq);
        }
        let Some(index) = waiting else {
            return;
        };
        self.lines.edit_message(index, |line| {
            line.delivery = Delivery::Sent;
            line.id = Some(id);
            line.at = at;
        });
        let line = self.lines.remove(index);
        if let RowKind::Message(MessageLine { timer_s: Some(after_s), .. }) = line.row.kind {
            // The server's own end comes with the `message`.
            self.light(line.row.key, Some(Timer { after_s, ends_at: Millis::MAX }), Some(at));
        }
        let place = (!is_whisper).then(|| self.order.place(seq));
        self.lines.settle(ListEntry { place, ..line });
    }

    /// An own message to all or to one person, shown before the server has it. Returns the row's key.
    pub fn write(&mut self, cid: ClientId, name: DisplayName, text: String, to: Option<Confidant>, at: Millis) -> u64 {
        let row = self.lines.new_row(RowKind::Message(MessageLine {
            member: self.you.clone(),
            name,
            at,
            text,
            html: None,
            own: true,
            id: None,
            delivery: Delivery::Sending,
            reply: None,
            mentions_you: false,
            whisper: to.map(Box::new),
            revision: Revision::Original,
            reactions: Vec::new(),
            edit: None,
            timer_s: None,
            first: true,
        }));
        let key = row.key;
        // Whoever writes has read what is above.
        self.read();
        self.lines.push_waiting(ListEntry { row, cid: Some(cid), place: None, echoed: false, block: 0 });
        key
    }

    /// Where an own message that waits, or an edit of one, stands now. False where no row is about it.
    pub fn deliver(&mut self, cid: &ClientId, delivery: Delivery) -> bool {
        let Some(index) = self.lines.find_waiting(cid) else {
            return self.deliver_edit(cid, delivery);
        };
        if !matches!(&self.lines.get(index).row.kind, RowKind::Message(line) if line.delivery == delivery) {
            self.lines.edit_message(index, |line| line.delivery = delivery);
        }
        true
    }

    /// The `cid` of the own message that waits under this key, or of the edit that does.
    pub fn cid_of(&self, key: u64) -> Option<ClientId> {
        self.lines.cid_of(key).or_else(|| self.edit_of(key))
    }

    /// An own message is tried again: it moves behind the others.
    pub fn move_last(&mut self, cid: &ClientId, at: Millis) {
        if let Some(index) = self.lines.find_waiting(cid) {
            self.lines.edit_message(index, |line| line.at = at);
            let line = self.lines.remove(index);
            self.lines.push_waiting(line);
        }
    }

    /// An own message that failed, or an edit that did, is discarded.
    pub fn discard(&mut self, cid: &ClientId) {
        match self.lines.find_waiting(cid) {
            Some(index) => {
                self.lines.remove(index);
            }
            None => self.discard_edit(cid),
        }
    }

    fn advance(&mut self, seq: u64) {
        self.announced = None;
        self.proven = false;
        if let Some(hole) = self.order.advance(seq) {
            self.untold = self.untold.saturating_add(hole);
            self.push_missed(Some(hole));
        }
    }

    /// Adds a line that is no message. Returns its key.
    fn push(&mut self, kind: RowKind) -> u64 {
        let row = self.lines.new_row(kind);
        let key = row.key;
        self.lines.settle(ListEntry { row, cid: None, place: None, echoed: false, block: 0 });
        key
    }

    /// Says that something was missed: in the line before, where that says so too.
    fn push_missed(&mut self, missed: Missed) -> Announced {
        self.missed.add(missed);
        if let Some(index) = self.lines.last_settled()
            && let RowKind::Missed(before) = self.lines.get(index).row.kind
        {
            self.lines.edit(index, |kind| {
                *kind = RowKind::Missed(together(Some(before), missed));
            });
            return Announced { key: self.lines.get(index).row.key, before: Some(before) };
        }
        Announced { key: self.push(RowKind::Missed(missed)), before: None }
    }

    /// Replaces the number that was derived from `joined` by the one of a `gap`.
    fn restate_missed(&mut self, announced: Announced, missed: Missed) {
        self.missed = MissedCount::default();
        self.missed.add(missed);
        let kind = RowKind::Missed(together(announced.before, missed));
        let index = self.lines.find_key(announced.key);
        if let Some(index) = index.filter(|index| self.lines.get(*index).row.kind != kind) {
            self.lines.edit(index, |before| *before = kind);
        }
    }

    /// From now on it is known which messages are the reader's own.
    fn claim_own(&mut self, you: &MemberId) {
        if self.you.as_ref() == Some(you) {
            return;
        }
        self.you = Some(you.clone());
        for index in self.lines.indices() {
            let RowKind::Message(line) = &self.lines.get(index).row.kind else {
                continue;
            };
            let theirs = line.member.as_ref() == Some(you);
            if (self.lines.waits(index) && !theirs) || (theirs && !line.own) {
                self.lines.edit_message(index, |line| {
                    line.member = Some(you.clone());
                    line.own = true;
                });
            }
        }
        self.claim_reactions(you);
        // What the server relayed before it told who the reader is has its place already.
        for index in self.lines.indices().rev() {
            let cid = self.lines.get(index).cid.as_ref().filter(|_| self.lines.waits(index));
            if cid.is_some_and(|cid| self.lines.find_settled(cid, you).is_some()) {
                self.lines.remove(index);
            }
        }
        self.lines.regroup(0);
    }
}

fn together(before: Option<Missed>, missed: Missed) -> Missed {
    before.map_or(missed, |before| before.zip(missed).map(|(before, missed)| before.saturating_add(missed)))
}

fn shown(message: Message, own: bool) -> MessageLine {
    // One that was over before it could be told comes without its text.
    let is_over = message.timer.is_some() && message.text.is_empty();
    MessageLine {
        id: Some(message.id),
        member: Some(message.member),
        name: message.name,
        at: message.at,
        text: message.text,
        html: message.html,
        own,
        delivery: Delivery::Sent,
        reply: None,
        mentions_you: false,
        whisper: None,
        revision: if is_over { Revision::Burned } else { Revision::Original },
        reactions: Vec::new(),
        edit: None,
        timer_s: message.timer.filter(|_| !is_over).map(|timer| timer.after_s),
        first: true,
    }
}

/// The server's version of an own message replaces the one that was shown before. What was changed since stays so.
fn take_echo(line: &mut MessageLine, message: Message) {
    if line.revision != Revision::Original {
        return;
    }
    let (first, reactions, reply) = (line.first, std::mem::take(&mut line.reactions), line.reply.take());
    let whisper = line.whisper.take();
    *line = MessageLine { reply, whisper, reactions, first, ..shown(message, true) };
}

mod burning;
mod changes;
mod news;
#[cfg(test)]
mod properties;
mod quotes;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod tests;
