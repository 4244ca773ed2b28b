//! Burn timers: the choice beside the box, for what one says, and in the room's menu, for what nobody has chosen.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::{changing, said, when};
use crate::browser;
use crate::i18n::words;
use crate::signals::{RwSignal, Signal, live};

/// The seconds that are offered; 0 stands for none.
const OFFERED_S: [u64; 7] = [0, 5, 30, 60, 300, 900, 3_600];
const PANEL_ID: &str = "burn-timer";

/// What a choice of a timer reads and does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BurnTimers {
    /// What the person has chosen: 0 for none, `None` for the room's.
    pub(crate) chosen: Signal<Option<u64>>,
    /// The room's, 0 for none.
    pub(crate) of_room: Signal<u64>,
    /// The person chooses.
    pub(crate) choose: Callback<Option<u64>>,
    /// For how many seconds a message is there for those who do not see it.
    pub(crate) unread_s: Callback<(), u64>,
    /// Whether the choice is on the page.
    pub(crate) open: RwSignal<bool>,
}

impl BurnTimers {
    /// What is said now has this one.
    fn in_force(self) -> u64 {
        self.chosen.get().unwrap_or_else(|| self.of_room.get())
    }

    fn close(self) {
        self.open.set(false);
        browser::focus("message");
    }
}

/// Opens the choice, and says what was chosen.
#[component]
pub(super) fn BurnTimerButton(timers: BurnTimers) -> impl IntoView {
    let open = timers.open;
    let toggle = move |_| {
        open.update(|open| *open = !*open);
        if open.get_untracked() {
            request_animation_frame(|| browser::focus(PANEL_ID));
        }
    };
    let label = move || match timers.in_force() {
        0 => words().burn_timer.to_owned(),
        seconds => [words().burn_timer, ", ", &(words().burn_span)(seconds)].concat(),
    };
    let text = move || match timers.in_force() {
        0 => String::new(),
        seconds => (words().burn_span)(seconds),
    };
    view! {
        <button
            type="button"
            class="tool timer"
            class:on=live(move || timers.in_force() > 0)
            aria-expanded=live(move || if open.get() { "true" } else { "false" })
            aria-label=live(label)
            title=live(label)
            on:click=toggle
        >
            <span inner_html=said(text)></span>
        </button>
    }
    .into_any()
}

/// The choice for what one says, above the box.
#[component]
pub(super) fn BurnTimerPanel(timers: BurnTimers) -> impl IntoView {
    when(move || timers.open.get(), move || panel(timers))
}

fn panel(timers: BurnTimers) -> AnyView {
    let close = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Escape" | "Enter") {
            event.prevent_default();
            event.stop_propagation();
            timers.close();
        }
    };
    let choices = move || {
        let (of_room, chosen) = (timers.of_room.get(), timers.chosen.get_untracked());
        // Where the room has a timer, to have none is a choice of its own.
        let rooms = (of_room > 0).then(|| (None, (words().burn_as_room)(of_room)));
        let own = OFFERED_S.map(|seconds| match seconds {
            0 if of_room == 0 => (None, (words().burn_span)(0)),
            seconds => (Some(seconds), (words().burn_span)(seconds)),
        });
        let choices = rooms.into_iter().chain(own).collect();
        choice(choices, chosen.filter(|chosen| of_room > 0 || *chosen > 0), timers.choose)
    };
    view! {
        <div class="burn-timer" id=PANEL_ID tabindex="-1" role="group" aria-label=words().burn_timer on:keydown=close>
            {changing(choices)}
            <p>{(words().burn_note)(timers.unread_s.run(()))}</p>
        </div>
    }
    .into_any()
}

/// One of several timers.
fn choice(choices: Vec<(Option<u64>, String)>, chosen: Option<u64>, choose: Callback<Option<u64>>) -> AnyView {
    let one = move |(timer, label): (Option<u64>, String)| {
        view! {
            <label class="segment">
                <input type="radio" name="burn" checked=timer == chosen on:change=move |_| choose.run(timer) />
                <span>{label}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <fieldset class="segments">
            <legend class="visually-hidden">{words().burn_timer}</legend>
            {choices.into_iter().map(one).collect_view()}
        </fieldset>
    }
    .into_any()
}

/// The choice for a room, in its menu.
pub(super) fn room_choice(of_room: Option<u32>, choose: Callback<Option<u64>>) -> AnyView {
    let choices = OFFERED_S.map(|seconds| (Some(seconds), (words().burn_span)(seconds)));
    choice(choices.into(), Some(of_room.map_or(0, u64::from)), choose)
}
