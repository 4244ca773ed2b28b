//! The choice whether words that were not sent stay in this tab's own storage for a reload. Off until somebody wants it:
//! without it nothing that is written touches a disk, and the browser asks before such words are lost.

use leptos::prelude::*;

use crate::browser;
use crate::i18n::words;
use crate::signals::{Effect, RwSignal, live};

/// Whether they are kept, for every place that offers the choice.
#[derive(Debug, Clone, Copy)]
struct Kept(RwSignal<bool>);

/// Provides what the choices share. Once, in a room.
pub(crate) fn provide_keep_unsent() {
    let kept = RwSignal::new(false);
    Effect::new(move || kept.set(browser::keeps_unsent()));
    provide_context(Kept(kept));
}

/// The box to tick.
#[component]
pub(crate) fn KeepUnsent() -> impl IntoView {
    let Kept(kept) = use_context().unwrap_or_else(|| Kept(RwSignal::new(false)));
    let choose = move |event| {
        browser::keep_unsent(event_target_checked(&event));
        kept.set(browser::keeps_unsent());
    };
    view! {
        <label class="keep-unsent">
            <input type="checkbox" prop:checked=live(move || kept.get()) on:change=choose />
            <span>{words().keep_unsent}</span>
        </label>
    }
    .into_any()
}
