//! What the reader is told of rooms that are not in view: found in the list of rooms, listed, and, where they want that,
//! heard or shown on the desktop. Begins a little after the page, which needs none of it to be shown.

use client::notices::{News, Notices};
use client::{Alert, Alerts, Notice, NoticeKind};
use leptos::ev;
use leptos::prelude::*;
use protocol::RoomCode;

use super::switch::Switch;
use crate::browser;
use crate::components::{Noticing, notice_text, notices_button};
use crate::driver::use_client;
use crate::i18n::words;
use crate::signals::{Effect, RwSignal};

/// In hertz.
const SAID: &[f64] = &[523.0];
const MENTIONED: &[f64] = &[659.0, 880.0];
const OTHER: &[f64] = &[440.0, 330.0];

/// The button in the head of the list of rooms.
pub(super) fn notices(switch: Switch) -> AnyView {
    let kept = StoredValue::new(Notices::default());
    let list = RwSignal::new(Vec::new());
    let alerts = RwSignal::new(Alerts::read(&browser::alert_settings()));
    let (clock, ahead) = (browser::use_now(), use_client().clock_ahead);
    let change = move |change: &dyn Fn(&mut Notices)| {
        let told = kept.try_update_value(|kept| {
            change(kept);
            kept.list()
        });
        // Drawn anew only where it says something new: the reader may be in it.
        if let Some(told) = told.filter(|told| list.with_untracked(|list| list != told)) {
            list.set(told);
        }
    };
    Effect::new(move || {
        let Some(now) = clock.get() else { return };
        let now = now.saturating_add_signed(ahead.get());
        let in_view = Some(switch.shown.get()).filter(|_| !browser::is_hidden());
        let shown = |kept: &Notices| in_view.filter(|code| kept.has_unread(*code));
        let was_new = kept.with_value(shown);
        let news = switch.list.with(|rooms| kept.try_update_value(|kept| kept.take(rooms, in_view, now)));
        if let Some(code) = was_new {
            browser::tell_shown(&[&now.to_string(), " ", code.as_str()].concat());
        }
        change(&|_| {});
        for one in news.unwrap_or_default() {
            call(switch, alerts.get_untracked(), one);
        }
    });
    // What is shown in one tab was read in all.
    browser::hear_shown(move |told| {
        if let Some((until, code)) = told.split_once(' ')
            && let (Ok(until), Ok(code)) = (until.parse(), RoomCode::parse(code))
        {
            change(&|kept| kept.read_room(code, until));
        }
    });
    Effect::new(move || {
        let read = window_event_listener(ev::storage, move |event| {
            if let Some(until) = browser::read_elsewhere(&event) {
                change(&|kept| kept.read_until(until));
            }
        });
        on_cleanup(move || read.remove());
    });
    let on_go = Callback::new(move |notice: Notice| {
        change(&|kept| kept.read(notice.number));
        browser::tell_shown(&[&notice.at.to_string(), " ", notice.code.as_str()].concat());
        if switch.list.with_untracked(|rooms| rooms.iter().any(|room| room.code == notice.code)) {
            switch.go(notice.code);
        }
    });
    let on_read_all = Callback::new(move |()| {
        let newest = list.with_untracked(|list: &Vec<Notice>| list.first().map_or(0, |notice| notice.at));
        change(&|kept| kept.read_until(newest));
        browser::tell_read(newest);
    });
    let on_alert = Callback::new(move |(alert, on)| choose(alerts, alert, on));
    notices_button(Noticing { list: list.into(), alerts, on_go, on_read_all, on_alert })
}

/// Keeps what the reader wants. For the desktop the browser has to be asked first.
fn choose(alerts: RwSignal<Alerts>, alert: Alert, on: bool) {
    leptos::task::spawn_local(async move {
        let may = alert != Alert::Desktop || !on || browser::may_notify() || browser::ask_permission().await;
        alerts.try_update(|alerts| *alerts = alerts.with(alert, on && may));
        if let Some(alerts) = alerts.try_get_untracked() {
            browser::keep_alert_settings(&alerts.written());
        }
    });
}

/// Calls for attention, as far as the reader wants that: once, however many of their tabs have the room.
fn call(switch: Switch, alerts: Alerts, news: News) {
    let (alert, tones, code) = match &news {
        News::Said(code) => (Alert::Said, SAID, *code),
        News::Notice(Notice { kind: NoticeKind::Mentioned, code, .. }) => (Alert::Mentioned, MENTIONED, *code),
        News::Notice(Notice { code, .. }) => (Alert::Other, OTHER, *code),
    };
    let (last_at, said) = switch.list.with_untracked(|rooms| {
        let room = rooms.iter().find(|room| room.code == code);
        room.map_or((None, None), |room| (room.last_at, room.mentioned_by.clone()))
    });
    // What is the same in all tabs: the moment is none of that.
    let what = match &news {
        News::Said(_) => String::new(),
        News::Notice(notice) => format!("{:?}", notice.kind),
    };
    let reason = format!("whisperspace {} {} {what}", code.as_str(), last_at.unwrap_or_default());
    let wants_desktop = alerts.has(Alert::Desktop);
    leptos::task::spawn_local(async move {
        if !(alerts.has(alert) || wants_desktop) || !browser::is_first_to_call(&reason).await {
            return;
        }
        if alerts.has(alert) {
            browser::beep(tones);
        }
        if let News::Notice(notice) = &news
            && wants_desktop
        {
            let mut text = notice_text(notice, alerts.has(Alert::Names));
            if let (NoticeKind::Mentioned, Some(said), true) = (notice.kind, said, alerts.has(Alert::Text)) {
                text = [&text, ": ", &said].concat();
            }
            browser::notify(words().product, &text, move || switch.go(code));
        }
    });
}
