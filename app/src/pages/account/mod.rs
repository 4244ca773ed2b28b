//! The account: sign in or up as a guest; name, password, logins and the end of it as an account.
//!
//! Its forms need scripts, so they stay shut until the program runs and can never put a password into an address.

mod forms;
mod logins;

use leptos::prelude::*;
use protocol::UserKind;

use crate::client::{http, use_client};
use crate::components::{Form, FormError, Frame, ThemeSwitch, focus_heading};
use crate::i18n::words;
use forms::{Delete, Name, Password, SignIn, SignUp};
use logins::Logins;

/// The page.
#[component]
pub(crate) fn Account() -> impl IntoView {
    let words = words();
    let me = use_client().me;
    let signed_in = Memo::new(move |_| me.with(|me| me.as_ref().is_some_and(|me| me.kind == UserKind::Account)));
    let content = move || {
        if signed_in.get() { view! { <Settings /> }.into_any() } else { view! { <Visitor /> }.into_any() }
    };
    view! {
        <Frame title=words.account theme_below=false>
            <noscript class="no-script muted">{words.needs_script}</noscript>
            {content}
            <section class="panel">
                <h2>{words.appearance}</h2>
                <ThemeSwitch />
            </section>
        </Frame>
    }
}

/// For guests and for those who are nobody yet.
#[component]
fn Visitor() -> impl IntoView {
    let words = words();
    let me = use_client().me;
    let is_guest = move || me.with(Option::is_some);
    let so_far = move || me.get().map(|me| (words.guest_so_far)(me.name.as_str()));
    view! {
        <p class="lead">{words.account_why}</p>
        <Show when=is_guest>
            <p class="muted" dir="auto">
                {so_far}
            </p>
        </Show>
        <div class="panels">
            <SignIn />
            <SignUp />
        </div>
        <Show when=is_guest>
            <Name />
            <Delete account=false />
        </Show>
    }
}

/// For accounts.
#[component]
fn Settings() -> impl IntoView {
    let words = words();
    let client = use_client();
    let form = Form::new(&[], None);
    let user_name = move || client.me.get().and_then(|me| me.username);
    let sign_out = move |_| {
        form.attempt(async move {
            http::logout().await?;
            client.forget_me();
            focus_heading();
            Ok(())
        });
    };
    view! {
        <div class="signed-in">
            <p dir="auto">{move || user_name().map(|name| (words.signed_in_as)(&name))}</p>
            <button type="button" class="button" on:click=sign_out>
                {words.sign_out}
            </button>
        </div>
        <FormError error=form.error() />
        <Name />
        <Password />
        <Logins />
        <Delete account=true />
    }
}
