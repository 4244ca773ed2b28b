//! What menus and keys ask of the browser: which row has the focus, where a menu fits, text that is put around a selection,
//! whether single keys act, and whether others are told how far the person has read.
//!
//! The server compiles the second half, which never runs.

pub(crate) use platform::{
    is_in_text, place_beside, press_in_row, retype, rove, row_has_focus, select_in_row, set_single_keys,
    set_tells_reading, single_keys, tells_reading,
};

/// From row to row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the one above; from elsewhere, to the last.
    Up,
    /// To the one below; from elsewhere, to the last.
    Down,
    /// To the oldest.
    First,
    /// To the newest.
    Last,
}

#[cfg(feature = "hydrate")]
mod platform {
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{Element, Event, HtmlDocument, HtmlElement, HtmlTextAreaElement};

    use super::Step;
    use crate::base::own;

    /// Set where single keys do nothing; outlives the tab, as the theme does.
    const KEYS_KEY: &str = "whisperspace.keys";
    /// Where it is kept that others are not told how far the person has read.
    const READING_KEY: &str = "whisperspace.reading";

    /// Whether single keys act where nothing is typed.
    pub(crate) fn single_keys() -> bool {
        kept().is_none_or(|kept| kept.get_item(&own(KEYS_KEY)).is_ok_and(|off| off.is_none()))
    }

    /// Whether others are told how far the person has read: unless they have switched it off in this browser.
    pub(crate) fn tells_reading() -> bool {
        kept().is_none_or(|kept| kept.get_item(&own(READING_KEY)).is_ok_and(|off| off.is_none()))
    }

    /// Switches it on, or off.
    pub(crate) fn set_tells_reading(tells: bool) {
        if let Some(kept) = kept() {
            // Where storage is refused it holds for this page.
            let _ = if tells { kept.remove_item(&own(READING_KEY)) } else { kept.set_item(&own(READING_KEY), "off") };
        }
    }

    /// Selects what is said in a row. A finger moves the ends of that, until the row is drawn anew.
    pub(crate) fn select_in_row(key: u64) {
        let Some(row) = find_row(&key.to_string()) else { return };
        row.set_class_name(&[&row.class_name(), " selecting"].concat());
        let (text, selection) = (row.query_selector(".message-text"), window().get_selection());
        if let (Ok(Some(text)), Ok(Some(selection))) = (text, selection)
            && let Ok(select) = js_sys::Reflect::get(&selection, &"selectAllChildren".into())
            && let Some(select) = select.dyn_ref::<js_sys::Function>()
        {
            // It is on the page, so there is something to select.
            let _ = select.call1(&selection, &text);
        }
    }

    /// Lets them act, or not.
    pub(crate) fn set_single_keys(act: bool) {
        if let Some(kept) = kept() {
            // Where storage is refused they go on acting, and the box in the sheet shows it.
            let _ = if act { kept.remove_item(&own(KEYS_KEY)) } else { kept.set_item(&own(KEYS_KEY), "off") };
        }
    }

    fn kept() -> Option<web_sys::Storage> {
        window().local_storage().ok().flatten()
    }

    /// Whether a key was pressed where text is typed.
    pub(crate) fn is_in_text(event: &Event) -> bool {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        element
            .is_some_and(|it| it.matches("input:not([type=checkbox], [type=radio]), textarea, select").unwrap_or(false))
    }

    /// The row that keys have led to. One that was only pressed is none: who presses it and types, writes.
    fn row() -> Option<HtmlElement> {
        let active = document().active_element()?;
        active.matches(".message:focus-visible").unwrap_or(false).then(|| active.dyn_into().ok())?
    }

    /// Whether there is one.
    pub(crate) fn row_has_focus() -> bool {
        row().is_some()
    }

    /// Moves the focus among the messages. Only the one that has it can be focused: a press elsewhere goes to the log.
    pub(crate) fn rove(step: Step) {
        let Ok(rows) = document().query_selector_all("#log .message") else {
            return;
        };
        let node = row().map(Into::into);
        let now = (0..rows.length()).find(|index| rows.item(*index) == node);
        let last = rows.length().checked_sub(1);
        let next = match (step, now) {
            (Step::First, _) => Some(0),
            (Step::Last, _) | (Step::Up | Step::Down, None) => last,
            (Step::Up, Some(now)) => now.checked_sub(1),
            (Step::Down, Some(now)) => Some(now + 1),
        };
        let next = next.and_then(|index| rows.item(index)).and_then(|row| row.dyn_into::<HtmlElement>().ok());
        if let Some(next) = next {
            lead_to(&next);
        }
    }

    /// Gives a row the focus, as long as it stays there. Drawn anew meanwhile, since somebody reacted to it perhaps, it
    /// keeps it.
    fn lead_to(row: &HtmlElement) {
        // A constant attribute name; a row that went away in between has no focus to take.
        let _ = row.set_attribute("tabindex", "-1");
        let left = row.clone();
        let blurred = Closure::once_into_js(move || {
            left.set_onblur(None);
            // A dialog that has opened gives the focus back to where it was.
            if document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some()) {
                return;
            }
            let _ = left.remove_attribute("tabindex");
            request_animation_frame(move || {
                let is_idle = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
                let again = left.get_attribute("data-key").filter(|_| is_idle && !left.is_connected());
                let again = again.and_then(|key| find_row(&key)).and_then(|row| row.dyn_into().ok());
                if let Some(again) = again {
                    lead_to(&again);
                }
            });
        });
        row.set_onblur(Some(blurred.unchecked_ref()));
        let _ = row.focus();
    }

    fn find_row(key: &str) -> Option<Element> {
        document().query_selector(&[".message[data-key='", key, "']"].concat()).ok().flatten()
    }

    /// Presses, or only focuses, what matches inside of the row that has the focus. False where nothing does.
    pub(crate) fn press_in_row(selector: &str, press: bool) -> bool {
        let found = row().and_then(|row| row.query_selector(selector).ok().flatten());
        let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) else {
            return false;
        };
        if press {
            found.click();
        } else {
            let _ = found.focus();
        }
        true
    }

    /// Whole pixels: writing out fractions takes tables of four KB.
    #[expect(clippy::cast_possible_truncation, reason = "a place on a screen")]
    fn px(length: f64) -> String {
        format!("{}px", length as i32)
    }

    /// Puts the dialog around an element beside the message in a row, where the window is wide enough for that.
    pub(crate) fn place_beside(id: &str, key: u64) {
        let dialog = document().get_element_by_id(id).and_then(|it| it.closest("dialog").ok().flatten());
        let row = find_row(&key.to_string());
        let wide = window().match_media("(width >= 40rem)").ok().flatten().is_some_and(|query| query.matches());
        if let (true, Some(row), Some(dialog)) = (wide, row, dialog.and_then(|it| it.dyn_into::<HtmlElement>().ok())) {
            let (row, own) = (row.get_bounding_client_rect(), dialog.get_bounding_client_rect());
            let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
            let top = row.top().min(height - own.height() - 8.0).max(8.0);
            let left = (row.right() - own.width()).max(8.0);
            let style = dialog.style();
            for (name, value) in [("margin", "0".to_owned()), ("top", px(top)), ("left", px(left))] {
                // Constant names of properties, and lengths.
                let _ = style.set_property(name, &value);
            }
        }
    }

    /// Replaces a part of a box's text as if it were typed, so that it can be undone, and selects a part of the new one.
    /// All in units of UTF-16.
    pub(crate) fn retype(area: &HtmlTextAreaElement, part: (u32, u32), text: &str, selected: (u32, u32)) {
        let _ = area.focus();
        let _ = area.set_selection_range(part.0, part.1);
        if let Ok(document) = document().dyn_into::<HtmlDocument>() {
            let _ = document.exec_command_with_show_ui_and_value("insertText", false, text);
        }
        let _ = area.set_selection_range(selected.0, selected.1);
    }
}

#[cfg(not(feature = "hydrate"))]
mod platform {
    use leptos::web_sys::{Event, HtmlTextAreaElement};

    use super::Step;

    pub(crate) fn select_in_row(_key: u64) {}

    pub(crate) fn single_keys() -> bool {
        true
    }

    pub(crate) fn set_single_keys(_act: bool) {}

    pub(crate) fn tells_reading() -> bool {
        true
    }

    pub(crate) fn set_tells_reading(_tells: bool) {}

    pub(crate) fn is_in_text(_event: &Event) -> bool {
        false
    }

    pub(crate) fn row_has_focus() -> bool {
        false
    }

    pub(crate) fn rove(_step: Step) {}

    pub(crate) fn press_in_row(_selector: &str, _press: bool) -> bool {
        false
    }

    pub(crate) fn place_beside(_id: &str, _key: u64) {}

    pub(crate) fn retype(_area: &HtmlTextAreaElement, _part: (u32, u32), _text: &str, _selected: (u32, u32)) {}
}
