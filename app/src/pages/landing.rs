//! The first page: create a room, or type a code. Both work without scripts; hydrated, what is wrong is told at once.

use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::html::{Input, Select};
use leptos::prelude::*;
use protocol::api::CreateRoom;
use protocol::{ErrorCode, RoomCode};

use crate::boot::CameBack;
use crate::browser;
use crate::client::{Client, Failure, http, use_client};
use crate::components::{Field, Footer, Form, FormError, Glyph, Icon, Mark, keep_filled, typed};
use crate::i18n::words;

const BOXES: &[&str] = &["name", "code", "room", "pin", "capacity"];

/// What can be typed on the page.
#[derive(Debug, Clone, Copy)]
struct Boxes {
    name: NodeRef<Input>,
    code: NodeRef<Input>,
    room: NodeRef<Input>,
    pin: NodeRef<Input>,
    capacity: NodeRef<Input>,
    lifetime: NodeRef<Select>,
}

impl Boxes {
    fn new() -> Self {
        Self {
            name: NodeRef::new(),
            code: NodeRef::new(),
            room: NodeRef::new(),
            pin: NodeRef::new(),
            capacity: NodeRef::new(),
            lifetime: NodeRef::new(),
        }
    }

    /// The room that was asked for. The server checks what the browser cannot know.
    fn wish(self) -> Result<CreateRoom, ErrorCode> {
        let filled = |node| Some(typed(node)).filter(|text| !text.trim().is_empty());
        let capacity = filled(self.capacity).map(|number| number.trim().parse()).transpose();
        let lifetime = self.lifetime.get_untracked().map(|select| select.value()).filter(|value| !value.is_empty());
        Ok(CreateRoom {
            name: filled(self.room),
            pin: filled(self.pin),
            capacity: capacity.map_err(|_| ErrorCode::InvalidCapacity)?,
            lifetime_s: lifetime.map(|value| value.parse()).transpose().map_err(|_| ErrorCode::InvalidLifetime)?,
        })
    }
}

/// The page.
#[component]
pub(crate) fn Landing() -> impl IntoView {
    let words = words();
    view! {
        <div class="landing">
            <main class="hero">
                <p class="brand">
                    <Mark />
                    <span>{words.product}</span>
                </p>
                <h1>{words.headline}</h1>
                <p class="lead">
                    {words.promise} " " <br /> {words.promise_more}
                </p>
                <Doors />
                <ul class="promises" role="list">
                    {words
                        .promises
                        .iter()
                        .map(|promise| {
                            view! {
                                <li>
                                    <Icon glyph=Glyph::Check />
                                    <span>{*promise}</span>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
                <noscript class="no-script muted">{words.no_script}</noscript>
            </main>
            <Footer />
        </div>
    }
}

/// The card with both ways in.
#[component]
fn Doors() -> impl IntoView {
    let words = words();
    let client = use_client();
    let came_back = CameBack::here();
    let form = Form::new(BOXES, came_back.error);
    let boxes = Boxes::new();
    let name = own_name(client);
    keep_filled(boxes.name, name);
    Effect::new(|| {
        if !browser::is_touch() {
            browser::focus_if_idle("field-code");
        }
    });
    let create = move |event: MouseEvent| {
        event.prevent_default();
        create_room(form, boxes, client);
    };
    let join = move |event: SubmitEvent| {
        event.prevent_default();
        join_room(form, boxes, client);
    };
    view! {
        <form class="card doors" method="post" action="/join" on:submit=join>
            // Enter in any box presses the first button of the form: it has to be the one that joins.
            <button type="submit" class="visually-hidden" tabindex="-1" aria-hidden="true"></button>
            <Field
                label=words.your_name
                name="name"
                node=boxes.name
                value=name.get_untracked()
                hint=words.your_name_hint
                autocomplete="nickname"
                error=form.error_of("name")
            />
            <button
                type="submit"
                class="button primary wide"
                formaction="/create"
                aria-disabled=move || form.busy()
                on:click=create
            >
                <Icon glyph=Glyph::Plus />
                <span>{words.create_room}</span>
            </button>
            <RoomOptions boxes form />
            <p class="or">
                <span>{words.or}</span>
            </p>
            <CodeBox boxes form typed_before=came_back.typed_code />
            <FormError error=form.error() />
        </form>
    }
    .into_any()
}

/// What the person is called, once that is known.
fn own_name(client: Client) -> Signal<String> {
    Signal::derive(move || {
        let me = client.me.get();
        me.map(|me| me.name.as_str().to_owned()).unwrap_or_default()
    })
}

fn create_room(form: Form, boxes: Boxes, client: Client) {
    form.attempt_to_go(async move {
        let wish = boxes.wish().map_err(Failure::of)?;
        client.be_called(typed(boxes.name)).await?;
        Ok(address_of(http::create_room(wish).await?.code))
    });
}

fn join_room(form: Form, boxes: Boxes, client: Client) {
    form.attempt_to_go(async move {
        let code = RoomCode::parse(&typed(boxes.code)).map_err(Failure::of)?;
        client.be_called(typed(boxes.name)).await?;
        match http::join_room(code, None).await {
            // The card in front of the room asks for the PIN.
            Err(failure) if failure.code == ErrorCode::PinRequired => Ok(address_of(code)),
            answer => Ok(address_of(answer?.code)),
        }
    });
}

fn address_of(code: RoomCode) -> String {
    format!("/r/{}", code.as_str())
}

/// The code with its button.
#[component]
fn CodeBox(
    boxes: Boxes,
    form: Form,
    /// Without scripts a mistyped code comes back in the address.
    typed_before: Option<String>,
) -> impl IntoView {
    let words = words();
    let error = form.error_of("code");
    let invalid = move || error.with(Option::is_some);
    view! {
        <div class="field">
            <label for="field-code">{words.room_code}</label>
            <div class="code-box">
                <input
                    id="field-code"
                    class="input code"
                    type="text"
                    name="code"
                    value=typed_before
                    placeholder=words.room_code_example
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    enterkeyhint="go"
                    aria-describedby="field-code-note"
                    aria-invalid=move || if invalid() { "true" } else { "false" }
                    node_ref=boxes.code
                />
                <button type="submit" class="button primary" aria-disabled=move || form.busy()>
                    <span>{words.join_room}</span>
                </button>
            </div>
            <p class="field-note field-error" id="field-code-note" role="alert">
                {move || error.get()}
            </p>
        </div>
    }
    .into_any()
}

/// What a new room may have that most do not.
#[component]
fn RoomOptions(boxes: Boxes, form: Form) -> impl IntoView {
    let words = words();
    let lifetimes =
        words.lifetimes.iter().map(|(seconds, text)| view! { <option value=seconds.to_string()>{*text}</option> });
    view! {
        <details class="options">
            <summary>{words.options}</summary>
            <div class="options-body">
                <Field label=words.room_name name="room" node=boxes.room hint=words.room_name_hint error=form.error_of("room") />
                <Field label=words.pin name="pin" node=boxes.pin hint=words.new_pin_hint error=form.error_of("pin") />
                <div class="options-row">
                    <Field
                        label=words.capacity
                        name="capacity"
                        kind="number"
                        node=boxes.capacity
                        error=form.error_of("capacity")
                    />
                    <div class="field">
                        <label for="field-lifetime">{words.lifetime}</label>
                        <select class="input" id="field-lifetime" name="lifetime_s" node_ref=boxes.lifetime>
                            <option value="">{words.lifetime_default}</option>
                            {lifetimes.collect_view()}
                        </select>
                    </div>
                </div>
            </div>
        </details>
    }
    .into_any()
}
