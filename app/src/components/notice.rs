//! A card in the middle of the page that says how things stand: not found, full, ended, refused. Where it is all that the
//! page shows, a room can be made from here, and another one found by its code: plain forms, for which no program is needed.

use leptos::prelude::*;

use super::{Brand, Footer, Heading, told};
use crate::base::at;
use crate::i18n::words;

/// What happened, and what can be done.
#[component]
pub(crate) fn Notice(
    /// What happened.
    #[prop(into)]
    title: String,
    /// What to do.
    #[prop(into)]
    text: String,
    /// What else can be done here: links and buttons.
    #[prop(optional, into)]
    more: ViewFn,
    /// Other rooms are open on this page: forms that lead away from it are left out.
    #[prop(optional)]
    stays: bool,
) -> impl IntoView {
    view! {
        <div class="centre">
            <header class="centre-head">
                <Brand />
            </header>
            <main class="card notice">
                <Heading text=title />
                <p class="muted" inner_html=told(&text)></p>
                {if stays { view! { <p class="actions">{more.run()}</p> }.into_any() } else { ways_on(more) }}
            </main>
            <Footer />
        </div>
    }
    .into_any()
}

/// Forms that lead to another page.
fn ways_on(more: ViewFn) -> AnyView {
    let words = words();
    view! {
        <form class="actions" method="post" action=at("/create")>
            {more.run()}
            <button type="submit" class="button primary">{words.new_room}</button>
        </form>
        <form class="field" method="get" action=at("/join")>
            <label for="field-code">{words.other_code}</label>
            <div class="code-box">
                <input
                    id="field-code"
                    class="input code"
                    type="text"
                    name="code"
                    required
                    placeholder=words.room_code_example
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    enterkeyhint="go"
                />
                <button type="submit" class="button">{words.join_room}</button>
            </div>
        </form>
    }
    .into_any()
}
