//! Leaving a room that ends with it: ten seconds in which one may stay. A second press, or going away, leaves at once.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::RoomCode;

use super::room_header::LEAVE_ID;
use super::{said, when};
use crate::browser;
use crate::i18n::words;
use crate::signals::{Effect, Memo, RwSignal};

const SECONDS: u32 = 10;
const SECOND: Duration = Duration::from_secs(1);

/// Seconds until one leaves, while that can be taken back.
#[derive(Clone, Copy)]
pub(crate) struct Parting {
    left_s: RwSignal<Option<u32>>,
    counts: StoredValue<bool>,
    go: Callback<()>,
}

impl Parting {
    /// No countdown runs. `go` leaves the room.
    pub(crate) fn new(code: RoomCode, go: Callback<()>) -> Self {
        let left_s = RwSignal::new(None);
        Effect::new(move || {
            let gone = window_event_listener_untyped("pagehide", move |_| {
                if left_s.get_untracked().is_some() {
                    browser::tell_leaving(code.as_str());
                }
            });
            on_cleanup(move || gone.remove());
        });
        Self { left_s, counts: StoredValue::new(false), go }
    }

    /// "Leave" was pressed: starts the countdown, or leaves at once if it runs. Two presses within a second count as
    /// one (a shaking hand, a double click).
    pub(crate) fn press(self) {
        match self.left_s.get_untracked() {
            None => self.begin(),
            Some(SECONDS) => {}
            Some(_) => self.leave(),
        }
    }

    fn begin(self) {
        self.left_s.set(Some(SECONDS));
        // A count whose end was taken back a moment ago goes on from the new number.
        if self.counts.get_value() {
            return;
        }
        self.counts.set_value(true);
        spawn_local(async move {
            loop {
                browser::wait(SECOND).await;
                match self.left_s.try_get_untracked().flatten() {
                    None => break,
                    Some(0 | 1) => {
                        self.leave();
                        break;
                    }
                    Some(left_s) => {
                        self.left_s.set(Some(left_s - 1));
                    }
                }
            }
            self.counts.try_set_value(false);
        });
    }

    fn leave(self) {
        self.left_s.set(None);
        self.go.run(());
    }

    fn stay(self) {
        self.left_s.set(None);
        browser::focus(LEAVE_ID);
    }
}

/// The strip that says so, and the way back. The seconds are for the eye: what was said once is not said at each of
/// them.
#[component]
pub(crate) fn PartingStrip(
    /// Whether and when.
    parting: Parting,
) -> impl IntoView {
    let words = words();
    let leaves = Memo::new(move |_| parting.left_s.get().is_some());
    let strip = move || {
        view! {
            <div class="banner warn" role="alert">
                <p>
                    <span>{words.leaving}</span>
                    " "
                    <span
                        class="seconds"
                        aria-hidden="true"
                        inner_html=said(move || (words.leaving_in)(parting.left_s.get().unwrap_or_default()))
                    ></span>
                </p>
                <button type="button" class="button" on:click=move |_| parting.stay()>{words.stay}</button>
                <button type="button" class="link" on:click=move |_| parting.leave()>{words.leave_now}</button>
            </div>
        }
        .into_any()
    };
    when(move || leaves.get(), strip)
}
