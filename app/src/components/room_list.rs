//! The rooms of this person: a pane beside the log where there is room; where there is none, a sheet over everything else,
//! which is inert as long.

use leptos::ev::{self, MouseEvent};
use leptos::prelude::*;
use protocol::RoomCode;

use super::{Glyph, Icon, said, when};
use crate::base::{self, at};
use crate::browser;
use crate::format::time_of_day;
use crate::i18n::words;
use crate::signals::{Effect, Memo, RwSignal, Signal, live};
use client::{RoomEntry, Standing};

const ID: &str = "rooms";
const TOGGLE_ID: &str = "rooms-toggle";
const CLOSE_ID: &str = "rooms-close";
const TITLE_ID: &str = "rooms-title";

/// The list.
#[component]
pub(crate) fn RoomList(
    /// In the order in which they stand.
    list: Memo<Vec<RoomEntry>>,
    /// The room that is shown.
    shown: Signal<RoomCode>,
    /// Whether a small screen shows it.
    open: RwSignal<bool>,
    /// Show this room.
    on_go: Callback<RoomCode>,
    /// Take this room, which is over, out of the list.
    on_close: Callback<RoomCode>,
    /// The button for notices, in the head.
    #[prop(into)]
    notices: ViewFn,
    /// Make another room, or join one.
    on_add: Callback<()>,
) -> impl IntoView {
    let words = words();
    close_by_key_or_width(open);
    let item = Item { list, shown, on_go, on_close };
    let codes = Memo::new(move |_| list.with(|list| list.iter().map(|entry| entry.code).collect::<Vec<_>>()));
    let add = move |event: MouseEvent| {
        if is_plain(&event) {
            event.prevent_default();
            open.set(false);
            on_add.run(());
        }
    };
    view! {
        {when(
            move || open.get(),
            move || view! { <div class="backdrop" on:click=move |_| hide(open)></div> }.into_any(),
        )}
        <div
            class="rooms"
            class:rooms-open=live(move || open.get())
            id=ID
            role=live(move || open.get().then_some("dialog"))
            aria-modal=live(move || open.get().then_some("true"))
            aria-labelledby=live(move || open.get().then_some(TITLE_ID))
        >
            <nav class="rooms-nav" aria-labelledby=TITLE_ID>
                <div class="rooms-head">
                    <h2 id=TITLE_ID>{words.rooms}</h2>
                    {notices.run()}
                    <button type="button" class="button icon-only rooms-close" id=CLOSE_ID aria-label=words.close_rooms on:click=move |_| hide(open)>
                        <Icon glyph=Glyph::Close />
                    </button>
                </div>
                <ul class="rooms-list" role="list">
                    <For each=move || codes.get() key=|code| *code children=move |code| item.draw(code) />
                </ul>
                // Without scripts, and for who wants it beside: the first page has the same forms.
                <a class="rooms-add" href=at("/") target="_blank" on:click=add>
                    <Icon glyph=Glyph::Plus />
                    <span>{words.another_room}</span>
                </a>
            </nav>
        </div>
    }
    .into_any()
}

/// Opens the list on a small screen; says how much is unread in the rooms that are not shown.
#[component]
pub(crate) fn RoomsToggle(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// What is unread in other rooms.
    unread: Signal<u32>,
) -> impl IntoView {
    let show = move |_| {
        open.set(true);
        request_animation_frame(|| browser::focus(CLOSE_ID));
    };
    view! {
        <button
            type="button"
            class="rooms-toggle"
            id=TOGGLE_ID
            aria-label=live(move || named(words().rooms, None, 0, unread.get()))
            aria-expanded=live(move || if open.get() { "true" } else { "false" })
            aria-controls=ID
            on:click=show
        >
            <Icon glyph=Glyph::Rooms />
            <span class="badge" aria-hidden="true" hidden=live(move || unread.get() == 0) inner_html=said(move || count(unread.get()))></span>
        </button>
    }
}

/// What every row needs.
#[derive(Clone, Copy)]
struct Item {
    list: Memo<Vec<RoomEntry>>,
    shown: Signal<RoomCode>,
    on_go: Callback<RoomCode>,
    on_close: Callback<RoomCode>,
}

impl Item {
    /// One row. It stays the same element whatever changes in it, so that it keeps the focus.
    fn draw(self, code: RoomCode) -> AnyView {
        let Self { list, shown, on_go, on_close } = self;
        let words = words();
        let entry = Memo::new(move |_| list.with(|list| list.iter().find(|entry| entry.code == code).cloned()));
        let title = move || entry.with(|entry| entry.as_ref().map(RoomEntry::title).unwrap_or_default());
        let unread = move || entry.with(|entry| entry.as_ref().map_or(0, |entry| entry.unread));
        let mentions = move || entry.with(|entry| entry.as_ref().map_or(0, |entry| entry.mentions));
        let standing = Memo::new(move |_| entry.with(|entry| entry.as_ref().map(|entry| entry.standing)));
        let is_over = move || matches!(standing.get(), Some(Standing::Ended | Standing::Refused));
        let state = move || match standing.get() {
            Some(Standing::Connecting) => Some(words.connecting),
            Some(Standing::Ended) => Some(words.ended_word),
            Some(Standing::Refused) => Some(words.refused_word),
            Some(Standing::Connected) | None => None,
        };
        let last = move || {
            let at = entry.with(|entry| entry.as_ref().and_then(|entry| entry.last_at))?;
            Some(time_of_day(at, browser::zone_offset_min(at)))
        };
        let note = move || if is_over() { state().map(str::to_owned) } else { last() }.unwrap_or_default();
        let go = move |event: MouseEvent| {
            if is_plain(&event) {
                event.prevent_default();
                on_go.run(code);
            }
        };
        let close = move || {
            let label = live(move || (words.close_room)(&title()));
            view! {
                <button type="button" class="button icon-only" aria-label=label on:click=move |_| on_close.run(code)>
                    <Icon glyph=Glyph::Close />
                </button>
            }
            .into_any()
        };
        view! {
            <li
                class="rooms-item"
                class:connected=live(move || standing.get() == Some(Standing::Connected))
                class:over=live(is_over)
                class:unread=live(move || unread() > 0)
                class:mentioned=live(move || mentions() > 0)
            >
                <span class="dot" aria-hidden="true"></span>
                <a
                    class="rooms-link"
                    href=base::room(code)
                    aria-current=live(move || (shown.get() == code).then_some("page"))
                    aria-label=live(move || named(&title(), state(), mentions(), unread()))
                    on:click=go
                >
                    <span class="rooms-name" dir="auto" translate="no" inner_html=said(title)></span>
                </a>
                <span class="visually-hidden" inner_html=said(move || last().map(|at| (words.last_said)(&at)).unwrap_or_default())></span>
                <span class="rooms-note" aria-hidden="true" inner_html=said(note)></span>
                <span class="badge" aria-hidden="true" hidden=live(move || unread() == 0) inner_html=said(move || count(unread()))></span>
                {when(is_over, close)}
            </li>
        }
        .into_any()
    }
}

/// "Book club, ended, 1 mention, 3 unread": what a link or button is called.
fn named(title: &str, state: Option<&str>, mentions: u32, unread: u32) -> String {
    let mut name = title.to_owned();
    if let Some(state) = state {
        name = [&name, ", ", &browser::lowercase(state)].concat();
    }
    if mentions > 0 {
        name = [&name, ", ", &(words().mentions)(mentions)].concat();
    }
    if unread > 0 {
        name = [&name, ", ", &(words().unread)(unread)].concat();
    }
    name
}

/// A number that fits into a small place.
fn count(unread: u32) -> String {
    if unread > 99 { "99+".to_owned() } else { unread.to_string() }
}

/// Not for another tab or window.
fn is_plain(event: &MouseEvent) -> bool {
    !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key())
}

fn hide(open: RwSignal<bool>) {
    open.set(false);
    request_animation_frame(|| browser::focus(TOGGLE_ID));
}

fn close_by_key_or_width(open: RwSignal<bool>) {
    Effect::new(move || {
        let keys = window_event_listener(ev::keydown, move |event| {
            if event.key() == "Escape" && open.get_untracked() {
                hide(open);
            }
        });
        // Grown beyond the sheet, the page is not to stay inert.
        let grown = window_event_listener(ev::resize, move |_| {
            if open.get_untracked() && browser::has_room_list() {
                open.set(false);
            }
        });
        on_cleanup(move || {
            keys.remove();
            grown.remove();
        });
    });
}

#[cfg(test)]
mod tests {
    use super::{count, named};

    #[test]
    fn a_link_is_called_after_its_room_and_ends_in_what_is_unread() {
        assert_eq!(named("Book club", None, 0, 0), "Book club");
        assert_eq!(named("Book club", None, 0, 3), "Book club, 3 unread");
        assert_eq!(named("Book club", None, 1, 3), "Book club, 1 mention, 3 unread");
        assert_eq!(named("Book club", Some("Ended"), 2, 2), "Book club, ended, 2 mentions, 2 unread");
        assert_eq!((count(99), count(100)), ("99".to_owned(), "99+".to_owned()));
    }
}
