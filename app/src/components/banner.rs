//! The strip below the room's head while the connection is lost, and for a moment when it is back.
//!
//! Not a live region: the state of the connection is announced once, by the head's `role=status`.

use leptos::prelude::*;

use protocol::ErrorCode;

use super::composer::focus_writing;
use super::{KeepUnsent, changing, said, told};
use crate::i18n::words;
use crate::signals::{Effect, Memo, Signal};
use client::{LinkStatus, Returned};

/// What is wrong with the connection, and what can be done.
#[component]
pub(crate) fn Banner(
    /// The connection.
    connection: Signal<LinkStatus>,
    /// How the room came back.
    returned: Signal<Option<Returned>>,
    /// Connect at once.
    #[prop(into)]
    on_retry: Callback<()>,
) -> impl IntoView {
    // Between two attempts the strip stays as it is, or everything below it would jump and its button lose the focus.
    let strip = Memo::new(move |was: Option<&Strip>| match (connection.get(), returned.get()) {
        (LinkStatus::Lost { .. } | LinkStatus::Offline, _) => Strip::Lost,
        (LinkStatus::Connecting, _) if was == Some(&Strip::Lost) => Strip::Lost,
        (LinkStatus::Closed(code), _) => Strip::Closed(code),
        (LinkStatus::Online, Some(returned)) => Strip::Back(returned),
        (LinkStatus::Online | LinkStatus::Idle | LinkStatus::Connecting, _) => Strip::None,
    });
    // The button goes when there is a connection again: who pressed it goes on where one writes.
    let pressed = StoredValue::new(false);
    Effect::new(move || {
        if strip.get() != Strip::Lost && pressed.get_value() {
            pressed.set_value(false);
            focus_writing();
        }
    });
    let retry = move |_| {
        pressed.set_value(true);
        on_retry.run(());
    };
    let content = move || match strip.get() {
        Strip::None => ().into_any(),
        Strip::Lost => view! {
            <div class="banner warn">
                <p inner_html=said(move || state_text(connection.get()))></p>
                <button type="button" class="link" on:click=retry>{words().retry_now}</button>
                <KeepUnsent />
            </div>
        }
        .into_any(),
        Strip::Closed(code) => view! {
            <div class="banner bad">
                <p inner_html=told((words().error)(code))></p>
                <a class="link" href="">{words().reload}</a>
            </div>
        }
        .into_any(),
        Strip::Back(returned) => back(returned).into_any(),
    };
    view! { <div class="banner-place">{changing(content)}</div> }
}

/// What the strip is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strip {
    None,
    Lost,
    Closed(ErrorCode),
    Back(Returned),
}

/// The sentence between two attempts.
fn reconnecting() -> String {
    words().connection_lost.to_owned() + " " + words().reconnecting_now
}

fn back(returned: Returned) -> impl IntoView {
    let (class, missed) = match returned {
        Returned::NothingMissed => ("banner good", None),
        Returned::Missed(count) => ("banner warn", Some(count)),
    };
    view! {
        <div class=class>
            <p inner_html=told(&(words().back_online)(missed))></p>
        </div>
    }
}

/// The whole sentence about the connection.
pub(super) fn state_text(connection: LinkStatus) -> String {
    let words = words();
    match connection {
        LinkStatus::Online => words.connected.to_owned(),
        LinkStatus::Lost { restarting: true, .. } => words.restarting.to_owned(),
        LinkStatus::Lost { retry_in_s, refused: Some(code), .. } => {
            format!("{} {}", (words.error)(code), (words.reconnecting_in)(retry_in_s))
        }
        // The strip stands only where the connection was lost before.
        LinkStatus::Idle | LinkStatus::Connecting | LinkStatus::Lost { retry_in_s: 0, .. } => reconnecting(),
        LinkStatus::Lost { retry_in_s, .. } => {
            format!("{} {}", words.connection_lost, (words.reconnecting_in)(retry_in_s))
        }
        LinkStatus::Offline => format!("{} {}", words.offline, words.offline_more),
        LinkStatus::Closed(_) => words.disconnected.to_owned(),
    }
}
