//! The head of a room: what it is called, its code, how long it lasts, who is inside, the line, the way out.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::{Millis, RoomCode};

use super::frame::Mark;
use super::people;
use super::{CopyCode, Glyph, Icon};
use crate::client::Connection;
use crate::format::Span;
use crate::i18n::words;

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
    connection: Signal<Connection>,
    /// The room is over: its line and its time tell nothing any more.
    #[prop(into)]
    over: Signal<bool>,
    /// Whether a small screen shows the people.
    people_open: RwSignal<bool>,
    /// Leave for good.
    #[prop(into)]
    on_leave: Callback<()>,
) -> impl IntoView {
    let words = words();
    view! {
        <header class="room-header">
            // Beside the room, not instead of it: its log lives in this page only.
            <a class="room-home" href="/" target="_blank" aria-label=words.start_in_new_tab>
                <Mark />
            </a>
            <div class="room-title">
                <h1 class="room-name" dir="auto">
                    {move || name.get()}
                </h1>
                <CopyCode code />
                <TimeLeft expires_at now over />
            </div>
            <div class="room-facts">
                <p class="chip count">
                    <Icon glyph=Glyph::People />
                    <span aria-hidden="true">{move || count.get()}</span>
                    <span class="visually-hidden">{move || (words.people_count)(count.get())}</span>
                </p>
                <button
                    type="button"
                    class="chip people-toggle"
                    id=people::TOGGLE_ID
                    aria-expanded=move || if people_open.get() { "true" } else { "false" }
                    aria-controls=people::ID
                    on:click=move |_| people::toggle(people_open)
                >
                    <Icon glyph=Glyph::People />
                    <span aria-hidden="true">{move || count.get()}</span>
                    <span class="visually-hidden">{move || (words.people_count)(count.get())}</span>
                </button>
                <State connection over />
                <WayOut code on_leave />
            </div>
        </header>
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
        <form method="post" action="/leave" on:submit=leave>
            <input type="hidden" name="code" value=code.as_str().to_owned() />
            <button type="submit" class="button quiet leave">
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
        <p class="chip time-left" class:unknown=move || left.get().is_none()>
            <Icon glyph=Glyph::Clock />
            <span>{move || left.get().map(words().time_left)}</span>
        </p>
    }
}

/// The line in a word, announced when it changes. The running countdown is for the eye only.
#[component]
fn State(connection: Signal<Connection>, over: Signal<bool>) -> impl IntoView {
    let words = words();
    let kind = move || match connection.get() {
        _ if over.get() => "chip state lost",
        Connection::Online => "chip state online",
        Connection::Idle | Connection::Connecting => "chip state connecting",
        Connection::Lost { .. } | Connection::Offline | Connection::Closed(_) => "chip state lost",
    };
    let word = Memo::new(move |_| match connection.get() {
        _ if over.get() => words.ended_word,
        Connection::Online => words.connected,
        Connection::Idle | Connection::Connecting => words.connecting,
        Connection::Lost { restarting: true, .. } => words.restarting,
        Connection::Lost { .. } => words.connection_lost,
        Connection::Offline => words.offline,
        Connection::Closed(_) => words.disconnected,
    });
    let more = move || match connection.get() {
        _ if over.get() => None,
        Connection::Lost { restarting: false, retry_in_s: 0, .. } => Some(format!(" {}", words.reconnecting_now)),
        Connection::Lost { restarting: false, retry_in_s, .. } => {
            Some(format!(" {}", (words.reconnecting_in)(retry_in_s)))
        }
        Connection::Offline => Some(format!(" {}", words.offline_more)),
        Connection::Online
        | Connection::Idle
        | Connection::Connecting
        | Connection::Closed(_)
        | Connection::Lost { restarting: true, .. } => None,
    };
    view! {
        <p class=kind role="status">
            <span class="dot" aria-hidden="true"></span>
            <span class="state-word">{move || word.get()}</span>
            <span class="visually-hidden" aria-hidden="true">{more}</span>
        </p>
    }
}
