//! A room: not found, in front of it, or inside. Wires the client's signals to the components, draws little by itself.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};
use protocol::api::RoomView;
use protocol::{ErrorCode, LeaveReason, RoomCode};

use super::join::Join;
use crate::browser;
use crate::client::{Failure, Room, RoomPhase, RowKind, http, use_client};
use crate::components::{Banner, Composer, EmptyRoom, Notice, People, RoomHeader, Timeline, TypingLine};
use crate::i18n::{failure_text, words};

/// The page at `/r/CODE`.
#[component]
pub(crate) fn RoomPage() -> impl IntoView {
    let params = use_params_map();
    let code =
        Memo::new(move |_| params.with(|params| RoomCode::parse(params.get_str("code").unwrap_or_default()).ok()));
    let view = Resource::new(
        move || code.get(),
        |code| {
            let asked = code.map(http::room_view);
            async move {
                match asked {
                    Some(asked) => asked.await,
                    None => Err(Failure::of(ErrorCode::RoomNotFound)),
                }
            }
        },
    );
    // Who joined a moment ago is a member, whatever the view from before says.
    let joined = RwSignal::new(None);
    let page = move |view: Result<RoomView, Failure>| match view {
        Ok(view) if view.member || joined.get() == Some(view.code) => view! { <Inside view /> }.into_any(),
        Ok(view) => {
            let code = view.code;
            view! { <Join view on_inside=move |()| joined.set(Some(code)) /> }.into_any()
        }
        Err(failure) => view! { <NoRoom failure /> }.into_any(),
    };
    view! { <Suspense>{move || view.get().map(page)}</Suspense> }
}

/// No such room, or no answer to the question.
#[component]
fn NoRoom(failure: Failure) -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        let status = ::http::StatusCode::from_u16(failure.code.http_status());
        response.set_status(status.unwrap_or(::http::StatusCode::INTERNAL_SERVER_ERROR));
    }
    let words = words();
    let unknown = matches!(failure.code, ErrorCode::RoomNotFound | ErrorCode::InvalidCode | ErrorCode::RoomEnded);
    view! {
        <Notice title=if unknown { words.no_such_room } else { words.something_wrong } text=failure_text(&failure)>
            {(!unknown).then(|| view! { <a class="button" href="" rel="external">{words.try_again}</a> })}
            <a class="button primary" href="/">{words.new_room}</a>
        </Notice>
    }
}

/// The room for a member.
#[component]
fn Inside(view: RoomView) -> impl IntoView {
    let code = view.code;
    let room = use_client().enter(code, None);
    let navigate = use_navigate();
    Effect::new(move || {
        if room.was_left() {
            navigate("/", NavigateOptions { replace: true, ..NavigateOptions::default() });
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
        over && !was_inside.get()
    });
    view! {
        <Title text=move || (words().title)(&name.get()) />
        {move || at_the_door.get().then(|| view! { <Door room view /> })}
        <div hidden=move || at_the_door.get()>
            <Floor room view name was_inside />
        </div>
    }
}

/// What an own room looks like: head, log, people, composer.
#[component]
fn Floor(room: Room, view: StoredValue<RoomView>, name: Signal<String>, was_inside: Memo<bool>) -> impl IntoView {
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
    let invite = Signal::derive(move || !(is_silent.get() && alone.get()));
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
                people_open
                on_leave=move |()| room.leave()
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
fn end(room: Room) -> impl IntoView {
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

/// In front of a room that did not let one in.
#[component]
fn Door(room: Room, view: StoredValue<RoomView>) -> impl IntoView {
    let words = words();
    move || match room.phase.get() {
        RoomPhase::Joining | RoomPhase::Inside => ().into_any(),
        // The membership has ended elsewhere, and the room wants its PIN again.
        RoomPhase::Refused(Failure { code: ErrorCode::PinRequired | ErrorCode::WrongPin, .. }) => {
            let view = RoomView { member: false, pin: true, ..view.get_value() };
            view! { <Join view on_inside=move |()| room.join_again(None) /> }.into_any()
        }
        RoomPhase::Refused(failure) => {
            let full = failure.code == ErrorCode::RoomFull;
            view! {
                <Notice title=if full { words.room_full } else { words.cannot_enter } text=failure_text(&failure)>
                    <button type="button" class="button" on:click=move |_| room.join_again(None)>
                        {words.try_again}
                    </button>
                    <a class="button primary" href="/">{words.new_room}</a>
                </Notice>
            }
            .into_any()
        }
        RoomPhase::Ended(reason) => {
            let (title, text) = (words.ended)(reason);
            view! {
                <Notice title text>
                    <a class="button primary" href="/">{words.new_room}</a>
                </Notice>
            }
            .into_any()
        }
    }
}
