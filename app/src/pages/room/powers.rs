//! What the reader may do in a room, and how the server is asked for it. The server has the last word.

use leptos::prelude::*;
use protocol::{Member, Role};

use crate::components::{Form, Open, Powers};
use crate::driver;
use crate::signals::{RwSignal, Signal};

/// For the menus of one room.
pub(super) fn powers(room: driver::Room) -> Powers {
    let (form, open) = (Form::new(&["room", "topic", "pin"], None), RwSignal::new(Open::Nothing));
    let role = Signal::derive(move || {
        let you = room.you.get();
        let own = |members: &Vec<Member>| members.iter().find(|one| Some(&one.id) == you.as_ref()).map(Member::role);
        room.members.with(own).unwrap_or(Role::Member)
    });
    let ask = Callback::new(move |wish| {
        form.attempt(async move {
            room.exercise(wish).await?;
            open.set(Open::Nothing);
            Ok(())
        });
    });
    Powers { role, form, open, ask }
}
