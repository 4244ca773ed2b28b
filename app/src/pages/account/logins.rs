//! Where the account is signed in, and the end of a login.

use leptos::prelude::*;
use protocol::LoginId;
use protocol::api::LoginView;

use super::done::use_done;
use crate::components::{Form, FormError, told};
use crate::driver::http;
use crate::i18n::words;
use crate::signals::{Effect, RwSignal};
use crate::{browser, format};

/// The list, fetched once the page runs.
#[component]
pub(super) fn Logins() -> impl IntoView {
    let words = words();
    let form = Form::new(&[], None);
    let done = use_done();
    let logins = RwSignal::new(None::<Vec<LoginView>>);
    let fetch = move || {
        form.attempt(async move {
            logins.set(Some(http::logins().await?));
            Ok(())
        });
    };
    Effect::new(fetch);
    let revoke = Callback::new(move |id: LoginId| {
        form.attempt(async move {
            http::revoke_login(id.clone()).await?;
            done(words.login_ended);
            logins.try_update(|logins| {
                if let Some(logins) = logins {
                    logins.retain(|login| login.id != id);
                }
            });
            Ok(())
        });
    });
    let list = move || match logins.get() {
        None => view! { <p class="muted" inner_html=told(words.loading)></p> }.into_any(),
        Some(logins) => {
            let entries = logins.into_iter().map(|login| view! { <Entry login revoke /> }).collect_view();
            view! {
                <ul class="logins" role="list">
                    {entries}
                </ul>
            }
            .into_any()
        }
    };
    view! {
        <section class="panel">
            <h2>{words.logins}</h2>
            <p class="muted">{words.logins_more}</p>
            {list}
            <FormError error=form.error() />
        </section>
    }
    .into_any()
}

/// One login. The one in use is ended by signing out.
#[component]
fn Entry(login: LoginView, revoke: Callback<LoginId>) -> impl IntoView {
    let words = words();
    let when = |at| format::day_and_time(at, browser::zone_offset_min(at));
    let began = when(login.created_at);
    // The last use is known by the hour only, and a login is not used before it begins.
    let used = when(login.last_used_at.max(login.created_at));
    let id = login.id;
    let title = match &login.device {
        Some(device) => (words.login_on)(device, &began),
        None => (words.login_began)(&began),
    };
    let end = if login.current {
        view! { <span class="chip">{words.this_login}</span> }.into_any()
    } else {
        view! {
            <button
                type="button"
                class="button"
                aria-label=(words.revoke_named)(&began)
                on:click=move |_| revoke.run(id.clone())
            >
                {words.revoke}
            </button>
        }
        .into_any()
    };
    view! {
        <li class="login">
            <p>
                {title} ", " <span class="muted">{(words.login_used)(&used)}</span>
            </p>
            {end}
        </li>
    }
    .into_any()
}
