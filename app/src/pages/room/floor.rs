//! What a room looks like inside. Wires the client's signals to the components, draws little by itself.

use leptos::prelude::*;
use protocol::api::RoomView;
use protocol::{ErrorCode, LeaveReason, Member, Millis};

use super::burning::{count_down, timers};
use super::commands::{Commands, copy_text};
use super::inviting::InvitePeople;
use super::powers::powers;
use super::switch::Switch;
use crate::base::at;
use crate::browser;
use crate::components::{
    Banner, Chosen, Composer, Draft, EmptyRoom, FIRST_TOOL, Form, KnockStrip, MessageMenu, Mode, Naming, Parting,
    PartingStrip, People, Powers, Pressed, RoomHeader, Timeline, Tool, TypingLine, Way, changing, ended_room,
    is_silent, place, provide_keep_unsent, read_to_end, told, when, write_into_composer,
};
use crate::driver;
use crate::driver::use_client;
use crate::i18n::{failure_text, words};
use crate::signals::{Effect, Memo, RwSignal, Signal, live};
use client::hues::Worn;
use client::{Aside, Block, Confidant, MessageLine, Place, RoomPhase, RowAction, RowKind};

/// Head, log, composer, people.
#[component]
pub(super) fn Floor(
    switch: Switch,
    room: driver::Room,
    view: StoredValue<Option<RoomView>>,
    name: Signal<String>,
    was_inside: Memo<bool>,
    returns: bool,
    leaving: StoredValue<bool>,
    parting: Parting,
    on_leave: Callback<()>,
    aside: StoredValue<Aside>,
) -> impl IntoView {
    let (client, people_open) = (use_client(), RwSignal::new(false));
    paint_hues(room);
    provide_keep_unsent();
    let ((now, expires_at), count) = (lifetime(room, view), count(room, view, was_inside));
    let alone = Signal::derive(move || count.get() <= 1);
    let over = Memo::new(move |_| room.phase.with(is_over));
    let entering = Signal::derive(move || !was_inside.get());
    let (draft, place) = taken_up(room, aside);
    let powers = powers(room);
    obey(switch, room, powers, draft, people_open);
    view! {
        <div class="floor" class:people-open=live(move || people_open.get()) inert=live(move || switch.list_open.get())>
            <RoomHeader
                name
                code=room.code
                expires_at
                now count
                connection=client.connection
                over people_open
                rooms_open=switch.list_open
                unread_elsewhere=switch.unread_elsewhere()
                on_invite=Callback::new(move |()| switch.inviting.set(true))
                on_leave
            />
            <main class="room-main" inert=live(move || people_open.get()) on:keydown=move |event| read_to_end(&event, room)>
                <PartingStrip parting />
                {at_its_door(switch, room, powers)}
                <Banner connection=client.connection returned=room.returned on_retry=move |()| client.retry_now() />
                {when(move || was_inside.get(), move || end(switch, room, leaving))}
                {log(room, draft, over.into(), alone, returns, entering, place)}
                <TypingLine names=room.typing />
                {composer(room, name, over.into(), draft, powers)}
            </main>
            <People
                members=room.members
                you=room.you
                count
                over=over.into()
                open=people_open
                code=room.code
                invite=invite(room, over, alone)
                naming=naming(client, room)
                powers
                keys_open=switch.keys_open
                info=room.info
                on_write=move |(way, to)| write_to(draft, way, to)
            />
        </div>
    }
    .into_any()
}

/// Whether the link is offered beside the people: an empty log offers it itself.
fn invite(room: driver::Room, over: Memo<bool>, alone: Signal<bool>) -> Signal<bool> {
    let is_silent = Memo::new(move |_| room.blocks.with(|blocks| is_silent(blocks)));
    Signal::derive(move || !(over.get() || is_silent.get() && alone.get()))
}

/// What begins with a command's slash is done.
fn obey(switch: Switch, room: driver::Room, powers: Powers, draft: Draft, people_open: RwSignal<bool>) {
    let Switch { keys_open, inviting, .. } = switch;
    let commands = Commands { client: use_client(), room, powers, draft, people_open, keys_open, inviting };
    draft.commanding(Callback::new(move |(mode, typed)| commands.run(mode, typed)));
}

/// Who asks to be let in, and the dialog that brings others in.
fn at_its_door(switch: Switch, room: driver::Room, powers: Powers) -> AnyView {
    let answer = Callback::new(move |(id, on)| powers.ask.run(driver::Wish::Admit(id, on)));
    let ban = Callback::new(move |id| powers.ask.run(driver::Wish::Ban(id)));
    view! {
        <InvitePeople switch room role=powers.role />
        <KnockStrip knocks=room.knocks on_answer=answer on_ban=ban />
    }
    .into_any()
}

/// The box to write in.
fn composer(room: driver::Room, name: Signal<String>, over: Signal<bool>, draft: Draft, powers: Powers) -> AnyView {
    view! {
        <Composer
            room=name
            over
            draft
            names=names(room)
            role=powers.role
            limit=use_client().text_chars_max
            refused=room.refused
            slow_down_s=room.slow_down_s
            timers=timers(room)
        />
    }
    .into_any()
}

/// What is written, and where the reader is: as they were when another room was shown, and put aside for the next time.
fn taken_up(room: driver::Room, aside: StoredValue<Aside>) -> (Draft, Option<Place>) {
    let before = aside.try_update_value(std::mem::take).unwrap_or_default();
    let draft = draft(room).with_begun(before.draft, before.whisper);
    on_cleanup(move || {
        // What is drawn of the room is still there.
        let place = room.blocks.with_untracked(|blocks| place(blocks));
        room.put_aside(Aside { draft: draft.begun(), whisper: draft.begun_whisper(), place });
    });
    (draft, before.place)
}

/// What is written, and where it goes.
fn draft(room: driver::Room) -> Draft {
    let send = move |(mode, to, text): (Mode, Option<Confidant>, String)| match mode {
        Mode::New => room.send(&text, None, None),
        Mode::Reply(key) => room.send(&text, None, Some(key)),
        // Never to all: without the one that it is for, it is not sent.
        Mode::Whisper(key) => room.send(&text, Some(to.ok_or(ErrorCode::NoSuchMember)?), key),
        Mode::Edit(key) => room.act(key, RowAction::Edit(text)),
        // Which signs are emoji only the server knows; letters are none, and stay in the box.
        Mode::React(_) if text.is_ascii() => Err(ErrorCode::InvalidEmoji),
        Mode::React(key) => room.act(key, RowAction::React(text)),
        Mode::Delete(key) => room.act(key, RowAction::Delete),
    };
    // Nobody sees when somebody is at a whisper.
    let is_private = move |mode: Mode| match mode {
        Mode::Whisper(_) => true,
        Mode::Edit(key) => {
            room.blocks.with_untracked(|blocks| line_of(blocks, key).is_some_and(|line| line.whisper.is_some()))
        }
        Mode::New | Mode::Reply(_) | Mode::React(_) | Mode::Delete(_) => false,
    };
    let on_typing = move |(mode, on)| room.typing(on && !is_private(mode));
    let draft = Draft::new(send, move |key| room.changeable(key), on_typing);
    count_down(room, draft);
    Effect::new(move || {
        if room.refused.get() == Some(ErrorCode::InvalidEmoji)
            && let Some((key, typed)) = room.take_given_back()
        {
            draft.react_again(key, &typed);
        }
    });
    draft
}

/// What the others inside are called.
fn names(room: driver::Room) -> Signal<Vec<String>> {
    Signal::derive(move || {
        let you = room.you.get();
        let others = |members: &Vec<Member>| {
            let others = members.iter().filter(|member| you.as_ref() != Some(&member.id));
            others.map(|member| member.name.as_str().to_owned()).collect()
        };
        room.members.with(others)
    })
}

/// Somebody of the list is written to.
fn write_to(draft: Draft, way: Way, to: Confidant) {
    match way {
        Way::Mention => write_into_composer(["@", to.name.as_str(), " "].concat()),
        Way::Whisper => draft.whisper(to, None),
    }
}

/// The message in a row.
fn line_of(blocks: &[Block], key: u64) -> Option<MessageLine> {
    let row = blocks.iter().rev().flat_map(|block| &block.rows).find(|row| row.key == key)?;
    match &row.kind {
        RowKind::Message(line) => Some(line.clone()),
        RowKind::Joins { .. } | RowKind::Missed(_) | RowKind::Unread | RowKind::Changed { .. } => None,
    }
}

/// Everything that can be done to the message that `menu` names.
fn menu_of(room: driver::Room, draft: Draft, menu: RwSignal<Option<u64>>) -> AnyView {
    let line = move |key| room.blocks.with_untracked(|blocks| line_of(blocks, key));
    let choose = move |(key, chosen)| match chosen {
        Chosen::Tool(tool) => press(room, draft, menu, key, Pressed::Tool(tool)),
        Chosen::Select => browser::select_in_row(key),
        Chosen::Copy => copy_text(draft, line(key).map_or_else(String::new, |line| line.text)),
    };
    view! { <MessageMenu about=menu line=Callback::new(line) on_choose=Callback::new(choose) /> }.into_any()
}

/// With whom one whispers about the message in a row: with its author, or of an own whisper with whom it went to.
fn confidant(line: MessageLine) -> Option<Confidant> {
    if line.own {
        return line.whisper.map(|to| *to);
    }
    Some(Confidant { member: line.member?, name: line.name })
}

/// Answers a message: a whisper by a whisper.
fn reply(draft: Draft, key: u64, line: MessageLine) {
    let (name, is_whisper) = (line.name.as_str().to_owned(), line.whisper.is_some());
    match confidant(line).filter(|_| is_whisper) {
        Some(to) => draft.whisper(to, Some(key)),
        None => draft.reply(key, name),
    }
}

/// Does to a message what was asked for.
fn press(room: driver::Room, draft: Draft, menu: RwSignal<Option<u64>>, key: u64, pressed: Pressed) {
    let line = || room.blocks.with_untracked(|blocks| line_of(blocks, key));
    let done = match pressed {
        Pressed::Tool(Tool::Reply) => line().map(|line| reply(draft, key, line)).ok_or(ErrorCode::UnknownMessage),
        Pressed::Tool(Tool::Whisper) => {
            line().and_then(confidant).map(|to| draft.whisper(to, None)).ok_or(ErrorCode::NoSuchMember)
        }
        Pressed::Tool(Tool::React) => {
            draft.react(key);
            Ok(())
        }
        Pressed::Tool(Tool::Edit) => draft.edit(Some(key)),
        Pressed::Tool(Tool::Delete) => draft.delete(key),
        Pressed::Tool(Tool::More) => {
            menu.set(Some(key));
            Ok(())
        }
        Pressed::Reaction(emoji) => room.act(key, RowAction::React(emoji)),
        Pressed::Quote(quoted) => {
            browser::show_message(quoted, FIRST_TOOL);
            Ok(())
        }
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
    returns: bool,
    entering: Signal<bool>,
    place: Option<Place>,
) -> impl IntoView {
    let gone = Signal::derive(move || returns && room.used.get());
    let menu = RwSignal::new(None::<u64>);
    view! {
        <Timeline
            blocks=room.blocks
            on_retry=move |key| room.retry(key)
            on_discard=move |key| room.discard(key)
            on_tool=move |(key, pressed)| press(room, draft, menu, key, pressed)
            on_hold=move |held| room.hold(held)
            reach=room.reach
            place
        >
            <EmptyRoom code=room.code over alone entering gone />
        </Timeline>
        {menu_of(room, draft, menu)}
    }
}

/// People inside; before the first `joined`, as the page was rendered.
fn count(room: driver::Room, view: StoredValue<Option<RoomView>>, was_inside: Memo<bool>) -> Signal<u32> {
    Signal::derive(move || {
        if was_inside.get() {
            room.count.get()
        } else {
            view.with_value(|view| view.as_ref().and_then(|view| view.count)).unwrap_or_default()
        }
    })
}

/// What time it is, and when the room ends at the latest. By the server's clock: the reader's may be hours off.
fn lifetime(
    room: driver::Room,
    view: StoredValue<Option<RoomView>>,
) -> (Signal<Option<Millis>>, Signal<Option<Millis>>) {
    let (clock, ahead) = (browser::use_now(), use_client().clock_ahead);
    let now = Signal::derive(move || Some(clock.get()?.saturating_add_signed(ahead.get())));
    let expires_at = Signal::derive(move || {
        let known = room.info.with(|info| info.as_ref().map(|info| info.expires_at));
        known.or_else(|| view.with_value(|view| Some(view.as_ref()?.expires_at)))
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
fn end(switch: Switch, room: driver::Room, leaving: StoredValue<bool>) -> AnyView {
    let (words, reading) = (words(), RwSignal::new(false));
    let is_used = Memo::new(move |_| !room.blocks.with(|blocks| is_silent(blocks)));
    let strip = move |text: String, may_return: bool| {
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
                {changing(move || way_on(switch, "link"))}
            </div>
        }
        .into_any()
    };
    let over = move |(title, text): (&'static str, &'static str)| {
        if reading.get() {
            return strip([title, ". ", text].concat(), false);
        }
        ended_room((title, text), is_used.into(), reading, move || changing(move || way_on(switch, "button primary")))
    };
    changing(move || match room.phase.get() {
        RoomPhase::Joining | RoomPhase::Inside => ().into_any(),
        // By this page: it is about to go.
        RoomPhase::Ended(LeaveReason::Left) if leaving.get_value() => ().into_any(),
        RoomPhase::Ended(LeaveReason::Left) => strip(words.left_elsewhere.to_owned(), false),
        RoomPhase::Ended(reason) => over((words.ended)(reason)),
        RoomPhase::Refused(failure) => match (words.error)(failure.code).split_once(". ") {
            Some(told) if failure.code == ErrorCode::RoomEnded => over(told),
            Some(_) | None => strip(failure_text(&failure), true),
        },
    })
}

/// From a room that is over: to another of this page, or to a new one.
fn way_on(switch: Switch, class: &'static str) -> AnyView {
    let words = words();
    if !switch.has_others() {
        return view! { <a class=class href=at("/")>{words.new_room}</a> }.into_any();
    }
    view! {
        <button type="button" class=class on:click=move |_| switch.depart()>
            {words.close_this_room}
        </button>
    }
    .into_any()
}

/// There is nothing to come back to.
pub(super) fn is_over(phase: &RoomPhase) -> bool {
    match phase {
        RoomPhase::Ended(_) => true,
        RoomPhase::Refused(failure) => failure.code == ErrorCode::RoomEnded,
        RoomPhase::Joining | RoomPhase::Inside => false,
    }
}
