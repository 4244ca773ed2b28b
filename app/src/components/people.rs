//! Who is inside: a pane beside the log where there is room, a sheet over it where there is none.

use leptos::ev;
use leptos::prelude::*;
use protocol::{Activity, Member, MemberId, RoomCode};

use super::{Avatar, CopyLink, Glyph, Icon};
use crate::browser;
use crate::i18n::words;

pub(super) const ID: &str = "people";
pub(super) const TOGGLE_ID: &str = "people-toggle";
const CLOSE_ID: &str = "people-close";

/// Opens the pane on a small screen, and puts the focus into it; or closes it.
pub(super) fn toggle(open: RwSignal<bool>) {
    open.update(|open| *open = !*open);
    if open.get_untracked() {
        request_animation_frame(|| browser::focus(CLOSE_ID));
    }
}

/// Closes it, and puts the focus back on what opened it.
fn hide(open: RwSignal<bool>) {
    open.set(false);
    request_animation_frame(|| browser::focus(TOGGLE_ID));
}

/// The pane.
#[component]
pub(crate) fn People(
    /// You first, then the owner, then by name.
    members: Signal<Vec<Member>>,
    /// Your own id.
    you: Signal<Option<MemberId>>,
    /// People inside, also those who are not listed.
    count: Signal<u32>,
    /// Whether a small screen shows it.
    open: RwSignal<bool>,
    /// The room.
    code: RoomCode,
    /// Whether the link is offered here, because the log does not.
    invite: Signal<bool>,
) -> impl IntoView {
    let words = words();
    // Wherever the focus is: a tap into the log below takes it out of the sheet.
    Effect::new(move || {
        let listening = window_event_listener(ev::keydown, move |event| {
            if event.key() == "Escape" && open.get_untracked() {
                hide(open);
            }
        });
        on_cleanup(move || listening.remove());
    });
    let more = move || {
        let listed = members.with(|members| u32::try_from(members.len()).unwrap_or(u32::MAX));
        count.get().saturating_sub(listed)
    };
    view! {
        <aside class="people" id=ID aria-labelledby="people-title">
            <div class="people-head">
                <h2 id="people-title">{move || (words.people_in_room)(count.get())}</h2>
                <button type="button" class="button icon-only people-close" id=CLOSE_ID aria-label=words.close_people on:click=move |_| hide(open)>
                    <Icon glyph=Glyph::Close />
                </button>
            </div>
            <ul class="people-list" role="list" aria-label=words.people>
                <For
                    each=move || members.get()
                    key=|member| (member.id.clone(), member.name.clone(), member.state == Activity::Away, member.owner)
                    let:member
                >
                    <Person member you />
                </For>
            </ul>
            <Show when=move || { more() > 0 }>
                <p class="muted people-more">{move || (words.people_more)(more())}</p>
            </Show>
            <Show when=move || invite.get()>
                <CopyLink code />
            </Show>
        </aside>
    }
    .into_any()
}

/// One of them.
#[component]
fn Person(member: Member, you: Signal<Option<MemberId>>) -> impl IntoView {
    let words = words();
    let Member { id, name, state, owner } = member;
    let is_you = {
        let id = id.clone();
        move || you.with(|you| you.as_ref() == Some(&id))
    };
    view! {
        <li class="person" class:away=state == Activity::Away>
            <Avatar id=Some(id) />
            <span class="person-name" dir="auto">{name.as_str().to_owned()}</span>
            <span class="person-notes">
                {move || is_you().then(|| view! { <span>{words.you}</span> })}
                {(state == Activity::Away).then(|| view! { <span>{words.away}</span> })}
                {owner.then(|| view! {
                    <span class="owner">
                        <span aria-hidden="true">"★"</span>
                        <span class="visually-hidden">{words.owner}</span>
                    </span>
                })}
            </span>
        </li>
    }
    .into_any()
}
