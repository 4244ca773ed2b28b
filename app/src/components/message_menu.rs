//! Everything that can be done to a message, as a menu: for fingers, and for who does not know the keys.

use leptos::prelude::*;

use super::menu::{MenuItem, menu};
use super::message_tools::{Tool, offered};
use super::{Dialog, when};
use crate::browser;
use crate::i18n::words;
use crate::signals::{Effect, RwSignal};
use client::MessageLine;

/// What was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Its text is wanted.
    Copy,
    /// A part of its text is.
    Select,
    /// What a button does.
    Tool(Tool),
}

/// The menu of the message in the row with the key in `about`, while there is one.
#[component]
pub(crate) fn MessageMenu(
    /// The key of the row.
    about: RwSignal<Option<u64>>,
    /// What is said in that row.
    line: Callback<u64, Option<MessageLine>>,
    /// Do this to that message.
    on_choose: Callback<(u64, Chosen)>,
) -> impl IntoView {
    when(
        move || about.get().is_some(),
        move || match about.get_untracked().and_then(|key| Some((key, line.run(key)?))) {
            Some((key, line)) => opened(about, key, &line, on_choose),
            None => ().into_any(),
        },
    )
}

/// Where a finger asks for the menu, it cannot select by itself.
fn text_items(line: &MessageLine, item: impl Fn(&'static str, bool, Chosen) -> MenuItem) -> Vec<MenuItem> {
    let mut items = vec![item(words().copy_message, false, Chosen::Copy)];
    if browser::is_touch() && !line.revision.is_gone() {
        items.push(item(words().select_text, false, Chosen::Select));
    }
    items
}

fn opened(about: RwSignal<Option<u64>>, key: u64, line: &MessageLine, on_choose: Callback<(u64, Chosen)>) -> AnyView {
    let words = words();
    let open = RwSignal::new(true);
    Effect::new(move || {
        if !open.get() {
            about.set(None);
        }
    });
    Effect::new(move || request_animation_frame(move || browser::place_beside("message-menu-0", key)));
    let item = |label, is_bad, chosen| MenuItem {
        label,
        is_bad,
        choose: Callback::new(move |()| {
            open.set(false);
            // When it is gone and has given the focus back.
            request_animation_frame(move || on_choose.run((key, chosen)));
        }),
    };
    let tools = offered(line).into_iter().filter(|tool| *tool != Tool::More);
    let items = tools.map(|tool| item(tool.label(), tool == Tool::Delete, Chosen::Tool(tool)));
    let items = StoredValue::new(text_items(line, item).into_iter().chain(items).collect::<Vec<_>>());
    view! {
        <Dialog open label=words.more class="dialog message-menu">
            {menu("message-menu", words.more.to_owned(), items.try_update_value(std::mem::take).unwrap_or_default())}
        </Dialog>
    }
    .into_any()
}
