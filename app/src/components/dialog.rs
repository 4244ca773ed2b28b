//! A dialog over the page. The browser's own: it keeps the focus inside, takes Escape, and gives the focus back.

use leptos::html;
use leptos::prelude::*;

use super::when;
use crate::signals::{Effect, RwSignal};

/// Shown while `open` says so.
#[component]
pub(crate) fn Dialog(
    /// Whether it is open; false as soon as the person closes it.
    open: RwSignal<bool>,
    /// What it is called.
    label: &'static str,
    /// What its looks are.
    class: &'static str,
    /// What is in it, drawn when it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let children = StoredValue::new(children);
    Effect::new(move || {
        // Fails for a dialog that is open, which a new one is not.
        if let Some(dialog) = node.get().filter(|dialog| !dialog.open()) {
            let _ = dialog.show_modal();
        }
    });
    let beside = move |event: leptos::ev::MouseEvent| {
        // The content covers the dialog: only what is around it is the dialog itself.
        if node.get_untracked().is_some_and(|dialog| event.target().as_ref() == Some(dialog.as_ref())) {
            open.set(false);
        }
    };
    when(
        move || open.get(),
        move || {
            on_cleanup(move || {
                // Before it goes, so that the focus returns to where it was.
                if let Some(dialog) = node.try_get_untracked().flatten() {
                    dialog.close();
                }
            });
            view! {
                <dialog class=class aria-label=label node_ref=node on:close=move |_| open.set(false) on:click=beside>
                    <div class="dialog-body">{children.with_value(|children| children())}</div>
                </dialog>
            }
            .into_any()
        },
    )
}
