//! Keys in a grid of buttons whose columns the style sheet decides.
//!
//! The server compiles the second half, which never runs.

pub(crate) use platform::{focus_in_grid, has_focus_inside, is_in_first_row};

/// Where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GridStep {
    /// The one behind.
    Next,
    /// The one before.
    Previous,
    /// The one below.
    Down,
    /// The one above.
    Up,
    /// The first of all.
    First,
    /// The last of all.
    Last,
}

#[cfg(feature = "hydrate")]
mod platform {
    use leptos::prelude::document;
    use wasm_bindgen::JsCast;
    use web_sys::{HtmlCollection, HtmlElement};

    use super::GridStep;

    fn cells(id: &str) -> Option<HtmlCollection> {
        Some(document().get_element_by_id(id)?.children())
    }

    fn cell(cells: &HtmlCollection, place: u32) -> Option<HtmlElement> {
        cells.item(place)?.dyn_into().ok()
    }

    /// The place of the cell that has the focus.
    fn place(cells: &HtmlCollection) -> Option<u32> {
        let active = document().active_element()?;
        (0..cells.length()).find(|place| cells.item(*place).as_ref() == Some(&active))
    }

    fn columns(cells: &HtmlCollection) -> u32 {
        let top = |place: u32| cell(cells, place).map(|cell| cell.offset_top());
        (1..cells.length()).find(|place| top(*place) != top(0)).unwrap_or_else(|| cells.length()).max(1)
    }

    /// Whether a cell of the grid has the focus.
    pub(crate) fn has_focus_inside(id: &str) -> bool {
        cells(id).is_some_and(|cells| place(&cells).is_some())
    }

    /// Whether a cell of its first row has.
    pub(crate) fn is_in_first_row(id: &str) -> bool {
        cells(id).is_some_and(|cells| place(&cells).is_some_and(|place| place < columns(&cells)))
    }

    /// Moves the focus, as far as there is somewhere to go.
    pub(crate) fn focus_in_grid(id: &str, step: GridStep) {
        let Some(cells) = cells(id) else { return };
        let (now, last) = (place(&cells).unwrap_or(0), cells.length().saturating_sub(1));
        let next = match step {
            GridStep::Next => now + 1,
            GridStep::Previous => now.saturating_sub(1),
            GridStep::Down => (now + columns(&cells)).min(last),
            GridStep::Up => now.saturating_sub(columns(&cells)),
            GridStep::First => 0,
            GridStep::Last => last,
        };
        if let Some(cell) = cell(&cells, next) {
            // An element that went away in between has no focus to take.
            let _ = cell.focus();
        }
    }
}

#[cfg(not(feature = "hydrate"))]
mod platform {
    use super::GridStep;

    pub(crate) fn has_focus_inside(_id: &str) -> bool {
        false
    }

    pub(crate) fn is_in_first_row(_id: &str) -> bool {
        false
    }

    pub(crate) fn focus_in_grid(_id: &str, _step: GridStep) {}
}
