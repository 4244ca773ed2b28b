//! Menus: items that arrow keys lead through.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser;

/// One item.
pub(super) struct MenuItem {
    pub(super) label: &'static str,
    /// Whether it takes something away that does not come back.
    pub(super) is_bad: bool,
    pub(super) choose: Callback<()>,
}

/// A menu; the ids of its items begin with `id`, so the first is `ID-0`.
pub(super) fn menu(id: &'static str, label: String, items: Vec<MenuItem>) -> AnyView {
    let item = |(number, MenuItem { label, is_bad, choose }): (usize, MenuItem)| {
        let class = if is_bad { "menu-item bad" } else { "menu-item" };
        let press = move |_: MouseEvent| choose.run(());
        view! {
            <button type="button" role="menuitem" class=class id=format!("{id}-{number}") on:click=press>
                {label}
            </button>
        }
    };
    view! {
        <div class="menu" role="menu" aria-label=label on:keydown=move |event| rove(&event)>
            {items.into_iter().enumerate().map(item).collect_view()}
        </div>
    }
    .into_any()
}

/// Moves the focus to the item before or behind, around the ends.
fn rove(event: &KeyboardEvent) {
    let Some(item) = document().active_element() else {
        return;
    };
    let menu = item.parent_element();
    let first = || menu.as_ref().and_then(Element::first_element_child);
    let last = || menu.as_ref().and_then(Element::last_element_child);
    let next = match event.key().as_str() {
        "ArrowDown" => item.next_element_sibling().or_else(first),
        "ArrowUp" => item.previous_element_sibling().or_else(last),
        "Home" => first(),
        "End" => last(),
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = next {
        browser::focus(&next.id());
    }
}
