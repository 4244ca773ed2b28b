//! The quick switch: a few letters of a room's name or its code, and Enter.

use leptos::ev::KeyboardEvent;
use leptos::html::Input;
use leptos::prelude::*;
use protocol::RoomCode;

use super::{Dialog, changing, said, typed};
use crate::browser;
use crate::i18n::words;
use crate::signals::{Memo, RwSignal, live};
use client::{RoomEntry, room_entry};

const LIST_ID: &str = "go-list";

/// One of what is offered.
#[derive(Clone, PartialEq, Eq)]
struct Offer {
    code: RoomCode,
    title: String,
    note: String,
}

/// The dialog.
#[component]
pub(crate) fn GoToRoom(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The rooms.
    list: Memo<Vec<RoomEntry>>,
    /// Show this room.
    on_go: Callback<RoomCode>,
) -> impl IntoView {
    let words = words();
    view! {
        <Dialog open label=words.go_to_room class="dialog go-to-room">
            <Finder open list on_go />
        </Dialog>
    }
}

/// What is typed, what is offered for it, and which of that Enter takes.
#[derive(Clone, Copy)]
struct Search {
    offers: Memo<Vec<Offer>>,
    chosen: RwSignal<usize>,
    open: RwSignal<bool>,
    on_go: Callback<RoomCode>,
}

impl Search {
    fn pick(self, code: RoomCode) {
        self.open.set(false);
        self.on_go.run(code);
    }

    fn key_pressed(self, event: &KeyboardEvent) {
        let (offers, chosen) = (self.offers, self.chosen);
        let count = offers.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => chosen.update(|chosen| *chosen = (*chosen + 1) % count),
            "ArrowUp" => chosen.update(|chosen| *chosen = (*chosen + count - 1) % count),
            "Enter" => {
                let offer = offers.with_untracked(|offers| offers.get(chosen.get_untracked()).map(|offer| offer.code));
                if let Some(code) = offer {
                    self.pick(code);
                }
            }
            _ => return,
        }
        event.prevent_default();
        if let Some(option) = document().get_element_by_id(&option_id(chosen.get_untracked())) {
            option.scroll_into_view_with_bool(false);
        }
    }

    fn draw(self, index: usize, offer: Offer) -> impl IntoView + use<> {
        let code = offer.code;
        view! {
            <li
                role="option"
                id=option_id(index)
                aria-selected=live(move || if self.chosen.get() == index { "true" } else { "false" })
                // The focus stays in the box.
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| self.pick(code)
            >
                <span dir="auto" translate="no">{offer.title}</span>
                <span class="muted">{offer.note}</span>
            </li>
        }
    }
}

/// The box and what it finds.
#[component]
fn Finder(open: RwSignal<bool>, list: Memo<Vec<RoomEntry>>, on_go: Callback<RoomCode>) -> impl IntoView {
    let words = words();
    let node = NodeRef::<Input>::new();
    let (text, chosen) = (RwSignal::new(String::new()), RwSignal::new(0_usize));
    let offers = Memo::new(move |_| {
        let meant = list.with(|list| text.with(|text| room_entry::matching(list, text, browser::lowercase)));
        meant.iter().map(offer_of).collect::<Vec<_>>()
    });
    let search = Search { offers, chosen, open, on_go };
    let edited = move |_| {
        text.set(typed(node));
        chosen.set(0);
    };
    let found = move || offers.with(|offers| !offers.is_empty());
    let drawn = move || {
        let offers = offers.get().into_iter().enumerate();
        offers.map(|(index, offer)| search.draw(index, offer)).collect_view().into_any()
    };
    let none = move || if found() { String::new() } else { words.no_such_room.to_owned() };
    view! {
        <input
            class="input"
            type="text"
            role="combobox"
            aria-label=words.go_to_room
            aria-expanded="true"
            aria-controls=LIST_ID
            aria-autocomplete="list"
            aria-activedescendant=live(move || found().then(|| option_id(chosen.get())))
            placeholder=words.go_to_room
            autocomplete="off"
            autofocus
            spellcheck="false"
            dir="auto"
            node_ref=node
            on:input=edited
            on:keydown=move |event| search.key_pressed(&event)
        />
        <ul class="go-list" id=LIST_ID role="listbox" aria-label=words.rooms>{changing(drawn)}</ul>
        <p class="muted go-none" role="status" inner_html=said(none)></p>
    }
    .into_any()
}

fn offer_of(entry: &RoomEntry) -> Offer {
    let note = if entry.unread > 0 { (words().unread)(entry.unread) } else { entry.code.dashed() };
    Offer { code: entry.code, title: entry.title(), note }
}

fn option_id(index: usize) -> String {
    ["go-", &index.to_string()].concat()
}
