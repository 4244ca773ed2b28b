//! The log before the first message: how to bring somebody in, whom the first words reach, or where the last ones went.

use leptos::prelude::*;
use protocol::RoomCode;

use super::{CopyLink, told};
use crate::i18n::words;
use crate::signals::Signal;

/// Shown by the timeline while there is no message.
#[component]
pub(crate) fn EmptyRoom(
    /// The room.
    code: RoomCode,
    /// There is no room any more: nothing here invites into it.
    over: Signal<bool>,
    /// Nobody else is inside.
    alone: Signal<bool>,
    /// The seat is not taken yet.
    entering: Signal<bool>,
    /// Something was said that this page showed before it was loaded again.
    gone: Signal<bool>,
) -> impl IntoView {
    let words = words();
    let said = move || match (entering.get(), alone.get(), gone.get()) {
        (true, _, _) => view! { <p class="muted" inner_html=told(words.entering)></p> }.into_any(),
        (false, true, gone) => view! {
            <p class="code code-big" translate="no">{code.dashed()}</p>
            <h2 inner_html=told(words.just_you)></h2>
            {gone.then(|| view! { <p class="muted" inner_html=told(words.gone_more)></p> })}
            <p class="muted" inner_html=told(words.just_you_more)></p>
            <CopyLink code primary=true />
        }
        .into_any(),
        (false, false, gone) => {
            let (title, more) = if gone { (words.gone, words.gone_more) } else { (words.say_hi, words.say_hi_more) };
            view! {
                <h2 inner_html=told(title)></h2>
                <p class="muted" inner_html=told(more)></p>
            }
            .into_any()
        }
    };
    let said = move || if over.get() { ().into_any() } else { said() };
    view! {
        <div class="empty-room">
            {said}
            <noscript class="no-script muted">{words.no_script}</noscript>
        </div>
    }
}
