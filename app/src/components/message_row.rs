//! One message: picture, name, time, text, and for an own one how far it came.
//!
//! `MessageBody` is the only place of the interface that puts HTML into the page, and what it puts there was sanitised by
//! the server.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, Event};

use super::avatar::hue_class;
use super::{Avatar, Glyph, Icon};
use crate::client::{Delivery, MessageLine};
use crate::i18n::words;
use crate::{browser, format};

/// One message of the log.
#[component]
pub(crate) fn MessageRow(
    /// What is shown.
    line: MessageLine,
    /// Try a failed one again.
    #[prop(into)]
    on_retry: Callback<()>,
    /// Forget a failed one.
    #[prop(into)]
    on_discard: Callback<()>,
) -> impl IntoView {
    let MessageLine { member, name, at, text, html, own, delivery, first } = line;
    let zone = browser::zone_offset_min(at);
    let time = format::time_of_day(at, zone);
    let name_class = format!("message-name {}", hue_class(member.as_ref()));
    // Who wrote it knows what it says; whether it failed is an alert of its own.
    let live = own.then_some("off");
    view! {
        <article class="message" class:own=own class:first=first class:pending=delivery != Delivery::Sent aria-live=live>
            <div class="message-side">{first.then(|| view! { <Avatar id=member /> })}</div>
            <div class="message-main">
                <p class=if first { "message-head" } else { "message-head visually-hidden" }>
                    <span class=name_class dir="auto">{name.as_str().to_owned()}</span>
                    {own.then(|| view! { <span class="visually-hidden">{format!(" ({})", words().you)}</span> })}
                    " "
                    <time datetime=format::machine_time(at) title=format::day_and_time(at, zone)>{time.clone()}</time>
                </p>
                {(!first).then(|| view! { <span class="message-time" aria-hidden="true">{time}</span> })}
                <div class="message-body">
                    <MessageBody text html />
                    <DeliveryNote delivery own on_retry on_discard />
                </div>
            </div>
        </article>
    }
    .into_any()
}

/// The text as typed, or its sanitised HTML.
#[component]
fn MessageBody(text: String, html: Option<String>) -> impl IntoView {
    let Some(html) = html else {
        return view! { <div class="message-text" dir="auto">{text}</div> }.into_any();
    };
    let body = NodeRef::<Div>::new();
    Effect::new(move || {
        if let Some(body) = body.get() {
            browser::mark_spoilers(&body, words().spoiler);
        }
    });
    let by_pointer = move |event: MouseEvent| {
        reveal(&event);
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

/// Shows the spoiler that the event came from, for good.
fn reveal(event: &Event) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(spoiler) = target.and_then(|target| target.closest(".spoiler:not(.shown)").ok().flatten()) else {
        return false;
    };
    spoiler.set_class_name("spoiler shown");
    // Its name goes, its secret is read, and it is no button any more; the focus may stay.
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

/// How far an own message came: a small mark while all is well, a line of its own where there is something to do.
#[component]
fn DeliveryNote(delivery: Delivery, own: bool, on_retry: Callback<()>, on_discard: Callback<()>) -> impl IntoView {
    let words = words();
    if !own {
        return ().into_any();
    }
    match delivery {
        Delivery::Sent => mark(Glyph::Check, words.sent).into_any(),
        Delivery::Sending => mark(Glyph::Clock, words.sending).into_any(),
        Delivery::Waiting { retry_at: _ } => view! {
            <p class="delivery waiting">
                <Icon glyph=Glyph::Clock />
                <span>{words.waiting}</span>
            </p>
        }
        .into_any(),
        Delivery::Failed(code) => view! {
            <div class="delivery failed">
                <p role="alert">
                    <Icon glyph=Glyph::Alert />
                    <span>{words.not_sent} " " {(words.error)(code)}</span>
                </p>
                <button type="button" class="link" on:click=move |_| on_retry.run(())>
                    {words.retry}
                </button>
                <button type="button" class="link" on:click=move |_| on_discard.run(())>
                    {words.discard}
                </button>
            </div>
        }
        .into_any(),
    }
}

fn mark(glyph: Glyph, word: &'static str) -> impl IntoView {
    view! {
        <p class="delivery" title=word>
            <Icon glyph />
            <span class="visually-hidden">{word}</span>
        </p>
    }
}
