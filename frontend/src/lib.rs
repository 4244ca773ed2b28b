//! The WASM entry point: brings the page to life that the server rendered. Nothing else belongs here.
#![cfg(target_arch = "wasm32")]

/// Called once by the page's script, `app/src/start.js`: whether the document is as the server sent it.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn start(as_sent: bool) {
    // A release aborts without a text.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    app::start(as_sent);
}
