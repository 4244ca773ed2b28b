//! What keys do in the log. It is one stop for Tab; inside, arrows up and down go from message to message, and single keys
//! do to a message what its buttons do. Arrows to the sides go from link to link; other letters go to the box. Enter leads
//! to the buttons of a message: there, arrows go from button to button and from message to message.

use leptos::ev::KeyboardEvent;
use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

use super::focus_composer;
use crate::browser::{self, Step};
use crate::driver::Room;

/// What can be pressed or scrolled inside the log.
const CONTROLS: &str = "#log :is(a, button:not(.tool), pre, [role=button])";
/// The same, and what can be done to it, inside of one message.
const IN_ROW: &str = "a, button, pre, [role=button]";
/// What can be done to messages.
const TOOLS: &str = "#log .tool";
/// The first of them of each message.
const FIRST_TOOLS: &str = "#log .tool:first-child";
/// The same, inside of one message.
pub(crate) const FIRST_TOOL: &str = ".tool:first-child";

/// Escape: everything was read, the end comes into view, and one writes on.
pub(crate) fn read_to_end(event: &KeyboardEvent, room: Room) {
    if event.key() == "Escape" && !event.is_composing() && !event.default_prevented() {
        room.read();
        browser::drop_selection();
        if let Some(log) = document().get_element_by_id("log") {
            log.set_scroll_top(log.scroll_height());
        }
        focus_composer();
    }
}

/// A key was pressed in the log or on the button below it.
pub(super) fn key_pressed(event: &KeyboardEvent) {
    // AltGr counts as both on some systems, and types letters.
    if event.ctrl_key() != event.alt_key() || event.meta_key() {
        return;
    }
    let at_pill = browser::has_focus("newer");
    let at_log = browser::has_focus("log");
    // Code scrolls sideways under the arrows.
    let at_tool = document().active_element().is_some_and(|element| element.class_list().contains("tool"));
    let at_code = document().active_element().is_some_and(|element| element.tag_name() == "PRE");
    let at_row = browser::row_has_focus();
    if at_row && browser::single_keys() && pressed_at_row(&event.key()) {
        return event.prevent_default();
    }
    match event.key().as_str() {
        "Tab" if event.shift_key() && !at_log => browser::focus("log"),
        "Tab" if !event.shift_key() && !at_pill => {
            if document().get_element_by_id("newer").is_some() {
                browser::focus("newer");
            } else {
                focus_composer();
            }
        }
        "Enter" if at_row => drop(browser::press_in_row(".tool", false)),
        "Enter" if at_log => browser::focus_next(FIRST_TOOLS, false),
        "ArrowUp" if at_row || at_log => browser::rove(Step::Up),
        "ArrowDown" if at_row || at_log => browser::rove(Step::Down),
        "Home" if at_row || at_log => browser::rove(Step::First),
        "End" if at_row || at_log => browser::rove(Step::Last),
        "ArrowLeft" | "ArrowRight" if at_row => drop(browser::press_in_row(IN_ROW, false)),
        "ArrowLeft" if at_tool => browser::focus_next(TOOLS, false),
        "ArrowRight" if at_tool => browser::focus_next(TOOLS, true),
        "ArrowUp" if at_tool => to_next_message(false),
        "ArrowDown" if at_tool => to_next_message(true),
        "ArrowLeft" if !at_code && !at_pill => browser::focus_next(CONTROLS, false),
        "ArrowRight" if !at_code && !at_pill => browser::focus_next(CONTROLS, true),
        "ArrowUp" if !at_log && !at_pill => browser::focus_next(CONTROLS, false),
        "ArrowDown" if !at_log && !at_pill => browser::focus_next(CONTROLS, true),
        // The default of the key is done where the focus is by then: the letter lands in the box.
        // Asked for by the page, wherever the focus is.
        "?" if browser::single_keys() => return,
        key => {
            if key != " " && key.chars().nth(1).is_none() {
                focus_composer();
            }
            return;
        }
    }
    event.prevent_default();
}

/// Presses the button of the row that a single key stands for. False where the key stands for none.
fn pressed_at_row(key: &str) -> bool {
    let button = match key {
        "r" | "R" => ".tool.reply",
        "+" => ".tool.react",
        "w" | "W" => ".tool.whisper",
        "e" | "E" => ".tool.edit",
        "Delete" => ".tool.delete",
        "m" | "M" | "ContextMenu" => ".tool.more",
        _ => return false,
    };
    browser::press_in_row(button, true);
    true
}

/// From a button of one message to the first one of the next message.
fn to_next_message(forward: bool) {
    let first = document().active_element().and_then(|tool| tool.parent_element()?.first_element_child());
    if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
        // It is on the page, beside what has the focus.
        let _ = first.focus();
    }
    browser::focus_next(FIRST_TOOLS, forward);
}
