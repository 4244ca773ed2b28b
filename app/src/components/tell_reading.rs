//! The choice whether others are told how far one has read. It goes both ways: who does not tell it is not told.

use leptos::prelude::*;

use crate::browser;
use crate::driver::use_client;
use crate::i18n::words;
use crate::signals::{Effect, RwSignal, live};

/// The box to tick.
#[component]
pub(super) fn TellReading() -> impl IntoView {
    let client = use_client();
    let tells = RwSignal::new(true);
    Effect::new(move || {
        tells.set(browser::tells_reading());
        client.tell_reading(browser::tells_reading());
    });
    let choose = move |event| {
        tells.set(event_target_checked(&event));
        client.tell_reading(event_target_checked(&event));
    };
    view! {
        <label class="keep-unsent">
            <input type="checkbox" prop:checked=live(move || tells.get()) on:change=choose />
            <span>{words().tell_reading}</span>
        </label>
    }
    .into_any()
}
