//! The strip below the room's head while the line is lost, and for a moment when it is back.
//!
//! Not a live region: the state of the connection is announced once, by the head's `role=status`.

use leptos::prelude::*;

use crate::client::{Connection, Returned};
use crate::i18n::words;

/// What is wrong with the line, and what can be done.
#[component]
pub(crate) fn Banner(
    /// The line.
    connection: Signal<Connection>,
    /// How the room came back.
    returned: Signal<Option<Returned>>,
    /// Connect at once.
    #[prop(into)]
    on_retry: Callback<()>,
) -> impl IntoView {
    // Between two attempts the strip stays, or everything below it would jump.
    let was_lost = Memo::new(move |was: Option<&bool>| match connection.get() {
        Connection::Lost { .. } | Connection::Offline => true,
        Connection::Connecting => was.copied().unwrap_or(false),
        Connection::Online | Connection::Idle | Connection::Closed(_) => false,
    });
    let content = move || match (connection.get(), returned.get()) {
        (Connection::Lost { .. } | Connection::Offline, _) => lost(connection.get(), on_retry).into_any(),
        (Connection::Closed(code), _) => view! {
            <div class="banner bad">
                <p>{(words().error)(code)}</p>
                <a class="link" href="">{words().reload}</a>
            </div>
        }
        .into_any(),
        (Connection::Online, Some(returned)) => back(returned).into_any(),
        (Connection::Connecting, _) if was_lost.get() => view! {
            <div class="banner warn">
                <p>{words().connection_lost} " " {words().reconnecting_now}</p>
            </div>
        }
        .into_any(),
        (Connection::Online | Connection::Idle | Connection::Connecting, _) => ().into_any(),
    };
    view! { <div class="banner-place">{content}</div> }
}

fn lost(connection: Connection, on_retry: Callback<()>) -> impl IntoView {
    view! {
        <div class="banner warn">
            <p>{state_text(connection)}</p>
            <button type="button" class="link" on:click=move |_| on_retry.run(())>{words().retry_now}</button>
        </div>
    }
}

fn back(returned: Returned) -> impl IntoView {
    let (class, missed) = match returned {
        Returned::NothingMissed => ("banner good", None),
        Returned::Missed(count) => ("banner warn", Some(count)),
    };
    view! {
        <div class=class>
            <p>{(words().back_online)(missed)}</p>
        </div>
    }
}

/// The whole sentence about the line.
pub(super) fn state_text(connection: Connection) -> String {
    let words = words();
    match connection {
        Connection::Idle | Connection::Connecting => words.connecting.to_owned(),
        Connection::Online => words.connected.to_owned(),
        Connection::Lost { restarting: true, .. } => words.restarting.to_owned(),
        Connection::Lost { retry_in_s, refused: Some(code), .. } => {
            format!("{} {}", (words.error)(code), (words.reconnecting_in)(retry_in_s))
        }
        Connection::Lost { retry_in_s: 0, .. } => {
            format!("{} {}", words.connection_lost, words.reconnecting_now)
        }
        Connection::Lost { retry_in_s, .. } => {
            format!("{} {}", words.connection_lost, (words.reconnecting_in)(retry_in_s))
        }
        Connection::Offline => format!("{} {}", words.offline, words.offline_more),
        Connection::Closed(_) => words.disconnected.to_owned(),
    }
}
