//! A labelled text box with its hint and its error, tied together for screen readers.

use crate::signals::{Effect, Signal, live};
use leptos::html::Input;
use leptos::prelude::*;

use super::{Glyph, Icon, changing, said, told};
use crate::boot::CameBack;

/// One line of input. What was typed belongs to the box: nothing here ever overwrites it.
#[component]
pub(crate) fn Field(
    /// The visible label.
    label: &'static str,
    /// The name in the form; the id is `field-` and this.
    name: &'static str,
    /// To read what was typed.
    node: NodeRef<Input>,
    /// `text`, `password`, …
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What the box holds in the page as the server rendered it, unless that is what was typed into it before.
    #[prop(optional, into)]
    value: String,
    /// Shown below while there is no error.
    #[prop(optional, into)]
    hint: String,
    /// An example inside the empty box.
    #[prop(optional)]
    placeholder: &'static str,
    /// Which keys a phone shows, where not letters.
    #[prop(optional)]
    keys: &'static str,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let id = format!("field-{name}");
    let note = format!("{id}-note");
    let invalid = move || error.with(Option::is_some);
    let value = CameBack::typed(name).unwrap_or(value);
    // Without scripts, for which the page is drawn as it is refused; a program moves the focus by itself.
    let to_mend = error.with_untracked(Option::is_some).then_some("");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                class="input"
                type=kind
                name=name
                value=value
                placeholder=(!placeholder.is_empty()).then_some(placeholder)
                autocomplete=autocomplete
                autofocus=to_mend
                inputmode=(!keys.is_empty()).then_some(keys)
                aria-describedby=note.clone()
                aria-invalid=live(move || if invalid() { "true" } else { "false" })
                dir="auto"
                node_ref=node
            />
            <p
                class="field-note"
                id=note
                class:field-error=live(invalid)
                role=live(move || invalid().then_some("alert"))
                inner_html=said(move || error.get().unwrap_or_else(|| hint.clone()))
            ></p>
        </div>
    }
    .into_any()
}

/// What is wrong with a form as a whole.
#[component]
pub(crate) fn FormError(
    /// The sentence, while there is one.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <p class="form-error" role="alert">
            {changing(move || error.get().map(|text| view! {
                <Icon glyph=Glyph::Alert />
                <span inner_html=told(&text)></span>
            }).into_any())}
        </p>
    }
}

/// What a box holds now.
pub(crate) fn typed(node: NodeRef<Input>) -> String {
    node.get_untracked().map(|input| input.value()).unwrap_or_default()
}

/// Puts a name that becomes known later into a box that is still empty.
pub(crate) fn keep_filled(node: NodeRef<Input>, name: Signal<String>) {
    Effect::new(move || {
        let name = name.get();
        let Some(input) = node.get() else { return };
        // Somebody who is about to type would find their name behind the drawn one.
        let is_used = document().active_element().is_some_and(|active| input.is_same_node(Some(&active)));
        if input.value().is_empty() && !is_used {
            input.set_value(&name);
        }
    });
}
