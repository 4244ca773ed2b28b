//! In front of a room: makes the person a member, then the room page takes over. Where the room lets people in one by one,
//! they wait here until somebody inside says yes or no.

use std::time::Duration;

use client::RequestError;
use leptos::prelude::*;
use protocol::api::{JoinRoom, RoomView};
use protocol::{ErrorCode, RoomCode};

use crate::boot::CameBack;
use crate::browser;
use crate::components::{Brand, Footer, Form, JOIN_BOXES, JoinAnswer, JoinCard, Notice, WaitingCard, changing, when};
use crate::driver::{http, use_client};
use crate::i18n::{entry_words, words};
use crate::signals::{RwSignal, Signal, live};

/// Before the server is asked again, where it could not be reached.
const PAUSE: Duration = Duration::from_secs(2);

/// Where somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// They fill in the card.
    Card,
    /// They have knocked.
    Waiting,
    /// Those inside said no.
    TurnedAway,
}

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
    let (code, lobby) = (view.code, view.lobby);
    let stand = RwSignal::new(Stand::Card);
    let name = Signal::derive(move || client.me.get().map(|me| me.name.as_str().to_owned()).unwrap_or_default());
    let on_join = Callback::new(move |answer: JoinAnswer| {
        form.attempt(async move {
            client.be_called(answer.name).await?;
            if lobby {
                if let Some(view) = knock(code, JoinRoom { pin: answer.pin, invite: answer.invite }, stand).await? {
                    on_inside.run(view);
                }
            } else {
                on_inside.run(http::join_room(code, answer.pin, answer.invite).await?);
            }
            Ok(())
        });
    });
    let view = StoredValue::new(view);
    changing(move || {
        if stand.get() == Stand::TurnedAway {
            turned_away_notice(stand)
        } else {
            at_the_card(view.get_value(), name, form, on_join, stand)
        }
    })
}

fn at_the_card(
    view: RoomView,
    name: Signal<String>,
    form: Form,
    on_join: Callback<JoinAnswer>,
    stand: RwSignal<Stand>,
) -> AnyView {
    let code = view.code;
    let waits = move || stand.get() == Stand::Waiting;
    let cancel = Callback::new(move |()| withdraw_knock(code, stand));
    view! {
        <div class="centre">
            <header class="centre-head">
                <Brand />
            </header>
            <main>
                // Out of sight while one waits, with what was typed in it.
                <div hidden=live(waits)>
                    <JoinCard view name form on_join />
                </div>
                {when(waits, move || view! { <WaitingCard on_cancel=cancel /> }.into_any())}
                <noscript class="no-script muted">{words().no_script}</noscript>
            </main>
            <Footer />
        </div>
    }
    .into_any()
}

/// Waits for those inside: the room, when one of them said yes; `None` when the person waits no more.
async fn knock(code: RoomCode, wish: JoinRoom, stand: RwSignal<Stand>) -> Result<Option<RoomView>, RequestError> {
    stand.set(Stand::Waiting);
    loop {
        let answer = http::knock(code, wish.clone()).await;
        if stand.with_untracked(|stand| *stand != Stand::Waiting) {
            return Ok(None);
        }
        match answer {
            Ok(None) => {}
            Err(failure) if failure.unreachable => browser::wait(PAUSE).await,
            Ok(Some(view)) => return Ok(Some(view)),
            Err(failure) if failure.code == ErrorCode::NotLetIn => {
                stand.set(Stand::TurnedAway);
                return Ok(None);
            }
            Err(failure) => {
                stand.set(Stand::Card);
                return Err(failure);
            }
        }
    }
}

/// The person waits no more. That is told; where it cannot be, the knock is over when its request is.
fn withdraw_knock(code: RoomCode, stand: RwSignal<Stand>) {
    stand.set(Stand::Card);
    leptos::task::spawn_local(async move {
        let _ = http::withdraw_knock(code).await;
    });
}

fn turned_away_notice(stand: RwSignal<Stand>) -> AnyView {
    let words = words();
    let again = move || {
        view! {
            <button type="button" class="button" on:click=move |_| stand.set(Stand::Card)>
                {words.try_again}
            </button>
        }
    };
    view! { <Notice title=entry_words().not_let_in text=(words.error)(ErrorCode::NotLetIn) more=again /> }.into_any()
}
