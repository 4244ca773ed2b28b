//! Where one writes. The text is cleared only when it was handed over; whatever is refused stays in the box.

use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::html::Textarea;
use leptos::prelude::*;
use protocol::ErrorCode;

use super::{Glyph, Icon};
use crate::browser;
use crate::i18n::words;

const ID: &str = "message";
const NOTE_ID: &str = "message-note";
/// What browsers report as the key code while an input method composes.
const COMPOSING: u32 = 229;

/// Moves the focus into the box.
pub(crate) fn focus_composer() {
    browser::focus(ID);
}

/// What is in the box, as far as others need to know.
#[derive(Clone, Copy)]
struct Draft {
    area: NodeRef<Textarea>,
    /// Mirrors the text, so that the box can grow with it.
    text: RwSignal<String>,
    refused: RwSignal<Option<ErrorCode>>,
    send: Callback<String, Result<(), ErrorCode>>,
    on_typing: Callback<bool>,
}

impl Draft {
    fn edited(self) {
        let text = self.area.get_untracked().map(|area| area.value()).unwrap_or_default();
        self.on_typing.run(!text.trim().is_empty());
        self.text.set(text);
        self.refused.set(None);
    }

    fn submit(self) {
        let Some(area) = self.area.get_untracked() else {
            return;
        };
        match self.send.run(area.value()) {
            Ok(()) => {
                area.set_value("");
                self.text.set(String::new());
                self.refused.set(None);
            }
            Err(code) => self.refused.set(Some(code)),
        }
        // Pressing the button took the focus; the next message starts in the box.
        let _ = area.focus();
    }

    fn key_pressed(self, event: &KeyboardEvent) {
        let page = match event.key().as_str() {
            "PageUp" => -1,
            "PageDown" => 1,
            "Enter" => {
                let composing = event.is_composing() || event.key_code() == COMPOSING;
                if !(event.shift_key() || composing || browser::is_touch()) {
                    event.prevent_default();
                    self.submit();
                }
                return;
            }
            _ => return,
        };
        if let Some(log) = document().get_element_by_id("log") {
            event.prevent_default();
            log.set_scroll_top(log.scroll_top() + page * log.client_height() * 9 / 10);
        }
    }
}

/// Text box and button.
#[component]
pub(crate) fn Composer(
    /// What the room is called.
    room: Signal<String>,
    /// Characters that a message may have.
    limit: Signal<u32>,
    /// Takes the text, or says why not.
    #[prop(into)]
    send: Callback<String, Result<(), ErrorCode>>,
    /// There is text in the box, or none any more.
    #[prop(into)]
    on_typing: Callback<bool>,
    /// Seconds until the server takes the next message.
    slow_down_s: Signal<Option<u32>>,
) -> impl IntoView {
    let words = words();
    let draft = Draft {
        area: NodeRef::new(),
        text: RwSignal::new(String::new()),
        refused: RwSignal::new(None),
        send,
        on_typing,
    };
    Effect::new(move || {
        // What was typed before the program ran is a draft like any other; a finger wants the keyboard only when it asks.
        if draft.area.get().is_some_and(|area| !area.value().is_empty()) {
            draft.edited();
        }
        if !browser::is_touch() {
            browser::focus_if_idle(ID);
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        draft.submit();
    };
    let invalid = move || draft.refused.with(Option::is_some);
    view! {
        <form class="composer" on:submit=submit>
            <div class="composer-box">
                <label class="visually-hidden" for=ID>{words.message}</label>
                <div class="grow" data-text=move || draft.text.get()>
                    <textarea
                        id=ID
                        rows="1"
                        dir="auto"
                        autocomplete="off"
                        placeholder=move || (words.message_to)(&room.get())
                        aria-describedby=NOTE_ID
                        aria-invalid=move || if invalid() { "true" } else { "false" }
                        node_ref=draft.area
                        on:input=move |_| draft.edited()
                        on:keydown=move |event| draft.key_pressed(&event)
                    ></textarea>
                </div>
                <button type="submit" class="button primary send" aria-label=words.send_message>
                    <Icon glyph=Glyph::Send />
                </button>
            </div>
            <Note draft limit slow_down_s />
        </form>
    }
    .into_any()
}

/// Below the box: why a text was refused, how long to wait, and how much room is left.
#[component]
fn Note(draft: Draft, limit: Signal<u32>, slow_down_s: Signal<Option<u32>>) -> impl IntoView {
    let words = words();
    let said = move || match (draft.refused.get(), slow_down_s.get()) {
        (Some(ErrorCode::RateLimited) | None, Some(wait)) => Some((words.slow_down)(wait)),
        (Some(code), _) => Some((words.error)(code).to_owned()),
        (None, None) => None,
    };
    let count = Memo::new(move |_| draft.text.with(|text| text.trim().chars().count()));
    let limit = move || usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let over = move || count.get() > limit();
    view! {
        <div class="composer-note">
            <p class="composer-error" id=NOTE_ID role="alert">{said}</p>
            <Show when=move || { count.get() * 5 >= limit() * 4 }>
                <p class="counter" class:over=over>{move || (words.characters)(count.get(), limit())}</p>
            </Show>
        </div>
    }
    .into_any()
}
