//! The dialog that brings others into a room: its link as words, as a QR code and for the apps of the device; and links that
//! let in without the PIN and past the lock, for those who may make some.

use leptos::ev::SubmitEvent;
use leptos::html::{Input, Select};
use leptos::prelude::*;
use protocol::api::{InviteView, MakeInvite, QrView};
use protocol::{InviteId, Millis};

use super::copy::{Copied, Outcome, glyph, press};
use super::{Dialog, Form, FormError, Glyph, Icon, changing, said, when};
use crate::browser;
use crate::format::Span;
use crate::i18n::{entry_words, words};
use crate::signals::{RwSignal, Signal, live};

/// The way to take the link: it gets the focus when the link is another, which brings that into view.
pub(crate) const INVITE_COPY_ID: &str = "invite-copy";
/// How long an invite may be good for, in seconds; last of all as long as its room.
const LASTS_S: [Option<u64>; 3] = [Some(3_600), Some(86_400), None];

/// What the dialog shows, and what it can have done. Made when it opens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inviting {
    /// The link that is shown, copied and drawn.
    pub(crate) link: RwSignal<String>,
    /// The same as a QR code, once it is drawn.
    pub(crate) qr: RwSignal<Option<QrView>>,
    /// Whether the reader may make invites.
    pub(crate) may: Signal<bool>,
    /// Those in force.
    pub(crate) list: RwSignal<Vec<InviteView>>,
    /// The clock.
    pub(crate) now: Signal<Option<Millis>>,
    /// Of the box below.
    pub(crate) form: Form,
    /// Make one, and show its link.
    pub(crate) make: Callback<MakeInvite>,
    /// Take one back.
    pub(crate) revoke: Callback<InviteId>,
}

/// The dialog.
#[component]
pub(crate) fn InviteDialog(open: RwSignal<bool>, begin: Callback<(), Inviting>) -> impl IntoView {
    view! {
        <Dialog open label=entry_words().invite_people class="dialog invite">
            {invite_panel(open, begin.run(()))}
        </Dialog>
    }
}

fn invite_panel(open: RwSignal<bool>, inviting: Inviting) -> AnyView {
    let words = words();
    let Inviting { link, qr, may, .. } = inviting;
    view! {
        <div class="dialog-head">
            <h2>{entry_words().invite_people}</h2>
            <button type="button" class="button icon-only" aria-label=words.close on:click=move |_| open.set(false)>
                <Icon glyph=Glyph::Close />
            </button>
        </div>
        <p class="invite-link" translate="no" inner_html=said(move || link.get())></p>
        <div class="invite-ways">{ways(link)}</div>
        <div class="invite-qr">{changing(move || qr.get().map(drawn).into_any())}</div>
        {when(move || may.get(), move || invite_maker(inviting))}
    }
    .into_any()
}

/// What can be done with the link.
fn ways(link: RwSignal<String>) -> AnyView {
    let words = words();
    let copied = RwSignal::new(Copied::Not);
    let share = browser::can_share().then(|| {
        view! {
            <button type="button" class="button" on:click=move |_| browser::share(&link.get_untracked())>
                {entry_words().share}
            </button>
        }
    });
    view! {
        <div class="copy">
            <button type="button" class="button primary" id=INVITE_COPY_ID on:click=move |_| press(copied, link.get_untracked())>
                {changing(move || view! { <Icon glyph=glyph(copied.get()) /> }.into_any())}
                <span>{entry_words().copy_invite}</span>
            </button>
            <Outcome state=copied done=words.link_copied />
        </div>
        {share}
    }
    .into_any()
}

fn drawn(QrView { size, path }: QrView) -> AnyView {
    view! {
        <svg class="qr" viewBox=format!("0 0 {size} {size}") role="img" aria-label=entry_words().qr_code>
            <path d=path />
        </svg>
    }
    .into_any()
}

/// The box that makes an invite, and the list of them.
fn invite_maker(inviting: Inviting) -> AnyView {
    let Inviting { form, make, list, .. } = inviting;
    let (once, lasts) = (NodeRef::<Input>::new(), NodeRef::<Select>::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let chosen = lasts.get_untracked().and_then(|select| usize::try_from(select.selected_index()).ok());
        let lasts_s = chosen.and_then(|chosen| LASTS_S.get(chosen).copied().flatten());
        make.run(MakeInvite { once: once.get_untracked().is_some_and(|input| input.checked()), lasts_s });
    };
    let [hour, day, room] = entry_words().invite_lasts;
    view! {
        <form class="invite-maker" on:submit=submit>
            <p>{entry_words().invite_more}</p>
            <label class="keep-unsent">
                <input type="checkbox" checked="" node_ref=once />
                <span>{entry_words().invite_once}</span>
            </label>
            <div class="field">
                <label for="invite-lasts">{entry_words().invite_good_for}</label>
                <select class="input" id="invite-lasts" node_ref=lasts>
                    <option>{hour}</option>
                    <option selected="">{day}</option>
                    <option>{room}</option>
                </select>
            </div>
            <FormError error=form.error() />
            <button type="submit" class="button wide" aria-disabled=live(move || form.busy())>
                {entry_words().make_invite}
            </button>
        </form>
        {changing(move || invite_list(inviting, list.get()))}
    }
    .into_any()
}

fn invite_list(inviting: Inviting, list: Vec<InviteView>) -> AnyView {
    if list.is_empty() {
        return ().into_any();
    }
    let rows = list.into_iter().map(|invite| invite_row(inviting, invite)).collect_view();
    view! { <ul class="invite-list" role="list" aria-label=entry_words().invites>{rows}</ul> }.into_any()
}

fn invite_row(inviting: Inviting, InviteView { id, once, expires_at, used, .. }: InviteView) -> AnyView {
    let words = words();
    let left =
        expires_at.zip(inviting.now.get_untracked()).map(|(end, now)| (words.time_left)(Span::between(now, end)));
    let said = [Some(if once { entry_words().invite_for_one } else { entry_words().invite_for_all }.to_owned()), left];
    let used = (used > 0).then(|| (entry_words().invite_used)(used));
    let said: Vec<String> = said.into_iter().flatten().chain(used).collect();
    view! {
        <li>
            <span>{said.join(" · ")}</span>
            <button type="button" class="button quiet" on:click=move |_| inviting.revoke.run(id.clone())>
                {entry_words().take_back}
            </button>
        </li>
    }
    .into_any()
}
