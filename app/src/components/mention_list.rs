//! The people whom an `@` in the box may mean, while its word is written: chosen by keys or by a press.

use leptos::ev::KeyboardEvent;
use leptos::html::Textarea;
use leptos::prelude::*;

use super::{changing, when};
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
    offered: RwSignal<Vec<String>>,
    chosen: RwSignal<usize>,
    /// The text in the box is another.
    on_change: Callback<()>,
}

impl Mentions {
    pub(super) fn new(area: NodeRef<Textarea>, names: Signal<Vec<String>>, on_change: Callback<()>) -> Self {
        Self { area, names, offered: RwSignal::new(Vec::new()), chosen: RwSignal::new(0), on_change }
    }

    /// The text in the box changed.
    pub(super) fn look(self) {
        let before = self.before_caret().unwrap_or_default();
        let offered = self.names.with_untracked(|names| offers(&before, names));
        self.chosen.set(0);
        if self.offered.with_untracked(|now| *now != offered) {
            self.offered.set(offered);
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
        if count == 0 || event.is_composing() {
            return false;
        }
        let chosen = self.chosen.get_untracked();
        match event.key().as_str() {
            "ArrowDown" => self.chosen.set((chosen + 1) % count),
            "ArrowUp" => self.chosen.set((chosen + count - 1) % count),
            "Enter" | "Tab" if !event.shift_key() => self.write(chosen),
            "Escape" => self.offered.set(Vec::new()),
            _ => return false,
        }
        event.prevent_default();
        true
    }

    /// Writes a name in the place of what was typed of it.
    fn write(self, place: usize) {
        let name = self.offered.with_untracked(|offered| offered.get(place).cloned());
        if let (Some(name), Some(before), Some(area)) = (name, self.before_caret(), self.area.get_untracked()) {
            let kept = before.rfind('@').map_or("", |at| &before[..at]);
            let written = [kept, "@", &name, " "].concat();
            let units = |text: &str| text.encode_utf16().count();
            let rest: Vec<u16> = area.value().encode_utf16().skip(units(&before)).collect();
            area.set_value(&[&written, String::from_utf16_lossy(&rest).trim_start()].concat());
            let caret = u32::try_from(units(&written)).unwrap_or(u32::MAX);
            // The box is on the page and holds so much: the caret has its place.
            let _ = area.set_selection_range(caret, caret);
            let _ = area.focus();
        }
        self.offered.set(Vec::new());
        self.on_change.run(());
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
fn offers(before: &str, names: &[String]) -> Vec<String> {
    let Some((head, typed)) = before.rsplit_once('@') else { return Vec::new() };
    let is_inside = head.chars().next_back().is_some_and(char::is_alphanumeric);
    if is_inside
        || typed.ends_with(char::is_whitespace)
        || typed.contains('\n')
        || typed.chars().count() > NAME_CHARS_MAX
    {
        return Vec::new();
    }
    let typed = typed.to_lowercase();
    let fits = |name: &&String| {
        let name = name.to_lowercase();
        name != typed && name.starts_with(&typed)
    };
    names.iter().filter(fits).take(OFFERED_MAX).cloned().collect()
}

/// The list, above the box.
#[component]
pub(super) fn MentionList(mentions: Mentions) -> impl IntoView {
    let Mentions { offered, chosen, .. } = mentions;
    let option = move |(place, name): (usize, String)| {
        view! {
            <li
                id=option_id(place)
                role="option"
                translate="no"
                aria-selected=live(move || if chosen.get() == place { "true" } else { "false" })
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| mentions.write(place)
            >
                {name}
            </li>
        }
        .into_any()
    };
    let list = move || {
        view! {
            <ul class="mention-list" id=LIST_ID role="listbox" aria-label=words().mention>
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
            assert_eq!(offers(before, &names), *offered, "{before}");
        }
    }
}
