//! The WASM entry point: takes the page that the server rendered and brings it to life. Nothing else belongs here.
#![cfg(target_arch = "wasm32")]

/// Called once by the page's module script.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    // A release aborts without a text.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    app::hydrate();
}
