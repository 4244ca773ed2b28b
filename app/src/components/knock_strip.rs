//! Who waits in front of the room to be let in, above its log, for those who may answer.

use leptos::prelude::*;
use protocol::{Knocking, MemberId};

use super::changing;
use crate::i18n::entry_words;
use crate::signals::Signal;

/// One line for each who waits.
#[component]
pub(crate) fn KnockStrip(
    /// Who waits, the first of them first.
    knocks: Signal<Vec<Knocking>>,
    /// Let them in, or send them away.
    on_answer: Callback<(MemberId, bool)>,
) -> impl IntoView {
    view! {
        <div role="status">{changing(move || knock_lines(knocks.get(), on_answer))}</div>
    }
}

fn knock_lines(knocks: Vec<Knocking>, on_answer: Callback<(MemberId, bool)>) -> AnyView {
    let line = |Knocking { id, name }: Knocking| {
        let button = |label: &'static str, on: bool| {
            let id = id.clone();
            let answer = move |_| on_answer.run((id.clone(), on));
            let name = (entry_words().knock_answer)(label, name.as_str());
            view! { <button type="button" class="link" aria-label=name on:click=answer>{label}</button> }
        };
        view! {
            <div class="banner knock">
                <p dir="auto">{(entry_words().knocks)(name.as_str())}</p>
                {button(entry_words().let_in, true)}
                {button(entry_words().turn_away, false)}
            </div>
        }
    };
    knocks.into_iter().map(line).collect_view().into_any()
}
