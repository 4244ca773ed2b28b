//! The frames that a session has been sent and has not confirmed, by the core's queue. Of messages with a burn timer it keeps
//! the text no longer than their time, and of those that are edited or taken back no longer than that.

use std::sync::Arc;

use bytes::Bytes;
use chat::{ResumeQueue, Tells};
use tokio::time::Instant;

use crate::dialect::{Ashes, Frame, Revises, TextOf};

/// The queue, and when the first of its frames is over.
pub(super) struct Unconfirmed<P> {
    queue: ResumeQueue<Kept, P>,
    burns_at: Option<Instant>,
}

#[derive(Clone)]
struct Kept {
    bytes: Bytes,
    ashes: Option<Arc<Ashes>>,
    text_of: Option<TextOf>,
}

impl Kept {
    fn of<P>(frame: &Frame<P>) -> (Self, usize) {
        let Frame { bytes, ashes, text_of, .. } = frame;
        (Self { bytes: bytes.clone(), ashes: ashes.clone(), text_of: *text_of }, bytes.len())
    }
}

impl<P> Default for Unconfirmed<P> {
    fn default() -> Self {
        Self { queue: ResumeQueue::default(), burns_at: None }
    }
}

impl<P: Copy + Eq> Unconfirmed<P> {
    /// See [`ResumeQueue::push`]. It has one caller, whom a call of its own would cost three percent of a delivery.
    #[inline]
    pub(super) fn push(&mut self, frame: &Frame<P>, tells: Tells<P>, bytes_max: usize) {
        self.burn();
        if let Some(revises) = &frame.revises {
            self.revise(revises);
        }
        let over_at = frame.ashes.as_ref().map(|ashes| ashes.over_at());
        self.burns_at = self.burns_at.into_iter().chain(over_at).min();
        let (kept, bytes) = Kept::of(frame);
        self.queue.push(kept, bytes, tells, bytes_max);
    }

    /// See [`ResumeQueue::bytes`].
    pub(super) const fn bytes(&self) -> usize {
        self.queue.bytes()
    }

    /// See [`ResumeQueue::confirm`].
    pub(super) fn confirm(&mut self, have: u64) -> bool {
        self.queue.confirm(have)
    }

    /// See [`ResumeQueue::resume`].
    pub(super) fn resume(
        &mut self,
        have: u64,
        inside: &[P],
        bytes_max: usize,
        mut gap: impl FnMut(P, Option<u64>) -> Option<Frame<P>>,
    ) -> Option<Vec<Bytes>> {
        self.burn();
        let gap = |place, missed| gap(place, missed).as_ref().map(Kept::of);
        let owed = self.queue.resume(have, inside, bytes_max, gap)?;
        Some(owed.into_iter().map(|kept| kept.bytes).collect())
    }

    /// See [`ResumeQueue::clear`].
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Of messages whose time is over nothing but their place is kept. The clock is asked only where there are some.
    fn burn(&mut self) {
        let Some(now) = self.burns_at.and_then(|at| Some(Instant::now()).filter(|now| at <= *now)) else {
            return;
        };
        let mut next: Option<Instant> = None;
        self.queue.replace(|kept| {
            let ashes = kept.ashes.as_ref()?;
            if ashes.over_at() > now {
                next = next.into_iter().chain([ashes.over_at()]).min();
                return None;
            }
            let bytes = ashes.bytes().clone();
            let len = bytes.len();
            Some((Kept { bytes, ashes: None, text_of: None }, len))
        });
        self.burns_at = next;
    }

    /// Whoever was not told a message before it was edited or taken back is told what is left of it.
    fn revise(&mut self, revises: &Revises) {
        let is_gone = revises.takes_back();
        self.queue.replace(|kept| {
            let text_of = kept.text_of.filter(|text_of| *text_of == revises.text_of())?;
            let bytes = revises.instead_of(&kept.bytes)?;
            let len = bytes.len();
            // What was edited burns as it did before, and may be edited again.
            let (ashes, text_of) = (kept.ashes.clone().filter(|_| !is_gone), Some(text_of).filter(|_| !is_gone));
            Some((Kept { bytes, ashes, text_of }, len))
        });
    }
}
