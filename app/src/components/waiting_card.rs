//! In front of a room that lets people in one by one: one has knocked, and waits.

use leptos::prelude::*;

use super::Heading;
use crate::i18n::{entry_words, words};

/// The card that takes the place of the one that was filled in.
#[component]
pub(crate) fn WaitingCard(
    /// Wait no more.
    on_cancel: Callback<()>,
) -> impl IntoView {
    let words = words();
    view! {
        <div class="card waiting-card">
            <Heading text=entry_words().waiting_title />
            <p class="muted" role="status">{entry_words().waiting_more}</p>
            <button type="button" class="button wide" on:click=move |_| on_cancel.run(())>
                {words.cancel}
            </button>
        </div>
    }
    .into_any()
}
