//! The buttons of each message. They have no listeners of their own: one at the log finds out which was pressed, so that a
//! long log costs no more for them. What they show is drawn by the style sheet, from their class.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Element;

use crate::i18n::words;
use client::{Delivery, MessageLine, Quote, Quoted, REACTIONS_SHOWN, Reaction};

/// What can be done to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Answer it.
    Reply,
    /// Put an emoji to it.
    React,
    /// Say something to its author alone.
    Whisper,
    /// Say it in other words.
    Edit,
    /// Take it back.
    Delete,
    /// See everything that can be done to it.
    More,
}

impl Tool {
    const ALL: [Self; 6] = [Self::Reply, Self::React, Self::Whisper, Self::Edit, Self::Delete, Self::More];

    /// Its class, by which it is known again.
    const fn class(self) -> &'static str {
        match self {
            Self::Reply => "tool reply",
            Self::React => "tool react",
            Self::Whisper => "tool whisper",
            Self::Edit => "tool edit",
            Self::Delete => "tool delete",
            Self::More => "tool more",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Reply => words().reply,
            Self::React => words().react,
            Self::Whisper => words().whisper,
            Self::Edit => words().edit,
            Self::Delete => words().delete,
            Self::More => words().more,
        }
    }

    fn is_for(self, line: &MessageLine) -> bool {
        match self {
            Self::Reply | Self::React | Self::More => true,
            Self::Whisper => !line.own,
            Self::Edit | Self::Delete => line.own,
        }
    }
}

/// What can be done to a message; nothing (yet, or any more) to some.
pub(super) fn offered(line: &MessageLine) -> Vec<Tool> {
    let is_there = line.delivery == Delivery::Sent && line.id.is_some() && !line.revision.is_gone();
    Tool::ALL.into_iter().filter(|tool| is_there && tool.is_for(line)).collect()
}

/// The buttons of one message.
pub(super) fn tools(line: &MessageLine) -> Option<AnyView> {
    let tools = offered(line);
    let button = |tool: Tool| {
        view! { <button type="button" class=tool.class() aria-label=tool.label() title=tool.label()></button> }
    };
    // Not announced with the message that they belong to.
    let bar = |tools: Vec<Tool>| {
        view! { <div class="tools" aria-live="off">{tools.into_iter().map(button).collect_view()}</div> }.into_any()
    };
    (!tools.is_empty()).then(|| bar(tools))
}

/// What people have put to a message, each kind a button that puts it there or takes it away.
pub(super) fn reactions(reactions: &[Reaction]) -> Option<AnyView> {
    (!reactions.is_empty()).then(|| chips(reactions))
}

/// Kept by itself: most rows have none.
#[inline(never)]
fn chips(reactions: &[Reaction]) -> AnyView {
    let chip = |reaction: &Reaction| {
        let names: Vec<&str> = reaction.by.iter().map(|who| who.name.as_str()).collect();
        let label = (words().reacted)(reaction.emoji.as_str(), &names);
        view! {
            <button
                type="button"
                class="reaction"
                aria-pressed=if reaction.own { "true" } else { "false" }
                aria-label=label.clone()
                title=label
                data-emoji=reaction.emoji.as_str().to_owned()
            >
                {reaction.emoji.as_str().to_owned()}
                <span>{names.len()}</span>
            </button>
        }
        .into_any()
    };
    let more = reactions.len().saturating_sub(REACTIONS_SHOWN);
    let more = (more > 0).then(|| view! { <span>{(words().more_reactions)(more)}</span> }.into_any());
    let chips = reactions.iter().take(REACTIONS_SHOWN).map(chip).chain(more).collect_view();
    view! { <div class="reactions" translate="no">{chips}</div> }.into_any()
}

/// The message that another answers: how it begins, and the way to it.
#[inline(never)]
pub(super) fn quote(quote: Quote) -> AnyView {
    match quote.quoted {
        Quoted::Here { key, name, beginning } => view! {
            <button
                type="button"
                class="quote"
                dir="auto"
                data-quotes=key
                title=(words().quoted)(name.as_str())
            >
                <b translate="no">{name.as_str().to_owned()}</b>
                " "
                {beginning}
            </button>
        }
        .into_any(),
        Quoted::Deleted => view! { <p class="quote">{words().quoted_deleted}</p> }.into_any(),
        Quoted::Burned => view! { <p class="quote">{words().quoted_burned}</p> }.into_any(),
        Quoted::Elsewhere => view! { <p class="quote">{words().quoted_elsewhere}</p> }.into_any(),
    }
}

/// What was pressed at a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// One of its tools.
    Tool(Tool),
    /// One of its reactions.
    Reaction(String),
    /// The message that it answers, by the key of that row.
    Quote(u64),
}

/// What was pressed, and the key of its message's row.
pub(super) fn pressed(event: &MouseEvent) -> Option<(u64, Pressed)> {
    let button = event.target()?.dyn_into::<Element>().ok()?.closest(".tool, .reaction, .quote").ok()??;
    let class = button.class_name();
    let tool = Tool::ALL.into_iter().find(|tool| tool.class() == class).map(Pressed::Tool);
    let quote = || button.get_attribute("data-quotes")?.parse().ok().map(Pressed::Quote);
    let pressed = tool.or_else(|| button.get_attribute("data-emoji").map(Pressed::Reaction)).or_else(quote)?;
    let row = button.closest(".message").ok()??;
    Some((row.get_attribute("data-key")?.parse().ok()?, pressed))
}
