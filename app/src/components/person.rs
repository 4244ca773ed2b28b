//! One person of the list, with what can be done about them below: a menu that opens in its place, so that it fits
//! wherever the row does.

use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;
use protocol::{Activity, Member, MemberId, Power, Role};

use super::field::typed;
use super::menu::{MenuItem, menu};
use super::{Avatar, Field, Form, FormError, Powers, changing, when};
use crate::browser;
use crate::driver::Wish;
use crate::i18n::{entry_words, words};
use crate::signals::{Effect, Memo, RwSignal, Signal, live};
use client::Confidant;

/// How one's own name is changed: the state of its form, and what tries it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Naming {
    /// With the box `name`.
    pub(crate) form: Form,
    /// Whether the box is shown.
    pub(crate) open: RwSignal<bool>,
    /// Be called so.
    pub(crate) rename: Callback<String>,
}

/// How somebody of the list is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// For all to read, by their name.
    Mention,
    /// For them alone.
    Whisper,
}

/// The row.
#[component]
pub(super) fn Person(
    /// Whose.
    member: Member,
    /// Your own id.
    you: Signal<Option<MemberId>>,
    /// Whose menu is open.
    chosen: RwSignal<Option<MemberId>>,
    /// For your own row.
    naming: Naming,
    /// What the reader may do.
    powers: Powers,
    /// Write to them, in this way.
    on_write: Callback<(Way, Confidant)>,
) -> impl IntoView {
    let words = words();
    let role = member.role();
    let Member { id, name, state, owner, .. } = member;
    let confidant = StoredValue::new(Confidant { member: id.clone(), name: name.clone() });
    let (id, name) = (StoredValue::new(id), StoredValue::new(name.as_str().to_owned()));
    let is_you = move || id.with_value(|id| you.with(|you| you.as_ref() == Some(id)));
    let is_open = Memo::new(move |_| id.with_value(|id| chosen.with(|chosen| chosen.as_ref() == Some(id))));
    let toggle = move |_| {
        naming.open.set(false);
        chosen.set((!is_open.get_untracked()).then(|| id.get_value()));
    };
    // A row that changes is drawn anew: its button takes back the focus that the one before had.
    if is_open.get_untracked() {
        Effect::new(move || browser::focus_if_idle(id.get_value().as_str().to_owned()));
    }
    let actions = move || {
        if is_you() {
            return view! { <OwnName naming name=name.get_value() /> }.into_any();
        }
        let write = move |way| move |_| on_write.run((way, confidant.get_value()));
        view! {
            <button type="button" class="button" on:click=write(Way::Mention)>{words.mention}</button>
            <button type="button" class="button" on:click=write(Way::Whisper)>{words.whisper}</button>
            {put_in_place(powers, role, &id.get_value(), name.get_value())}
        }
        .into_any()
    };
    let menu = move || {
        view! {
            <div class="person-menu">
                {owner.then(|| view! { <p class="muted">{words.owner_more}</p> })}
                {changing(actions)}
            </div>
        }
        .into_any()
    };
    view! {
        <li class="person" class:away=state != Activity::Online class:offline=state == Activity::Offline>
            <button
                type="button"
                class="person-row"
                id=id.get_value().as_str().to_owned()
                aria-expanded=live(move || if is_open.get() { "true" } else { "false" })
                on:click=toggle
            >
                <Avatar id=Some(id.get_value()) />
                <span class="person-name" dir="auto" translate="no">{name.get_value()}</span>
                {notes(is_you, state, role)}
            </button>
            {when(move || is_open.get(), menu)}
        </li>
    }
    .into_any()
}

/// What is said of somebody beside their name.
fn notes(is_you: impl Fn() -> bool + Copy + Send + Sync + 'static, state: Activity, role: Role) -> AnyView {
    let words = words();
    let absence = match state {
        Activity::Online => None,
        Activity::Away => Some(words.away),
        Activity::Offline => Some(words.away_reconnecting),
    };
    view! {
        <span class="person-notes">
            {changing(move || is_you().then(|| view! { <span>{words.you}</span> }).into_any())}
            {absence.map(|absence| view! { <span>{absence}</span> })}
            {(role == Role::Owner).then(star)}
            {(role == Role::Moderator).then(|| view! { <span>{words.moderator}</span> })}
        </span>
    }
    .into_any()
}

/// What the reader may do to somebody of a lower role.
fn put_in_place(powers: Powers, role: Role, id: &MemberId, name: String) -> AnyView {
    let words = words();
    let Powers { role: own, form, ask, .. } = powers;
    let appointed = if role == Role::Moderator { Role::Member } else { Role::Moderator };
    let appoint = if role == Role::Moderator { words.make_member } else { words.make_moderator };
    let all = [
        (Power::Kick, words.kick, Wish::Kick(id.clone())),
        (Power::Ban, words.ban, Wish::Ban(id.clone())),
        (Power::Appoint, appoint, Wish::Role(id.clone(), appointed)),
        (Power::HandOver, words.make_owner, Wish::Role(id.clone(), Role::Owner)),
    ];
    let own = own.get();
    let may = all.into_iter().filter(|(power, ..)| own.may_to(*power, role));
    let may: Vec<_> = may.collect();
    if may.is_empty() {
        return ().into_any();
    }
    // What does not go back by itself is asked about first.
    let asked = RwSignal::new(None::<(Power, &'static str, Wish)>);
    let inside = move || {
        if let Some((power, label, wish)) = asked.get() {
            return person_question(powers, asked, power, label, wish);
        }
        let item = |(power, label, wish): (Power, &'static str, Wish)| MenuItem {
            label,
            is_bad: matches!(power, Power::Kick | Power::Ban),
            choose: Callback::new(move |()| {
                if matches!(power, Power::Ban | Power::HandOver) {
                    asked.set(Some((power, label, wish.clone())));
                    request_animation_frame(|| browser::focus("person-sure"));
                } else {
                    ask.run(wish.clone());
                }
            }),
        };
        menu("person-menu", name.clone(), may.iter().cloned().map(item).collect())
    };
    view! {
        {changing(inside)}
        <FormError error=form.error() />
    }
    .into_any()
}

/// The question before somebody is banned, or the room is theirs.
fn person_question(
    powers: Powers,
    asked: RwSignal<Option<(Power, &'static str, Wish)>>,
    power: Power,
    label: &'static str,
    wish: Wish,
) -> AnyView {
    let words = words();
    let is_ban = power == Power::Ban;
    view! {
        <div class="room-menu-box">
            <p id="person-sure-more">{if is_ban { entry_words().ban_more } else { entry_words().make_owner_more }}</p>
            <button
                type="button"
                class="button"
                class:bad=is_ban
                id="person-sure"
                aria-describedby="person-sure-more"
                on:click=move |_| powers.ask.run(wish.clone())
            >
                {label}
            </button>
            <button type="button" class="button quiet" on:click=move |_| asked.set(None)>{words.cancel}</button>
        </div>
    }
    .into_any()
}

/// The mark of the room's owner.
fn star() -> impl IntoView {
    let words = words();
    view! {
        <span class="owner" title=words.owner>
            <span aria-hidden="true">"★"</span>
            <span class="visually-hidden">{words.owner}</span>
        </span>
    }
}

/// One's own name, and the box to change it.
#[component]
fn OwnName(naming: Naming, name: String) -> impl IntoView {
    let words = words();
    let Naming { form, open, rename } = naming;
    let node = NodeRef::<Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        rename.run(typed(node));
    };
    let show = move |_| {
        open.set(true);
        request_animation_frame(|| browser::focus("field-name"));
    };
    changing(move || {
        if !open.get() {
            return view! { <button type="button" class="button" on:click=show>{words.change_name}</button> }
                .into_any();
        }
        view! {
            <form class="person-naming" on:submit=submit>
                <Field
                    label=words.your_name
                    name="name"
                    node
                    value=name.clone()
                    hint=words.name_in_rooms_more
                    autocomplete="nickname"
                    error=form.error_of("name")
                />
                <FormError error=form.error() />
                <button type="submit" class="button primary" aria-disabled=live(move || form.busy())>{words.save}</button>
            </form>
        }
        .into_any()
    })
}
