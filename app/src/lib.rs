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

pub mod boot;
mod browser;
pub mod client;
mod components;
mod format;
mod i18n;
mod pages;

use leptos::prelude::*;

use boot::{Boot, Page};

pub use protocol;

/// The HTML around every page. The server renders it for each request, errors included, so that all of them hydrate.
/// `stylesheet` is the address of the style sheet; `options` name the program's files.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions, stylesheet: String, boot: Boot) -> impl IntoView {
    let words = i18n::words();
    let (theme, told) = (boot.theme, protocol::encode(&boot));
    // As markup: a text that may change would be followed by a mark for hydration, and in a title that mark is read.
    let title = escaped(&boot.page.title());
    view! {
        <!DOCTYPE html>
        <html lang=words.language dir=words.direction data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <meta name="description" content=words.description />
                <meta name="robots" content="noindex" />
                <meta name=boot::BOOT_NAME content=told />
                <title inner_html=title></title>
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfaf8" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#141318" />
                <link rel="stylesheet" href=stylesheet />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/icon-180.png" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
            </head>
            <body>
                <App boot />
            </body>
        </html>
    }
}

/// A text as markup that shows it.
#[cfg(feature = "ssr")]
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Everything inside `<body>`: what the pages share, and the page that this document is.
#[component]
pub fn App(
    /// What the page was rendered with.
    boot: Boot,
) -> impl IntoView {
    boot::provide(&boot);
    client::provide_client(boot.me);
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

/// Brings the page to life that the server rendered. Once, when the program starts.
#[cfg(feature = "hydrate")]
pub fn hydrate() {
    let boot = browser::boot();
    leptos::mount::hydrate_body(move || view! { <App boot /> });
}
