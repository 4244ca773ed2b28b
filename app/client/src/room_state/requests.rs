//! What the person asks of a room: messages, and what becomes of those that are shown; and what refusals of it mean.

use protocol::{ClientId, DisplayName, Emoji, ErrorCode, MessageId, Millis, Refers, Whisper};

use super::{RoomState, Seat};
use crate::outbox::ErrorMeans;
use crate::outgoing::Outgoing;
use crate::phase::RoomPhase;
use crate::row::{Confidant, Reactor};

/// How long it is shown that something could not be done.
const REFUSED_MS: Millis = 10_000;

impl RoomState {
    /// Somebody has whispered to this person, or this person to somebody.
    pub fn whisper(&mut self, whisper: Whisper) {
        if self.roster.you() == Some(&whisper.member) {
            self.taken(&whisper.cid);
        }
        self.last_at = self.last_at.max(Some(whisper.at));
        self.timeline.whisper(whisper);
        self.changed = true;
    }

    /// A message says something else.
    pub fn edited(&mut self, id: &MessageId, text: String, html: Option<String>, whisper: bool) {
        self.timeline.changed(whisper);
        self.timeline.edited(id, text, html);
    }

    /// Somebody has put an emoji to a message, or taken it away.
    pub fn reacted(&mut self, id: &MessageId, emoji: &Emoji, who: Reactor, (on, whisper): (bool, bool)) {
        self.timeline.changed(whisper);
        self.timeline.reacted(id, emoji, who, on);
    }

    /// What a reaction to the message in a row would be: to which message, and whether it puts the emoji there.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn reaction(&self, key: u64, emoji: &str) -> Result<(MessageId, bool), ErrorCode> {
        self.takes_requests()?;
        self.timeline.reaction(key, emoji)
    }

    /// A message was taken back.
    pub fn deleted(&mut self, id: &MessageId, whisper: bool) {
        self.timeline.changed(whisper);
        self.timeline.deleted(id);
    }

    /// Takes what is to be said and fits. `name` and `at` are shown until the server's come back.
    ///
    /// # Errors
    /// When there is no seat to come, or too much waits already.
    pub fn say(&mut self, cid: ClientId, what: Outgoing, name: DisplayName, at: Millis) -> Result<(), ErrorCode> {
        self.takes_requests()?;
        self.outbox.push(cid.clone(), what.clone())?;
        let (text, refers, to) = match what {
            Outgoing::Message(text, refers) => (text, refers, None),
            Outgoing::Whisper { to, text, refers } => (text, refers, Some(to)),
            Outgoing::Edit { .. } | Outgoing::React { .. } | Outgoing::Delete { .. } => return Ok(()),
        };
        let (reply, timer_s) = (refers.reply, self.timer_of(refers.timer_s));
        let key = self.timeline.write(cid, name, text, to, at);
        if let Some(reply) = reply {
            self.timeline.answers(key, reply);
        }
        self.timeline.set_timer(key, timer_s);
        self.changed = true;
        Ok(())
    }

    /// A text as it is sent, to all or to one person, that answers the message in this row.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownMessage`] where there is nothing to answer.
    pub fn said(&self, text: String, to: Option<Confidant>, reply: Option<u64>) -> Result<Outgoing, ErrorCode> {
        let reply = reply.map(|key| self.timeline.answerable(key)).transpose()?;
        let timer_s = self.timer_s;
        let Some(to) = to else {
            let mentions = self.roster.mentioned(&text);
            return Ok(Outgoing::Message(text, Refers { reply, mentions, timer_s }));
        };
        Ok(Outgoing::Whisper { to, text, refers: Refers { reply, mentions: Vec::new(), timer_s } })
    }

    /// An own message that can be changed, by its row's key, without one the last: its key, its id and its text. `since`:
    /// what was sent before it cannot be changed any more.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn changeable(&self, key: Option<u64>, since: Millis) -> Result<(u64, MessageId, String), ErrorCode> {
        self.takes_requests()?;
        self.timeline.changeable(key, since)
    }

    /// Asks for something to be done to the message in a row.
    ///
    /// # Errors
    /// When there is no seat to come, or too much waits already.
    pub fn ask(&mut self, cid: ClientId, key: u64, what: Outgoing) -> Result<(), ErrorCode> {
        self.takes_requests()?;
        self.outbox.push(cid.clone(), what.clone())?;
        match what {
            Outgoing::Edit { text, .. } => self.timeline.begin_edit(key, cid, text),
            Outgoing::Message(..) | Outgoing::Whisper { .. } | Outgoing::React { .. } | Outgoing::Delete { .. } => {}
        }
        self.refused = None;
        self.changed = true;
        Ok(())
    }

    /// Says for a while that something could not be done.
    pub fn refuse(&mut self, code: ErrorCode, now: Millis) {
        self.refused = Some((code, now + REFUSED_MS));
        self.changed = true;
    }

    fn takes_requests(&self) -> Result<(), ErrorCode> {
        match self.phase {
            RoomPhase::Joining | RoomPhase::Inside => Ok(()),
            RoomPhase::Refused(failure) => Err(failure.code),
            RoomPhase::Ended(_) => Err(ErrorCode::RoomEnded),
        }
    }

    /// Tries a failed message again.
    pub fn retry(&mut self, key: u64, at: Millis) {
        if let Some(cid) = self.timeline.cid_of(key).filter(|cid| self.outbox.retry(cid)) {
            self.timeline.move_last(&cid, at);
            self.changed = true;
        }
    }

    /// Discards a failed message.
    pub fn discard(&mut self, key: u64) {
        if let Some(cid) = self.timeline.cid_of(key).filter(|cid| self.outbox.discard(cid)) {
            self.timeline.discard(&cid);
            self.changed = true;
        }
    }

    /// Why something could not be done to a message, while that is news.
    pub fn refused(&self) -> Option<ErrorCode> {
        self.refused.map(|(code, _)| code)
    }

    /// The server took a request: what was refused before is no news any more.
    pub(super) fn taken(&mut self, cid: &ClientId) {
        if self.outbox.acknowledged(cid) {
            self.refused = None;
        }
    }

    /// What was typed as an emoji and is none, with the key of the row that it was for: once.
    pub fn take_given_back(&mut self) -> Option<(u64, String)> {
        let back = self.given_back.take();
        if back.is_some() {
            self.refused = None;
            self.changed = true;
        }
        back
    }

    /// Something was refused that no row can say so of. What was typed goes back to whoever typed it.
    fn dropped(&mut self, code: ErrorCode, what: Outgoing, now: Millis) {
        self.refused = Some((code, now + REFUSED_MS));
        match what {
            Outgoing::React { id, emoji, on: true } if code == ErrorCode::InvalidEmoji => {
                self.given_back = self.timeline.key_of(&id).map(|key| (key, emoji));
            }
            Outgoing::React { .. }
            | Outgoing::Delete { .. }
            | Outgoing::Edit { .. }
            | Outgoing::Message(..)
            | Outgoing::Whisper { .. } => {}
        }
    }

    /// A request failed. False where it is none of this room.
    pub fn error(&mut self, cid: &ClientId, code: ErrorCode, retry_after_ms: Option<u64>, now: Millis) -> bool {
        if matches!(&self.seat, Seat::Asked { cid: Some(asked), .. } if asked == cid) {
            self.join_refused(code, retry_after_ms, now);
            return true;
        }
        match self.outbox.refused(cid, code, retry_after_ms, now) {
            ErrorMeans::NotMine => return false,
            ErrorMeans::SeatLost if self.seat == Seat::Taken => self.seat = Seat::None,
            // An answer to a request from before the join that is under way: it is about the previous seat.
            ErrorMeans::SeatLost | ErrorMeans::Handled => {}
            ErrorMeans::Dropped(code, what) => self.dropped(code, what, now),
        }
        self.changed = true;
        true
    }
}
