//! In front of a room: makes the person a member, then the room page takes over.

use leptos::prelude::*;
use protocol::api::RoomView;

use crate::boot::CameBack;
use crate::components::{Brand, Footer, Form, JOIN_BOXES, JoinAnswer, JoinCard};
use crate::driver::{http, use_client};
use crate::i18n::words;
use crate::signals::Signal;

/// The page of a room for somebody who is not a member.
#[component]
pub(crate) fn Join(
    /// The room, as the person may see it.
    view: RoomView,
    /// They are a member now, and may see this of the room.
    #[prop(into)]
    on_inside: Callback<RoomView>,
) -> impl IntoView {
    let client = use_client();
    let form = Form::new(JOIN_BOXES, CameBack::here().error).counting();
    let code = view.code;
    let name = Signal::derive(move || client.me.get().map(|me| me.name.as_str().to_owned()).unwrap_or_default());
    let on_join = move |answer: JoinAnswer| {
        form.attempt(async move {
            client.be_called(answer.name).await?;
            on_inside.run(http::join_room(code, answer.pin).await?);
            Ok(())
        });
    };
    view! {
        <div class="centre">
            <header class="centre-head">
                <Brand />
            </header>
            <main>
                <JoinCard view name form on_join />
                <noscript class="no-script muted">{words().no_script}</noscript>
            </main>
            <Footer />
        </div>
    }
}
