//! What an operator can do, each by a form that leads to the page which asks once more.

use leptos::prelude::*;
use protocol::admin::{ANNOUNCEMENT_CHARS_MAX, DRAIN_AFTER_S, DRAIN_OVER_S, Drain, DrainState, Switches};

use super::Act;
use crate::base::at;
use crate::i18n::{admin_words, failure_text};
use client::RequestError;

/// Why something was not done.
pub(super) fn refused(failure: Option<RequestError>) -> impl IntoView {
    failure.map(|failure| {
        view! {
            <p class="form-error" role="alert">
                {failure_text(&failure)}
            </p>
        }
    })
}

/// Leads to the question whether something is to be done. `label`: what it is called for those who do not see where it is.
pub(super) fn button(act: Act, about: String, label: Option<String>) -> impl IntoView {
    view! {
        <form method="post" action=at("/admin/ask")>
            <input type="hidden" name="act" value=act.as_str() />
            <input type="hidden" name="about" value=about />
            <button class="button" type="submit" aria-label=label>
                {(admin_words().act)(act)}
            </button>
        </form>
    }
}

/// A box whose content the question is about.
fn box_with_button(act: Act, label: &'static str, hint: String, most: usize) -> impl IntoView {
    let (id, hint_id) = (act.as_str(), format!("{}-hint", act.as_str()));
    view! {
        <form class="admin-form" method="post" action=at("/admin/ask")>
            <input type="hidden" name="act" value=act.as_str() />
            <div class="field">
                <label for=id>{label}</label>
                <input
                    class="input"
                    id=id
                    name="about"
                    maxlength=most.to_string()
                    autocomplete="off"
                    dir="auto"
                    aria-describedby=hint_id.clone()
                    required
                />
                <p class="field-note" id=hint_id>
                    {hint}
                </p>
            </div>
            <button class="button" type="submit">
                {(admin_words().act)(act)}
            </button>
        </form>
    }
}

/// What is open, what is closed, and what is announced.
pub(super) fn switches(now: Switches) -> impl IntoView {
    let words = admin_words();
    let switch = |name: &'static str, is_closed: bool, close: Act, open: Act| {
        let (state, act) = if is_closed { (words.closed, open) } else { (words.open, close) };
        let label = format!("{}: {name}", (words.act)(act));
        view! {
            <li class="admin-switch">
                <span>{name} ": " <strong>{state}</strong></span>
                {button(act, String::new(), Some(label))}
            </li>
        }
    };
    let announced = match now.announcement {
        Some(text) => view! {
            <div class="admin-switch">
                <blockquote dir="auto">{text}</blockquote>
                {button(Act::Unannounce, String::new(), None)}
            </div>
        }
        .into_any(),
        None => view! { <p class="muted">{words.no_announcement}</p> }.into_any(),
    };
    let hint = (words.announcement_hint)(ANNOUNCEMENT_CHARS_MAX);
    view! {
        <section aria-labelledby="switches">
            <h2 id="switches">{words.switches}</h2>
            <p class="muted">{words.switches_more}</p>
            <ul class="admin-switches">
                {switch(words.registration, now.registration_closed, Act::CloseRegistration, Act::OpenRegistration)}
                {switch(words.room_making, now.rooms_closed, Act::CloseRooms, Act::OpenRooms)}
            </ul>
            {announced}
            {box_with_button(Act::Announce, words.announcement, hint, ANNOUNCEMENT_CHARS_MAX)}
        </section>
    }
}

/// Ends what somebody is signed in with.
pub(super) fn logins() -> impl IntoView {
    let words = admin_words();
    view! {
        <section aria-labelledby="logins">
            <h2 id="logins">{words.logins}</h2>
            {box_with_button(Act::EndLogins, words.login_box, words.login_hint.to_owned(), 64)}
        </section>
    }
}

/// Sends everybody elsewhere.
pub(super) fn drain(now: Drain) -> impl IntoView {
    let words = admin_words();
    let (said, act) = match now.state {
        DrainState::Open => ((words.drain_more)(DRAIN_AFTER_S, DRAIN_OVER_S), Some(Act::Drain)),
        DrainState::Soon => ((words.draining_soon)(now.in_s.unwrap_or_default()), Some(Act::TakeDrainBack)),
        DrainState::Going => (words.draining.to_owned(), None),
        DrainState::Done => (words.drained.to_owned(), None),
    };
    view! {
        <section aria-labelledby="drain">
            <h2 id="drain">{words.drain}</h2>
            <p class="muted">{said}</p>
            {act.map(|act| button(act, String::new(), None))}
        </section>
    }
}
