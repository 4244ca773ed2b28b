//! What becomes of messages that are shown already: edits and deletions, the server's and those of this page that wait.
//!
//! A deletion is for good: whatever comes about the message later changes nothing, and its text is in no row any more.

use protocol::{ClientId, ErrorCode, MessageId, Millis};

use super::{Delivery, MessageLine, RowKind, Timeline};
use crate::row::{PendingEdit, Revision};

impl Timeline {
    /// A message says something else. Of one that is not shown there is nothing to change.
    pub fn edited(&mut self, id: &MessageId, text: String, html: Option<String>) {
        self.order.change();
        self.revise(id, |line| {
            line.text = text;
            line.html = html;
            line.revision = Revision::Edited;
        });
    }

    /// A message was taken back: what it said is forgotten.
    pub fn deleted(&mut self, id: &MessageId) {
        self.order.change();
        self.revise(id, |line| {
            line.text = String::new();
            line.html = None;
            line.edit = None;
            line.revision = Revision::Deleted;
        });
    }

    fn revise(&mut self, id: &MessageId, revise: impl FnOnce(&mut MessageLine)) {
        let index = self.lines.find_id(id);
        if let Some(index) = index.filter(|index| {
            matches!(&self.lines.get(*index).row.kind, RowKind::Message(line) if line.revision != Revision::Deleted)
        }) {
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
            None => self.lines.find_message(|line| line.own && line.id.is_some() && line.revision != Revision::Deleted),
        };
        let row = index.map(|index| &self.lines.get(index).row).ok_or(ErrorCode::UnknownMessage)?;
        let RowKind::Message(line) = &row.kind else { return Err(ErrorCode::UnknownMessage) };
        let id = line.id.clone().filter(|_| line.revision != Revision::Deleted).ok_or(ErrorCode::UnknownMessage)?;
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
            self.lines.edit_message(index, |line| line.edit = Some(edit));
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
        if matches!(&self.lines.get(index).row.kind, RowKind::Message(line) if line.edit.as_ref().is_some_and(is_news))
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
