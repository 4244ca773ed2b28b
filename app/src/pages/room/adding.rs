//! Another room beside those of the page: made, or joined by its code.

use leptos::prelude::*;
use protocol::api::CreateRoom;
use protocol::{ErrorCode, RoomCode};

use super::switch::Switch;
use crate::components::{AnotherRoom, Form, OTHER_ROOM_BOXES, RoomWish};
use crate::driver::http;
use crate::signals::{Effect, RwSignal};
use client::RequestError;

/// The dialog with both.
#[component]
pub(super) fn Adding(switch: Switch) -> impl IntoView {
    let form = Form::new(OTHER_ROOM_BOXES, None).counting();
    let asks_pin = RwSignal::new(false);
    Effect::new(move || {
        if switch.adding.get() {
            asks_pin.set(false);
            form.forget();
        }
    });
    let attempt = move |wish: RoomWish| {
        form.attempt(async move {
            let view = match wish {
                RoomWish::Join { code, pin } => {
                    let code = RoomCode::parse(&code).map_err(RequestError::of)?;
                    http::join_room(code, pin, None).await.inspect_err(|failure| {
                        if failure.code == ErrorCode::PinRequired {
                            asks_pin.set(true);
                        }
                    })?
                }
                RoomWish::Create { name } => http::create_room(CreateRoom { name, ..CreateRoom::default() }).await?,
            };
            switch.adding.set(false);
            switch.enter(view);
            Ok(())
        });
    };
    view! { <AnotherRoom open=switch.adding form asks_pin=asks_pin.into() on_wish=Callback::new(attempt) /> }
}
