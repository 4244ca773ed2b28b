//! What may be meant by the word that is written in the box: the people behind an `@`, the commands behind a slash at its
//! start, and the people whom a command is about. Chosen by keys or by a press.

use leptos::ev::KeyboardEvent;
use leptos::html::Textarea;
use leptos::prelude::*;
use protocol::Role;

use super::command_list::commands;
use super::emoji::{Emoji, use_emoji};
use super::offer::Offer;
use super::{changing, when};
use crate::browser;
use crate::i18n::words;
use crate::signals::{RwSignal, Signal, live};

/// Names that are offered at once.
const OFFERED_MAX: usize = 6;
/// Characters of a name.
const NAME_CHARS_MAX: usize = protocol::names::DISPLAY_NAME_CHARS_MAX;
const LIST_ID: &str = "mention-list";

/// What is offered, and for which box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mentions {
    area: NodeRef<Textarea>,
    names: Signal<Vec<String>>,
    /// What the reader is: not everybody has every command.
    role: Signal<Role>,
    emoji: Emoji,
    offered: RwSignal<Vec<Offer>>,
    chosen: RwSignal<usize>,
    /// The text in the box is another.
    on_change: Callback<()>,
}

impl Mentions {
    pub(super) fn new(
        area: NodeRef<Textarea>,
        names: Signal<Vec<String>>,
        role: Signal<Role>,
        on_change: Callback<()>,
    ) -> Self {
        Self {
            area,
            names,
            role,
            emoji: use_emoji(),
            offered: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(0),
            on_change,
        }
    }

    /// The text in the box changed; it may be a command where the box is for what is sent.
    pub(super) fn look(self, may_command: bool) {
        let before = self.before_caret().unwrap_or_default();
        // The names of emoji have come, and the box may be gone.
        let again = move || {
            if self.area.try_get_untracked().is_some() {
                self.look(may_command);
            }
        };
        let offered = self.names.with_untracked(|names| {
            let commands = (may_command && before.starts_with('/'))
                .then(|| commands(&before, self.role.get_untracked(), names))
                .filter(|commands| !commands.is_empty());
            let people = || Some(offers(&before, names)).filter(|people| !people.is_empty());
            commands
                .or_else(people)
                .unwrap_or_else(|| if before.contains(':') { self.emoji.offers(&before, again) } else { Vec::new() })
        });
        self.chosen.set(0);
        // What is written with the colon behind it is meant.
        let is_meant = before.ends_with(':') && offered.len() == 1;
        if self.offered.with_untracked(|now| *now != offered) {
            self.offered.set(offered);
        }
        if is_meant {
            self.write(0);
        }
    }

    fn before_caret(self) -> Option<String> {
        let area = self.area.get_untracked()?;
        let end = area.selection_end().ok().flatten()?;
        let units: Vec<u16> = area.value().encode_utf16().take(end as usize).collect();
        Some(String::from_utf16_lossy(&units))
    }

    /// Takes a key that is for the list. False where it is for the box.
    pub(super) fn takes(self, event: &KeyboardEvent) -> bool {
        let count = self.offered.with_untracked(Vec::len);
        count > 0 && !event.is_composing() && self.take_key(event, count)
    }

    fn take_key(self, event: &KeyboardEvent, count: usize) -> bool {
        let chosen = self.chosen.get_untracked();
        match event.key().as_str() {
            "ArrowDown" => self.choose((chosen + 1) % count),
            "ArrowUp" => self.choose((chosen + count - 1) % count),
            "Enter" | "Tab" if !event.shift_key() => {
                // What stands there whole is not completed: the key is the box's.
                if self.is_whole(chosen) {
                    self.offered.set(Vec::new());
                    return false;
                }
                self.write(chosen);
            }
            "Escape" => self.offered.set(Vec::new()),
            _ => return false,
        }
        event.prevent_default();
        true
    }

    /// The text was handed over.
    pub(super) fn close(self) {
        if self.offered.with_untracked(|offered| !offered.is_empty()) {
            self.offered.set(Vec::new());
        }
    }

    fn choose(self, place: usize) {
        self.chosen.set(place);
        if let Some(option) = browser::find(&option_id(place)) {
            option.scroll_into_view_with_bool(false);
        }
    }

    fn is_whole(self, place: usize) -> bool {
        let before = self.before_caret().unwrap_or_default();
        self.offered.with_untracked(|offered| {
            offered.get(place).is_some_and(|offer| offer.text.trim_end() == browser::lowercase(before.trim_end()))
        })
    }

    /// Writes what was chosen in the place of what was typed of it. What the reader may not do stays an offer.
    fn write(self, place: usize) {
        let offer = self.offered.with_untracked(|offered| offered.get(place).cloned());
        let Some(offer) = offer.filter(|offer| offer.may) else {
            return;
        };
        if let (Some(before), Some(area)) = (self.before_caret(), self.area.get_untracked()) {
            let units = |text: &str| text.encode_utf16().count();
            let rest: Vec<u16> = area.value().encode_utf16().skip(units(&before)).collect();
            area.set_value(&[&offer.text, String::from_utf16_lossy(&rest).trim_start()].concat());
            let caret = u32::try_from(units(&offer.text)).unwrap_or(u32::MAX);
            // The box is on the page and holds so much: the caret has its place.
            let _ = area.set_selection_range(caret, caret);
            let _ = area.focus();
        }
        self.offered.set(Vec::new());
        self.on_change.run(());
        if offer.text.starts_with('/') {
            self.look(true);
        }
    }

    /// The option that is chosen, for the box to name it.
    pub(super) fn active(self) -> Option<String> {
        self.offered.with(|offered| !offered.is_empty()).then(|| option_id(self.chosen.get()))
    }
}

fn option_id(place: usize) -> String {
    format!("{LIST_ID}-{place}")
}

/// The names that the word before the caret may become: it begins with an `@`, and is not one of them already.
fn offers(before: &str, names: &[String]) -> Vec<Offer> {
    let Some((head, typed)) = before.rsplit_once('@') else { return Vec::new() };
    let is_inside = head.chars().next_back().is_some_and(char::is_alphanumeric);
    if is_inside
        || typed.ends_with(char::is_whitespace)
        || typed.contains('\n')
        || typed.chars().count() > NAME_CHARS_MAX
    {
        return Vec::new();
    }
    let typed = browser::lowercase(typed);
    let fits = |name: &&String| {
        let name = browser::lowercase(name);
        name != typed && name.starts_with(&typed)
    };
    let offer = |name: &String| Offer { text: [head, "@", name, " "].concat(), ..Offer::of(name) };
    names.iter().filter(fits).take(OFFERED_MAX).map(offer).collect()
}

/// The list, above the box.
#[component]
pub(super) fn MentionList(mentions: Mentions) -> impl IntoView {
    let Mentions { offered, chosen, .. } = mentions;
    let option = move |(place, offer): (usize, Offer)| {
        let Offer { shown, note, may, .. } = offer;
        view! {
            <li
                id=option_id(place)
                role="option"
                translate="no"
                aria-selected=live(move || if chosen.get() == place { "true" } else { "false" })
                aria-disabled=(!may).then_some("true")
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| mentions.write(place)
            >
                {shown}
                {(!note.is_empty()).then(|| view! { <span class="muted" translate="yes">{note}</span> })}
            </li>
        }
        .into_any()
    };
    let commanding = move || offered.with(|offered| offered.first().is_some_and(|offer| offer.text.starts_with('/')));
    let list = move || {
        view! {
            <ul
                class="mention-list"
                class:commands=live(commanding)
                id=LIST_ID
                role="listbox"
                // It may scroll.
                tabindex="0"
                aria-label=live(move || if commanding() { words().commands } else { words().mention })
            >
                {changing(move || offered.get().into_iter().enumerate().map(option).collect_view().into_any())}
            </ul>
        }
        .into_any()
    };
    when(move || offered.with(|offered| !offered.is_empty()), list)
}

#[cfg(test)]
mod tests {
    use super::offers;

    #[test]
    fn names_are_offered_while_a_mention_is_written() {
        let names: Vec<String> = ["Ada", "Ada Low", "Ben"].map(str::to_owned).into();
        let table: &[(&str, &[&str])] = &[
            ("@", &["Ada", "Ada Low", "Ben"]),
            ("hello @a", &["Ada", "Ada Low"]),
            ("(@BE", &["Ben"]),
            ("@Ada", &["Ada Low"]),
            ("@Ada ", &[]),
            ("@Ada Low", &[]),
            ("@Ada Low ", &[]),
            ("mail me at ada@b", &[]),
            ("@x", &[]),
            ("@a\nb", &[]),
            ("nothing", &[]),
        ];
        for (before, offered) in table {
            let shown: Vec<_> = offers(before, &names).into_iter().map(|offer| offer.shown).collect();
            assert_eq!(shown, *offered, "{before}");
        }
        assert_eq!(offers("hello @a", &names)[1].text, "hello @Ada Low ");
    }
}
