//! A labelled text box with its hint and its error, tied together for screen readers.

use leptos::html::Input;
use leptos::prelude::*;

use super::{Glyph, Icon};

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
    /// What the box holds in the page as the server rendered it.
    #[prop(optional, into)]
    value: String,
    /// Shown below while there is no error.
    #[prop(optional)]
    hint: &'static str,
    /// An example inside the empty box.
    #[prop(optional)]
    placeholder: &'static str,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let id = format!("field-{name}");
    let note = format!("{id}-note");
    let invalid = move || error.with(Option::is_some);
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
                aria-describedby=note.clone()
                aria-invalid=move || if invalid() { "true" } else { "false" }
                dir="auto"
                node_ref=node
            />
            <p class="field-note" id=note class:field-error=invalid role=move || invalid().then_some("alert")>
                {move || error.get().or_else(|| Some(hint.to_owned()).filter(|hint| !hint.is_empty()))}
            </p>
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
            {move || error.get().map(|text| view! {
                <Icon glyph=Glyph::Alert />
                <span>{text}</span>
            })}
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
