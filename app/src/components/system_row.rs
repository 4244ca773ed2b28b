//! A muted line of the log that nobody said: comings and goings, and what was missed.

use leptos::prelude::*;
use protocol::DisplayName;

use crate::i18n::words;

/// One such line.
#[component]
pub(crate) fn SystemRow(
    /// What it says.
    text: String,
    /// Something was lost: it should be seen.
    #[prop(optional)]
    warns: bool,
) -> impl IntoView {
    view! { <p class="system-row" class:warns=warns dir="auto">{text}</p> }
}

/// The line for people who came and went.
pub(crate) fn joins_text(joined: &[DisplayName], left: &[DisplayName]) -> String {
    let words = words();
    let names = |people: &[DisplayName], say: fn(&[&str]) -> String| {
        let names: Vec<&str> = people.iter().map(DisplayName::as_str).collect();
        say(&names)
    };
    match (joined, left) {
        (joined, []) => names(joined, words.joined),
        ([], left) => names(left, words.left),
        (joined, left) => (words.joined_and_left)(joined.len(), left.len()),
    }
}
