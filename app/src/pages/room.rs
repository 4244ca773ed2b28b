//! A room: in front of it, or inside. Wires the client's signals to the components, draws little by itself.

use leptos::prelude::*;
use protocol::api::RoomView;
use protocol::{ErrorCode, LeaveReason};

use super::Join;
use crate::browser;
use crate::client::{self, Failure, RoomPhase, RowKind, use_client};
use crate::components::{Banner, Composer, EmptyRoom, Notice, People, RoomHeader, Timeline, TypingLine};
use crate::i18n::{failure_text, words};

/// The page at `/r/CODE`.
#[component]
pub(crate) fn Room(
    /// The room as this person could see it when the page was rendered.
    view: RoomView,
) -> impl IntoView {
    let view = RwSignal::new(view);
    move || {
        let view_now = view.get();
        if view_now.member {
            view! { <Inside view=view_now /> }.into_any()
        } else {
            view! { <Join view=view_now on_inside=move |joined| view.set(joined) /> }.into_any()
        }
    }
}

/// The room for a member.
#[component]
fn Inside(view: RoomView) -> impl IntoView {
    let code = view.code;
    let room = use_client().enter(code, None);
    // Left, and the server does not know it yet: the page stays until it does.
    let unheard = RwSignal::new(false);
    // By this page. One that was left on another says so, and does not go away under its reader.
    let leaving = StoredValue::new(false);
    Effect::new(move || {
        if room.was_left() && leaving.get_value() && !unheard.get() {
            browser::replace_with("/");
        }
    });
    let on_leave = Callback::new(move |()| {
        leaving.set_value(true);
        if is_over(&room.phase.get_untracked()) {
            browser::replace_with("/");
        } else {
            room.leave(move || unheard.set(true));
        }
    });
    // Before the first `joined` the page shows what it was rendered with.
    let view = StoredValue::new(view);
    let name = Signal::derive(move || {
        let known = room.info.with(|info| info.as_ref().map(|info| info.name.as_str().to_owned()));
        let rendered = || view.with_value(|view| view.name.as_ref().map(|name| name.as_str().to_owned()));
        known.or_else(rendered).unwrap_or_else(|| code.dashed())
    });
    let was_inside = Memo::new(move |_| room.info.with(Option::is_some));
    // A refusal at the door takes the room's place; what was typed stays in the box behind it.
    let at_the_door = Memo::new(move |_| {
        let over = matches!(room.phase.get(), RoomPhase::Refused(_) | RoomPhase::Ended(_));
        unheard.get() || over && !was_inside.get() || room.was_left() && !leaving.get_value()
    });
    Effect::new(move || {
        if !at_the_door.get() {
            browser::set_title(&(words().title)(&name.get()));
        }
    });
    view! {
        {move || at_the_door.get().then(|| view! { <Door room view unheard /> })}
        <div hidden=move || at_the_door.get()>
            <Floor room view name was_inside on_leave />
        </div>
    }
}

/// There is nothing to come back to.
fn is_over(phase: &RoomPhase) -> bool {
    match phase {
        RoomPhase::Ended(_) => true,
        RoomPhase::Refused(failure) => failure.code == ErrorCode::RoomEnded,
        RoomPhase::Joining | RoomPhase::Inside => false,
    }
}

/// What an own room looks like: head, log, people, composer.
#[component]
fn Floor(
    room: client::Room,
    view: StoredValue<RoomView>,
    name: Signal<String>,
    was_inside: Memo<bool>,
    on_leave: Callback<()>,
) -> impl IntoView {
    let client = use_client();
    let people_open = RwSignal::new(false);
    let expires_at = Signal::derive(move || {
        let known = room.info.with(|info| info.as_ref().map(|info| info.expires_at));
        known.or_else(|| view.with_value(|view| Some(view.expires_at)))
    });
    let count = Signal::derive(move || {
        if was_inside.get() { room.count.get() } else { view.with_value(|view| view.count.unwrap_or_default()) }
    });
    let alone = Signal::derive(move || count.get() <= 1);
    let is_silent =
        Memo::new(move |_| room.rows.with(|rows| !rows.iter().any(|row| matches!(row.kind, RowKind::Message(_)))));
    let over = Memo::new(move |_| room.phase.with(is_over));
    let invite = Signal::derive(move || !(over.get() || is_silent.get() && alone.get()));
    let entering = Signal::derive(move || !was_inside.get());
    view! {
        <div class="room" class:people-open=move || people_open.get()>
            <RoomHeader
                name
                code=room.code
                expires_at
                now=browser::use_now()
                count
                connection=client.connection
                over
                people_open
                on_leave
            />
            <main class="room-main">
                <Banner connection=client.connection returned=room.returned on_retry=move |()| client.retry_now() />
                {move || was_inside.get().then(|| end(room))}
                <Timeline rows=room.rows on_retry=move |key| room.retry(key) on_discard=move |key| room.discard(key)>
                    <EmptyRoom code=room.code alone entering />
                </Timeline>
                <TypingLine names=room.typing />
                <Composer
                    room=name
                    limit=client.text_chars_max
                    send=move |text: String| room.send(&text)
                    on_typing=move |on| room.typing(on)
                    slow_down_s=room.slow_down_s
                />
            </main>
            <People members=room.members you=room.you count open=people_open code=room.code invite />
        </div>
    }
    .into_any()
}

/// In a room that one was inside of: why it is over, above a log that can still be read.
fn end(room: client::Room) -> impl IntoView {
    let words = words();
    let over = move || match room.phase.get() {
        RoomPhase::Joining | RoomPhase::Inside | RoomPhase::Ended(LeaveReason::Left) => None,
        RoomPhase::Ended(reason) => {
            let (title, text) = (words.ended)(reason);
            Some((format!("{title}. {text}"), false))
        }
        RoomPhase::Refused(failure) => Some((failure_text(&failure), failure.code != ErrorCode::RoomEnded)),
    };
    let strip = move |(text, may_return): (String, bool)| {
        let again = may_return.then(|| {
            view! {
                <button type="button" class="link" on:click=move |_| room.join_again(None)>
                    {words.try_again}
                </button>
            }
        });
        view! {
            <div class="banner bad" role="alert">
                <p>{text}</p>
                {again}
                <a class="link" href="/">{words.new_room}</a>
            </div>
        }
    };
    move || over().map(strip)
}

/// In front of a room that did not let one in, or that one has left.
#[component]
fn Door(room: client::Room, view: StoredValue<RoomView>, unheard: RwSignal<bool>) -> impl IntoView {
    let words = words();
    let new_room = move || view! { <a class="button primary" href="/">{words.new_room}</a> };
    let notice = move |title: &'static str, text: String, again: bool| {
        browser::set_title(&(words.title)(title));
        let again = again.then(|| {
            view! {
                <button type="button" class="button" on:click=move |_| room.join_again(None)>
                    {words.try_again}
                </button>
            }
        });
        view! { <Notice title text>{again} {new_room()}</Notice> }.into_any()
    };
    move || match room.phase.get() {
        RoomPhase::Joining | RoomPhase::Inside => ().into_any(),
        // The membership has ended elsewhere, and the room wants its PIN again.
        RoomPhase::Refused(Failure { code: ErrorCode::PinRequired | ErrorCode::WrongPin, .. }) => {
            let view = RoomView { member: false, pin: true, ..view.get_value() };
            view! { <Join view on_inside=move |_| room.join_again(None) /> }.into_any()
        }
        RoomPhase::Refused(failure) => {
            let full = failure.code == ErrorCode::RoomFull;
            notice(if full { words.room_full } else { words.cannot_enter }, failure_text(&failure), true)
        }
        RoomPhase::Ended(reason) => {
            let (title, text) = (words.ended)(reason);
            notice(title, if unheard.get() { words.left_unheard } else { text }.to_owned(), false)
        }
    }
}
