//! The buttons of each message. They have no listeners of their own: one at the log finds out which was pressed, so that a
//! long log costs no more for them. What they show is drawn by the style sheet, from their class.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Element;

use crate::i18n::words;
use client::{Delivery, MessageLine, Revision};

/// What can be done to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Say it in other words.
    Edit,
    /// Take it back.
    Delete,
}

impl Tool {
    const ALL: [Self; 2] = [Self::Edit, Self::Delete];

    /// Its class, by which it is known again.
    const fn class(self) -> &'static str {
        match self {
            Self::Edit => "tool edit",
            Self::Delete => "tool delete",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Edit => words().edit,
            Self::Delete => words().delete,
        }
    }

    fn is_for(self, line: &MessageLine) -> bool {
        match self {
            Self::Edit | Self::Delete => line.own,
        }
    }
}

/// The buttons of one message; none where there is nothing to be done to it (yet, or any more).
pub(super) fn tools(line: &MessageLine) -> Option<AnyView> {
    let is_there = line.delivery == Delivery::Sent && line.id.is_some() && line.revision != Revision::Deleted;
    let tools: Vec<Tool> = Tool::ALL.into_iter().filter(|tool| is_there && tool.is_for(line)).collect();
    let button = |tool: Tool| {
        view! { <button type="button" class=tool.class() aria-label=tool.label() title=tool.label()></button> }
    };
    // Not announced with the message that they belong to.
    let bar = |tools: Vec<Tool>| {
        view! { <div class="tools" aria-live="off">{tools.into_iter().map(button).collect_view()}</div> }.into_any()
    };
    (!tools.is_empty()).then(|| bar(tools))
}

/// The tool that was pressed, and the key of its message's row.
pub(super) fn pressed(event: &MouseEvent) -> Option<(u64, Tool)> {
    let button = event.target()?.dyn_into::<Element>().ok()?.closest(".tool").ok()??;
    let class = button.class_name();
    let tool = Tool::ALL.into_iter().find(|tool| tool.class() == class)?;
    let row = button.closest(".message").ok()??;
    Some((row.get_attribute("data-key")?.parse().ok()?, tool))
}
