//! Light, dark, or what the system says: three radio buttons in a row.

use crate::signals::live;
use leptos::prelude::*;

use crate::boot::{CurrentTheme, Theme};
use crate::browser::use_ready;
use crate::i18n::words;

/// Chooses the theme for this browser.
#[component]
pub(crate) fn ThemeSwitch() -> impl IntoView {
    let words = words();
    let current: CurrentTheme = use_context().expect("App provides the theme before it renders anything");
    let at_first = current.at_first();
    let ready = use_ready();
    let choice = move |theme: Theme| {
        let label = match theme {
            Theme::System => words.theme_system,
            Theme::Light => words.theme_light,
            Theme::Dark => words.theme_dark,
        };
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="theme"
                    value=theme.as_str()
                    checked=at_first == theme
                    prop:checked=live(move || current.get() == theme)
                    on:change=move |_| current.set(theme)
                />
                <span>{label}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segments" disabled=live(move || !ready.get())>
            <legend class="visually-hidden">{words.theme}</legend>
            {Theme::ALL.map(choice).collect_view()}
        </fieldset>
    }
    .into_any()
}
