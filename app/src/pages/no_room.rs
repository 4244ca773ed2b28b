//! No such room, or no answer to the question.

use leptos::prelude::*;

use crate::client::Failure;
use crate::components::Notice;
use crate::i18n::{failure_text, is_about_no_room, words};

/// The page; the server gives it the status that is true.
#[component]
pub(crate) fn NoRoom(
    /// Why there is no room to be shown.
    failure: Failure,
) -> impl IntoView {
    let words = words();
    let unknown = is_about_no_room(failure.code);
    view! {
        <Notice title=if unknown { words.no_such_room } else { words.something_wrong } text=failure_text(&failure)>
            {(!unknown).then(|| view! { <a class="button" href="">{words.try_again}</a> })}
            <a class="button primary" href="/">{words.new_room}</a>
        </Notice>
    }
}
