//! What its owner and moderators may do to a room: a menu, and the box or the question that a choice opens in its place.
//! Shows what one may do, and decides nothing: the server does.

use std::time::Duration;

use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::html::Input;
use leptos::prelude::*;
use protocol::api::{BanView, ChangeRoom};
use protocol::{MemberId, Power, Role, RoomInfo};

use super::burn_timer::room_choice;
use super::field::typed;
use super::menu::{MenuItem, menu};
use super::{Field, Form, FormError, changing, when};
use crate::browser;
use crate::driver::Wish;
use crate::i18n::{entry_words, words};
use crate::signals::{Memo, RwSignal, Signal, live};

const ID: &str = "room-menu";
const HOUR_MS: u64 = 3_600_000;
/// How long a button is held for what cannot be taken back.
const HOLD: Duration = Duration::from_millis(1_500);

/// What is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    /// Nothing.
    Nothing,
    /// The menu.
    Menu,
    /// The box for this.
    Box(Power),
    /// The choice of a burn timer.
    Timer,
    /// Who may not come back.
    Bans,
    /// The question before the end.
    Burning,
}

/// What the reader may do in a room, and how it is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Powers {
    /// What they are.
    pub(crate) role: Signal<Role>,
    /// With the boxes `room`, `topic`, `pin`, `capacity` and `lifetime`.
    pub(crate) form: Form,
    /// What of the room's menu is open; nothing again when a wish was fulfilled.
    pub(crate) open: RwSignal<Open>,
    /// Asks the server.
    pub(crate) ask: Callback<Wish>,
    /// Whose menu in the list of people is open; nobody's again when a wish was fulfilled.
    pub(crate) chosen: RwSignal<Option<MemberId>>,
    /// Who may not come back, as it was told last.
    pub(crate) bans: RwSignal<Vec<BanView>>,
    /// Asks who that is.
    pub(crate) list_bans: Callback<()>,
}

/// The room's topic and lock, for all; the menu for those who may change it.
#[component]
pub(super) fn RoomMenu(powers: Powers, info: Signal<Option<RoomInfo>>) -> impl IntoView {
    let words = words();
    let Powers { role, open, .. } = powers;
    let facts = move || {
        let (topic, locked, timer_s) = info.with(|info| {
            let topic = info.as_ref().and_then(|info| info.topic.as_ref());
            let timer_s = info.as_ref().and_then(|info| info.timer_s);
            (topic.map(|topic| topic.as_str().to_owned()), info.as_ref().is_some_and(|info| info.locked), timer_s)
        });
        view! {
            {topic.map(|topic| view! { <p class="room-topic" dir="auto" translate="no">{topic}</p> })}
            {locked.then(|| view! { <p class="muted room-locked">{words.locked_more}</p> })}
            {timer_s.map(|seconds| view! { <p class="muted room-locked">{(words.room_burns)(seconds)}</p> })}
        }
        .into_any()
    };
    let toggle = move |_| {
        if open.get_untracked() == Open::Nothing {
            open.set(Open::Menu);
            request_animation_frame(|| browser::focus("room-menu-0"));
        } else {
            open.set(Open::Nothing);
        }
    };
    let close = move |event: KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() != Open::Nothing {
            event.stop_propagation();
            open.set(Open::Nothing);
            browser::focus(ID);
        }
    };
    let may = Memo::new(move |_| role.get() > Role::Member);
    let whole = move || {
        view! {
            <div class="room-menu" on:keydown=close>
                <button
                    type="button"
                    class="button"
                    id=ID
                    aria-haspopup="menu"
                    aria-expanded=live(move || if open.get() == Open::Nothing { "false" } else { "true" })
                    on:click=toggle
                >
                    {words.powers_menu}
                </button>
                {changing(move || if powers.open.get() == Open::Nothing { ().into_any() } else { panel(powers, info) })}
            </div>
        }
        .into_any()
    };
    view! {
        {changing(facts)}
        {when(move || may.get(), whole)}
    }
    .into_any()
}

/// Kept by itself: it is fetched when somebody opens it.
#[inline(never)]
fn panel(powers: Powers, info: Signal<Option<RoomInfo>>) -> AnyView {
    match powers.open.get() {
        Open::Nothing => ().into_any(),
        Open::Menu => items(powers, info),
        Open::Box(power) => view! { <OneBox powers info power /> }.into_any(),
        Open::Timer => timer(powers, info),
        Open::Bans => ban_list(powers),
        Open::Burning => view! { <Burning powers /> }.into_any(),
    }
}

/// What one may.
fn items(powers: Powers, info: Signal<Option<RoomInfo>>) -> AnyView {
    let words = words();
    let Powers { role, open, ask, form, list_bans, .. } = powers;
    let locked = info.with(|info| info.as_ref().is_some_and(|info| info.locked));
    let opens = |what: Open, field: &'static str| {
        Callback::new(move |()| {
            open.set(what);
            request_animation_frame(move || browser::focus(field));
        })
    };
    let lock = Callback::new(move |()| {
        ask.run(Wish::Change(ChangeRoom { locked: Some(!locked), ..ChangeRoom::default() }));
        browser::focus(ID);
    });
    let lobby = info.with(|info| info.as_ref().is_some_and(|info| info.lobby));
    let set_lobby = Callback::new(move |()| {
        ask.run(Wish::Change(ChangeRoom { lobby: Some(!lobby), ..ChangeRoom::default() }));
        browser::focus(ID);
    });
    let show_bans = Callback::new(move |()| {
        open.set(Open::Bans);
        list_bans.run(());
        request_animation_frame(|| browser::focus("bans-back"));
    });
    let all = [
        (Power::Rename, words.rename_room, opens(Open::Box(Power::Rename), "field-room")),
        (Power::SetTopic, words.set_topic, opens(Open::Box(Power::SetTopic), "field-topic")),
        (Power::SetPin, words.set_pin, opens(Open::Box(Power::SetPin), "field-pin")),
        (Power::SetCapacity, entry_words().set_capacity, opens(Open::Box(Power::SetCapacity), "field-capacity")),
        (Power::ExtendLife, entry_words().extend_life, opens(Open::Box(Power::ExtendLife), "field-lifetime")),
        (Power::Lock, if locked { words.unlock_room } else { words.lock_room }, lock),
        (Power::SetTimer, words.set_timer, opens(Open::Timer, "room-timer")),
        (Power::SetLobby, if lobby { entry_words().lobby_off } else { entry_words().lobby_on }, set_lobby),
        (Power::LiftBan, entry_words().bans, show_bans),
        (Power::Burn, words.burn_room, opens(Open::Burning, "hold")),
    ];
    let may = all.into_iter().filter(|(power, ..)| role.get_untracked().may(*power));
    let items = may.map(|(power, label, choose)| MenuItem { label, is_bad: power == Power::Burn, choose }).collect();
    view! {
        {menu(ID, words.powers_menu.to_owned(), items)}
        <FormError error=form.error() />
    }
    .into_any()
}

/// The burn timer of what is said without one.
fn timer(powers: Powers, info: Signal<Option<RoomInfo>>) -> AnyView {
    let Powers { form, open, ask, .. } = powers;
    let of_room = info.with_untracked(|info| info.as_ref().and_then(|info| info.timer_s));
    let chosen = StoredValue::new(of_room.map(u64::from));
    let save = move |_| {
        ask.run(Wish::Change(ChangeRoom { timer_s: Some(chosen.get_value().unwrap_or(0)), ..ChangeRoom::default() }));
    };
    view! {
        <div class="room-menu-box" id="room-timer" tabindex="-1">
            <p>{words().room_timer_more}</p>
            {room_choice(of_room, Callback::new(move |timer| chosen.set_value(timer)))}
            <FormError error=form.error() />
            <button type="button" class="button primary" on:click=save>{words().save}</button>
            <button type="button" class="button quiet" on:click=move |_| open.set(Open::Menu)>{words().cancel}</button>
        </div>
    }
    .into_any()
}

/// Who may not come back, each with the way to let them.
fn ban_list(powers: Powers) -> AnyView {
    let Powers { form, open, ask, bans, .. } = powers;
    let row = move |BanView { member, name }: BanView| {
        let name = name.map_or_else(|| entry_words().somebody.to_owned(), String::from);
        let lift = move |_| ask.run(Wish::Unban(member.clone()));
        view! {
            <li class="ban">
                <span dir="auto" translate="no">{name.clone()}</span>
                <button type="button" class="button quiet" aria-label=(entry_words().lift_ban_of)(&name) on:click=lift>
                    {entry_words().lift_ban}
                </button>
            </li>
        }
    };
    let rows = move || {
        let bans = bans.get();
        if bans.is_empty() {
            return view! { <p class="muted">{entry_words().no_bans}</p> }.into_any();
        }
        view! { <ul role="list" aria-label=entry_words().bans>{bans.into_iter().map(row).collect_view()}</ul> }
            .into_any()
    };
    view! {
        <div class="room-menu-box">
            {changing(rows)}
            <FormError error=form.error() />
            <button type="button" class="button quiet" id="bans-back" on:click=move |_| open.set(Open::Menu)>
                {entry_words().back}
            </button>
        </div>
    }
    .into_any()
}

/// A number in a box; what is none is outside of every range.
fn number(typed: &str) -> u64 {
    typed.trim().parse().unwrap_or_default()
}

/// A box for one thing that a room has.
#[component]
fn OneBox(powers: Powers, info: Signal<Option<RoomInfo>>, power: Power) -> impl IntoView {
    let words = words();
    let Powers { form, open, ask, .. } = powers;
    let node = NodeRef::<Input>::new();
    let known = info.get_untracked();
    let is_topic = power == Power::SetTopic;
    let (label, name, value, hint) = match power {
        Power::SetPin => (words.pin, "pin", None, words.set_pin_hint),
        Power::SetCapacity => (words.capacity, "capacity", known.map(|info| info.capacity.to_string()), ""),
        Power::ExtendLife => {
            let hours = known.map(|info| info.expires_at.saturating_sub(info.created_at).div_ceil(HOUR_MS).to_string());
            (entry_words().lifetime_hours, "lifetime", hours, entry_words().lifetime_hint)
        }
        _ if is_topic => (words.topic, "topic", known.and_then(|info| info.topic).map(String::from), ""),
        _ => (words.room_name, "room", known.map(|info| info.name.into()), ""),
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (typed, none) = (typed(node), ChangeRoom::default());
        let (count, text) = (Some(number(&typed)), Some(typed));
        ask.run(Wish::Change(match power {
            Power::SetPin => ChangeRoom { pin: text, ..none },
            Power::SetCapacity => ChangeRoom { capacity: count, ..none },
            Power::ExtendLife => ChangeRoom { lifetime_s: count.map(|hours| hours.saturating_mul(3_600)), ..none },
            _ if is_topic => ChangeRoom { topic: text, ..none },
            _ => ChangeRoom { name: text, ..none },
        }));
    };
    view! {
        <form class="room-menu-box" on:submit=submit>
            <Field label name node value=value.unwrap_or_default() hint error=form.error_of(name) />
            <FormError error=form.error() />
            <button type="submit" class="button primary" aria-disabled=live(move || form.busy())>{words.save}</button>
            <button type="button" class="button quiet" on:click=move |_| open.set(Open::Menu)>{words.cancel}</button>
        </form>
    }
}

/// The question before the end, answered by a button that is held. A press without a hold asks once more, in words: not
/// every hand can hold, and what assists a reader only presses.
#[component]
fn Burning(powers: Powers) -> impl IntoView {
    let words = words();
    let Powers { form, open, ask, .. } = powers;
    // Each hold has a number: one that was given up does nothing when its time is over.
    let (holds, number) = (RwSignal::new(None::<u32>), StoredValue::new(0));
    let (pressed, burned) = (RwSignal::new(false), StoredValue::new(false));
    let begin = move || {
        if holds.get_untracked().is_some() {
            return;
        }
        number.update_value(|number| *number += 1);
        let this = number.get_value();
        holds.set(Some(this));
        leptos::task::spawn_local(async move {
            browser::wait(HOLD).await;
            if holds.try_get_untracked().flatten() == Some(this) {
                holds.set(None);
                burned.set_value(true);
                ask.run(Wish::Burn);
            }
        });
    };
    let end = move || holds.set(None);
    // The end of a hold is a press as well.
    let press = move |_| {
        if !burned.get_value() {
            pressed.set(true);
            request_animation_frame(|| browser::focus("burn-now"));
        }
    };
    let key = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            event.prevent_default();
            begin();
        }
    };
    view! {
        <div class="room-menu-box">
            <p id="burn-more">{words.burn_more}</p>
            <FormError error=form.error() />
            <button
                type="button"
                class="button hold"
                id="hold"
                class:holding=live(move || holds.get().is_some())
                aria-describedby="burn-more"
                on:pointerdown=move |_| begin()
                on:pointerup=move |_| end()
                on:pointerleave=move |_| end()
                on:pointercancel=move |_| end()
                on:keydown=key
                on:keyup=move |_| end()
                on:blur=move |_| end()
                on:click=press
            >
                {words.hold_to_burn}
            </button>
            {when(move || pressed.get(), move || burn_now(ask))}
            <button type="button" class="button quiet" on:click=move |_| open.set(Open::Menu)>{words.cancel}</button>
        </div>
    }
}

/// For who does not hold.
fn burn_now(ask: Callback<Wish>) -> AnyView {
    view! {
        <button type="button" class="button bad" id="burn-now" on:click=move |_| ask.run(Wish::Burn)>
            {entry_words().burn_now}
        </button>
    }
    .into_any()
}
