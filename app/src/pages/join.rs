//! In front of a room: makes the person a member, then the room page takes over.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::api::RoomView;

use crate::client::{http, use_client};
use crate::components::{Brand, Footer, Form, JOIN_BOXES, JoinAnswer, JoinCard};
use crate::i18n::{error_of_query, words};

/// The page of a room for somebody who is not a member.
#[component]
pub(crate) fn Join(
    /// The room, as the person may see it.
    view: RoomView,
    /// They are a member now.
    #[prop(into)]
    on_inside: Callback<()>,
) -> impl IntoView {
    let client = use_client();
    let error = use_query_map().with_untracked(|query| query.get_str("error").and_then(error_of_query));
    let form = Form::new(JOIN_BOXES, error);
    let code = view.code;
    let name = Signal::derive(move || client.me.get().map(|me| me.name.as_str().to_owned()).unwrap_or_default());
    let on_join = move |answer: JoinAnswer| {
        form.attempt(async move {
            client.be_called(answer.name).await?;
            http::join_room(code, answer.pin).await?;
            on_inside.run(());
            Ok(())
        });
    };
    view! {
        <leptos_meta::Title text=(words().title)(words().join_room) />
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
