//! The dialog that brings others into the room that is shown: which link it shows, and what the server is asked.

use leptos::prelude::*;
use protocol::api::InviteView;
use protocol::{Power, Role};

use super::switch::Switch;
use crate::components::{Form, INVITE_COPY_ID, InviteDialog, Inviting};
use crate::driver::{self, http, use_client};
use crate::signals::{Effect, RwSignal, Signal};
use crate::{base, browser};

/// The dialog of one room.
#[component]
pub(super) fn InvitePeople(switch: Switch, room: driver::Room, role: Signal<Role>) -> impl IntoView {
    view! { <InviteDialog open=switch.inviting begin=Callback::new(move |()| begin_inviting(room, role)) /> }
}

/// Anew each time it opens: what was made before is in the list, and its token nowhere.
fn begin_inviting(room: driver::Room, role: Signal<Role>) -> Inviting {
    let code = room.code;
    let (link, qr) = (RwSignal::new(browser::link_to(&base::room(code))), RwSignal::new(None));
    let (list, form) = (RwSignal::new(Vec::new()), Form::new(&[], None));
    let may = Signal::derive(move || role.get().may(Power::Invite));
    Effect::new(move || {
        let link = link.get();
        leptos::task::spawn_local(async move {
            // Without it the link is still there to be copied.
            let drawn = http::draw_qr(link).await.ok();
            qr.try_update(|qr| *qr = drawn);
        });
    });
    let refresh = move || async move {
        let invites = http::invites(code).await?;
        list.try_update(|list| *list = invites);
        Ok(())
    };
    Effect::new(move || {
        if may.get() {
            form.attempt(refresh());
        }
    });
    let make = Callback::new(move |wish| {
        form.attempt(async move {
            let InviteView { token, .. } = http::make_invite(code, wish).await?;
            if let Some(token) = token {
                let made = browser::link_to(&[&base::room(code), "#", token.as_str()].concat());
                link.try_update(|link| *link = made);
                browser::focus(INVITE_COPY_ID);
            }
            refresh().await
        });
    });
    let revoke = Callback::new(move |id| {
        form.attempt(async move {
            http::revoke_invite(code, id).await?;
            // The link that is shown may be the one that leads nowhere now.
            link.try_update(|link| *link = browser::link_to(&base::room(code)));
            refresh().await
        });
    });
    let (clock, ahead) = (browser::use_now(), use_client().clock_ahead);
    let now = Signal::derive(move || Some(clock.get()?.saturating_add_signed(ahead.get())));
    Inviting { link, qr, may, list, now, form, make, revoke }
}
