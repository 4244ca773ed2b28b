//! The first page: create a room, or type a code: a form each, with its own button and Enter. Both work without scripts;
//! hydrated, what is wrong is told at once.

use leptos::ev::SubmitEvent;
use leptos::html::{Input, Select};
use leptos::prelude::*;
use protocol::api::CreateRoom;
use protocol::{ErrorCode, InviteToken, RoomCode};

use crate::base::{self, at};
use crate::boot::{Bounds, CameBack};
use crate::browser;
use crate::components::{Field, Footer, Form, FormError, FormWait, Glyph, Icon, Mark, keep_filled, said, typed};
use crate::driver::{Client, http, use_client};
use crate::format::{Span, code_as_typed};
use crate::i18n::words;
use crate::signals::{Effect, Signal, live};
use client::RequestError;

const BOXES: &[&str] = &["name", "code", "room", "pin", "capacity", "lifetime"];
/// Those behind "Options".
const OPTIONS: &[&str] = &["room", "pin", "capacity", "lifetime"];
/// Lifetimes that are offered, in seconds, as far as the server allows them, beside its own default and longest.
const LIFETIMES_S: &[u64] = &[3_600, 21_600, 86_400, 259_200, 604_800];

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
    fn wish(self, bounds: Bounds) -> Result<CreateRoom, RequestError> {
        let filled = |node| Some(typed(node)).filter(|text| !text.trim().is_empty());
        let capacity = filled(self.capacity).map(|number| number.trim().parse()).transpose();
        let lifetime = self.lifetime.get_untracked().map(|select| select.value()).filter(|value| !value.is_empty());
        Ok(CreateRoom {
            name: filled(self.room),
            pin: filled(self.pin),
            capacity: capacity.map_err(|_| beyond(ErrorCode::InvalidCapacity, bounds.capacity_max.into()))?,
            lifetime_s: lifetime
                .map(|value| value.parse())
                .transpose()
                .map_err(|_| beyond(ErrorCode::InvalidLifetime, bounds.lifetime_s_max))?,
            // This interface encrypts nothing, so it offers no room in which it could not be read.
            sealed: false,
        })
    }
}

fn beyond(code: ErrorCode, limit: u64) -> RequestError {
    RequestError { number: Some(limit), ..RequestError::of(code) }
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
                    <span translate="no">{words.product}</span>
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
    let form = Form::new(BOXES, CameBack::here().error).counting();
    let boxes = Boxes::new();
    let bounds: Bounds = use_context().unwrap_or_default();
    let name = own_name(client);
    keep_filled(boxes.name, name);
    Effect::new(move || {
        if !browser::is_touch() {
            browser::focus_if_idle("field-code");
        }
        let back = window_event_listener_untyped("pageshow", move |_| form.rest());
        on_cleanup(move || back.remove());
    });
    let create = move |event: SubmitEvent| {
        event.prevent_default();
        // Enter in the box that both forms share does what has been begun.
        let from_name = boxes
            .name
            .get_untracked()
            .is_some_and(|name| document().active_element().is_some_and(|active| name.is_same_node(Some(&active))));
        if from_name && !typed(boxes.code).trim().is_empty() {
            join_room(form, boxes, client);
        } else {
            create_room(form, boxes, bounds, client);
        }
    };
    let join = move |event: SubmitEvent| {
        event.prevent_default();
        join_room(form, boxes, client);
    };
    view! {
        <div class="card doors">
            <form class="door" method="post" action=at("/create") on:submit=create>
                <Field
                    label=words.your_name
                    name="name"
                    node=boxes.name
                    value=name.get_untracked()
                    hint=words.your_name_hint
                    autocomplete="nickname"
                    error=form.error_of("name")
                />
                <button type="submit" class="button primary wide" aria-disabled=live(move || form.busy())>
                    <Icon glyph=Glyph::Plus />
                    <span>{words.create_room}</span>
                </button>
                <RoomOptions boxes form bounds />
            </form>
            <p class="or">
                <span>{words.or}</span>
            </p>
            <form class="door" method="get" action=at("/join") on:submit=join>
                <CodeBox boxes form />
            </form>
            <FormError error=form.error() />
            <FormWait form />
        </div>
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

fn create_room(form: Form, boxes: Boxes, bounds: Bounds, client: Client) {
    form.attempt_to_go(async move {
        let wish = boxes.wish(bounds)?;
        client.be_called(typed(boxes.name)).await?;
        Ok(base::room(http::create_room(wish).await?.code))
    });
}

fn join_room(form: Form, boxes: Boxes, client: Client) {
    form.attempt_to_go(async move {
        let code = RoomCode::parse(&typed(boxes.code)).map_err(RequestError::of)?;
        client.be_called(typed(boxes.name)).await?;
        let invite = invite_in(&typed(boxes.code));
        match http::join_room(code, None, invite).await {
            // The card in front of the room asks for the PIN, and those inside.
            Err(failure) if matches!(failure.code, ErrorCode::PinRequired | ErrorCode::KnockFirst) => {
                Ok(base::room(code))
            }
            answer => Ok(base::room(answer?.code)),
        }
    });
}

/// What a pasted link carries behind its `#`.
fn invite_in(typed: &str) -> Option<String> {
    let (_, invite) = typed.trim().rsplit_once('#')?;
    InviteToken::parse(invite).is_ok().then(|| invite.to_owned())
}

/// The code with its button.
#[component]
fn CodeBox(boxes: Boxes, form: Form) -> impl IntoView {
    let words = words();
    let error = form.error_of("code");
    let invalid = move || error.with(Option::is_some);
    let tidy = move || {
        let Some(input) = boxes.code.get_untracked() else { return };
        let now = input.value();
        // Only behind the last character: who mends something in the middle keeps their place.
        let at_end = input.selection_start().ok().flatten().is_none_or(|at| at as usize >= now.encode_utf16().count());
        if let Some(tidy) = code_as_typed(&now).filter(|_| at_end) {
            input.set_value(&tidy);
        }
    };
    view! {
        <div class="field">
            <label for="field-code">{words.room_code}</label>
            <div class="code-box">
                <input
                    id="field-code"
                    class="input code"
                    type="text"
                    name="code"
                    value=CameBack::typed("code")
                    placeholder=words.room_code_example
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    enterkeyhint="go"
                    aria-describedby="field-code-note"
                    aria-invalid=live(move || if invalid() { "true" } else { "false" })
                    node_ref=boxes.code
                    on:input=move |_| tidy()
                />
                <button type="submit" class="button" aria-disabled=live(move || form.busy())>
                    <span>{words.join_room}</span>
                </button>
            </div>
            <p
                class="field-note field-error"
                id="field-code-note"
                role="alert"
                inner_html=said(move || error.get().unwrap_or_default())
            ></p>
        </div>
    }
    .into_any()
}

/// What a new room may have that most do not. The boxes hold what the server would take by itself.
#[component]
fn RoomOptions(boxes: Boxes, form: Form, bounds: Bounds) -> impl IntoView {
    let words = words();
    let offered = offered_s(bounds);
    let chosen = CameBack::typed("lifetime_s").and_then(|chosen| chosen.parse().ok()).filter(|it| offered.contains(it));
    let chosen = chosen.unwrap_or(bounds.lifetime_s_default);
    let lifetimes = offered.into_iter().map(|seconds| {
        view! { <option value=seconds.to_string() selected=seconds == chosen>{(words.lasts)(Span::between(0, seconds * 1_000))}</option> }
    });
    let lifetime_error = form.error_of("lifetime");
    let is_wrong = OPTIONS.iter().any(|name| form.error_of(name).with_untracked(Option::is_some));
    let is_used = ["room", "pin"].into_iter().any(|name| CameBack::typed(name).is_some());
    view! {
        <details class="options" open=is_wrong || is_used>
            <summary>{words.options}</summary>
            <div class="options-body">
                <Field label=words.room_name name="room" node=boxes.room hint=words.room_name_hint error=form.error_of("room") />
                <Field label=words.pin name="pin" node=boxes.pin hint=words.new_pin_hint error=form.error_of("pin") />
                <div class="options-row">
                    <Field
                        label=words.capacity
                        name="capacity"
                        keys="numeric"
                        node=boxes.capacity
                        value=bounds.capacity_default.to_string()
                        hint=(words.capacity_hint)(bounds.capacity_max)
                        error=form.error_of("capacity")
                    />
                    <div class="field">
                        <label for="field-lifetime">{words.lifetime}</label>
                        <select
                            class="input"
                            id="field-lifetime"
                            name="lifetime_s"
                            aria-describedby="field-lifetime-note"
                            node_ref=boxes.lifetime
                        >
                            {lifetimes.collect_view()}
                        </select>
                        <p
                            class="field-note field-error"
                            id="field-lifetime-note"
                            role="alert"
                            inner_html=said(move || lifetime_error.get().unwrap_or_default())
                        ></p>
                    </div>
                </div>
            </div>
        </details>
    }
    .into_any()
}

/// The lifetimes to choose from, in seconds, the shortest first.
fn offered_s(bounds: Bounds) -> Vec<u64> {
    let allowed = LIFETIMES_S.iter().copied().filter(|seconds| *seconds <= bounds.lifetime_s_max);
    let mut offered: Vec<_> = allowed.chain([bounds.lifetime_s_default, bounds.lifetime_s_max]).collect();
    offered.sort_unstable();
    offered.dedup();
    offered
}

#[cfg(test)]
mod tests {
    use super::offered_s;
    use crate::boot::Bounds;

    #[test]
    fn what_is_offered_is_what_the_server_takes() {
        let bounds =
            |lifetime_s_default, lifetime_s_max| Bounds { lifetime_s_default, lifetime_s_max, ..Bounds::default() };
        assert_eq!(offered_s(Bounds::default()), [3_600, 21_600, 86_400, 259_200, 604_800]);
        assert_eq!(offered_s(bounds(7_200, 100_000)), [3_600, 7_200, 21_600, 86_400, 100_000]);
        assert_eq!(offered_s(bounds(3_600, 3_600)), [3_600]);
    }
}
