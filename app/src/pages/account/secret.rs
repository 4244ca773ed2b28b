//! A box for a password, with a button that shows what was typed.

use leptos::html::Input;
use leptos::prelude::*;

use crate::components::said;
use crate::i18n::words;
use crate::signals::{RwSignal, Signal, live};

/// One password. It is hidden again when its page is, because nothing remembers that it was shown.
#[component]
pub(super) fn Secret(
    /// The visible label.
    label: &'static str,
    /// The name in the form; the id is `field-` and this.
    name: &'static str,
    /// To read what was typed.
    node: NodeRef<Input>,
    /// Which of its passwords the browser may fill in.
    autocomplete: &'static str,
    /// Shown below while there is no error.
    #[prop(optional)]
    hint: &'static str,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let words = words();
    let id = format!("field-{name}");
    let note = format!("{id}-note");
    let shown = RwSignal::new(false);
    let invalid = move || error.with(Option::is_some);
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="secret">
                <input
                    id=id.clone()
                    class="input"
                    type=live(move || if shown.get() { "text" } else { "password" })
                    name=name
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    aria-describedby=note.clone()
                    aria-invalid=live(move || if invalid() { "true" } else { "false" })
                    dir="auto"
                    node_ref=node
                />
                <button
                    type="button"
                    class="button quiet"
                    aria-label=live(move || if shown.get() { words.hide_password } else { words.show_password })
                    aria-controls=id
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                    inner_html=said(move || if shown.get() { words.hide } else { words.show }.to_owned())
                ></button>
            </div>
            <p
                class="field-note"
                id=note
                class:field-error=invalid
                role=live(move || invalid().then_some("alert"))
                inner_html=said(move || error.get().unwrap_or_else(|| hint.to_owned()))
            ></p>
        </div>
    }
    .into_any()
}
