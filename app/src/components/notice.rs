//! A card in the middle of the page that says how things stand: not found, full, ended, refused.

use leptos::prelude::*;

use super::{Brand, Heading};
/// What happened, and what can be done.
#[component]
pub(crate) fn Notice(
    /// What happened.
    #[prop(into)]
    title: String,
    /// What to do.
    #[prop(into)]
    text: String,
    /// Links and buttons.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="centre">
            <header class="centre-head">
                <Brand />
            </header>
            <main class="card notice">
                <Heading text=title />
                <p class="muted">{text}</p>
                <div class="actions">{children()}</div>
            </main>
        </div>
    }
    .into_any()
}
