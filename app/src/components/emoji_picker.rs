//! All emoji, to be chosen by pointer or keys: a search, the groups, and a grid that arrow keys lead through.

use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Element;

use super::emoji::{Emoji, use_emoji};
use super::{changing, when};
use crate::browser;
use crate::browser::GridStep;
use crate::i18n::words;
use crate::signals::{Memo, RwSignal, live};
use client::emoji::{Entry, entries, find, toned};

const PICKER_ID: &str = "emoji-picker";
const SEARCH_ID: &str = "emoji-search";
const GRID_ID: &str = "emoji-grid";
const BOX_ID: &str = "message";
/// Emoji that a search shows.
const FOUND_MAX: usize = 90;
/// One of each group, for its button.
const GROUP_SIGNS: [&str; 9] = ["😀", "👋", "🐻", "🍎", "🚗", "⚽", "💡", "🔣", "🏁"];
/// A hand in each tone.
const TONES: usize = 6;

/// What is shown in the grid.
#[derive(Clone, PartialEq)]
enum Shown {
    Recent,
    Group(usize),
    Found(String),
}

/// Opens the choice and closes it.
#[component]
pub(super) fn EmojiButton(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="tool react"
            aria-haspopup="dialog"
            aria-expanded=live(move || if open.get() { "true" } else { "false" })
            aria-label=words().emoji
            title=words().emoji
            on:click=move |_| toggle(open)
        ></button>
    }
    .into_any()
}

fn toggle(open: RwSignal<bool>) {
    open.update(|open| *open = !*open);
    if open.get_untracked() {
        // A finger wants the keyboard only when it asks.
        request_animation_frame(|| browser::focus(if browser::is_touch() { PICKER_ID } else { SEARCH_ID }));
    }
}

/// The choice, above the box.
#[component]
pub(super) fn EmojiPicker(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// One was chosen.
    on_choose: Callback<String>,
) -> impl IntoView {
    when(move || open.get(), move || picker(open, on_choose))
}

fn picker(open: RwSignal<bool>, on_choose: Callback<String>) -> AnyView {
    let emoji = use_emoji();
    emoji.fetch(|| {});
    let shown = RwSignal::new(if emoji.recent.with_untracked(Vec::is_empty) { Shown::Group(0) } else { Shown::Recent });
    let choose = Callback::new(move |chosen: String| {
        emoji.used(&chosen);
        open.set(false);
        on_choose.run(chosen);
    });
    let typed = move |event: Event| {
        let typed = event_target_value(&event);
        shown.set(if typed.trim().is_empty() { Shown::Group(0) } else { Shown::Found(typed) });
    };
    let failed = move || {
        let again = move |_| emoji.fetch(|| {});
        view! {
            <p role="alert">{words().no_emoji}</p>
            <button type="button" class="link" on:click=again>{words().try_again}</button>
        }
        .into_any()
    };
    view! {
           <div class="emoji-picker"
    id=PICKER_ID
    tabindex="-1" role="dialog" aria-label=words().emoji on:keydown=move |event| key_pressed(&event, open, choose)>
               <input
                   type="search"
                   id=SEARCH_ID
                   autocomplete="off"
                   aria-label=words().search_emoji
                   placeholder=words().search_emoji
                   on:input=typed
               />
               {groups(emoji, shown)}
               {when(move || emoji.failed.get(), failed)}
               {grid(emoji, shown, choose)}
               {tones(emoji)}
           </div>
       }
    .into_any()
}

/// One button a group, and one for those used last.
fn groups(emoji: Emoji, shown: RwSignal<Shown>) -> AnyView {
    let button = move |(group, sign, label): (Shown, &'static str, &'static str)| {
        let (is_it, go) = (group.clone(), group);
        view! {
            <button
                type="button"
                class="emoji-group"
                title=label
                aria-label=label
                aria-pressed=live(move || if shown.with(|shown| *shown == is_it) { "true" } else { "false" })
                on:click=move |_| shown.set(go.clone())
            >
                {sign}
            </button>
        }
        .into_any()
    };
    let recent = (!emoji.recent.with_untracked(Vec::is_empty)).then_some((Shown::Recent, "🕘", words().recent_emoji));
    let all = GROUP_SIGNS.iter().zip(words().emoji_groups).enumerate();
    let all = all.map(|(number, (sign, label))| (Shown::Group(number), *sign, *label));
    let buttons = recent.into_iter().chain(all).map(button).collect_view();
    view! { <div class="emoji-groups" role="group" aria-label=words().emoji_kinds>{buttons}</div> }.into_any()
}

/// One listener for all of it.
fn grid(emoji: Emoji, shown: RwSignal<Shown>, choose: Callback<String>) -> AnyView {
    // Drawn anew when the names come, and when the tone is another.
    let cells = Memo::new(move |_| {
        let tone = emoji.tone.get();
        emoji.names.with(|names| shown.with(|shown| cells(names, &emoji, shown, tone)))
    });
    let press = move |event: MouseEvent| {
        if let Some(chosen) = event.target().and_then(|target| target.dyn_into::<Element>().ok()).and_then(chosen) {
            choose.run(chosen);
        }
    };
    let cell = |(place, (sign, name)): (usize, (String, String))| {
        view! {
            <button type="button" class="emoji-cell" tabindex=if place == 0 { "0" } else { "-1" } aria-label=name.clone() title=name data-emoji=sign.clone()>
                {sign.clone()}
            </button>
        }
        .into_any()
    };
    let label = move || match shown.get() {
        Shown::Recent => words().recent_emoji,
        Shown::Group(group) => words().emoji_groups.get(group).copied().unwrap_or_default(),
        Shown::Found(_) => words().found_emoji,
    };
    view! {
        <div class="emoji-grid" id=GRID_ID role="group" translate="no" aria-label=live(label) on:click=press>
            {changing(move || {
                let cells = cells.get();
                if cells.is_empty() && emoji.names.with(|names| !names.is_empty()) {
                    return view! { <p>{words().nothing_found}</p> }.into_any();
                }
                cells.into_iter().enumerate().map(cell).collect_view().into_any()
            })}
        </div>
    }
    .into_any()
}

/// Each with its name.
fn cells(names: &str, emoji: &Emoji, shown: &Shown, tone: usize) -> Vec<(String, String)> {
    let cell = |entry: Entry<'_>| {
        let sign = if entry.has_tones { toned(entry.emoji, tone) } else { entry.emoji.to_owned() };
        (sign, entry.name.to_owned())
    };
    match shown {
        Shown::Recent => emoji.recent.get_untracked().into_iter().map(|recent| (recent.clone(), recent)).collect(),
        Shown::Group(group) => entries(names).filter(|entry| entry.group == *group).map(cell).collect(),
        Shown::Found(typed) => find(names, typed, FOUND_MAX).into_iter().map(cell).collect(),
    }
}

/// The tone of skin, for those that have one.
fn tones(emoji: Emoji) -> AnyView {
    let tone = move |tone: usize| {
        view! {
            <label class="emoji-tone" title=words().tones[tone]>
                <input
                    type="radio"
                    name="tone"
                    aria-label=words().tones[tone]
                    checked=emoji.tone.get_untracked() == tone
                    on:change=move |_| emoji.tone.set(tone)
                />
                <span aria-hidden="true">{toned("✋", tone)}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <fieldset class="emoji-tones">
            <legend class="visually-hidden">{words().skin_tone}</legend>
            {(0..TONES).map(tone).collect_view()}
        </fieldset>
    }
    .into_any()
}

fn chosen(element: Element) -> Option<String> {
    element.closest("[data-emoji]").ok()??.get_attribute("data-emoji")
}

/// Escape leaves; Enter in the search takes the first; arrows lead through the grid.
fn key_pressed(event: &KeyboardEvent, open: RwSignal<bool>, choose: Callback<String>) {
    let in_search = browser::has_focus(SEARCH_ID);
    match event.key().as_str() {
        "Escape" => {
            event.stop_propagation();
            open.set(false);
            browser::focus(BOX_ID);
        }
        "Enter" if in_search && !event.is_composing() => {
            if let Some(first) = browser::find(GRID_ID).and_then(|grid| grid.first_element_child()).and_then(chosen) {
                choose.run(first);
            }
        }
        "ArrowDown" if in_search => browser::focus_in_grid(GRID_ID, GridStep::First),
        "ArrowUp" if browser::is_in_first_row(GRID_ID) => browser::focus(SEARCH_ID),
        key if !in_search => match step(key).filter(|_| browser::has_focus_inside(GRID_ID)) {
            Some(step) => browser::focus_in_grid(GRID_ID, step),
            None => return,
        },
        _ => return,
    }
    event.prevent_default();
}

fn step(key: &str) -> Option<GridStep> {
    Some(match key {
        "ArrowRight" => GridStep::Next,
        "ArrowLeft" => GridStep::Previous,
        "ArrowDown" => GridStep::Down,
        "ArrowUp" => GridStep::Up,
        "Home" => GridStep::First,
        "End" => GridStep::Last,
        _ => return None,
    })
}
