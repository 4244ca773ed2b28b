//! What an application's backend said about who may hear which channel, for as long as it holds.
//!
//! Asks nobody, and outlives no reload.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;

use channels::{AppUser, ChannelName};
use chat::Monotonic;

/// Answers that are kept.
const KEPT_MAX: usize = 20_000;
/// How long a refusal holds at the most: who was just let in should not wait for it.
const REFUSED_MS_MAX: u64 = 1_000;

#[derive(Clone, Copy)]
struct Known {
    is_in: bool,
    until: Monotonic,
}

/// The answers.
#[derive(Default)]
pub(super) struct Admissions(Mutex<HashMap<(AppUser, ChannelName), Known>>);

impl Admissions {
    pub(super) fn find(&self, user: &AppUser, channel: &ChannelName, now: Monotonic) -> Option<bool> {
        let known = self.with(|known| known.get(&(user.clone(), channel.clone())).copied())?;
        (known.until > now).then_some(known.is_in)
    }

    pub(super) fn keep(&self, user: &AppUser, channel: &ChannelName, is_in: bool, cache_ms: u64, now: Monotonic) {
        let lasts_ms = if is_in { cache_ms } else { cache_ms.min(REFUSED_MS_MAX) };
        if lasts_ms == 0 {
            return;
        }
        self.with(|known| {
            if known.len() >= KEPT_MAX {
                known.retain(|_, answer| answer.until > now);
            }
            // Still full: those who are asked about next are asked about again.
            if known.len() >= KEPT_MAX {
                known.clear();
            }
            known.insert((user.clone(), channel.clone()), Known { is_in, until: now.after(lasts_ms) });
        });
    }

    pub(super) fn forget(&self, user: &AppUser) {
        self.with(|known| known.retain(|(of, _), _| of != user));
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<(AppUser, ChannelName), Known>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl fmt::Debug for Admissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admissions(…)")
    }
}

#[cfg(test)]
mod tests {
    use channels::{AppUser, ChannelName};
    use chat::Monotonic;

    use super::{Admissions, KEPT_MAX};

    fn pair(user: &str, channel: &str) -> (AppUser, ChannelName) {
        (AppUser::parse(user).expect("is a user"), ChannelName::parse(channel).expect("is a channel"))
    }

    #[test]
    fn an_answer_holds_for_its_time_and_a_refusal_for_less() {
        let (known, at) = (Admissions::default(), |ms| Monotonic::START.after(ms));
        let ((ada, chat), (ben, other)) = (pair("ada", "chat:1"), pair("ben", "chat:2"));
        known.keep(&ada, &chat, true, 30_000, at(0));
        known.keep(&ben, &chat, false, 30_000, at(0));
        known.keep(&ben, &other, true, 0, at(0));
        assert_eq!(known.find(&ada, &chat, at(29_999)), Some(true));
        assert_eq!(known.find(&ada, &chat, at(30_000)), None);
        assert_eq!(known.find(&ada, &other, at(0)), None);
        assert_eq!(known.find(&ben, &chat, at(999)), Some(false));
        assert_eq!(known.find(&ben, &chat, at(1_000)), None);
        assert_eq!(known.find(&ben, &other, at(0)), None, "asked each time");
        known.forget(&ada);
        assert_eq!(known.find(&ada, &chat, at(0)), None);
    }

    #[test]
    fn the_table_is_bounded() {
        let known = Admissions::default();
        for number in 0..=KEPT_MAX {
            let (user, channel) = pair(&format!("u{number}"), "chat");
            known.keep(&user, &channel, true, 60_000, Monotonic::START);
        }
        assert!(known.0.lock().expect("no panic").len() <= KEPT_MAX);
    }
}
