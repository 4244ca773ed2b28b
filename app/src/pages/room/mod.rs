//! A room: in front of it, or inside. Wires the client's signals to the components, draws little by itself.

use leptos::prelude::*;
use protocol::api::RoomView;
use protocol::{ErrorCode, LeaveReason, Millis};

use super::Join;
use crate::browser;
use crate::components::{
    Banner, Composer, Draft, EmptyRoom, Form, Mode, Naming, Notice, Parting, PartingStrip, People, RoomHeader,
    Timeline, Tool, TypingLine, changing, is_silent, provide_keep_unsent, read_to_end, told, when, write_into_composer,
};
use crate::driver;
use crate::driver::use_client;
use crate::i18n::{failure_text, words};
use crate::signals::{Effect, Memo, RwSignal, Signal, live};
use client::hues::Worn;
use client::{RequestError, RoomPhase, RowAction};

/// The page at `/r/CODE`.
#[component]
pub(crate) fn Room(
    /// The room as this person could see it when the page was rendered.
    view: RoomView,
) -> impl IntoView {
    // Who was a member before the page was loaded again has seen more than it shows now.
    let returns = view.member && browser::was_loaded_again();
    let view = RwSignal::new(view);
    changing(move || {
        let view_now = view.get();
        if view_now.member {
            view! { <Inside view=view_now returns /> }.into_any()
        } else {
            view! { <Join view=view_now on_inside=move |joined| view.set(joined) /> }.into_any()
        }
    })
}

/// The room for a member.
#[component]
fn Inside(view: RoomView, returns: bool) -> impl IntoView {
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
    let go = Callback::new(move |()| {
        leaving.set_value(true);
        if is_over(&room.phase.get_untracked()) {
            browser::replace_with("/");
        } else {
            room.leave(move || unheard.set(true));
        }
    });
    let parting = Parting::new(code, go);
    // With others inside the room goes on; alone one ends it, and that can be taken back for a while.
    let on_leave = Callback::new(move |()| {
        if room.phase.get_untracked() == RoomPhase::Inside && room.count.get_untracked() <= 1 {
            parting.press();
        } else {
            go.run(());
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
        unheard.get() || over && !was_inside.get()
    });
    Effect::new(move || {
        if !at_the_door.get() {
            let (title, unread) = ((words().title)(&name.get()), room.unread.get());
            browser::set_title(&if unread > 0 { (words().unread_title)(unread, &title) } else { title });
            browser::set_icon(unread > 0);
        }
    });
    view! {
        {when(move || at_the_door.get(), move || view! { <Door room view unheard /> }.into_any())}
        <div hidden=live(move || at_the_door.get())>
            <Floor room view name was_inside returns leaving parting on_leave />
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
    room: driver::Room,
    view: StoredValue<RoomView>,
    name: Signal<String>,
    was_inside: Memo<bool>,
    returns: bool,
    leaving: StoredValue<bool>,
    parting: Parting,
    on_leave: Callback<()>,
) -> impl IntoView {
    let client = use_client();
    paint_hues(room);
    let people_open = RwSignal::new(false);
    provide_keep_unsent();
    let (now, expires_at) = lifetime(room, view);
    let count = count(room, view, was_inside);
    let alone = Signal::derive(move || count.get() <= 1);
    let is_silent = Memo::new(move |_| room.blocks.with(|blocks| is_silent(blocks)));
    let gone = Signal::derive(move || returns && room.used.get());
    let over = Memo::new(move |_| room.phase.with(is_over));
    let invite = Signal::derive(move || !(over.get() || is_silent.get() && alone.get()));
    let (draft, entering) = (draft(room), Signal::derive(move || !was_inside.get()));
    view! {
        // `start.js` asks before a page goes that has something unsent.
        <div
            class="room"
            class:people-open=live(move || people_open.get())
            data-unsent=live(move || (room.unsent.get() > 0).then_some(""))
        >
            <RoomHeader
                name
                code=room.code
                expires_at
                now
                count
                connection=client.connection
                over
                people_open
                on_leave
            />
            <main class="room-main" inert=live(move || people_open.get()) on:keydown=move |event| read_to_end(&event, room)>
                <PartingStrip parting />
                <Banner connection=client.connection returned=room.returned on_retry=move |()| client.retry_now() />
                {when(move || was_inside.get(), move || end(room, leaving))}
                {log(room, draft, over.into(), alone, gone, entering)}
                <TypingLine names=room.typing />
                <Composer
                    room=name
                    over=over.into()
                    draft
                    limit=client.text_chars_max
                    refused=room.refused
                    slow_down_s=room.slow_down_s
                />
            </main>
            <People
                members=room.members
                you=room.you
                count
                over=over.into()
                open=people_open
                code=room.code
                invite
                naming=naming(client, room)
                on_mention=|name: String| write_into_composer(["@", &name, " "].concat())
            />
        </div>
    }
    .into_any()
}

/// What is written, and where it goes.
fn draft(room: driver::Room) -> Draft {
    let send = move |(mode, text): (Mode, String)| match mode {
        Mode::New => room.send(&text),
        Mode::Edit(key) => room.act(key, RowAction::Edit(text)),
    };
    Draft::new(send, move |key| room.changeable(key), move |on| room.typing(on))
}

/// Does to a message what was asked for.
fn use_tool(room: driver::Room, draft: Draft, key: u64, tool: Tool) {
    let done = match tool {
        Tool::Edit => draft.edit(Some(key)),
        Tool::Delete => room.act(key, RowAction::Delete),
    };
    if let Err(why) = done {
        room.refuse(why);
    }
}

/// What was said, or what an empty room says.
fn log(
    room: driver::Room,
    draft: Draft,
    over: Signal<bool>,
    alone: Signal<bool>,
    gone: Signal<bool>,
    entering: Signal<bool>,
) -> impl IntoView {
    view! {
        <Timeline
            blocks=room.blocks
            on_retry=move |key| room.retry(key)
            on_discard=move |key| room.discard(key)
            on_tool=move |(key, tool)| use_tool(room, draft, key, tool)
            on_hold=move |held| room.hold(held)
        >
            <EmptyRoom code=room.code over alone entering gone />
        </Timeline>
    }
}

/// People inside; before the first `joined`, as the page was rendered.
fn count(room: driver::Room, view: StoredValue<RoomView>, was_inside: Memo<bool>) -> Signal<u32> {
    Signal::derive(move || {
        if was_inside.get() { room.count.get() } else { view.with_value(|view| view.count.unwrap_or_default()) }
    })
}

/// What time it is, and when the room ends at the latest. By the server's clock: the reader's may be hours off.
fn lifetime(room: driver::Room, view: StoredValue<RoomView>) -> (Signal<Option<Millis>>, Signal<Option<Millis>>) {
    let (clock, ahead) = (browser::use_now(), use_client().clock_ahead);
    let now = Signal::derive(move || Some(clock.get()?.saturating_add_signed(ahead.get())));
    let expires_at = Signal::derive(move || {
        let known = room.info.with(|info| info.as_ref().map(|info| info.expires_at));
        known.or_else(|| view.with_value(|view| Some(view.expires_at)))
    });
    (now, expires_at)
}

/// Those inside wear different hues.
fn paint_hues(room: driver::Room) {
    Effect::folding(move |before: Option<(Worn, String)>| {
        let (mut worn, painted) = before.unwrap_or_default();
        let rules = room.members.with(|members| worn.rules(members));
        if rules != painted {
            browser::paint(&rules);
        }
        (worn, rules)
    });
}

/// One's own name, changed for every room at once; the others in this one are told.
fn naming(client: driver::Client, room: driver::Room) -> Naming {
    let (form, open) = (Form::new(&["name"], None), RwSignal::new(false));
    let rename = Callback::new(move |name: String| {
        form.attempt(async move {
            client.be_called(name).await?;
            open.set(false);
            // The box is gone; its row is still there, or one with the new name.
            if let Some(you) = room.you.get_untracked() {
                browser::focus_if_idle(you.as_str());
            }
            Ok(())
        });
    });
    Naming { form, open, rename }
}

/// In a room that one was inside of: why it is over, above a log that can still be read.
fn end(room: driver::Room, leaving: StoredValue<bool>) -> AnyView {
    let words = words();
    let over = move || match room.phase.get() {
        RoomPhase::Joining | RoomPhase::Inside => None,
        // By this page: it is about to go.
        RoomPhase::Ended(LeaveReason::Left) if leaving.get_value() => None,
        RoomPhase::Ended(LeaveReason::Left) => Some((words.left_elsewhere.to_owned(), false)),
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
                <p inner_html=told(&text)></p>
                {again}
                <a class="link" href="/">{words.new_room}</a>
            </div>
        }
    };
    changing(move || over().map(strip).into_any())
}

/// In front of a room that did not let one in, or that one has left.
#[component]
fn Door(room: driver::Room, view: StoredValue<RoomView>, unheard: RwSignal<bool>) -> impl IntoView {
    let words = words();
    let notice = move |title: &'static str, text: String, again: bool| {
        browser::set_title(&(words.title)(title));
        let again = move || {
            again.then(|| {
                view! {
                    <button type="button" class="button" on:click=move |_| room.join_again(None)>
                        {words.try_again}
                    </button>
                }
            })
        };
        view! { <Notice title text more=again /> }.into_any()
    };
    changing(move || match room.phase.get() {
        RoomPhase::Joining | RoomPhase::Inside => ().into_any(),
        // The membership has ended elsewhere, and the room wants its PIN again.
        RoomPhase::Refused(RequestError {
            code: ErrorCode::PinRequired | ErrorCode::WrongPin | ErrorCode::TooManyTries,
            ..
        }) => {
            let view = RoomView { member: false, pin: true, ..view.get_value() };
            view! { <Join view on_inside=move |_| room.join_again(None) /> }.into_any()
        }
        RoomPhase::Refused(failure) => {
            let title = match failure.code {
                ErrorCode::RoomFull => words.room_full,
                ErrorCode::RoomEnded => words.has_ended,
                ErrorCode::SealedRoom => words.sealed_room,
                _ => words.cannot_enter,
            };
            let lasts = matches!(failure.code, ErrorCode::RoomEnded | ErrorCode::SealedRoom);
            notice(title, failure_text(&failure), !lasts)
        }
        RoomPhase::Ended(reason) => {
            let (title, text) = (words.ended)(reason);
            notice(title, if unheard.get() { words.left_unheard } else { text }.to_owned(), false)
        }
    })
}
