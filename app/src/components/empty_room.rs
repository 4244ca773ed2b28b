//! The log before the first message: how to bring somebody in, or whom the first words reach.

use leptos::prelude::*;
use protocol::RoomCode;

use super::CopyLink;
use crate::i18n::words;

/// Shown by the timeline while there is no message.
#[component]
pub(crate) fn EmptyRoom(
    /// The room.
    code: RoomCode,
    /// Nobody else is inside.
    alone: Signal<bool>,
    /// The seat is not taken yet.
    entering: Signal<bool>,
) -> impl IntoView {
    let words = words();
    let said = move || match (entering.get(), alone.get()) {
        (true, _) => view! { <p class="muted">{words.entering}</p> }.into_any(),
        (false, true) => view! {
            <p class="code code-big">{code.dashed()}</p>
            <h2>{words.just_you}</h2>
            <p class="muted">{words.just_you_more}</p>
            <CopyLink code primary=true />
        }
        .into_any(),
        (false, false) => view! {
            <h2>{words.say_hi}</h2>
            <p class="muted">{words.say_hi_more}</p>
        }
        .into_any(),
    };
    view! {
        <div class="empty-room">
            {said}
            <noscript class="no-script muted">{words.no_script}</noscript>
        </div>
    }
}
