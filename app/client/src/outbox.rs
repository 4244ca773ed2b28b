//! What the person asked for (messages, edits, deletions) and the server has not acknowledged yet, in the order it was
//! asked. Pure.
//!
//! One request is on its way at a time: with two, a refusal of the first could let the second overtake it. No words are
//! lost: a draft leaves by its ack, or stays as failed until the person retries or discards it.

use protocol::{ClientId, ErrorCode, Millis};

use crate::outgoing::Outgoing;
use crate::row::Delivery;

/// Drafts that may wait at once; the next one stays in the composer.
const DRAFTS_MAX: usize = 100;
/// Refusals that may pass (a busy server, say) before a draft counts as failed.
const TRIES_MAX: u32 = 6;
/// The pause after `rate_limited` where the server named none.
const PAUSE_MS: Millis = 2_000;
/// An answer that took this long is asked for again, with the same `cid`.
pub const ANSWER_MS_MAX: Millis = 10_000;

/// Drafts of one room.
#[derive(Clone, Default)]
pub struct Outbox {
    drafts: Vec<UnsentMessage>,
    open: bool,
    halted_until: Option<Millis>,
}

#[derive(Clone)]
struct UnsentMessage {
    cid: ClientId,
    what: Outgoing,
    state: SendState,
    refusals: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SendState {
    Queued,
    InFlight { since: Millis },
    Failed(ErrorCode),
}

/// What an error means for the room that the draft belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorMeans {
    /// The `cid` is none of this outbox.
    NotMine,
    /// Handled here.
    Handled,
    /// Refused for good, and not kept here: there were no words in it.
    Dropped(ErrorCode, Outgoing),
    /// The seat is gone: join again, the draft waits for that.
    SeatLost,
}

impl Outbox {
    /// Takes a draft at the end of the queue.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] when too many wait already.
    pub fn push(&mut self, cid: ClientId, what: Outgoing) -> Result<(), ErrorCode> {
        if self.drafts.len() >= DRAFTS_MAX {
            return Err(ErrorCode::RateLimited);
        }
        self.drafts.push(UnsentMessage { cid, what, state: SendState::Queued, refusals: 0 });
        Ok(())
    }

    /// The room has been joined on this connection: drafts may go.
    pub fn open(&mut self) {
        self.open = true;
    }

    /// The connection or the seat is gone: what was on its way goes again, with the same `cid`.
    pub fn close(&mut self) {
        self.open = false;
        for draft in &mut self.drafts {
            if matches!(draft.state, SendState::InFlight { .. }) {
                draft.state = SendState::Queued;
            }
        }
    }

    /// The draft to send now, if one may be sent.
    pub fn next(&mut self, now: Millis) -> Option<(ClientId, Outgoing)> {
        self.pass(now);
        if !self.open || self.halted_until.is_some() {
            return None;
        }
        let draft = self.drafts.iter_mut().find(|draft| !matches!(draft.state, SendState::Failed(_)))?;
        let due = match draft.state {
            SendState::Queued => true,
            SendState::InFlight { since } => now.saturating_sub(since) >= ANSWER_MS_MAX,
            SendState::Failed(_) => false,
        };
        due.then(|| {
            draft.state = SendState::InFlight { since: now };
            (draft.cid.clone(), draft.what.clone())
        })
    }

    /// Time passed: a halt may be over.
    pub fn pass(&mut self, now: Millis) {
        self.halted_until = self.halted_until.filter(|until| *until > now);
    }

    /// The server took it. False where the `cid` is none of this outbox.
    pub fn acknowledged(&mut self, cid: &ClientId) -> bool {
        self.remove(|draft| draft.cid == *cid)
    }

    /// The server did not take it.
    pub fn refused(&mut self, cid: &ClientId, code: ErrorCode, retry_after_ms: Option<u64>, now: Millis) -> ErrorMeans {
        let Some(draft) = self.drafts.iter_mut().find(|draft| draft.cid == *cid) else {
            return ErrorMeans::NotMine;
        };
        if matches!(draft.state, SendState::Failed(_)) {
            return ErrorMeans::Handled;
        }
        let rate_limited = code == ErrorCode::RateLimited;
        let lasting = !rate_limited && !is_passing(code) && code != ErrorCode::NotInRoom;
        if !rate_limited {
            draft.refusals += 1;
        }
        if lasting || draft.refusals >= TRIES_MAX {
            if !draft.what.holds_words() {
                let what = draft.what.clone();
                self.acknowledged(cid);
                return ErrorMeans::Dropped(code, what);
            }
            draft.state = SendState::Failed(code);
            return ErrorMeans::Handled;
        }
        draft.state = SendState::Queued;
        if code == ErrorCode::NotInRoom {
            self.close();
            return ErrorMeans::SeatLost;
        }
        let pause = retry_after_ms.unwrap_or_else(|| PAUSE_MS << draft.refusals.saturating_sub(1).min(4));
        self.halted_until = Some(now + pause.clamp(1, 600_000));
        ErrorMeans::Handled
    }

    /// The room will not take these any more: all of them fail.
    pub fn fail_all(&mut self, code: ErrorCode) {
        // No countdown is shown for messages that will not be sent.
        self.halted_until = None;
        self.drafts.retain(|draft| draft.what.holds_words());
        for draft in &mut self.drafts {
            if !matches!(draft.state, SendState::Failed(_)) {
                draft.state = SendState::Failed(code);
            }
        }
    }

    /// Queues a failed draft again, behind the others. False where there is no such failed draft.
    pub fn retry(&mut self, cid: &ClientId) -> bool {
        let Some(index) = self.failed(cid) else {
            return false;
        };
        let mut draft = self.drafts.remove(index);
        draft.state = SendState::Queued;
        draft.refusals = 0;
        self.drafts.push(draft);
        true
    }

    /// Discards a failed draft. False where there is no such failed draft.
    pub fn discard(&mut self, cid: &ClientId) -> bool {
        self.failed(cid).map(|index| self.drafts.remove(index)).is_some()
    }

    /// When the server takes messages again; `None` when it takes them now.
    pub fn halted_until(&self) -> Option<Millis> {
        self.halted_until
    }

    /// When `next` should be asked again, if nothing else happens.
    pub fn deadline(&self) -> Option<Millis> {
        let first = self.drafts.iter().find(|draft| !matches!(draft.state, SendState::Failed(_)));
        let answer = first.and_then(|draft| match draft.state {
            SendState::InFlight { since } if self.open => Some(since + ANSWER_MS_MAX),
            SendState::InFlight { .. } | SendState::Queued | SendState::Failed(_) => None,
        });
        self.halted_until.or(answer)
    }

    /// Since when an answer is waited for.
    pub fn in_flight_since(&self) -> Option<Millis> {
        self.drafts.iter().find_map(|draft| match draft.state {
            SendState::InFlight { since } => Some(since),
            SendState::Queued | SendState::Failed(_) => None,
        })
    }

    /// Drafts that are not acknowledged, failed ones included.
    pub fn len(&self) -> usize {
        self.drafts.len()
    }

    /// The messages that are not acknowledged, in order. Not edits: the next page has no rows that they are of.
    pub fn unsaid(&self) -> Vec<(ClientId, Outgoing)> {
        let said = self.drafts.iter().filter(|draft| draft.what.words().is_some());
        said.map(|draft| (draft.cid.clone(), draft.what.clone())).collect()
    }

    /// Whether everything was acknowledged.
    pub fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// Where each draft stands, in order.
    pub fn deliveries(&self) -> impl Iterator<Item = (&ClientId, Delivery)> {
        self.drafts.iter().map(|draft| {
            let delivery = match (draft.state, self.open, self.halted_until) {
                (SendState::Failed(code), _, _) => Delivery::Failed(code),
                (SendState::InFlight { .. }, _, _) | (SendState::Queued, true, None) => Delivery::Sending,
                (SendState::Queued, _, until) => Delivery::Waiting { retry_at: until },
            };
            (&draft.cid, delivery)
        })
    }

    fn failed(&self, cid: &ClientId) -> Option<usize> {
        self.drafts.iter().position(|draft| draft.cid == *cid && matches!(draft.state, SendState::Failed(_)))
    }

    fn remove(&mut self, is_it: impl Fn(&UnsentMessage) -> bool) -> bool {
        let before = self.drafts.len();
        self.drafts.retain(|draft| !is_it(draft));
        self.drafts.len() < before
    }
}

/// Whether the same request may well succeed a little later.
pub fn is_passing(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::RateLimited
            | ErrorCode::Overloaded
            | ErrorCode::Unavailable
            | ErrorCode::Internal
            | ErrorCode::ShuttingDown
            | ErrorCode::Unknown
    )
}

/// Holds what people write.
impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outbox({} drafts)", self.drafts.len())
    }
}

#[cfg(test)]
mod tests;
