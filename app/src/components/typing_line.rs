//! Who is typing, in a line whose height never changes. Not announced: it would talk all the time.

use leptos::prelude::*;
use protocol::DisplayName;

use super::said;
use crate::i18n::words;
use crate::signals::Signal;

/// The line above the composer.
#[component]
pub(crate) fn TypingLine(
    /// Others who are typing now.
    names: Signal<Vec<DisplayName>>,
) -> impl IntoView {
    let text = move || {
        names.with(|names| {
            let names: Vec<&str> = names.iter().map(DisplayName::as_str).collect();
            (words().typing)(&names)
        })
    };
    view! { <p class="typing-line" aria-live="off" inner_html=said(text)></p> }
}
