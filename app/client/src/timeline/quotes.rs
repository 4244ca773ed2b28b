//! Messages that answer others: what is shown of the other comes from the log, and changes with it.

use protocol::{ErrorCode, MessageId, Millis};

use super::{RowKind, Timeline};
use crate::row::{BEGINNING_CHARS, MessageLine, Quote, Quoted, Revision};

impl Timeline {
    /// The id of the newest message that was said to all.
    pub fn last_said(&self) -> Option<MessageId> {
        let index = self.lines.find_message(|line| line.id.is_some() && line.whisper.is_none())?;
        let RowKind::Message(line) = &self.lines.get(index).row.kind else { return None };
        line.id.clone()
    }

    /// When the message of this id was sent, if it is the newest one, and own.
    pub fn last_own(&self, id: &MessageId) -> Option<Millis> {
        let index = self.lines.find_message(|line| line.id.is_some())?;
        let RowKind::Message(line) = &self.lines.get(index).row.kind else { return None };
        (line.own && line.id.as_ref() == Some(id)).then_some(line.at)
    }

    /// The id of the message in a row, to be answered.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownMessage`] where there is nothing to answer.
    pub fn answerable(&self, key: u64) -> Result<MessageId, ErrorCode> {
        let row = self.lines.find_key(key).map(|index| &self.lines.get(index).row.kind);
        let Some(RowKind::Message(line)) = row else { return Err(ErrorCode::UnknownMessage) };
        line.id.clone().filter(|_| !line.revision.is_gone()).ok_or(ErrorCode::UnknownMessage)
    }

    /// The own message in this row answers that one.
    pub fn answers(&mut self, key: u64, id: MessageId) {
        let quote = self.quote(id);
        if let Some(index) = self.lines.find_key(key) {
            self.lines.edit_message(index, |line| line.reply = Some(Box::new(quote)));
        }
    }

    /// What the log has of a message that is answered.
    pub(super) fn quote(&self, id: MessageId) -> Quote {
        let row = self.lines.find_id(&id).map(|index| &self.lines.get(index).row);
        let quoted = match row.map(|row| (row.key, &row.kind)) {
            Some((key, RowKind::Message(line))) => quoted(key, line),
            Some((_, RowKind::Joins { .. } | RowKind::Missed(_) | RowKind::Unread | RowKind::Changed { .. }))
            | None => Quoted::Elsewhere,
        };
        Quote { id, quoted }
    }

    /// A message has changed: those that answer it show so.
    pub(super) fn requote(&mut self, id: &MessageId) {
        let quote = self.quote(id.clone());
        for index in self.lines.indices() {
            let is_answer = |line: &MessageLine| line.reply.as_ref().is_some_and(|reply| reply.id == *id);
            if matches!(&self.lines.get(index).row.kind, RowKind::Message(line) if is_answer(line)) {
                self.lines.edit_message(index, |line| line.reply = Some(Box::new(quote.clone())));
            }
        }
    }
}

fn quoted(key: u64, line: &MessageLine) -> Quoted {
    match line.revision {
        Revision::Deleted => Quoted::Deleted,
        Revision::Burned => Quoted::Burned,
        Revision::Original | Revision::Edited => {
            let beginning = line.text.chars().take(BEGINNING_CHARS).map(|c| if c == '\n' { ' ' } else { c }).collect();
            Quoted::Here { key, name: line.name.clone(), beginning }
        }
    }
}
