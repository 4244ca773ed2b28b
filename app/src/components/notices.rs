//! What the reader was told of rooms that were not in view: a button with the count, the list, and what may call for
//! attention outside of the page.

use client::{Alert, Alerts, Notice, NoticeKind};
use leptos::prelude::*;
use protocol::{LeaveReason, Role};

use super::{Dialog, Glyph, Icon, changing, said, when};
use crate::browser;
use crate::format::time_of_day;
use crate::i18n::{notice_words, words};
use crate::signals::{RwSignal, Signal, live};

/// What is shown, and what can be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noticing {
    /// All notices, the newest first.
    pub(crate) list: Signal<Vec<Notice>>,
    /// What may call for attention.
    pub(crate) alerts: RwSignal<Alerts>,
    /// The reader has seen one, and goes to its room.
    pub(crate) on_go: Callback<Notice>,
    /// They have seen all.
    pub(crate) on_read_all: Callback<()>,
    /// They want this to call for attention, or no more.
    pub(crate) on_alert: Callback<(Alert, bool)>,
}

/// The button and its dialog.
pub(crate) fn notices_button(noticing: Noticing) -> AnyView {
    let open = RwSignal::new(false);
    let unread = move || noticing.list.with(|list| list.iter().filter(|notice| !notice.is_read).count());
    view! {
        <button
            type="button"
            class="button icon-only notices-button"
            aria-label=live(move || (notice_words().notices_named)(unread()))
            on:click=move |_| open.set(true)
        >
            <Icon glyph=Glyph::Bell />
            <span class="badge" aria-hidden="true" hidden=live(move || unread() == 0) inner_html=said(move || unread().to_string())></span>
        </button>
        <Dialog open label=notice_words().notices class="dialog notices">
            {notices_panel(open, noticing)}
        </Dialog>
    }
    .into_any()
}

fn notices_panel(open: RwSignal<bool>, noticing: Noticing) -> AnyView {
    let Noticing { list, on_read_all, .. } = noticing;
    let any_unread = move || list.with(|list| list.iter().any(|notice| !notice.is_read));
    let read_all = move || {
        view! {
            <button type="button" class="button quiet" on:click=move |_| on_read_all.run(())>
                {notice_words().read_all}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="dialog-head">
            <h2>{notice_words().notices}</h2>
            <button type="button" class="button icon-only" aria-label=words().close on:click=move |_| open.set(false)>
                <Icon glyph=Glyph::Close />
            </button>
        </div>
        {changing(move || notice_rows(open, noticing, list.get()))}
        {when(any_unread, read_all)}
        {alert_choices(noticing)}
    }
    .into_any()
}

fn notice_rows(open: RwSignal<bool>, noticing: Noticing, list: Vec<Notice>) -> AnyView {
    if list.is_empty() {
        return view! { <p class="muted">{notice_words().no_notices}</p> }.into_any();
    }
    let row = move |notice: Notice| {
        let (text, at) = (notice_text(&notice, true), time_of_day(notice.at, browser::zone_offset_min(notice.at)));
        let is_read = notice.is_read;
        let go = move |_| {
            open.set(false);
            noticing.on_go.run(notice.clone());
        };
        view! {
            <li class="notice-row" class:unread=!is_read>
                <button type="button" class="button quiet" on:click=go>
                    <span dir="auto">{text}</span>
                    <span class="muted">{at}</span>
                    {(!is_read).then(|| view! { <span class="visually-hidden">{notice_words().is_new}</span> })}
                </button>
            </li>
        }
    };
    view! {
        <ul class="notice-list" role="list" aria-label=notice_words().notices>
            {list.into_iter().map(row).collect_view()}
        </ul>
    }
    .into_any()
}

/// The sentence, with the name of the room or without.
pub(crate) fn notice_text(notice: &Notice, names_room: bool) -> String {
    let words = notice_words();
    let room = if names_room { notice.title.as_str() } else { words.a_room };
    match notice.kind {
        NoticeKind::Mentioned => (words.mentioned)(room),
        NoticeKind::Closing(minutes) => (words.closing)(room, minutes),
        NoticeKind::PutOut(LeaveReason::Banned) => (words.banned)(room),
        NoticeKind::PutOut(_) => (words.kicked)(room),
        NoticeKind::Role(Role::Owner) => (words.owner)(room),
        NoticeKind::Role(Role::Moderator) => (words.moderator)(room),
        NoticeKind::Role(Role::Member) => (words.member)(room),
    }
}

/// What may call for attention. The browser is asked for its leave by the button alone.
fn alert_choices(noticing: Noticing) -> AnyView {
    let words = notice_words();
    let Noticing { alerts, on_alert, .. } = noticing;
    let choice = move |alert: Alert, label: &'static str| {
        view! {
            <label class="keep-unsent">
                <input
                    type="checkbox"
                    prop:checked=live(move || alerts.get().has(alert))
                    on:change=move |event| on_alert.run((alert, event_target_checked(&event)))
                />
                <span>{label}</span>
            </label>
        }
        .into_any()
    };
    let desktop = move || {
        if alerts.get().has(Alert::Desktop) {
            view! {
                {choice(Alert::Desktop, words.desktop)}
                {choice(Alert::Names, words.names)}
                {choice(Alert::Text, words.text)}
            }
            .into_any()
        } else {
            view! {
                <button type="button" class="button" on:click=move |_| on_alert.run((Alert::Desktop, true))>
                    {words.allow_desktop}
                </button>
            }
            .into_any()
        }
    };
    view! {
        <fieldset class="alert-choices">
            <legend>{words.alerts}</legend>
            {changing(desktop)}
            {choice(Alert::Mentioned, words.sound_mentioned)}
            {choice(Alert::Said, words.sound_said)}
            {choice(Alert::Other, words.sound_other)}
            <p class="muted">{words.alerts_more}</p>
        </fieldset>
    }
    .into_any()
}
