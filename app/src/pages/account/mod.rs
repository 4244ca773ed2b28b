//! The account: sign in or up as a guest; name, password, logins and the end of it as an account.
//!
//! Its forms need scripts, so they stay shut until the program runs and can never put a password into an address.

mod done;
mod forms;
mod logins;
mod rooms;
mod secret;

use leptos::prelude::*;
use protocol::UserKind;

use crate::components::{Form, FormError, Frame, ThemeSwitch, focus_heading, said};
use crate::driver::{http, use_client};
use crate::i18n::words;
use crate::signals::{Memo, RwSignal};
use done::{Done, use_done};
use forms::{Delete, Name, Password, SignIn, SignUp};
use logins::Logins;
use rooms::Rooms;

/// The page.
#[component]
pub(crate) fn Account() -> impl IntoView {
    let words = words();
    let me = use_client().me;
    let done = RwSignal::new("");
    provide_context(Done(done));
    let signed_in = Memo::new(move |_| me.with(|me| me.as_ref().is_some_and(|me| me.kind == UserKind::Account)));
    let content = move || {
        if signed_in.get() { view! { <Settings /> }.into_any() } else { view! { <Visitor /> }.into_any() }
    };
    view! {
        <Frame title=words.account theme_below=false>
            <noscript class="no-script muted">{words.needs_script}</noscript>
            <p class="done" role="status" inner_html=said(move || done.get().to_owned())></p>
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
    let so_far = move || me.get().map(|me| (words.guest_so_far)(me.name.as_str())).unwrap_or_default();
    view! {
        <p class="lead">{words.account_why}</p>
        <Show when=is_guest>
            <p class="muted" dir="auto" inner_html=said(so_far)></p>
        </Show>
        <div class="panels">
            <SignIn />
            <SignUp />
        </div>
        <Show when=is_guest>
            <Name />
            <Rooms />
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
    let signed_in = move || {
        let name = client.me.get().and_then(|me| me.username);
        name.map(|name| (words.signed_in_as)(&name)).unwrap_or_default()
    };
    let done = use_done();
    let sign_out = move |_| {
        form.attempt(async move {
            http::logout().await?;
            client.forget_me();
            done(words.signed_out);
            focus_heading();
            Ok(())
        });
    };
    view! {
        <div class="signed-in">
            <p dir="auto" inner_html=said(signed_in)></p>
            <button type="button" class="button" on:click=sign_out>
                {words.sign_out}
            </button>
        </div>
        <FormError error=form.error() />
        <Name />
        <Password />
        <Rooms />
        <Logins />
        <Delete account=true />
    }
}
