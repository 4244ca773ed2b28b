//! The rooms that this person is a member of, and the end of one: theirs by leaving, everybody's by its owner.

use leptos::prelude::*;
use protocol::RoomCode;
use protocol::api::RoomView;

use super::done::use_done;
use crate::components::{Form, FormError, told};
use crate::driver::http;
use crate::i18n::words;
use crate::signals::{Effect, RwSignal};
use crate::{base, browser, format};
use client::RequestError;

/// What the menu of a room does.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Leave,
    EndForAll,
}

/// The list, fetched once the page runs.
#[component]
pub(super) fn Rooms() -> impl IntoView {
    let words = words();
    let form = Form::new(&[], None);
    let done = use_done();
    let rooms = RwSignal::new(None::<Vec<RoomView>>);
    Effect::new(move || {
        form.attempt(async move {
            rooms.set(Some(http::my_rooms().await?));
            Ok(())
        });
    });
    let act = Callback::new(move |(code, wish): (RoomCode, Wish)| {
        form.attempt(async move {
            let outcome = match wish {
                Wish::Leave => http::leave_room(code).await.map(|()| words.room_was_left),
                Wish::EndForAll => http::end_room(code).await.map(|()| words.room_was_ended),
            };
            done(outcome?);
            rooms.try_update(|rooms| {
                if let Some(rooms) = rooms {
                    rooms.retain(|room| room.code != code);
                }
            });
            Ok::<(), RequestError>(())
        });
    });
    let list = move || match rooms.get() {
        None => view! { <p class="muted" inner_html=told(words.loading)></p> }.into_any(),
        Some(rooms) if rooms.is_empty() => view! { <p class="muted" inner_html=told(words.no_rooms)></p> }.into_any(),
        Some(rooms) => {
            let entries = rooms.into_iter().map(|room| view! { <Entry room act /> }).collect_view();
            view! {
                <ul class="logins" role="list">
                    {entries}
                </ul>
            }
            .into_any()
        }
    };
    view! {
        <section class="panel">
            <h2>{words.your_rooms}</h2>
            <p class="muted">{words.your_rooms_more}</p>
            {list}
            <FormError error=form.error() />
        </section>
    }
    .into_any()
}

/// One room. What ends something lies in its menu, a second press away.
#[component]
fn Entry(room: RoomView, act: Callback<(RoomCode, Wish)>) -> impl IntoView {
    let words = words();
    let code = room.code;
    let name = room.name.map_or_else(|| code.dashed(), |name| name.as_str().to_owned());
    let until = format::day_and_time(room.expires_at, browser::zone_offset_min(room.expires_at));
    let about = (words.room_until)(&code.dashed(), room.count.unwrap_or_default(), &until);
    let end = room.owner.then(|| {
        view! {
            <p class="muted">{words.end_room_more}</p>
            <button type="button" class="button bad" on:click=move |_| act.run((code, Wish::EndForAll))>
                {words.end_room}
            </button>
        }
    });
    view! {
        <li class="login">
            <p dir="auto">
                <a href=base::room(code) translate="no">
                    {name.clone()}
                </a>
                ", "
                <span class="muted">{about}</span>
            </p>
            <details class="more">
                <summary aria-label=(words.room_menu_named)(&name)>{words.room_menu}</summary>
                <button type="button" class="button" on:click=move |_| act.run((code, Wish::Leave))>
                    {words.leave_room}
                </button>
                {end}
            </details>
        </li>
    }
    .into_any()
}
