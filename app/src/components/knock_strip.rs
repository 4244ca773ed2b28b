//! Who waits in front of the room to be let in, above its log, for those who may answer.

use leptos::prelude::*;
use protocol::{Knocking, MemberId};

use super::changing;
use crate::browser;
use crate::i18n::{entry_words, words};
use crate::signals::{RwSignal, Signal};

/// One line for each who waits.
#[component]
pub(crate) fn KnockStrip(
    /// Who waits, the first of them first.
    knocks: Signal<Vec<Knocking>>,
    /// Let them in, or send them away.
    on_answer: Callback<(MemberId, bool)>,
    /// Send them away for good.
    on_ban: Callback<MemberId>,
) -> impl IntoView {
    // Whose ban was asked for, and is asked about.
    let banning = RwSignal::new(None::<MemberId>);
    view! {
        <div role="status">{changing(move || knock_lines(knocks.get(), banning, on_answer, on_ban))}</div>
    }
}

fn ban_id(id: &MemberId) -> String {
    ["ban-", id.as_str()].concat()
}

fn knock_lines(
    knocks: Vec<Knocking>,
    banning: RwSignal<Option<MemberId>>,
    on_answer: Callback<(MemberId, bool)>,
    on_ban: Callback<MemberId>,
) -> AnyView {
    let asked = banning.get();
    let line = |Knocking { id, name }: Knocking| {
        let button = |label: &'static str, on: bool| {
            let id = id.clone();
            let answer = move |_| on_answer.run((id.clone(), on));
            let name = (entry_words().knock_answer)(label, name.as_str());
            view! { <button type="button" class="link" aria-label=name on:click=answer>{label}</button> }
        };
        let is_asked = asked.as_ref() == Some(&id);
        let ban = {
            let pressed = id.clone();
            let press = move |_| {
                let id = &pressed;
                banning.set((!is_asked).then(|| id.clone()));
                if is_asked {
                    on_ban.run(id.clone());
                } else {
                    // The same button, drawn anew.
                    let id = ban_id(id);
                    request_animation_frame(move || browser::focus(&id));
                }
            };
            let named = (entry_words().knock_answer)(words().ban, name.as_str());
            view! {
                <button type="button" class="link" class:bad=is_asked id=ban_id(&id) aria-label=named on:click=press>{words().ban}</button>
            }
        };
        view! {
            <div class="banner knock">
                <p dir="auto">
                    {if is_asked { entry_words().ban_knocking.to_owned() } else { (entry_words().knocks)(name.as_str()) }}
                </p>
                {button(entry_words().let_in, true)}
                {button(entry_words().turn_away, false)}
                {ban}
            </div>
        }
    };
    knocks.into_iter().map(line).collect_view().into_any()
}
