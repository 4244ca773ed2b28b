//! Into another room without leaving this one: by its code, or a new one.

use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;

use super::{Dialog, Field, Form, FormError, FormWait, Glyph, Icon, changing, typed, when};
use crate::i18n::{entry_words, words};
use crate::signals::{RwSignal, Signal, live};

/// The boxes of the dialog, for its [`Form`].
pub(crate) const OTHER_ROOM_BOXES: &[&str] = &["other-code", "other-pin", "other-room"];

/// What is to be done.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum RoomWish {
    /// Join the room of this code.
    Join {
        /// As typed.
        code: String,
        /// Where one was typed.
        pin: Option<String>,
    },
    /// Make a room.
    Create {
        /// What it is called; where it is absent a name is drawn.
        name: Option<String>,
    },
}

/// Holds a name or a secret.
impl std::fmt::Debug for RoomWish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RoomWish(…)")
    }
}

/// The dialog.
#[component]
pub(crate) fn AnotherRoom(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Made with [`OTHER_ROOM_BOXES`]; it counts.
    form: Form,
    /// Whether the room that was asked for has a PIN.
    asks_pin: Signal<bool>,
    /// Whether those inside are asked.
    waiting: Signal<bool>,
    /// Do it.
    on_wish: Callback<RoomWish>,
) -> impl IntoView {
    let words = words();
    view! {
        <Dialog open label=words.another_room class="dialog another-room">
            <div class="dialog-head">
                <h2>{words.another_room}</h2>
                <button type="button" class="button icon-only" aria-label=words.close on:click=move |_| open.set(false)>
                    <Icon glyph=Glyph::Close />
                </button>
            </div>
            <Wishes form asks_pin waiting on_wish />
        </Dialog>
    }
}

fn waiting_words() -> AnyView {
    view! { <span>{entry_words().waiting_more}</span> }.into_any()
}

/// Both forms.
#[component]
fn Wishes(form: Form, asks_pin: Signal<bool>, waiting: Signal<bool>, on_wish: Callback<RoomWish>) -> impl IntoView {
    let words = words();
    let [code, pin, room] = [(); 3].map(|()| NodeRef::<Input>::new());
    let filled = |node| Some(typed(node)).filter(|text| !text.trim().is_empty());
    let join = move |event: SubmitEvent| {
        event.prevent_default();
        let pin = asks_pin.get_untracked().then(|| filled(pin)).flatten();
        on_wish.run(RoomWish::Join { code: typed(code), pin });
    };
    let create = move |event: SubmitEvent| {
        event.prevent_default();
        on_wish.run(RoomWish::Create { name: filled(room) });
    };
    view! {
        <form class="door" on:submit=join>
            <Field
                label=words.room_code
                name="other-code"
                node=code
                placeholder=words.room_code_example
                error=form.error_of("other-code")
            />
            {when(
                move || asks_pin.get(),
                move || {
                    view! { <Field label=words.pin name="other-pin" node=pin hint=words.pin_hint error=form.error_of("other-pin") /> }
                        .into_any()
                },
            )}
            <button type="submit" class="button wide" aria-disabled=live(move || form.busy())>
                <span>{words.join_room}</span>
            </button>
        </form>
        <p class="muted" role="status">{changing(move || waiting.get().then(waiting_words).into_any())}</p>
        <p class="or">
            <span>{words.or}</span>
        </p>
        <form class="door" on:submit=create>
            <Field
                label=words.room_name
                name="other-room"
                node=room
                hint=words.room_name_hint
                error=form.error_of("other-room")
            />
            <button type="submit" class="button primary wide" aria-disabled=live(move || form.busy())>
                <Icon glyph=Glyph::Plus />
                <span>{words.create_room}</span>
            </button>
        </form>
        <FormError error=form.error() />
        <FormWait form />
    }
    .into_any()
}
