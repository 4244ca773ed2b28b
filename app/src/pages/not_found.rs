//! No page has this address.

use leptos::prelude::*;

use crate::components::Notice;
use crate::i18n::words;

/// The page; the server gives it the status that says so.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let words = words();
    view! {
        <Notice title=words.not_found text=words.not_found_more />
    }
}
