//! Around the box: why a text is still in it, how much room is left, and the way out for one in a room that has ended.

use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::web_sys::HtmlTextAreaElement;
use protocol::ErrorCode;

use super::copy::{Copied, Outcome, glyph, press};
use super::{Icon, changing, said, when};
use crate::i18n::words;
use crate::signals::{RwSignal, Signal, live};

pub(super) const NOTE_ID: &str = "message-note";

/// Units of a text that the box's hidden copy repeats: no box on any screen is high enough to show more.
const MIRRORED_MAX: u32 = 8_192;
/// Units of a text that is counted by characters. Counting the characters of a longer one
/// at every key would be slow.
const COUNTED_MAX: u32 = 65_536;

/// Why a text is still in the box.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum NotSent {
    Code(ErrorCode),
    /// Told in a sentence.
    Said(String),
}

/// How long a text is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Length {
    pub(super) characters: usize,
    /// Counted by UTF-16 units: it has as many characters, or a few less.
    pub(super) roughly: bool,
}

impl Length {
    /// How long the text in a box is, and what its hidden copy repeats of it.
    pub(super) fn of(area: &HtmlTextAreaElement) -> (Self, String) {
        let units = area.text_length();
        if units > COUNTED_MAX {
            return (Self { characters: units as usize, roughly: true }, String::new());
        }
        let text = area.value();
        let length = Self { characters: text.trim().chars().count(), roughly: false };
        (length, if units > MIRRORED_MAX { String::new() } else { text })
    }
}

/// In a room that has ended, the way out for a text that was not sent.
#[component]
pub(super) fn CopyDraft(area: NodeRef<Textarea>, length: RwSignal<Length>, over: Signal<bool>) -> impl IntoView {
    let state = RwSignal::new(Copied::Not);
    let copy = move |_| {
        if let Some(area) = area.get_untracked() {
            press(state, area.value());
        }
    };
    let shown = move || over.get() && length.get().characters > 0;
    when(shown, move || {
        view! {
            <Outcome state done=words().copied />
            <button type="button" class="button send" aria-label=words().copy_text on:click=copy>
                {changing(move || view! { <Icon glyph=glyph(state.get()) /> }.into_any())}
            </button>
        }
        .into_any()
    })
}

/// Below the box: why a text was refused, how long to wait, and how much room is left.
#[component]
pub(super) fn Note(
    not_sent: RwSignal<Option<NotSent>>,
    length: RwSignal<Length>,
    limit: Signal<u32>,
    slow_down_s: Signal<Option<u32>>,
    refused: Signal<Option<ErrorCode>>,
) -> impl IntoView {
    let words = words();
    let problem = move || match (not_sent.get(), slow_down_s.get()) {
        (Some(NotSent::Code(ErrorCode::RateLimited)) | None, Some(wait)) => (words.slow_down)(wait),
        (Some(NotSent::Code(code)), _) => (words.error)(code).to_owned(),
        (Some(NotSent::Said(why)), _) => why,
        (None, None) => refused.get().map_or_else(String::new, |code| (words.error)(code).to_owned()),
    };
    let limit = move || usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let count = move || length.get().characters;
    let over = move || count() > limit();
    let counted = move || match count().checked_sub(limit()) {
        None | Some(0) => (words.characters)(count(), limit()),
        Some(over) => (words.too_many)(over, length.get().roughly),
    };
    view! {
        <div class="composer-note">
            <p class="composer-error" id=NOTE_ID role="alert" inner_html=said(problem)></p>
            {when(
                move || count() * 5 >= limit() * 4,
                move || view! { <p class="counter" class:over=live(over) inner_html=said(counted)></p> }.into_any(),
            )}
        </div>
    }
    .into_any()
}
