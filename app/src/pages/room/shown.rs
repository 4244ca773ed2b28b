//! The room that is shown: in front of its door, or on its floor. Drawn anew whenever another one is.

use leptos::prelude::*;
use protocol::{LeaveReason, RoomCode};

use super::door::{Door, title_of};
use super::floor::{Floor, is_over};
use super::switch::Switch;
use crate::browser;
use crate::components::{Parting, when};
use crate::driver::use_client;
use crate::i18n::words;
use crate::signals::{Effect, Memo, RwSignal, Signal, live};
use client::RoomPhase;

/// The room for a member.
#[component]
pub(super) fn Shown(switch: Switch, code: RoomCode, returns: bool) -> impl IntoView {
    let client = use_client();
    let aside = client.take_aside(code);
    let room = client.enter(code, None);
    // Left, and the server does not know it yet: the page stays until it does.
    let unheard = RwSignal::new(false);
    // By this page. One that was left on another says so, and does not go away under its reader.
    let leaving = StoredValue::new(false);
    Effect::new(move || {
        if room.was_left() && leaving.get_value() && !unheard.get() {
            switch.depart();
        }
    });
    let go = Callback::new(move |()| {
        leaving.set_value(true);
        if is_over(&room.phase.get_untracked()) {
            switch.depart();
        } else {
            room.leave(move || unheard.set(true));
        }
    });
    // Another room that is shown meanwhile ends the countdown: the person stays.
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
    let view = StoredValue::new(switch.view_of(code));
    let name = Signal::derive(move || {
        let known = room.info.with(|info| info.as_ref().map(|info| info.name.as_str().to_owned()));
        let told = || view.with_value(|view| Some(view.as_ref()?.name.as_ref()?.as_str().to_owned()));
        known.or_else(told).unwrap_or_else(|| code.dashed())
    });
    let was_inside = Memo::new(move |_| room.info.with(Option::is_some));
    // A refusal at the door takes the room's place; what was typed stays in the box behind it.
    let at_the_door = Memo::new(move |_| {
        let over = matches!(room.phase.get(), RoomPhase::Refused(_) | RoomPhase::Ended(_));
        // Who was put out is shown that, and not what was said there.
        let put_out = matches!(room.phase.get(), RoomPhase::Ended(LeaveReason::Kicked | LeaveReason::Banned));
        unheard.get() || put_out || over && !was_inside.get()
    });
    let title = move || {
        let door = at_the_door.get().then(|| title_of(&room.phase.get())).flatten();
        (words().title)(&door.map_or_else(|| name.get(), str::to_owned))
    };
    Effect::new(move || {
        let unread = switch.unread();
        browser::set_title(&if unread > 0 { (words().unread_title)(unread, &title()) } else { title() });
        browser::set_icon(unread > 0);
    });
    let aside = StoredValue::new(aside);
    view! {
        {when(move || at_the_door.get(), move || view! { <Door switch room view unheard /> }.into_any())}
        <div class="floor-place" hidden=live(move || at_the_door.get())>
            <Floor switch room view name was_inside returns leaving parting on_leave aside />
        </div>
    }
    .into_any()
}
