//! The document around an operator's page, the form to sign in, and the question before something is done.

use leptos::prelude::*;

use super::panels::refused;
use super::{Act, AdminPage, overview};
use crate::base::{Base, at};
use crate::boot::Theme;
use crate::components::{Brand, told};
use crate::i18n::{admin_words, words};
use client::RequestError;

/// Seconds between two readings of a page that refreshes itself.
const REFRESH_S: u32 = 10;

/// The whole document. `base` is where the site is on its host; `stylesheets` are the addresses of the style sheets below
/// that.
#[must_use]
pub fn document(base: Base, page: AdminPage, theme: Theme, stylesheets: &[String]) -> String {
    Owner::new().with(|| {
        provide_context(base);
        rendered(page, theme, stylesheets)
    })
}

fn rendered(page: AdminPage, theme: Theme, stylesheets: &[String]) -> String {
    let (words, all) = (admin_words(), words());
    let refreshes = matches!(&page, AdminPage::Seen(seen) if seen.refreshes);
    let sheets = stylesheets.iter().map(|sheet| view! { <link rel="stylesheet" href=at(sheet) /> }).collect_view();
    let title = (all.title)(words.title);
    let page = match page {
        AdminPage::SignIn { name, failure } => sign_in(name, failure).into_any(),
        AdminPage::Seen(seen) => overview::overview(*seen).into_any(),
        AdminPage::Ask(act, about) => ask(act, about).into_any(),
    };
    let document = view! {
        <html lang=all.language dir=all.direction data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="robots" content="noindex" />
                {refreshes.then(|| view! { <meta http-equiv="refresh" content=REFRESH_S.to_string() /> })}
                <title inner_html=told(&title)></title>
                {sheets}
                <link rel="icon" href=at("/favicon.svg") type="image/svg+xml" />
            </head>
            <body>
                <div class="page admin">
                    <header class="page-head">
                        <Brand />
                    </header>
                    <main class="page-main">{page}</main>
                </div>
            </body>
        </html>
    };
    ["<!DOCTYPE html>", &document.to_html()].concat()
}

/// `name`: what was typed before, so that a wrong password does not cost it.
fn sign_in(name: String, failure: Option<RequestError>) -> impl IntoView {
    let words = admin_words();
    view! {
        <h1>{words.title}</h1>
        <p class="lead">{words.sign_in_more}</p>
        <form class="card admin-sign-in" method="post" action=at("/admin/sign-in")>
            {refused(failure)}
            <div class="field">
                <label for="name">{words.name}</label>
                <input
                    class="input"
                    id="name"
                    name="name"
                    value=name
                    autocomplete="username"
                    autocapitalize="none"
                    required
                />
            </div>
            <div class="field">
                <label for="password">{words.password}</label>
                <input
                    class="input"
                    id="password"
                    name="password"
                    type="password"
                    autocomplete="current-password"
                    required
                />
            </div>
            <button class="button primary" type="submit">
                {words.sign_in}
            </button>
        </form>
    }
}

/// Asks once more, on a page of its own.
fn ask(act: Act, about: String) -> impl IntoView {
    let words = admin_words();
    let is_end = act.ends_something();
    let shown = (!about.is_empty()).then(|| {
        view! {
            <dl class="admin-about">
                <dt>{words.about}</dt>
                <dd dir="auto">{about.clone()}</dd>
            </dl>
        }
    });
    view! {
        <h1>{(words.ask)(act)}</h1>
        <form class="card" method="post" action=at("/admin/do")>
            {shown}
            <input type="hidden" name="act" value=act.as_str() />
            <input type="hidden" name="about" value=about />
            <div class="actions">
                <button class=if is_end { "button bad" } else { "button primary" } type="submit">
                    {(words.act)(act)}
                </button>
                <a class="button quiet" href=at("/admin")>
                    {words.cancel}
                </a>
            </div>
        </form>
    }
}
