//! What the log and its reader ask of the browser: selection, focus inside, what is seen, how the tab calls for attention.
//!
//! The server compiles the second half, which never runs.

pub(crate) use platform::{
    drop_selection, find, focus_next, frame_code, has_focus, has_selection, is_hidden, row_at_edge, rows_in_view,
    say_in_row, set_icon, show_above, show_message, show_row, was_loaded_again,
};

#[cfg(feature = "hydrate")]
mod platform {
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, HtmlCollection, HtmlElement, Node};

    use crate::base::at;

    /// The element with this id.
    pub(crate) fn find(id: &str) -> Option<Element> {
        document().get_element_by_id(id)
    }

    /// Whether nobody can see the page.
    pub(crate) fn is_hidden() -> bool {
        document().hidden()
    }

    /// Whether something in the element is selected.
    pub(crate) fn has_selection(element: &Element) -> bool {
        let selection = window().get_selection().ok().flatten().filter(|selection| !selection.is_collapsed());
        selection.is_some_and(|selection| element.contains(selection.anchor_node().as_ref()))
    }

    /// Selects nothing any more.
    pub(crate) fn drop_selection() {
        if let Ok(Some(selection)) = window().get_selection() {
            // It has no ranges then; there is nothing that could fail.
            let _ = selection.remove_all_ranges();
        }
    }

    /// Whether the element with this id has the focus.
    pub(crate) fn has_focus(id: &str) -> bool {
        document().active_element().is_some_and(|element| element.id() == id)
    }

    /// Moves the focus among the elements that match, to the next or the one before; from elsewhere, to the last.
    pub(crate) fn focus_next(selector: &str, forward: bool) {
        let Ok(list) = document().query_selector_all(selector) else {
            return;
        };
        let active: Option<Node> = document().active_element().map(Into::into);
        let current = (0..list.length()).find(|index| list.item(*index) == active);
        let next = match current {
            None => list.length().checked_sub(1),
            Some(index) if forward => index.checked_add(1),
            Some(index) => index.checked_sub(1),
        };
        let next = next.and_then(|index| list.item(index)).and_then(|node| node.dyn_into::<HtmlElement>().ok());
        if let Some(element) = next {
            // An element that went away in between has no focus to take.
            let _ = element.focus();
        }
    }

    /// Brings a message into view and marks it for a moment, by its row's key. Its tool that matches takes the focus: who
    /// goes on by keys goes on from there.
    pub(crate) fn show_message(key: u64, tool: &str) {
        if let Some(row) = row(key) {
            if let Some(tool) =
                row.query_selector(tool).ok().flatten().and_then(|tool| tool.dyn_into::<HtmlElement>().ok())
            {
                let _ = tool.focus();
            }
            row.scroll_into_view();
            let _ = row.class_list().add_1("found");
            set_timeout(
                move || {
                    let _ = row.class_list().remove_1("found");
                },
                std::time::Duration::from_secs(2),
            );
        }
    }

    fn row(key: u64) -> Option<Element> {
        document().query_selector(&format!(".message[data-key='{key}']")).ok().flatten()
    }

    /// Which of these messages, by their rows' keys, somebody can read now: at least the first line of each is seen, and
    /// nothing lies over the log.
    pub(crate) fn rows_in_view(keys: &[u64]) -> Vec<u64> {
        const LINE_PX: f64 = 24.0;
        let log = find("log").filter(|log| !is_hidden() && log.closest("[inert]").is_ok_and(|inert| inert.is_none()));
        let Some(seen) = log.map(|log| log.get_bounding_client_rect()) else {
            return Vec::new();
        };
        let is_seen = |key: &u64| {
            row(*key).is_some_and(|row| {
                let row = row.get_bounding_client_rect();
                row.bottom().min(row.top() + LINE_PX) <= seen.bottom()
                    && row.bottom() - LINE_PX.min(row.height()) >= seen.top()
            })
        };
        keys.iter().copied().filter(is_seen).collect()
    }

    /// Writes into the element of a message's row that matches.
    pub(crate) fn say_in_row(key: u64, selector: &str, text: &str) {
        if let Some(element) = row(key).and_then(|row| row.query_selector(selector).ok().flatten())
            && element.text_content().as_deref() != Some(text)
        {
            element.set_text_content(Some(text));
        }
    }

    /// Brings the element that matches to the top, if it is above what is seen of the log. False where it is not.
    pub(crate) fn show_above(log: &Element, selector: &str) -> bool {
        let Ok(Some(element)) = log.query_selector(selector) else {
            return false;
        };
        let above = element.get_bounding_client_rect().top() < log.get_bounding_client_rect().top();
        if above {
            element.scroll_into_view();
        }
        above
    }

    /// The row at the upper edge of what is seen of the log: the number of its block, its own number inside of that, and
    /// how far it begins below the edge.
    pub(crate) fn row_at_edge(log: &Element) -> Option<(usize, usize, i32)> {
        let edge = log.get_bounding_client_rect().top();
        let first_below = |list: &HtmlCollection| {
            let below = |index: &u32| list.item(*index).is_some_and(|it| it.get_bounding_client_rect().bottom() > edge);
            (0..list.length()).find(below)
        };
        let blocks = log.query_selector(".log-rows").ok()??.children();
        let block = first_below(&blocks)?;
        let rows = blocks.item(block)?.children();
        let row = first_below(&rows)?;
        #[expect(clippy::cast_possible_truncation, reason = "a row is not a million screens high")]
        let offset = (rows.item(row)?.get_bounding_client_rect().top() - edge) as i32;
        Some((block as usize, row as usize, offset))
    }

    /// Brings a row that is named so to where it was.
    pub(crate) fn show_row(log: &Element, block: usize, row: usize, offset_px: i32) {
        let find = || {
            let blocks = log.query_selector(".log-rows").ok()??.children();
            blocks.item(u32::try_from(block).ok()?)?.children().item(u32::try_from(row).ok()?)
        };
        if let Some(row) = find() {
            // Its block is laid out by that; before, its height is only estimated.
            row.scroll_into_view();
            log.set_scroll_top(log.scroll_top() - offset_px);
        }
    }

    /// What the tab shows beside its title: with a dot while there is something unread.
    pub(crate) fn set_icon(unread: bool) {
        if let Ok(Some(icon)) = document().query_selector("link[rel=icon]") {
            let file = at(if unread { "/favicon-unread.svg" } else { "/favicon.svg" });
            // Set to what it is, it would be asked for again.
            if icon.get_attribute("href").as_deref() != Some(&file) {
                // Setting a constant attribute name cannot fail.
                let _ = icon.set_attribute("href", &file);
            }
        }
    }

    /// Whether this document was shown before: reloaded, or come back to.
    pub(crate) fn was_loaded_again() -> bool {
        window().performance().is_some_and(|performance| performance.navigation().type_() != 0)
    }

    /// Puts a button beside each block of code, and makes the block reachable, so that it can be scrolled by keys.
    pub(crate) fn frame_code(body: &Element, label: &str) {
        let blocks = body.get_elements_by_tag_name("pre");
        for block in (0..blocks.length()).filter_map(|index| blocks.item(index)) {
            let (Ok(frame), Ok(button)) = (document().create_element("div"), document().create_element("button"))
            else {
                continue;
            };
            frame.set_class_name("code-frame");
            button.set_class_name("code-copy");
            // None of these can fail: attribute names are constants, and the new elements are nowhere else.
            let _ = button.set_attribute("type", "button");
            // Drawn by the style sheet: what is copied or read of a message is the message.
            let _ = button.set_attribute("aria-label", label);
            let _ = block.set_attribute("tabindex", "0");
            let _ = block.replace_with_with_node_1(&frame);
            let _ = frame.append_child(&block);
            let _ = frame.append_child(&button);
        }
    }
}

#[cfg(not(feature = "hydrate"))]
mod platform {
    use leptos::web_sys::Element;

    pub(crate) fn find(_id: &str) -> Option<Element> {
        None
    }

    pub(crate) fn is_hidden() -> bool {
        false
    }

    pub(crate) fn has_selection(_element: &Element) -> bool {
        false
    }

    pub(crate) fn drop_selection() {}

    pub(crate) fn has_focus(_id: &str) -> bool {
        false
    }

    pub(crate) fn focus_next(_selector: &str, _forward: bool) {}

    pub(crate) fn show_message(_key: u64, _tool: &str) {}

    pub(crate) fn show_above(_log: &Element, _selector: &str) -> bool {
        false
    }

    pub(crate) fn row_at_edge(_log: &Element) -> Option<(usize, usize, i32)> {
        None
    }

    pub(crate) fn show_row(_log: &Element, _block: usize, _row: usize, _offset_px: i32) {}

    pub(crate) fn rows_in_view(_keys: &[u64]) -> Vec<u64> {
        Vec::new()
    }

    pub(crate) fn say_in_row(_key: u64, _selector: &str, _text: &str) {}

    pub(crate) fn set_icon(_unread: bool) {}

    pub(crate) fn was_loaded_again() -> bool {
        false
    }

    pub(crate) fn frame_code(_body: &Element, _label: &str) {}
}
