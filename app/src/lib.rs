//! The interface of `WhisperSpace`: one crate compiled twice, `ssr` for the server and `hydrate` for the browser.
//!
//! It knows the wire (`protocol`) and nothing of the server. Without either feature only its pure parts do anything.

#[cfg(not(erase_components))]
compile_error!(
    "server and browser must both be compiled with `--cfg erase_components`: `.cargo/config.toml` sets it, unless the \
     variable RUSTFLAGS replaces that; add it there, or unset the variable"
);

#[cfg(feature = "ssr")]
pub mod backend;
pub mod boot;
mod browser;
pub mod client;
mod components;
mod format;
mod i18n;
mod pages;

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

pub use protocol;

/// The HTML around every page. The server renders it for each request, errors included, so that all of them hydrate.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let words = i18n::words();
    let theme = boot::theme_of_request();
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
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
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfaf8" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#141318" />
                <link rel="stylesheet" href=stylesheet />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/icon-180.png" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <leptos_meta::MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Everything inside `<body>`: what the pages share, and which page an address shows.
#[component]
pub fn App() -> impl IntoView {
    leptos_meta::provide_meta_context();
    let boot = boot::provide_boot();
    client::provide_client(&boot);
    components::provide_arrived();
    view! {
        <Router>
            <Routes fallback=|| view! { <pages::not_found::NotFound /> }.into_any()>
                <Route path=path!("/") view=|| view! { <pages::landing::Landing /> }.into_any() />
                <Route path=path!("/r/:code") view=|| view! { <pages::room::RoomPage /> }.into_any() ssr=SsrMode::Async />
                <Route path=path!("/account") view=|| view! { <pages::account::Account /> }.into_any() />
                <Route path=path!("/about") view=|| view! { <pages::about::About /> }.into_any() />
            </Routes>
        </Router>
    }
}
