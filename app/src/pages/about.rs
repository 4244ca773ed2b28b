//! "How do I know?": the promises in plain words, what is kept, and the honest limits.

use leptos::prelude::*;

use crate::components::Frame;
use crate::i18n::words;

/// The page.
#[component]
pub(crate) fn About() -> impl IntoView {
    let words = words();
    let section = |(heading, lines): &(&'static str, &'static [&'static str])| {
        view! {
            <section>
                <h2>{*heading}</h2>
                <ul>{lines.iter().map(|line| view! { <li>{*line}</li> }).collect_view()}</ul>
            </section>
        }
    };
    view! {
        <Frame title=words.about>
            <p class="lead">{words.about_lead}</p>
            <div class="prose">{words.about_sections.iter().map(section).collect_view()}</div>
        </Frame>
    }
}
