//! What keys and commands there are, and the choice whether single keys act.

use leptos::prelude::*;

use super::{Dialog, Glyph, Icon};
use crate::browser;
use crate::i18n::words;
use crate::signals::{RwSignal, live};
use client::slash::Command;

/// The dialog.
#[component]
pub(crate) fn KeysSheet(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <Dialog open label=words().shortcuts class="dialog keys-sheet">
            {sheet(open)}
        </Dialog>
    }
}

fn sheet(open: RwSignal<bool>) -> AnyView {
    let words = words();
    let acting = RwSignal::new(browser::single_keys());
    let choose = move |event| {
        browser::set_single_keys(event_target_checked(&event));
        acting.set(browser::single_keys());
    };
    let line = |keys: String, what: &'static str| view! { <dt>{keys}</dt><dd>{what}</dd> };
    let section = |title: &'static str, lines: Vec<(String, &'static str)>| {
        view! {
            <section>
                <h3>{title}</h3>
                <dl>{lines.into_iter().map(|(keys, what)| line(keys, what)).collect_view()}</dl>
            </section>
        }
    };
    let keys = words
        .keys
        .iter()
        .map(|(title, keys)| section(title, keys.iter().map(|(keys, what)| ((*keys).to_owned(), *what)).collect()));
    let commands = Command::ALL.iter().map(|it| ((words.usage)(*it), (words.command)(*it))).collect();
    view! {
        <div class="dialog-head">
            <h2>{words.shortcuts}</h2>
            <button type="button" class="button icon-only" aria-label=words.close on:click=move |_| open.set(false)>
                <Icon glyph=Glyph::Close />
            </button>
        </div>
        <label class="keep-unsent">
            <input type="checkbox" prop:checked=live(move || acting.get()) on:change=choose />
            <span>{words.single_keys}</span>
        </label>
        <div class="keys">{keys.collect_view()} {section(words.commands, commands)}</div>
    }
    .into_any()
}
