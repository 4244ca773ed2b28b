//! The HTML around every page: its head, the script that brings it to life, and the strip that says where that failed.
//!
//! Rendered on the server only. What is inside of `#page` is the program's; what is beside it is `start.js`'s.

use std::sync::LazyLock;

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use protocol::ErrorCode;

use crate::base::{Base, at, of_cookies, own};
use crate::boot::{self, Boot, Posted};
use crate::components::told;
use crate::{App, fingerprint, i18n};

/// The script without its comments and indents.
static START: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("start.js").lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect::<Vec<_>>().join("\n")
});

/// The HTML around every page. The server renders it for each request, errors included.
/// `base` is where the site is on its host, and what follows is below it: `stylesheet` is the address of the style sheet;
/// `options` name the program's files; `ahead` are the files of the program that is likely to be needed next, fetched when
/// the browser has nothing else to do. `posted` is the form that the page answers: its boxes hold what was typed.
pub fn shell(
    base: Base,
    options: LeptosOptions,
    stylesheet: String,
    ahead: Vec<String>,
    boot: Boot,
    posted: Option<Posted>,
) -> impl IntoView {
    let words = i18n::words();
    let (theme, told_boot) = (boot.theme, protocol::encode(&boot));
    provide_context(base.clone());
    // As markup: a text that may change would be followed by a mark for hydration, and in a title that mark is read.
    let title = told(&boot.page.title());
    let program = at(&format!("/{}/{}", options.site_pkg_dir, options.output_name));
    // Whoever has a login is no search engine.
    let listed = boot.page.may_be_listed() || boot.me.is_some();
    // A program that is running gives the page the address at which it can be read again.
    let place = posted.as_ref().and_then(|posted| posted.place.as_deref()).map(at);
    provide_context(posted.unwrap_or_default());
    let page = view! { <App boot /> }.to_html();
    let shape = fingerprint::of(&page);
    view! {
        <!DOCTYPE html>
        <html
            lang=words.language
            dir=words.direction
            data-theme=theme.as_str()
            data-place=place
            data-ahead=(!ahead.is_empty()).then(|| ahead.iter().map(|file| at(file)).collect::<Vec<_>>().join(" "))
            data-base=Some(base.0).filter(|base| !base.is_empty())
        >
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <meta name="description" content=words.description />
                {(!listed).then(|| view! { <meta name="robots" content="noindex" /> })}
                <meta name=boot::BOOT_NAME content=told_boot />
                <title inner_html=title></title>
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfaf8" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#141318" />
                <link rel="stylesheet" href=at(&stylesheet) />
                <link rel="icon" href=at("/favicon.svg") type="image/svg+xml" />
                <link rel="apple-touch-icon" href=at("/icon-180.png") />
                <link rel="manifest" href=at("/manifest.webmanifest") />
                <AutoReload options />
                <Program program />
            </head>
            <body>
                <Strip />
                <div id="page" data-shape=shape inner_html=page></div>
            </body>
        </html>
    }
}

/// The program's files, asked for ahead, and the script that starts it.
#[component]
fn Program(program: String) -> impl IntoView {
    let nonce = use_nonce();
    // No address has these marks in it, so what is put in stays as it is.
    let script = START.replace("#PROGRAM#", &program).replace("#KEPT#", &own("")).replace("#COOKIES#", &of_cookies());
    view! {
        <link rel="modulepreload" href=format!("{program}.js") nonce=nonce.clone() />
        <link rel="preload" href=format!("{program}.wasm") r#as="fetch" r#type="application/wasm" crossorigin="" />
        <script type="module" nonce=nonce>
            {script}
        </script>
    }
}

/// Above the page where its program does not run: why, and what to do. `start.js` picks the sentence.
#[component]
fn Strip() -> impl IntoView {
    let words = i18n::words();
    view! {
        <div
            class="banner warn start"
            id="start"
            role="alert"
            data-slow=words.start_slow
            data-missing=words.start_missing
            data-failed=words.start_failed
            data-broken=words.start_broken
            data-cookies=(words.error)(ErrorCode::CookiesBlocked)
        >
            <p>{words.start_slow}</p>
            <a class="link" href="">
                {words.reload}
            </a>
        </div>
    }
}
