//! The log of one room: frames go in, rows come out. Pure.
//!
//! A message is shown once, in the place the server gave it; an own one is shown at once and merged by its `cid`. A hole
//! in the order becomes a line of its own: nobody is shown a silent one.

use std::sync::Arc;

use protocol::{ClientId, DisplayName, MemberId, Message, Millis, Position};

use super::lines::{Line, Lines};
use super::order::{Missed, Order, Tally};
pub use super::row::{Delivery, MessageLine, Row, RowKind};

/// Names in one line of comings and goings; more start another line.
const NAMES_MAX: usize = 30;

/// The log of one room.
#[derive(Debug)]
pub struct Timeline {
    lines: Lines,
    you: Option<MemberId>,
    order: Order,
    /// Made from the position of `joined`: a `gap` right behind it says it better.
    announced: Option<Announced>,
    /// Shown as missing by the numbers of messages, since the line was lost: a `gap` that comes later tells it again.
    untold: u64,
    /// The position of `joined` has settled it: no `gap` says anything new before the next message.
    proven: bool,
    missed: Tally,
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
            lines: Lines::new(rows_max),
            you: None,
            order: Order::default(),
            announced: None,
            untold: 0,
            proven: false,
            missed: Tally::default(),
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

    /// Whether rows changed since this was last asked.
    pub fn take_changed(&mut self) -> bool {
        self.lines.take_changed()
    }

    /// The line was lost: what is missed is counted from here.
    pub fn begin_outage(&mut self) {
        self.missed = Tally::default();
        self.announced = None;
        self.untold = 0;
        self.proven = false;
        self.order.begin_outage();
    }

    /// What was missed since the line was lost; `None` for nothing.
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
            // The numbers of the messages have said it exactly.
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
        if let Some(index) = self.lines.find_settled(&message.cid, &message.member) {
            if self.lines.echo(index) {
                self.lines.edit_message(index, |line| take_echo(line, message));
                self.lines.regroup(index);
            }
            return;
        }
        let own = self.you.as_ref() == Some(&message.member);
        if let Some(index) = self.lines.find_waiting(&message.cid).filter(|_| own) {
            self.lines.edit_message(index, |line| take_echo(line, message));
            let line = self.lines.remove(index);
            self.lines.settle(Line { place, echoed: true, ..line });
            return;
        }
        let cid = Some(message.cid.clone());
        let row = self.lines.new_row(RowKind::Message(shown(message, own)));
        self.lines.settle(Line { row, cid, place, echoed: true });
    }

    /// The server took an own message: it has its place, even if its `message` never comes.
    pub fn acknowledged(&mut self, cid: &ClientId, seq: u64, at: Millis) {
        if self.order.is_next(seq) {
            self.advance(seq);
        }
        let Some(index) = self.lines.find_waiting(cid) else {
            return;
        };
        self.lines.edit_message(index, |line| {
            line.delivery = Delivery::Sent;
            line.at = at;
        });
        let line = self.lines.remove(index);
        self.lines.settle(Line { place: Some(self.order.place(seq)), ..line });
    }

    /// People came and went: a line of its own, or more names in the line before.
    pub fn people(&mut self, came: &[DisplayName], went: &[DisplayName]) {
        if came.is_empty() && went.is_empty() {
            return;
        }
        let last = self.lines.last_settled().filter(|index| match &self.lines.get(*index).row.kind {
            RowKind::Joins { joined, left } => {
                joined.len() + came.len() <= NAMES_MAX && left.len() + went.len() <= NAMES_MAX
            }
            RowKind::Message(_) | RowKind::Missed(_) => false,
        });
        let Some(index) = last else {
            let mut kind = RowKind::Joins { joined: Vec::new(), left: Vec::new() };
            add_moves(&mut kind, came, went);
            self.push(kind);
            return;
        };
        self.lines.edit(index, |kind| add_moves(kind, came, went));
        if matches!(&self.lines.get(index).row.kind, RowKind::Joins { joined, left } if joined.is_empty() && left.is_empty())
        {
            self.lines.remove(index);
        }
    }

    /// An own message, shown before the server has it. Returns the row's key.
    pub fn write(&mut self, cid: ClientId, name: DisplayName, text: String, at: Millis) -> u64 {
        let row = self.lines.new_row(RowKind::Message(MessageLine {
            member: self.you.clone(),
            name,
            at,
            text,
            html: None,
            own: true,
            delivery: Delivery::Sending,
            first: true,
        }));
        let key = row.key;
        self.lines.push_waiting(Line { row, cid: Some(cid), place: None, echoed: false });
        key
    }

    /// Where an own message that waits stands now.
    pub fn deliver(&mut self, cid: &ClientId, delivery: Delivery) {
        let Some(index) = self.lines.find_waiting(cid) else {
            return;
        };
        if !matches!(&self.lines.get(index).row.kind, RowKind::Message(line) if line.delivery == delivery) {
            self.lines.edit_message(index, |line| line.delivery = delivery);
        }
    }

    /// The `cid` of the own message that waits under this key.
    pub fn cid_of(&self, key: u64) -> Option<ClientId> {
        self.lines.cid_of(key)
    }

    /// An own message is tried again: it moves behind the others.
    pub fn move_last(&mut self, cid: &ClientId, at: Millis) {
        if let Some(index) = self.lines.find_waiting(cid) {
            self.lines.edit_message(index, |line| line.at = at);
            let line = self.lines.remove(index);
            self.lines.push_waiting(line);
        }
    }

    /// An own message that failed is discarded.
    pub fn discard(&mut self, cid: &ClientId) {
        if let Some(index) = self.lines.find_waiting(cid) {
            self.lines.remove(index);
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
        self.lines.settle(Line { row, cid: None, place: None, echoed: false });
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

    /// A `gap` says better what the line made from `joined` said.
    fn restate_missed(&mut self, announced: Announced, missed: Missed) {
        self.missed = Tally::default();
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
        self.lines.regroup(0);
    }
}

fn together(before: Option<Missed>, missed: Missed) -> Missed {
    before.map_or(missed, |before| before.zip(missed).map(|(before, missed)| before.saturating_add(missed)))
}

fn shown(message: Message, own: bool) -> MessageLine {
    MessageLine {
        member: Some(message.member),
        name: message.name,
        at: message.at,
        text: message.text,
        html: message.html,
        own,
        delivery: Delivery::Sent,
        first: true,
    }
}

/// What the server says of an own message replaces what was guessed.
fn take_echo(line: &mut MessageLine, message: Message) {
    let first = line.first;
    *line = MessageLine { first, ..shown(message, true) };
}

/// Who comes back takes back that they went; who went after they came stays in both lists.
fn add_moves(kind: &mut RowKind, came: &[DisplayName], went: &[DisplayName]) {
    let RowKind::Joins { joined, left } = kind else {
        return;
    };
    for name in went {
        if !left.contains(name) {
            left.push(name.clone());
        }
    }
    for name in came {
        let back = left.iter().position(|other| other == name).map(|index| left.remove(index)).is_some();
        if !back && !joined.contains(name) {
            joined.push(name.clone());
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
