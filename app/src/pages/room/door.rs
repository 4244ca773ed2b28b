//! In front of a room that did not let one in, or that one has left.

use leptos::prelude::*;
use protocol::api::RoomView;
use protocol::{ErrorCode, LeaveReason};

use super::super::Join;
use super::switch::Switch;
use crate::base;
use crate::components::{Notice, changing};
use crate::driver;
use crate::i18n::{entry_words, failure_text, words};
use crate::signals::RwSignal;
use client::RoomPhase;

/// What stands there.
#[component]
pub(super) fn Door(
    switch: Switch,
    room: driver::Room,
    view: StoredValue<Option<RoomView>>,
    unheard: RwSignal<bool>,
) -> impl IntoView {
    let words = words();
    let notice = move |title: &'static str, text: String, again: bool, comes_back: bool| {
        let others = switch.has_others();
        let more = move || {
            let again = again.then(|| {
                view! {
                    <button type="button" class="button" on:click=move |_| room.join_again(None)>
                        {words.try_again}
                    </button>
                }
            });
            // Another document: this one has done with the room. With others beside it they would go too.
            let back = (comes_back && !others).then(|| {
                view! {
                    <a class="button" href=base::room(room.code)>
                        {entry_words().come_back}
                    </a>
                }
            });
            let close = others.then(|| {
                view! {
                    <button type="button" class="button" on:click=move |_| switch.depart()>
                        {words.close_this_room}
                    </button>
                }
            });
            view! {
                {again}
                {back}
                {close}
            }
        };
        view! { <div class="door-alert" role="alert"><Notice title text more stays=others /></div> }.into_any()
    };
    changing(move || match room.phase.get() {
        RoomPhase::Joining | RoomPhase::Inside => ().into_any(),
        RoomPhase::Refused(failure) => {
            // The membership has ended elsewhere, and the room wants its PIN again.
            if let Some(view) = view.get_value().filter(|_| asks_pin(failure.code)) {
                let lobby = failure.code == ErrorCode::KnockFirst;
                let view = RoomView { member: false, pin: view.pin || !lobby, lobby: view.lobby || lobby, ..view };
                return view! { <Join view on_inside=move |_| room.join_again(None) /> }.into_any();
            }
            let lasts = matches!(failure.code, ErrorCode::RoomEnded | ErrorCode::SealedRoom);
            notice(refused(failure.code), failure_text(&failure), !lasts, false)
        }
        RoomPhase::Ended(reason) => {
            let (title, text) = (words.ended)(reason);
            let comes_back = reason == LeaveReason::Kicked;
            notice(title, if unheard.get() { words.left_unheard } else { text }.to_owned(), false, comes_back)
        }
    })
}

/// What the page is called in front of the door, where it is not called after the room.
pub(super) fn title_of(phase: &RoomPhase) -> Option<&'static str> {
    match phase {
        RoomPhase::Joining | RoomPhase::Inside => None,
        RoomPhase::Refused(failure) => (!asks_pin(failure.code)).then(|| refused(failure.code)),
        RoomPhase::Ended(reason) => Some((words().ended)(*reason).0),
    }
}

fn asks_pin(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::PinRequired | ErrorCode::WrongPin | ErrorCode::TooManyTries | ErrorCode::KnockFirst)
}

fn refused(code: ErrorCode) -> &'static str {
    let words = words();
    match code {
        ErrorCode::RoomFull => words.room_full,
        ErrorCode::RoomEnded => words.has_ended,
        ErrorCode::SealedRoom => words.sealed_room,
        _ => words.cannot_enter,
    }
}
