//! A room that is over: what happened, and what to do next, in the place of its log.

use leptos::prelude::*;

use super::{Glyph, Icon, told, when};
use crate::i18n::words;
use crate::signals::{RwSignal, Signal};

/// The screen. Kept by itself: it is fetched when a page is idle.
#[inline(never)]
pub(crate) fn ended_room(
    (title, text): (&'static str, &'static str),
    is_used: Signal<bool>,
    reading: RwSignal<bool>,
    way_on: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let read = move || {
        view! {
            <button type="button" class="link" on:click=move |_| reading.set(true)>{words().read_what_was_said}</button>
        }
        .into_any()
    };
    view! {
        <section class="ended" role="alert">
            <Icon glyph=Glyph::Clock />
            <h2 inner_html=told(title)></h2>
            <p class="muted" inner_html=told(text)></p>
            <div class="invite-ways">{way_on()} {when(move || is_used.get(), read)}</div>
        </section>
    }
    .into_any()
}
