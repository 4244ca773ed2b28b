//! The card in front of a room: what it is called, who is inside, a name, the PIN if it has one.

use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;
use protocol::api::RoomView;

use super::field::{keep_filled, typed};
use super::{Field, Form, FormError, FormWait, Heading, WAIT_ID};
use crate::base::at;
use crate::browser;
use crate::i18n::{entry_words, words};
use crate::signals::{Effect, Signal, live};

/// What was typed into the card.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct JoinAnswer {
    /// The display name; empty to have one drawn.
    pub(crate) name: String,
    /// The PIN, where one was typed.
    pub(crate) pin: Option<String>,
    /// What an invite's link carries, where they came by one or typed it.
    pub(crate) invite: Option<String>,
}

/// Holds a name and a secret.
impl std::fmt::Debug for JoinAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinAnswer(…)")
    }
}

/// The boxes of the card, for its [`Form`].
pub(crate) const JOIN_BOXES: &[&str] = &["name", "pin", "invite"];

/// The card. A real form: without scripts it posts to `/join`.
#[component]
pub(crate) fn JoinCard(
    /// The room, as somebody outside may see it.
    view: RoomView,
    /// The name the person has so far.
    name: Signal<String>,
    /// Its state, made with [`JOIN_BOXES`]; it counts.
    form: Form,
    /// Try to enter.
    #[prop(into)]
    on_join: Callback<JoinAnswer>,
) -> impl IntoView {
    let words = words();
    let [name_node, pin_node, invite_node] = [(); 3].map(|()| NodeRef::<Input>::new());
    keep_filled(name_node, name);
    if view.pin {
        // The name is there already; this is what is asked.
        Effect::new(|| browser::focus_if_idle("field-pin"));
    }
    let is_closed = view.pin || view.locked || view.lobby;
    let button = if view.lobby { entry_words().knock } else { words.join_room };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let pin = Some(typed(pin_node)).filter(|pin| !pin.trim().is_empty());
        let invite = Some(typed(invite_node)).filter(|invite| !invite.trim().is_empty());
        on_join.run(JoinAnswer { name: typed(name_node), pin, invite });
    };
    let title = view
        .name
        .as_ref()
        .map_or_else(|| (words.join_unnamed)(&view.code.dashed()), |name| (words.join_named)(name.as_str()));
    view! {
        <form class="card join-card" method="post" action=at("/join") on:submit=submit>
            <Heading text=title />
            {view.count.map(|count| view! { <p class="muted">{(words.inside_now)(count)}</p> })}
            {view.lobby.then(|| view! { <p class="muted">{entry_words().lobby_more}</p> })}
            <input type="hidden" name="code" value=view.code.as_str().to_owned() />
            <Field
                label=words.your_name
                name="name"
                node=name_node
                value=name.get_untracked()
                hint=words.your_name_hint
                autocomplete="nickname"
                error=form.error_of("name")
            />
            {view
                .pin
                .then(|| {
                    view! { <Field label=words.pin name="pin" node=pin_node hint=words.pin_hint error=form.error_of("pin") /> }
                })}
            {is_closed.then(|| invite_box(invite_node, form))}
            <FormError error=form.error() />
            <FormWait form />
            <button type="submit" class="button primary wide" aria-disabled=live(move || form.busy()) aria-describedby=WAIT_ID>
                <span>{button}</span>
            </button>
        </form>
    }
    .into_any()
}

/// The box for an invite, in front of a room that is not open to everybody. What a link carries stands in it as if it had
/// been typed.
fn invite_box(node: NodeRef<Input>, form: Form) -> AnyView {
    Effect::new(move || {
        if let (Some(input), Some(invite)) = (node.get(), browser::invite()) {
            input.set_value(&invite);
        }
    });
    let words = entry_words();
    view! { <Field label=words.invite_box name="invite" node hint=words.invite_hint error=form.error_of("invite") /> }
        .into_any()
}
