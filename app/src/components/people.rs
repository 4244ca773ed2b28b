//! Who is inside: a pane beside the log where there is room; where there is none, a sheet over everything else, which is
//! inert as long.

use leptos::ev;
use leptos::prelude::*;
use protocol::{Member, MemberId, RoomCode, RoomInfo};

use super::person::{Naming, Person, Way};
use super::tell_reading::TellReading;
use super::{CopyLink, Glyph, Icon, KeepUnsent, Powers, RoomMenu, said, when};
use crate::browser;
use crate::i18n::words;
use crate::signals::{Effect, RwSignal, Signal, live};
use client::Confidant;

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

/// Brings the pane into view, and puts the focus on something in it.
pub(crate) fn show(open: RwSignal<bool>, id: String) {
    if !browser::is_wide() {
        open.set(true);
    }
    request_animation_frame(move || browser::focus(&id));
}

/// Closes it, and puts the focus back on what opened it.
fn hide(open: RwSignal<bool>) {
    open.set(false);
    request_animation_frame(|| browser::focus(TOGGLE_ID));
}

/// Escape, wherever the focus is, closes the menu of a row, then the sheet.
fn close_by_key_or_width(chosen: RwSignal<Option<MemberId>>, open: RwSignal<bool>) {
    Effect::new(move || {
        let listening = window_event_listener(ev::keydown, move |event| {
            if event.key() != "Escape" {
                return;
            }
            if let Some(id) = chosen.get_untracked() {
                chosen.set(None);
                browser::focus(id.as_str());
            } else if open.get_untracked() {
                hide(open);
            }
        });
        // Grown beyond the sheet, the page is not to stay inert.
        let grown = window_event_listener(ev::resize, move |_| {
            if open.get_untracked() && browser::is_wide() {
                open.set(false);
            }
        });
        on_cleanup(move || {
            listening.remove();
            grown.remove();
        });
    });
}

/// Writes to somebody: the sheet and their menu are closed.
fn closing(
    chosen: RwSignal<Option<MemberId>>,
    open: RwSignal<bool>,
    on_write: Callback<(Way, Confidant)>,
) -> Callback<(Way, Confidant)> {
    Callback::new(move |to| {
        chosen.set(None);
        open.set(false);
        on_write.run(to);
    })
}

/// How many people are inside beyond the list.
fn not_listed(members: Signal<Vec<Member>>, count: Signal<u32>, over: Signal<bool>) -> Signal<u32> {
    Signal::derive(move || {
        let listed = members.with(|members| u32::try_from(members.len()).unwrap_or(u32::MAX));
        if over.get() { 0 } else { count.get().saturating_sub(listed) }
    })
}

/// Below the list: who else is inside, and what concerns the reader alone.
fn foot(more: Signal<u32>, invite: Signal<bool>, code: RoomCode, keys_open: RwSignal<bool>) -> AnyView {
    let words = words();
    let others = move || {
        view! { <p class="muted people-more" inner_html=said(move || (words.people_more)(more.get()))></p> }.into_any()
    };
    view! {
        {when(move || more.get() > 0, others)}
        {when(move || invite.get(), move || view! { <CopyLink code /> }.into_any())}
        <KeepUnsent />
        <TellReading />
        <button type="button" class="link shortcuts" on:click=move |_| keys_open.set(true)>{words.shortcuts}</button>
    }
    .into_any()
}

/// The list's heading, and the way out of the sheet.
fn head(title: impl Fn() -> String + Send + Sync + 'static, open: RwSignal<bool>) -> AnyView {
    let words = words();
    view! {
        <div class="people-head">
            <h2 id="people-title" inner_html=said(title)></h2>
            <button type="button" class="button icon-only people-close" id=CLOSE_ID aria-label=words.close_people on:click=move |_| hide(open)>
                <Icon glyph=Glyph::Close />
            </button>
        </div>
    }
    .into_any()
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
    /// The room is over: who was inside last is there no more, so nobody is listed.
    over: Signal<bool>,
    /// Whether a small screen shows it.
    open: RwSignal<bool>,
    /// The room.
    code: RoomCode,
    /// Whether the link is offered here, because the log does not.
    invite: Signal<bool>,
    /// For one's own name.
    naming: Naming,
    /// What the reader may do.
    powers: Powers,
    /// What the room is.
    info: Signal<Option<RoomInfo>>,
    /// Whether the list of keys is open.
    keys_open: RwSignal<bool>,
    /// Write to somebody, in this way.
    #[prop(into)]
    on_write: Callback<(Way, Confidant)>,
) -> impl IntoView {
    let words = words();
    let chosen = powers.chosen;
    close_by_key_or_width(chosen, open);
    let write = closing(chosen, open, on_write);
    let members = Signal::derive(move || if over.get() { Vec::new() } else { members.get() });
    let title = move || if over.get() { words.people.to_owned() } else { (words.people_in_room)(count.get()) };
    let more = not_listed(members, count, over);
    view! {
        {when(
            move || open.get(),
            move || view! { <div class="backdrop" on:click=move |_| hide(open)></div> }.into_any(),
        )}
        // A division, since an aside may not be a dialog.
        <div
            class="people"
            id=ID
            role=live(move || if open.get() { "dialog" } else { "complementary" })
            aria-modal=live(move || open.get().then_some("true"))
            aria-labelledby="people-title"
        >
            {head(title, open)}
            {when(move || !over.get(), move || view! { <RoomMenu powers info /> }.into_any())}
            <ul class="people-list" role="list" aria-label=words.people>
                <For
                    each=move || members.get()
                    key=|member| (member.id.clone(), member.name.clone(), member.state as u8, member.role())
                    let:member
                >
                    <Person member you chosen naming powers on_write=write />
                </For>
            </ul>
            {foot(more, invite, code, keys_open)}
        </div>
    }
    .into_any()
}
