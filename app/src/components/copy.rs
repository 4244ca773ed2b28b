//! Buttons that put the room's link or code on the clipboard, and say so for two seconds.

use std::time::Duration;

use leptos::prelude::*;
use protocol::RoomCode;

use super::{Glyph, Icon};
use crate::browser;
use crate::i18n::words;

const SAID_FOR: Duration = Duration::from_secs(2);

/// What became of the last press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copied {
    Not,
    Done,
    Refused,
}

/// Copies and remembers the outcome for a while.
fn press(state: RwSignal<Copied>, text: String) {
    browser::copy(text, move |done| {
        // The button may be gone by the time the browser answers.
        state.try_set(if done { Copied::Done } else { Copied::Refused });
        let forget = move || {
            state.try_set(Copied::Not);
        };
        set_timeout(forget, SAID_FOR);
    });
}

fn glyph(state: Copied) -> Glyph {
    match state {
        Copied::Not => Glyph::Copy,
        Copied::Done => Glyph::Check,
        Copied::Refused => Glyph::Alert,
    }
}

/// Said to screen readers, and shown where the button has room for it.
#[component]
fn Outcome(state: RwSignal<Copied>, done: &'static str) -> impl IntoView {
    let text = move || match state.get() {
        Copied::Not => None,
        Copied::Done => Some(done),
        Copied::Refused => Some(words().copy_failed),
    };
    view! {
        <span class="copy-outcome" class:copy-refused=move || state.get() == Copied::Refused aria-live="polite">
            {text}
        </span>
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
                on:click=move |_| press(state, browser::link_to(&format!("/r/{}", code.as_str())))
            >
                {move || view! { <Icon glyph=glyph(state.get()) /> }}
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
                <span>{code.dashed()}</span>
                {move || view! { <Icon glyph=glyph(state.get()) /> }}
            </button>
            <Outcome state done=words().code_copied />
        </div>
    }
}
