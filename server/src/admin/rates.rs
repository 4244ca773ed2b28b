//! What went on in the last minute: the totals are noted every few seconds, and what is asked for is a difference.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chat::Monotonic;
use protocol::admin::Traffic;

/// Between two notes.
pub(super) const NOTE_EVERY_MS: u64 = 5_000;
const MINUTE_MS: u64 = 60_000;

/// The totals of a minute, oldest first.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<VecDeque<(Monotonic, Traffic)>>);

impl Rates {
    /// The totals are these now.
    pub(super) fn note(&self, now: Monotonic, total: Traffic) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One from before the minute stays: what happened since is counted from there.
        while notes.get(1).is_some_and(|(at, _)| now.since(*at) >= MINUTE_MS) {
            notes.pop_front();
        }
        notes.push_back((now, total));
    }

    /// What was added to them in the last minute, as exactly as they were noted; all of it, before they were.
    pub(super) fn last_minute(&self, now: Monotonic, total: Traffic) -> Traffic {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = notes.iter().rfind(|(at, _)| now.since(*at) >= MINUTE_MS).or_else(|| notes.front());
        let (_, before) = before.copied().unwrap_or_default();
        Traffic {
            messages: total.messages.saturating_sub(before.messages),
            deliveries: total.deliveries.saturating_sub(before.deliveries),
            refusals: total.refusals.saturating_sub(before.refusals),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(messages: u64) -> Traffic {
        Traffic { messages, deliveries: 3 * messages, refusals: 0 }
    }

    #[test]
    fn what_is_older_than_a_minute_does_not_count() {
        let (rates, at) = (Rates::default(), |ms| Monotonic::START.after(ms));
        assert_eq!(rates.last_minute(at(0), total(4)), total(4));
        for step in 0..40 {
            rates.note(at(step * NOTE_EVERY_MS), total(step));
        }
        assert_eq!(rates.last_minute(at(39 * NOTE_EVERY_MS), total(39)), total(12));
        assert!(rates.0.lock().expect("is ours").len() <= 14);
        assert_eq!(rates.last_minute(at(39 * NOTE_EVERY_MS + MINUTE_MS), total(39)), total(0));
    }
}
