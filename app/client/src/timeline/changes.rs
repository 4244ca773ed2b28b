//! What becomes of messages that are shown already: edits, deletions and reactions, the server's and those of this page that wait.
//!
//! A deletion is for good: whatever comes about the message later changes nothing, and its text is in no row any more.

use protocol::{ClientId, Emoji, ErrorCode, MemberId, MessageId, Millis};

use super::{Delivery, MessageLine, RowKind, Timeline};
use crate::row::{PendingEdit, Reaction, Reactor, Revision};

/// Kinds of reactions that are kept of one message: more than are shown.
const REACTIONS_MAX: usize = 50;

impl Reaction {
    fn add(&mut self, who: Reactor, own: bool) {
        if !self.by.iter().any(|other| other.member == who.member) {
            self.by.push(who);
        }
        self.own |= own;
    }

    fn remove(&mut self, member: &MemberId, own: bool) {
        self.by.retain(|other| other.member != *member);
        self.own &= !own;
    }
}

impl Timeline {
    /// A change of a message is told. Those of whispers are not among the room's.
    pub fn changed(&mut self, whisper: bool) {
        if !whisper {
            self.order.change();
        }
    }

    /// A message says something else. Of one that is not shown there is nothing to change.
    pub fn edited(&mut self, id: &MessageId, text: String, html: Option<String>) {
        self.revise(id, |line| {
            line.text = text;
            line.html = html;
            line.revision = Revision::Edited;
        });
        self.requote(id);
    }

    /// A message was taken back: what it said is forgotten.
    pub fn deleted(&mut self, id: &MessageId) {
        self.reading.mentioned_by = None;
        self.revise(id, |line| line.forget(Revision::Deleted));
        self.requote(id);
    }

    /// Somebody has put an emoji to a message, or taken it away again. Kinds beyond the bound are not kept: which ones
    /// these are is the same for all who were present, since all hear one order.
    pub fn reacted(&mut self, id: &MessageId, emoji: &Emoji, who: Reactor, on: bool) {
        let own = self.you.as_ref() == Some(&who.member);
        self.revise(id, |line| {
            let place = line.reactions.iter().position(|reaction| reaction.emoji == *emoji);
            match (place, on) {
                (Some(place), true) => line.reactions[place].add(who, own),
                (Some(place), false) => {
                    line.reactions[place].remove(&who.member, own);
                    line.reactions.retain(|reaction| !reaction.by.is_empty());
                }
                (None, true) if line.reactions.len() < REACTIONS_MAX => {
                    line.reactions.push(Reaction { emoji: emoji.clone(), by: vec![who], own });
                }
                (None, true | false) => {}
            }
        });
    }

    /// The row of a message.
    pub fn key_of(&self, id: &MessageId) -> Option<u64> {
        self.lines.find_id(id).map(|index| self.lines.get(index).row.key)
    }

    /// What a reaction to the message in a row would be: to which message, and whether it puts the emoji there or takes it
    /// away.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownMessage`] where there is nothing to react to.
    pub fn reaction(&self, key: u64, emoji: &str) -> Result<(MessageId, bool), ErrorCode> {
        let row = self.lines.find_key(key).map(|index| &self.lines.get(index).row.kind);
        let Some(RowKind::Message(line)) = row else { return Err(ErrorCode::UnknownMessage) };
        let id = line.id.clone().filter(|_| !line.revision.is_gone()).ok_or(ErrorCode::UnknownMessage)?;
        let is_there = line.reactions.iter().any(|reaction| reaction.own && reaction.emoji.as_str() == emoji);
        Ok((id, !is_there))
    }

    /// From now on it is known which reactions are the reader's own.
    pub(super) fn claim_reactions(&mut self, you: &MemberId) {
        for index in self.lines.indices() {
            let is_theirs = |reaction: &Reaction| !reaction.own && reaction.by.iter().any(|who| who.member == *you);
            let row = &self.lines.get(index).row.kind;
            if matches!(row, RowKind::Message(line) if line.reactions.iter().any(is_theirs)) {
                self.lines.edit_message(index, |line| {
                    for reaction in &mut line.reactions {
                        reaction.own |= is_theirs(reaction);
                    }
                });
            }
        }
    }

    fn revise(&mut self, id: &MessageId, revise: impl FnOnce(&mut MessageLine)) {
        let index = self.lines.find_id(id);
        if let Some(index) = index.filter(
            |index| matches!(&self.lines.get(*index).row.kind, RowKind::Message(line) if !line.revision.is_gone()),
        ) {
            self.lines.edit_message(index, revise);
        }
    }

    /// An own message that can be changed, by its row's key; without a key the last own one.
    ///
    /// # Errors
    /// [`ErrorCode::TooLate`] for one that was sent before `since`, [`ErrorCode::UnknownMessage`] where there is none.
    pub fn changeable(&self, key: Option<u64>, since: Millis) -> Result<(u64, MessageId, String), ErrorCode> {
        let index = match key {
            Some(key) => self.lines.find_key(key),
            None => self.lines.find_message(|line| line.own && line.id.is_some() && !line.revision.is_gone()),
        };
        let row = index.map(|index| &self.lines.get(index).row).ok_or(ErrorCode::UnknownMessage)?;
        let RowKind::Message(line) = &row.kind else { return Err(ErrorCode::UnknownMessage) };
        let id = line.id.clone().filter(|_| !line.revision.is_gone()).ok_or(ErrorCode::UnknownMessage)?;
        if !line.own {
            return Err(ErrorCode::NotYours);
        }
        if line.at < since {
            return Err(ErrorCode::TooLate);
        }
        let text = line.edit.as_ref().map_or(&line.text, |edit| &edit.text);
        Ok((row.key, id, text.clone()))
    }

    /// An own message in other words, shown before the server has them.
    pub fn begin_edit(&mut self, key: u64, cid: ClientId, text: String) {
        if let Some(index) = self.lines.find_key(key) {
            let edit = PendingEdit { cid, text, delivery: Delivery::Sending };
            self.lines.edit_message(index, |line| line.edit = Some(Box::new(edit)));
        }
    }

    /// The server took an edit: the message says so, even if its `edited` never comes.
    pub fn edit_taken(&mut self, cid: &ClientId) {
        if let Some(index) = self.find_edit(cid) {
            self.lines.edit_message(index, |line| {
                if let Some(edit) = line.edit.take() {
                    line.text = edit.text;
                    line.html = None;
                    line.revision = Revision::Edited;
                }
            });
        }
    }

    pub(super) fn deliver_edit(&mut self, cid: &ClientId, delivery: Delivery) -> bool {
        let Some(index) = self.find_edit(cid) else { return false };
        let is_news = |edit: &PendingEdit| edit.delivery != delivery;
        if matches!(&self.lines.get(index).row.kind, RowKind::Message(line) if line.edit.as_deref().is_some_and(is_news))
        {
            self.lines.edit_message(index, |line| {
                if let Some(edit) = &mut line.edit {
                    edit.delivery = delivery;
                }
            });
        }
        true
    }

    pub(super) fn discard_edit(&mut self, cid: &ClientId) {
        if let Some(index) = self.find_edit(cid) {
            self.lines.edit_message(index, |line| line.edit = None);
        }
    }

    pub(super) fn edit_of(&self, key: u64) -> Option<ClientId> {
        let index = self.lines.find_key(key)?;
        let RowKind::Message(line) = &self.lines.get(index).row.kind else { return None };
        line.edit.as_ref().map(|edit| edit.cid.clone())
    }

    fn find_edit(&self, cid: &ClientId) -> Option<usize> {
        self.lines.find_message(|line| line.edit.as_ref().is_some_and(|edit| edit.cid == *cid))
    }
}
