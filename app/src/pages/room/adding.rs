//! Another room beside those of the page: made, or joined by its code. Where that lets people in one by one, the dialog
//! waits for those inside for as long as it is open.

use std::time::Duration;

use leptos::prelude::*;
use protocol::api::{CreateRoom, JoinRoom, RoomView};
use protocol::{ErrorCode, RoomCode};

use super::switch::Switch;
use crate::browser;
use crate::components::{AnotherRoom, Form, OTHER_ROOM_BOXES, RoomWish};
use crate::driver::http;
use crate::signals::{Effect, RwSignal, Signal};
use client::RequestError;

/// Before the server is asked again, where it could not be reached.
const PAUSE: Duration = Duration::from_secs(2);

/// The dialog with both.
#[component]
pub(super) fn Adding(switch: Switch) -> impl IntoView {
    let form = Form::new(OTHER_ROOM_BOXES, None).counting();
    let asks_pin = RwSignal::new(false);
    let waits = RwSignal::new(None::<RoomCode>);
    Effect::new(move || {
        if switch.adding.get() {
            asks_pin.set(false);
            form.forget();
        } else if let Some(code) = waits.get_untracked() {
            waits.set(None);
            // Where it cannot be told, the knock is over when its request is.
            leptos::task::spawn_local(async move {
                let _ = http::withdraw_knock(code).await;
            });
        }
    });
    let attempt = move |wish: RoomWish| {
        form.attempt(async move {
            let view = match wish {
                RoomWish::Join { code, pin } => {
                    let code = RoomCode::parse(&code).map_err(RequestError::of)?;
                    match join(code, pin, waits).await.inspect_err(|failure| {
                        if failure.code == ErrorCode::PinRequired {
                            asks_pin.set(true);
                        }
                    })? {
                        Some(view) => view,
                        None => return Ok(()),
                    }
                }
                RoomWish::Create { name } => http::create_room(CreateRoom { name, ..CreateRoom::default() }).await?,
            };
            switch.adding.set(false);
            switch.enter(view);
            Ok(())
        });
    };
    let waiting = Signal::derive(move || waits.get().is_some());
    view! {
        <AnotherRoom open=switch.adding form asks_pin=asks_pin.into() waiting on_wish=Callback::new(attempt) />
    }
}

/// Joins, or knocks where that is wanted; `None` when the person waits no more.
async fn join(
    code: RoomCode,
    pin: Option<String>,
    waits: RwSignal<Option<RoomCode>>,
) -> Result<Option<RoomView>, RequestError> {
    match http::join_room(code, pin.clone(), None).await {
        Err(failure) if failure.code == ErrorCode::KnockFirst => {}
        joined => return joined.map(Some),
    }
    waits.set(Some(code));
    let answer = loop {
        let answer = http::knock(code, JoinRoom { pin: pin.clone(), invite: None }).await;
        if waits.get_untracked() != Some(code) {
            return Ok(None);
        }
        match answer {
            Ok(None) => {}
            Err(failure) if failure.unreachable => browser::wait(PAUSE).await,
            Ok(Some(view)) => break Ok(Some(view)),
            Err(failure) => break Err(failure),
        }
    };
    waits.set(None);
    answer
}
