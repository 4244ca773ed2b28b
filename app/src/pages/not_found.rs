//! No page has this address.

use leptos::prelude::*;

use crate::components::Notice;
use crate::i18n::words;

/// The page, with the status that says so.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    let words = words();
    view! {
        <Notice title=words.not_found text=words.not_found_more>
            <a class="button primary" href="/">
                {words.new_room}
            </a>
        </Notice>
    }
}
