//! A room: in front of it, or inside. Inside, the page holds every room of its reader, and shows one of them.

mod adding;
mod burning;
mod commands;
mod door;
mod floor;
mod inviting;
mod noticing;
mod powers;
mod shown;
mod switch;

use std::time::Duration;

use leptos::either::Either;
use leptos::prelude::*;
use protocol::RoomCode;
use protocol::api::RoomView;

use self::adding::Adding;
use self::noticing::notices;
use self::shown::Shown;
use self::switch::Switch;
use super::Join;
use crate::browser;
use crate::components::{GoToRoom, KeysSheet, RoomList, changing, provide_emoji, when};
use crate::signals::{Effect, RwSignal, live};

/// When notices begin, after the page has.
const NOTICES_AFTER: Duration = Duration::from_secs(2);

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
            view! { <Rooms first=view_now returns /> }.into_any()
        } else {
            view! { <Join view=view_now on_inside=move |joined| view.set(joined) /> }.into_any()
        }
    })
}

/// The rooms of a member, one of them shown. What is drawn of a room is drawn anew with each switch; what was said and
/// written there is kept by the client.
#[component]
fn Rooms(first: RoomView, returns: bool) -> impl IntoView {
    let first_code = first.code;
    Effect::new(browser::drop_invite);
    let switch = Switch::new(first);
    provide_emoji();
    // In turn on one side and the other: of two views of one kind the second would be drawn with the elements of the first,
    // and what was typed and scrolled in one room would be there in the next.
    let other_side = StoredValue::new(true);
    let shown = move || {
        let code = switch.shown.get();
        let shown = view! { <Shown switch code returns=returns && code == first_code /> }.into_any();
        other_side.update_value(|side| *side = !*side);
        let side: Either<AnyView, AnyView> =
            if other_side.get_value() { Either::Right(shown) } else { Either::Left(shown) };
        side.into_any()
    };
    // None of it is needed to show the page.
    let begun = RwSignal::new(false);
    Effect::new(move || set_timeout(move || begun.set(true), NOTICES_AFTER));
    let notices = move || when(move || begun.get(), move || notices(switch)).into_any();
    // `start.js` asks before a page goes that has something unsent.
    let holds_words = move || switch.list.with(|list| list.iter().any(|entry| entry.holds_words));
    view! {
        <div class="room" data-unsent=live(move || holds_words().then_some(""))>
            {changing(shown)}
            <RoomList
                list=switch.list
                shown=switch.shown.into()
                open=switch.list_open
                on_go=Callback::new(move |code: RoomCode| switch.go(code))
                on_close=Callback::new(move |code: RoomCode| switch.close(code))
                notices
                on_add=Callback::new(move |()| switch.adding.set(true))
            />
            <GoToRoom
                open=switch.finding
                list=switch.list
                on_go=Callback::new(move |code: RoomCode| switch.go(code))
            />
            <Adding switch />
            <KeysSheet open=switch.keys_open />
        </div>
    }
    .into_any()
}
