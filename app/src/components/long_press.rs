//! A finger that stays on a message: it asks for the message's menu.

use std::time::Duration;

use leptos::ev::{PointerEvent, TouchEvent};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, EventTarget};

use super::message_tools::{Pressed, Tool};

/// Shorter than the browser's own, which would take the touch away.
const HELD_FOR: Duration = Duration::from_millis(450);

/// The finger that is down, if there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct LongPress {
    waiting: StoredValue<Option<TimeoutHandle>>,
    /// It has asked for a menu.
    asked: StoredValue<bool>,
}

impl LongPress {
    pub(super) fn new() -> Self {
        let finger = Self { waiting: StoredValue::new(None), asked: StoredValue::new(false) };
        on_cleanup(move || finger.end());
        finger
    }

    /// A finger was put down.
    pub(super) fn begin(self, event: &PointerEvent, held: Callback<(u64, Pressed)>) {
        self.end();
        self.asked.set_value(false);
        let Some(target) = event.target() else {
            return;
        };
        let ask = move || self.asked.set_value(asked(target, held));
        // Without a timer there is no menu by touch; the button is still there.
        self.waiting.set_value(set_timeout_with_handle(ask, HELD_FOR).ok());
    }

    /// The finger goes: where it has asked for a menu, that is no press on what is there now.
    pub(super) fn lifted(self, event: &TouchEvent) {
        if self.asked.get_value() {
            event.prevent_default();
        }
    }

    /// It was let go, or moves the log.
    pub(super) fn end(self) {
        if let Some(waiting) = self.waiting.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
    }
}

/// It stayed: the menu of the message below it, if there is something to be done to that. A link has a menu of the
/// browser's.
fn asked(target: EventTarget, held: Callback<(u64, Pressed)>) -> bool {
    let key = key_of(target);
    if let Some(key) = key {
        held.run((key, Pressed::Tool(Tool::More)));
    }
    key.is_some()
}

fn key_of(target: EventTarget) -> Option<u64> {
    let element = target.dyn_into::<Element>().ok()?;
    if element.closest("a, button").ok()?.is_some() {
        return None;
    }
    let row = element.closest(".message:not(.selecting)").ok()??;
    row.query_selector(".tool").ok()??;
    row.get_attribute("data-key")?.parse().ok()
}
