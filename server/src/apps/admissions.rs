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
pub(super) struct Admissions(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    known: HashMap<(AppUser, ChannelName), Known>,
    /// Users whose answers are asked for now, and how often such a user was forgotten meanwhile.
    asked: HashMap<AppUser, (usize, u64)>,
}

/// A question that was asked.
pub(super) struct Question<'a> {
    admissions: &'a Admissions,
    user: AppUser,
    forgotten: u64,
}

impl Admissions {
    pub(super) fn find(&self, user: &AppUser, channel: &ChannelName, now: Monotonic) -> Option<bool> {
        let known = self.with(|answers| answers.known.get(&(user.clone(), channel.clone())).copied())?;
        (known.until > now).then_some(known.is_in)
    }

    /// Before somebody is asked about.
    pub(super) fn ask(&self, user: &AppUser) -> Question<'_> {
        let forgotten = self.with(|answers| {
            let (questions, forgotten) = answers.asked.entry(user.clone()).or_default();
            *questions += 1;
            *forgotten
        });
        Question { admissions: self, user: user.clone(), forgotten }
    }

    pub(super) fn forget(&self, user: &AppUser) {
        self.with(|answers| {
            answers.known.retain(|(of, _), _| of != user);
            if let Some((_, forgotten)) = answers.asked.get_mut(user) {
                *forgotten += 1;
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Answers) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Question<'_> {
    /// Keeps the answer, unless the user was forgotten since it was asked for.
    pub(super) fn keep(self, channel: &ChannelName, is_in: bool, cache_ms: u64, now: Monotonic) {
        let lasts_ms = if is_in { cache_ms } else { cache_ms.min(REFUSED_MS_MAX) };
        if lasts_ms == 0 {
            return;
        }
        self.admissions.with(|Answers { known, asked }| {
            if asked.get(&self.user).is_none_or(|(_, forgotten)| *forgotten != self.forgotten) {
                return;
            }
            if known.len() >= KEPT_MAX {
                known.retain(|_, answer| answer.until > now);
            }
            // Still full: those who are asked about next are asked about again.
            if known.len() >= KEPT_MAX {
                known.clear();
            }
            known.insert((self.user.clone(), channel.clone()), Known { is_in, until: now.after(lasts_ms) });
        });
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.admissions.with(|answers| {
            if let Some((questions, _)) = answers.asked.get_mut(&self.user) {
                *questions -= 1;
                if *questions == 0 {
                    answers.asked.remove(&self.user);
                }
            }
        });
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
        known.ask(&ada).keep(&chat, true, 30_000, at(0));
        known.ask(&ben).keep(&chat, false, 30_000, at(0));
        known.ask(&ben).keep(&other, true, 0, at(0));
        assert_eq!(known.find(&ada, &chat, at(29_999)), Some(true));
        assert_eq!(known.find(&ada, &chat, at(30_000)), None);
        assert_eq!(known.find(&ada, &other, at(0)), None);
        assert_eq!(known.find(&ben, &chat, at(999)), Some(false));
        assert_eq!(known.find(&ben, &chat, at(1_000)), None);
        assert_eq!(known.find(&ben, &other, at(0)), None, "asked each time");
        known.forget(&ada);
        assert_eq!(known.find(&ada, &chat, at(0)), None);
        let question = known.ask(&ada);
        known.forget(&ada);
        question.keep(&chat, true, 30_000, at(0));
        assert_eq!(known.find(&ada, &chat, at(0)), None, "what was asked before is not kept");
        assert!(known.0.lock().expect("no panic").asked.is_empty());
    }

    #[test]
    fn the_table_is_bounded() {
        let known = Admissions::default();
        for number in 0..=KEPT_MAX {
            let (user, channel) = pair(&format!("u{number}"), "chat");
            known.ask(&user).keep(&channel, true, 60_000, Monotonic::START);
        }
        assert!(known.0.lock().expect("no panic").known.len() <= KEPT_MAX);
    }
}
