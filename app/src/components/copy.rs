//! Buttons that put the room's link or code on the clipboard, and say so for two seconds.

use leptos::prelude::*;
use protocol::RoomCode;

use super::{Glyph, Icon, changing, said};
use crate::i18n::words;
use crate::signals::{RwSignal, live};
use crate::{base, browser};

/// What became of the last press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copied {
    Not,
    Done,
    Refused,
}

/// Copies and remembers the outcome for a while.
pub(super) fn press(state: RwSignal<Copied>, text: String) {
    browser::copy(text, move |done| {
        // The button may be gone by the time the browser answers.
        state.set(if done { Copied::Done } else { Copied::Refused });
        let forget = move || {
            state.set(Copied::Not);
        };
        set_timeout(forget, browser::SAID_FOR);
    });
}

pub(super) fn glyph(state: Copied) -> Glyph {
    match state {
        Copied::Not => Glyph::Copy,
        Copied::Done => Glyph::Check,
        Copied::Refused => Glyph::Alert,
    }
}

/// Said to screen readers, and shown where the button has room for it.
#[component]
pub(super) fn Outcome(state: RwSignal<Copied>, done: &'static str) -> impl IntoView {
    let text = move || match state.get() {
        Copied::Not => "",
        Copied::Done => done,
        Copied::Refused => words().copy_failed,
    };
    let text = move || text().to_owned();
    view! {
        <span
            class="copy-outcome"
            class:copy-refused=live(move || state.get() == Copied::Refused)
            aria-live="polite"
            inner_html=said(text)
        ></span>
    }
}

/// The button "Copy link". There is one on the page at a time.
#[component]
pub(crate) fn CopyLink(
    /// The room.
    code: RoomCode,
    /// Whether it is the thing to do now.
    #[prop(optional)]
    primary: bool,
) -> impl IntoView {
    let state = RwSignal::new(Copied::Not);
    view! {
        <div class="copy">
            <button
                type="button"
                class="button"
                class:primary=primary
                on:click=move |_| press(state, browser::link_to(&base::room(code)))
            >
                {changing(move || view! { <Icon glyph=glyph(state.get()) /> }.into_any())}
                <span>{words().copy_link}</span>
            </button>
            <Outcome state done=words().link_copied />
        </div>
    }
}

/// The code in the room's head.
#[component]
pub(crate) fn CopyCode(
    /// The room.
    code: RoomCode,
) -> impl IntoView {
    let state = RwSignal::new(Copied::Not);
    view! {
        <div class="copy copy-code">
            <button
                type="button"
                class="chip code"
                aria-label=(words().copy_code)(&code.dashed())
                on:click=move |_| press(state, code.dashed())
            >
                <span translate="no">{code.dashed()}</span>
                {changing(move || view! { <Icon glyph=glyph(state.get()) /> }.into_any())}
            </button>
            <Outcome state done=words().code_copied />
        </div>
    }
}
