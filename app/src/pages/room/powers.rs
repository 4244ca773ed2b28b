//! What the reader may do in a room, and how the server is asked for it. The server has the last word.

use leptos::prelude::*;
use protocol::{Member, MemberId, Role};

use crate::browser;
use crate::components::{Form, Open, Powers};
use crate::driver::{self, http};
use crate::signals::{RwSignal, Signal};

/// For the menus of one room.
pub(super) fn powers(room: driver::Room) -> Powers {
    let (form, open) =
        (Form::new(&["room", "topic", "pin", "capacity", "lifetime"], None), RwSignal::new(Open::Nothing));
    let role = Signal::derive(move || {
        let you = room.you.get();
        let own = |members: &Vec<Member>| members.iter().find(|one| Some(&one.id) == you.as_ref()).map(Member::role);
        room.members.with(own).unwrap_or(Role::Member)
    });
    let (chosen, bans) = (RwSignal::new(None::<MemberId>), RwSignal::new(Vec::new()));
    let ask = Callback::new(move |wish| {
        form.attempt(async move {
            room.exercise(wish).await?;
            open.set(Open::Nothing);
            // The row may be drawn anew, or be gone.
            if let Some(about) = chosen.try_update(Option::take).flatten() {
                browser::focus_if_idle(about.as_str());
            }
            Ok(())
        });
    });
    let list_bans = Callback::new(move |()| {
        form.attempt(async move {
            let told = http::bans(room.code).await?;
            bans.try_update(|bans| *bans = told);
            Ok(())
        });
    });
    Powers { role, form, open, ask, chosen, bans, list_bans }
}
