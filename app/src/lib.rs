//! The interface of `WhisperSpace`: one crate compiled twice, `ssr` for the server and `hydrate` for the browser.
//!
//! It knows the wire (`protocol`) and nothing of the server. Without either feature only its pure parts do anything.

// A program has the pages of one kind, and not all that these share.
#![cfg_attr(not(all(feature = "room", feature = "site")), allow(dead_code, unused_imports))]

#[cfg(not(erase_components))]
compile_error!(
    "server and browser must both be compiled with `--cfg erase_components`: `.cargo/config.toml` sets it, unless the \
     variable RUSTFLAGS replaces that; add it there, or unset the variable"
);

#[cfg(feature = "ssr")]
pub mod admin;
mod base;
pub mod boot;
mod browser;
mod components;
mod driver;
#[cfg(feature = "ssr")]
mod fingerprint;
mod format;
mod i18n;
mod pages;
#[cfg(feature = "ssr")]
mod shell;
mod signals;

use leptos::prelude::*;

use boot::{Boot, Page};

#[cfg(all(feature = "ssr", not(feature = "hydrate")))]
pub use base::Base;
pub use client;
pub use protocol;
#[cfg(feature = "ssr")]
pub use shell::shell;

/// Everything inside `#page`: what the pages share, and the page that this document is.
#[component]
pub fn App(
    /// What the page was rendered with.
    boot: Boot,
) -> impl IntoView {
    boot::provide(&boot);
    driver::provide_client(boot.me, boot.now);
    components::provide_arrived();
    match boot.page {
        #[cfg(feature = "room")]
        Page::Room(view) => view! { <pages::Room view /> }.into_any(),
        #[cfg(feature = "site")]
        Page::Landing => view! { <pages::Landing /> }.into_any(),
        #[cfg(feature = "site")]
        Page::NoRoom(failure) => view! { <pages::NoRoom failure /> }.into_any(),
        #[cfg(feature = "site")]
        Page::Account => view! { <pages::Account /> }.into_any(),
        #[cfg(feature = "site")]
        Page::About => view! { <pages::About /> }.into_any(),
        #[cfg(feature = "site")]
        Page::NotFound => view! { <pages::NotFound /> }.into_any(),
        // Pages of the other program: the server names the right one in each page.
        #[cfg(not(feature = "room"))]
        Page::Room(_) => ().into_any(),
        #[cfg(not(feature = "site"))]
        Page::Landing | Page::NoRoom(_) | Page::Account | Page::About | Page::NotFound => ().into_any(),
    }
}

/// Runs the page in the element `#page`. Once, by `start.js`: as the server rendered it where the document is as it was
/// sent, or drawn in its place.
#[cfg(feature = "hydrate")]
pub fn start(as_sent: bool) {
    let Some(page) = browser::page() else {
        return;
    };
    let boot = boot::of_document();
    let app = move || view! { <App boot /> }.into_any();
    if as_sent {
        leptos::mount::hydrate_from(page, app).forget();
    } else {
        // What was rendered, and what others made of it, gives way.
        page.set_text_content(None);
        leptos::mount::mount_to_renderer(&page, app).forget();
    }
}
