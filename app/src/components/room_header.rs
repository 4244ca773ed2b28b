//! The head of a room: what it is called, its code, how long it lasts, who is inside, the line, the way out.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::{Millis, RoomCode};

use super::frame::Mark;
use super::people;
use super::{CopyCode, Glyph, Icon, RoomsToggle, said};
use crate::base::at;
use crate::format::Span;
use crate::i18n::{entry_words, words};
use crate::signals::{Memo, RwSignal, Signal, live};
use client::LinkStatus;

pub(super) const LEAVE_ID: &str = "leave";

/// The head.
#[component]
pub(crate) fn RoomHeader(
    /// What the room is called.
    name: Signal<String>,
    /// Its code.
    code: RoomCode,
    /// When it ends at the latest.
    expires_at: Signal<Option<Millis>>,
    /// The clock, once the page is mounted.
    now: Signal<Option<Millis>>,
    /// People inside.
    count: Signal<u32>,
    /// The line.
    connection: Signal<LinkStatus>,
    /// The room is over: its line and its time tell nothing any more.
    #[prop(into)]
    over: Signal<bool>,
    /// Whether a small screen shows the people.
    people_open: RwSignal<bool>,
    /// Whether a small screen shows the list of rooms.
    rooms_open: RwSignal<bool>,
    /// What is unread in other rooms.
    unread_elsewhere: Signal<u32>,
    /// Bring others in.
    on_invite: Callback<()>,
    /// Leave for good.
    #[prop(into)]
    on_leave: Callback<()>,
) -> impl IntoView {
    let words = words();
    // Nobody is in a room that is over.
    let count = Signal::derive(move || if over.get() { 0 } else { count.get() });
    view! {
        <header class="room-header" inert=live(move || people_open.get())>
            // For the keyboard, past the head. In it, so that they belong to a landmark, and rest where it does.
            <a class="skip-link" href="#message">{words.skip_to_composer}</a>
            <a class="skip-link" href="#log">{words.skip_to_log}</a>
            <RoomsToggle open=rooms_open unread=unread_elsewhere />
            // Beside the rooms, not instead of them: their logs live in this page only.
            <a class="room-home" href=at("/") target="_blank" aria-label=words.start_in_new_tab>
                <Mark />
            </a>
            <div class="room-title">
                <h1 class="room-name" dir="auto" translate="no" inner_html=said(move || name.get())></h1>
                <CopyCode code />
                <TimeLeft expires_at now over />
                {invite_button(over, on_invite)}
            </div>
            <div class="room-facts">
                <p class="chip count">
                    <Icon glyph=Glyph::People />
                    <span aria-hidden="true" inner_html=said(move || count.get().to_string())></span>
                    <span class="visually-hidden" inner_html=said(move || (words.people_count)(count.get()))></span>
                </p>
                {people_button(count, people_open)}
                <State connection over />
                <WayOut code on_leave />
            </div>
        </header>
    }
    .into_any()
}

/// Opens the dialog that brings others in. Nobody comes into a room that is over.
fn invite_button(over: Signal<bool>, on_invite: Callback<()>) -> AnyView {
    view! {
        <button
            type="button"
            class="button quiet invite-button"
            disabled=live(move || over.get())
            on:click=move |_| on_invite.run(())
        >
            <Icon glyph=Glyph::Plus />
            <span class="leave-word">{entry_words().invite}</span>
        </button>
    }
    .into_any()
}

/// The button that shows the people on a small screen.
fn people_button(count: Signal<u32>, people_open: RwSignal<bool>) -> AnyView {
    view! {
        <button
            type="button"
            class="chip people-toggle"
            id=people::TOGGLE_ID
            aria-expanded=live(move || if people_open.get() { "true" } else { "false" })
            aria-controls=people::ID
            on:click=move |_| people::toggle(people_open)
        >
            <Icon glyph=Glyph::People />
            <span aria-hidden="true" inner_html=said(move || count.get().to_string())></span>
            <span class="visually-hidden" inner_html=said(move || (words().people_count)(count.get()))></span>
        </button>
    }
    .into_any()
}

/// Out of the room, also without scripts.
#[component]
fn WayOut(code: RoomCode, on_leave: Callback<()>) -> impl IntoView {
    let leave = move |event: SubmitEvent| {
        event.prevent_default();
        on_leave.run(());
    };
    view! {
        <form method="post" action=at("/leave") on:submit=leave>
            <input type="hidden" name="code" value=code.as_str().to_owned() />
            <button type="submit" class="button quiet leave" id=LEAVE_ID>
                <Icon glyph=Glyph::Leave />
                <span class="leave-word">{words().leave_room}</span>
            </button>
        </form>
    }
}

/// "21 h left", once both ends are known.
#[component]
fn TimeLeft(expires_at: Signal<Option<Millis>>, now: Signal<Option<Millis>>, over: Signal<bool>) -> impl IntoView {
    let left = Memo::new(move |_| Some(Span::between(now.get().filter(|_| !over.get())?, expires_at.get()?)));
    view! {
        <p class="chip time-left" class:unknown=live(move || left.get().is_none())>
            <Icon glyph=Glyph::Clock />
            <span inner_html=said(move || left.get().map(words().time_left).unwrap_or_default())></span>
        </p>
    }
}

/// The line in a word, announced when it changes. The running countdown is for the eye only.
#[component]
fn State(connection: Signal<LinkStatus>, over: Signal<bool>) -> impl IntoView {
    let words = words();
    let kind = move || match connection.get() {
        _ if over.get() => "chip state lost",
        LinkStatus::Online => "chip state online",
        LinkStatus::Idle | LinkStatus::Connecting => "chip state connecting",
        LinkStatus::Lost { .. } | LinkStatus::Offline | LinkStatus::Closed(_) => "chip state lost",
    };
    let word = Memo::new(move |_| match connection.get() {
        _ if over.get() => words.ended_word,
        LinkStatus::Online => words.connected,
        LinkStatus::Idle | LinkStatus::Connecting => words.connecting,
        LinkStatus::Lost { restarting: true, .. } => words.restarting,
        LinkStatus::Lost { .. } => words.connection_lost,
        LinkStatus::Offline => words.offline,
        LinkStatus::Closed(_) => words.disconnected,
    });
    let more = move || match connection.get() {
        _ if over.get() => String::new(),
        LinkStatus::Lost { restarting: false, retry_in_s: 0, .. } => String::from(" ") + words.reconnecting_now,
        LinkStatus::Lost { restarting: false, retry_in_s, .. } => {
            String::from(" ") + &(words.reconnecting_in)(retry_in_s)
        }
        LinkStatus::Offline => String::from(" ") + words.offline_more,
        LinkStatus::Online
        | LinkStatus::Idle
        | LinkStatus::Connecting
        | LinkStatus::Closed(_)
        | LinkStatus::Lost { restarting: true, .. } => String::new(),
    };
    view! {
        <p class=live(kind) role="status">
            <span class="dot" aria-hidden="true"></span>
            <span class="state-word" inner_html=said(move || word.get().to_owned())></span>
            <span class="visually-hidden" aria-hidden="true" inner_html=said(more)></span>
        </p>
    }
}
