//! What pages other than the room share: the mark, the head, the foot.

use leptos::prelude::*;
use protocol::UserKind;

use super::{ThemeSwitch, said, told};
use crate::base::at;
use crate::browser;
use crate::driver::use_client;
use crate::i18n::words;
use crate::signals::Effect;

const HEADING_ID: &str = "title";

/// The mark: a speech bubble that fades.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 28 28" width="28" height="28" aria-hidden="true" focusable="false">
            <path class="mark-bubble" d="M14 3C7.9 3 3 7.3 3 12.5c0 2.9 1.5 5.5 3.9 7.3L6 25l5.4-3.3c.8.2 1.7.3 2.6.3 6.1 0 11-4.2 11-9.5S20.1 3 14 3Z" />
            <circle class="mark-dot" cx="9" cy="12.5" r="1.7" />
            <circle class="mark-dot mark-dot-2" cx="14" cy="12.5" r="1.7" />
            <circle class="mark-dot mark-dot-3" cx="19" cy="12.5" r="1.7" />
        </svg>
    }
}

/// The mark with the name, leading home.
#[component]
pub(crate) fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href=at("/") aria-label=words().back_to_start>
            <Mark />
            <span translate="no">{words().product}</span>
        </a>
    }
}

/// Links that every page but the room ends with.
#[component]
pub(crate) fn Footer(
    /// Whether the theme is chosen here; not where the page offers it itself.
    #[prop(default = true)]
    theme: bool,
) -> impl IntoView {
    let words = words();
    let me = use_client().me;
    let account = move || {
        let is_account = me.with(|me| me.as_ref().is_some_and(|me| me.kind == UserKind::Account));
        if is_account { words.account } else { words.sign_in }.to_owned()
    };
    view! {
        <footer class="footer">
            <nav class="footer-links">
                <a href=at("/about")>{words.how_do_i_know}</a>
                <a href=at("/account") inner_html=said(account)></a>
            </nav>
            {theme.then(|| view! { <ThemeSwitch /> })}
        </footer>
    }
    .into_any()
}

/// Whether the page that the server rendered is already there: what comes later took the place of something else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrived(StoredValue<bool>);

/// Provides [`Arrived`]. Once, in `App`.
pub(crate) fn provide_arrived() {
    let arrived = Arrived(StoredValue::new(false));
    provide_context(arrived);
    Effect::new(move || {
        request_animation_frame(move || {
            arrived.0.try_set_value(true);
        });
    });
}

/// The heading of a page. Where it took another's place it takes the focus, so that it is read as a new page's would be.
#[component]
pub(crate) fn Heading(
    /// What it says.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let arrived: Option<Arrived> = use_context();
    Effect::new(move || {
        if arrived.is_some_and(|arrived| arrived.0.get_value()) {
            browser::focus_if_idle(HEADING_ID);
        }
    });
    view! {
        <h1 id=HEADING_ID tabindex="-1" dir="auto" inner_html=told(&text)></h1>
    }
}

/// Moves the focus to the heading, where the page below it became another one.
pub(crate) fn focus_heading() {
    request_animation_frame(|| browser::focus(HEADING_ID));
}

/// A page of text or forms.
#[component]
pub(crate) fn Frame(
    /// The heading.
    title: &'static str,
    /// Whether the foot offers the theme.
    #[prop(default = true)]
    theme_below: bool,
    /// What is below the heading.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="page">
            <header class="page-head">
                <Brand />
            </header>
            <main class="page-main">
                <Heading text=title />
                {children()}
            </main>
            <Footer theme=theme_below />
        </div>
    }
    .into_any()
}
