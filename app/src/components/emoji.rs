//! What a page knows of emoji: their names, fetched when somebody first looks for one, and which were used last. All of it
//! goes with the tab.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::offer::Offer;
use crate::driver::emoji_names;
use crate::signals::RwSignal;
use client::emoji::{Asked, asked, complete, named, toned};

/// Emoji that are offered at once for a word.
const OFFERED_MAX: usize = 6;
/// Emoji that are remembered as used last.
const RECENT_MAX: usize = 18;

/// Shared by all rooms of the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Emoji {
    /// The file of names; empty until it is there.
    pub(super) names: RwSignal<String>,
    /// It could not be had.
    pub(super) failed: RwSignal<bool>,
    asked: StoredValue<bool>,
    /// Those used last, the last of them first.
    pub(super) recent: RwSignal<Vec<String>>,
    /// The tone of skin, from 1 to 5; 0 is none.
    pub(super) tone: RwSignal<usize>,
}

/// Provides it. Once a page.
pub(crate) fn provide_emoji() {
    provide_context(Emoji {
        names: RwSignal::new(String::new()),
        failed: RwSignal::new(false),
        asked: StoredValue::new(false),
        recent: RwSignal::new(Vec::new()),
        tone: RwSignal::new(0),
    });
}

/// What the page knows.
pub(super) fn use_emoji() -> Emoji {
    use_context().unwrap_or_else(|| {
        provide_emoji();
        use_context().expect("was just provided")
    })
}

impl Emoji {
    /// Fetches the names, unless they are there or under way, and says when they are there.
    pub(super) fn fetch(self, then: impl FnOnce() + 'static) {
        if self.asked.get_value() {
            return;
        }
        self.asked.set_value(true);
        self.failed.set(false);
        spawn_local(async move {
            if let Some(names) = emoji_names().await {
                self.names.set(names);
                then();
            } else {
                self.asked.set_value(false);
                self.failed.set(true);
            }
        });
    }

    /// This one was used.
    pub(super) fn used(self, emoji: &str) {
        self.recent.update(|recent| {
            recent.retain(|other| other != emoji);
            recent.insert(0, emoji.to_owned());
            recent.truncate(RECENT_MAX);
        });
    }

    /// What the word before the caret may become. The first such word brings the names, and there is nothing to offer until
    /// `then` is called.
    pub(super) fn offers(self, before: &str, then: impl FnOnce() + 'static) -> Vec<Offer> {
        let Some(Asked { head, typed, is_whole }) = asked(before) else { return Vec::new() };
        self.fetch(then);
        self.names.with_untracked(|names| {
            let found =
                if is_whole { named(names, typed).into_iter().collect() } else { complete(names, typed, OFFERED_MAX) };
            let offer = |entry: client::emoji::Entry<'_>| {
                let emoji = if entry.has_tones {
                    toned(entry.emoji, self.tone.get_untracked())
                } else {
                    entry.emoji.to_owned()
                };
                let shown = [&emoji, " ", entry.codes.split(' ').next().unwrap_or_default()].concat();
                Offer { text: [head, &emoji, if is_whole { "" } else { " " }].concat(), ..Offer::of(&shown) }
            };
            found.into_iter().map(offer).collect()
        })
    }
}
