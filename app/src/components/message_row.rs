//! One message: picture, name, time, text, what can be done to it, and for what failed of an own one how to go on.
//!
//! Selected and copied, a row is its name, its time and its text, each once: what is drawn beside them is generated, or
//! cannot be selected. `MessageBody` is the only place of the interface that puts HTML into the page, and what it puts
//! there was sanitised by the server.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, Event};
use protocol::{DisplayName, ErrorCode};

use super::avatar::hue_class;
use super::message_tools::{quote, reactions, tools};
use super::{Avatar, Glyph, Icon};
use crate::i18n::words;
use crate::signals::Effect;
use crate::{browser, format};
use client::{Confidant, Delivery, MessageLine, Revision, slash};

/// One message of the log.
#[component]
pub(crate) fn MessageRow(
    /// Names the row.
    key: u64,
    /// What is shown.
    line: MessageLine,
    /// Try a failed one again.
    #[prop(into)]
    on_retry: Callback<()>,
    /// Forget a failed one.
    #[prop(into)]
    on_discard: Callback<()>,
) -> impl IntoView {
    let (tools, reactions, marks) = (tools(&line), reactions(&line.reactions), marks(&line));
    let MessageLine { member, name, at, text, html, own, delivery, first, revision, edit, reply, .. } = line;
    let (mentions_you, is_whisper) = (line.mentions_you, line.whisper.is_some());
    let whisper = line.whisper.map(|to| whisper_note(own, &name, &to));
    // An own edit is shown before the server has it, as a message is.
    let (text, html, delivery, not_done) = match edit {
        Some(edit) => (edit.text, None, edit.delivery, words().not_changed),
        None => (text, html, delivery, words().not_sent),
    };
    // What `/me` says begins with its writer's name.
    let action = slash::is_action(name.as_str(), &text);
    let zone = browser::zone_offset_min(at);
    let time = format::time_of_day(at, zone);
    let beside = time.clone();
    let name_class = format!("message-name {}", hue_class(member.as_ref()));
    // An own message is not announced: its writer knows it. That it failed is announced by an alert of its own.
    let live = own.then_some("off");
    let failed = match delivery {
        Delivery::Failed(code) => Some(view! { <Failed not_done code on_retry on_discard /> }),
        Delivery::Sent | Delivery::Sending | Delivery::Waiting { .. } => None,
    };
    view! {
        <article
            class="message"
            class:own=own
            class:first=first
            class:mentions-you=mentions_you
            class:action=action
            class:whisper=is_whisper
            class:pending=delivery != Delivery::Sent
            aria-live=live
            data-key=key
            data-time=beside
        >
            {first.then(|| view! { <Avatar id=member /> })}
            <div class="message-main">
                <div class=if first { "message-head" } else { "message-head visually-hidden" }>
                    <span class=name_class dir="auto" translate="no">{name.as_str().to_owned()}</span>
                    {own.then(|| view! { <span class="message-you visually-hidden">{words().you_in_brackets}</span> })}
                    " "
                    <time translate="no" datetime=format::machine_time(at) title=format::day_and_time(at, zone)>{time}</time>
                </div>
                {mentions_you.then(|| view! { <span class="message-you visually-hidden">{words().mentions_you}</span> })}
                {whisper}
                {reply.map(|reply| quote(*reply))}
                {what_is_said(revision, text, html)}
                {marks}
                {reactions}
                {failed}
            </div>
            {tools}
        </article>
    }
    .into_any()
}

/// The message, or what is left of it.
fn what_is_said(revision: Revision, text: String, html: Option<String>) -> AnyView {
    let gone = match revision {
        Revision::Original | Revision::Edited => return view! { <MessageBody text html /> }.into_any(),
        Revision::Deleted => words().deleted,
        Revision::Burned => words().burned,
    };
    view! { <p class="message-text deleted">{gone}</p> }.into_any()
}

/// That it was changed, and for how long it is there. The countdown goes on without the row (`pages/room/burning.rs`).
fn marks(line: &MessageLine) -> Option<AnyView> {
    (line.revision == Revision::Edited || line.timer_s.is_some()).then(|| drawn_marks(line))
}

/// Kept by itself, as is all that few rows have: it is fetched when a page is idle.
#[inline(never)]
fn drawn_marks(line: &MessageLine) -> AnyView {
    let timer = |after_s: u32| view! { <p class="message-burns" aria-live="off">{(words().burns_after)(after_s)}</p> };
    view! {
        {(line.revision == Revision::Edited).then(|| view! { <p class="message-edited">{words().edited}</p> })}
        {line.timer_s.map(timer)}
    }
    .into_any()
}

/// That a message is for one person only, and for whom: in words and with a lock, so that neither the ground nor the place
/// has to say it.
#[inline(never)]
fn whisper_note(own: bool, name: &DisplayName, to: &Confidant) -> AnyView {
    let note = if own { (words().whisper_to)(to.name.as_str()) } else { (words().whispers_to_you)(name.as_str()) };
    view! { <p class="whisper-note" dir="auto">{note}</p> }.into_any()
}

/// The text as typed, or its sanitised HTML.
#[component]
fn MessageBody(text: String, html: Option<String>) -> impl IntoView {
    let Some(html) = html else {
        let class = if format::is_emoji_only(&text) { "message-text emoji" } else { "message-text" };
        return view! { <div class=class dir="auto">{text}</div> }.into_any();
    };
    let body = NodeRef::<Div>::new();
    Effect::new(move || {
        if let Some(body) = body.get() {
            browser::mark_spoilers(&body, words().spoiler);
            browser::frame_code(&body, words().copy_code_block);
        }
    });
    let by_pointer = move |event: MouseEvent| {
        pressed(&event);
    };
    let by_key = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") && reveal(&event) {
            event.prevent_default();
        }
    };
    view! {
        <div
            class="message-text prose"
            dir="auto"
            node_ref=body
            on:click=by_pointer
            on:keydown=by_key
            inner_html=html
        ></div>
    }
    .into_any()
}

/// The nearest element around the event's that matches.
fn around(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

fn pressed(event: &Event) {
    if !reveal(event)
        && let Some(button) = around(event, ".code-copy")
        && let Some(code) = button.previous_element_sibling()
    {
        let say = move |text: &str| button.set_text_content(Some(text));
        browser::copy(code.text_content().unwrap_or_default(), move |done| {
            say(if done { words().copied } else { words().not_copied });
            set_timeout(move || say(""), browser::SAID_FOR);
        });
    }
}

/// Shows the spoiler that the event came from, for good.
fn reveal(event: &Event) -> bool {
    let Some(spoiler) = around(event, ".spoiler:not(.shown)") else {
        return false;
    };
    spoiler.set_class_name("spoiler shown");
    // The label goes, so that screen readers read the content; it is no button any more. The focus may stay.
    if let Some(name) = spoiler.first_element_child() {
        name.remove();
    }
    if let Some(secret) = spoiler.first_element_child() {
        let _ = secret.remove_attribute("aria-hidden");
    }
    let _ = spoiler.remove_attribute("role");
    let _ = spoiler.set_attribute("tabindex", "-1");
    true
}

/// Why an own message was not sent or changed, and what to do. One that is on its way, waits or was sent says nothing by itself:
/// the log says it once, at its end.
#[component]
fn Failed(not_done: &'static str, code: ErrorCode, on_retry: Callback<()>, on_discard: Callback<()>) -> impl IntoView {
    let words = words();
    // A room that has ended takes nothing any more.
    let over = code == ErrorCode::RoomEnded;
    view! {
        <div class="delivery">
            <p role="alert">
                <Icon glyph=Glyph::Alert />
                <span>{not_done} " " {(words.error)(code)}</span>
            </p>
            <button type="button" class="link" hidden=over on:click=move |_| on_retry.run(())>
                {words.retry}
            </button>
            <button type="button" class="link" on:click=move |_| on_discard.run(())>
                {words.discard}
            </button>
        </div>
    }
}
