//! The forms of the account page. Each is shut until the program runs, and says itself how it went.

use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;
use protocol::ErrorCode;
use protocol::api::{Credentials, Register};

use super::done::use_done;
use super::secret::Secret;
use crate::browser::{device, use_ready};
use crate::components::{Field, Form, FormError, focus_heading, keep_filled, said, typed};
use crate::driver::{http, use_client};
use crate::i18n::words;
use crate::signals::{RwSignal, Signal, live};
use client::RequestError;

/// A titled form whose boxes are in `children`.
#[component]
fn Panel(
    title: &'static str,
    hint: &'static str,
    button: &'static str,
    form: Form,
    #[prop(default = "button primary")] class: &'static str,
    /// Said when it went well.
    #[prop(optional)]
    done: Option<RwSignal<&'static str>>,
    #[prop(into)] on_submit: Callback<()>,
    children: Children,
) -> impl IntoView {
    let ready = use_ready();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        on_submit.run(());
    };
    view! {
        <form class="panel" method="post" on:submit=submit>
            <fieldset class="plain" disabled=live(move || !ready.get())>
                <legend>
                    <h2>{title}</h2>
                </legend>
                {(!hint.is_empty()).then(|| view! { <p class="muted">{hint}</p> })}
                {children()}
                <FormError error=form.error() />
                <div class="actions">
                    <button type="submit" class=class aria-disabled=live(move || form.busy())>
                        {button}
                    </button>
                    <p
                        class="done"
                        role="status"
                        inner_html=said(move || done.map_or("", |done| done.get()).to_owned())
                    ></p>
                </div>
            </fieldset>
        </form>
    }
    .into_any()
}

#[component]
pub(super) fn SignIn() -> impl IntoView {
    let words = words();
    let client = use_client();
    let form = Form::new(&["username", "password"], None);
    let (name, password) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let done = use_done();
    let on_submit = move |()| {
        form.attempt(async move {
            let credentials = Credentials { username: typed(name), password: typed(password), device: device() };
            client.set_me(http::login(credentials).await?);
            done(words.signed_in);
            focus_heading();
            Ok(())
        });
    };
    view! {
        <Panel title=words.sign_in hint="" button=words.sign_in form on_submit>
            <Field
                label=words.user_name
                name="username"
                node=name
                autocomplete="username"
                error=form.error_of("username")
            />
            <Secret
                label=words.password
                name="password"
                node=password
                autocomplete="current-password"
                error=form.error_of("password")
            />
        </Panel>
    }
}

#[component]
pub(super) fn SignUp() -> impl IntoView {
    let words = words();
    let client = use_client();
    let form = Form::new(&["new-username", "new-password", "new-name"], None);
    let (name, password, called) = (NodeRef::<Input>::new(), NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let done = use_done();
    let on_submit = move |()| {
        form.attempt(async move {
            let wish = Register {
                username: typed(name),
                password: typed(password),
                name: Some(typed(called)).filter(|name| !name.trim().is_empty()),
                device: device(),
            };
            client.set_me(http::register(wish).await?);
            done(words.signed_up);
            focus_heading();
            Ok(())
        });
    };
    view! {
        <Panel title=words.sign_up hint=words.sign_up_more button=words.sign_up form on_submit>
            <Field
                label=words.user_name
                name="new-username"
                node=name
                autocomplete="username"
                hint=words.user_name_hint
                error=form.error_of("new-username")
            />
            <Secret
                label=words.password
                name="new-password"
                node=password
                autocomplete="new-password"
                hint=words.password_hint
                error=form.error_of("new-password")
            />
            <Field
                label=words.name_in_rooms
                name="new-name"
                node=called
                autocomplete="nickname"
                hint=words.new_name_hint
                error=form.error_of("new-name")
            />
        </Panel>
    }
}

/// The display name.
#[component]
pub(super) fn Name() -> impl IntoView {
    let words = words();
    let client = use_client();
    let form = Form::new(&["name"], None);
    let node = NodeRef::<Input>::new();
    let done = RwSignal::new("");
    let name = Signal::derive(move || client.me.get().map(|me| me.name.as_str().to_owned()).unwrap_or_default());
    keep_filled(node, name);
    let on_submit = move |()| {
        done.set("");
        form.attempt(async move {
            client.set_me(http::rename(typed(node)).await?);
            done.set(words.saved);
            Ok(())
        });
    };
    view! {
        <Panel title=words.name_in_rooms hint=words.name_in_rooms_more button=words.save form done on_submit>
            <Field
                label=words.your_name
                name="name"
                node
                value=name.get_untracked()
                autocomplete="nickname"
                error=form.error_of("name")
            />
        </Panel>
    }
}

/// The password; changing it ends every other login.
#[component]
pub(super) fn Password() -> impl IntoView {
    let words = words();
    let client = use_client();
    let form = Form::new(&["current", "new"], None).saying(ErrorCode::BadCredentials, words.wrong_password);
    let (current, new) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let done = RwSignal::new("");
    let on_submit = move |()| {
        done.set("");
        form.attempt(async move {
            client.set_me(http::change_password(typed(current), typed(new)).await?);
            for node in [current, new] {
                if let Some(input) = node.try_get_untracked().flatten() {
                    input.set_value("");
                }
            }
            done.set(words.password_changed);
            Ok(())
        });
    };
    view! {
        <Panel title=words.change_password hint="" button=words.change_password form done on_submit>
            <UserNameForManagers />
            <Secret
                label=words.current_password
                name="current"
                node=current
                autocomplete="current-password"
                error=form.error_of("current")
            />
            <Secret
                label=words.new_password
                name="new"
                node=new
                autocomplete="new-password"
                hint=words.password_hint
                error=form.error_of("new")
            />
        </Panel>
    }
}

/// Password managers look for the user name in the same form; people see it elsewhere.
#[component]
fn UserNameForManagers() -> impl IntoView {
    let client = use_client();
    let name = client.me.get_untracked().and_then(|me| me.username).unwrap_or_default();
    view! {
        <input
            class="visually-hidden"
            type="text"
            autocomplete="username"
            value=name
            readonly
            tabindex="-1"
            aria-hidden="true"
        />
    }
}

/// The end of an account, or of a guest.
#[component]
pub(super) fn Delete(account: bool) -> impl IntoView {
    let words = words();
    let client = use_client();
    let done = use_done();
    let form = Form::new(&["delete-password"], None).saying(ErrorCode::BadCredentials, words.wrong_password);
    let password = NodeRef::<Input>::new();
    let on_submit = move |()| {
        form.attempt(async move {
            let password = account.then(|| typed(password));
            http::delete_me(password).await?;
            client.forget_me();
            done(words.forgotten);
            focus_heading();
            Ok::<(), RequestError>(())
        });
    };
    let (title, hint) = if account {
        (words.delete_account, words.delete_account_more)
    } else {
        (words.delete_guest, words.delete_guest_more)
    };
    view! {
        <details class="danger">
            <summary>{title}</summary>
            <Panel title hint button=title form class="button bad" on_submit>
                {account
                    .then(|| {
                        view! {
                            <UserNameForManagers />
                            <Secret
                                label=words.password
                                name="delete-password"
                                node=password
                                autocomplete="current-password"
                                error=form.error_of("delete-password")
                            />
                        }
                    })}
            </Panel>
        </details>
    }
}
