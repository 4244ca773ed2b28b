//! No such room, none that this page can show, or no answer to the question.

use leptos::prelude::*;

use crate::components::Notice;
use crate::i18n::{failure_text, is_about_no_room, no_room_title, words};
use client::RequestError;

/// The page; the server gives it the status that is true.
#[component]
pub(crate) fn NoRoom(
    /// Why there is no room to be shown.
    failure: RequestError,
) -> impl IntoView {
    let words = words();
    let about_room = is_about_no_room(failure.code);
    let again = move || {
        if about_room { ().into_any() } else { view! { <a class="button" href="">{words.try_again}</a> }.into_any() }
    };
    view! { <Notice title=no_room_title(failure.code) text=failure_text(&failure) more=again /> }
}
