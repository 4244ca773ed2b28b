//! The address of a page that shows one room after the other: each room has its own, and the way back leads through them.
//!
//! The server compiles the second half, which never runs.

pub(crate) use platform::{path, push_path, replace_path};

#[cfg(feature = "hydrate")]
mod platform {
    use leptos::prelude::window;
    use wasm_bindgen::JsValue;

    /// The path in the address bar.
    pub(crate) fn path() -> String {
        window().location().pathname().unwrap_or_default()
    }

    /// Adds an address, from which the way back leads to the present one.
    pub(crate) fn push_path(path: &str) {
        if let Ok(history) = window().history() {
            // A browser that counts too many in a short time refuses: the page shows the room under the address before.
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(path));
        }
    }

    /// Puts an address in the place of the present one.
    pub(crate) fn replace_path(path: &str) {
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(path));
        }
    }
}

#[cfg(not(feature = "hydrate"))]
mod platform {
    pub(crate) fn path() -> String {
        String::new()
    }

    pub(crate) fn push_path(_path: &str) {}

    pub(crate) fn replace_path(_path: &str) {}
}
