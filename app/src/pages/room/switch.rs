//! Which of this page's rooms is shown, and every way from one to another: links, keys, the browser's own way back.
//!
//! Decides about addresses and what stands in the list; knows nothing of what a room looks like.

use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use protocol::RoomCode;
use protocol::api::RoomView;

use crate::base::{self, at};
use crate::browser;
use crate::components::focus_writing;
use crate::driver::{Client, use_client};
use crate::signals::{Effect, Memo, RwSignal, Signal};
use client::{RoomEntry, Standing, room_entry};

/// The page's rooms. A copyable handle that lives as long as the page.
#[derive(Clone, Copy)]
pub(super) struct Switch {
    /// The room that is shown.
    pub(super) shown: RwSignal<RoomCode>,
    /// Every room of this person.
    pub(super) list: Memo<Vec<RoomEntry>>,
    /// What the server told last of a room over HTTP: shown until the room itself has told more.
    view: StoredValue<RoomView>,
    /// Whether a small screen shows the list.
    pub(super) list_open: RwSignal<bool>,
    /// Whether the quick switch is open.
    pub(super) finding: RwSignal<bool>,
    /// Whether the forms for another room are open.
    pub(super) adding: RwSignal<bool>,
    /// Whether the list of keys is open.
    pub(super) keys_open: RwSignal<bool>,
    /// Whether the dialog that brings others in is open.
    pub(super) inviting: RwSignal<bool>,
    client: Client,
}

impl Switch {
    /// One room, in which the person is a member.
    pub(super) fn new(first: RoomView) -> Self {
        let client = use_client();
        let shown = RwSignal::new(first.code);
        let view = StoredValue::new(first);
        let list = Memo::new(move |_| {
            let mut list = client.rooms.get();
            // As the server rendered it: before the first frame the page knows of no other.
            if list.is_empty() {
                list.push(view.with_value(entry_of));
            }
            list
        });
        let [list_open, finding, adding, keys_open, inviting] = [false; 5].map(RwSignal::new);
        let switch = Self { shown, list, view, list_open, finding, adding, keys_open, inviting, client };
        switch.listen();
        switch
    }

    /// What was told of this room over HTTP, if it was the last of which anything was told.
    pub(super) fn view_of(self, code: RoomCode) -> Option<RoomView> {
        self.view.with_value(|view| (view.code == code).then(|| view.clone()))
    }

    /// Whether there is another room than the one that is shown.
    pub(super) fn has_others(self) -> bool {
        self.list.with(|list| list.iter().any(|entry| entry.code != self.shown.get()))
    }

    /// What is unread in all rooms together.
    pub(super) fn unread(self) -> u32 {
        self.list.with(|list| room_entry::unread(list))
    }

    /// What is unread in the rooms that are not shown.
    pub(super) fn unread_elsewhere(self) -> Signal<u32> {
        Signal::derive(move || {
            let shown = self.shown.get();
            let own = |list: &Vec<RoomEntry>| list.iter().find(|entry| entry.code == shown).map_or(0, |it| it.unread);
            self.list.with(|list| room_entry::unread(list) - own(list))
        })
    }

    /// Shows a room of the list.
    pub(super) fn go(self, code: RoomCode) {
        if code != self.shown.get_untracked() {
            browser::push_path(&base::room(code));
        }
        self.show(code);
    }

    /// Shows a room that was made or joined just now.
    pub(super) fn enter(self, view: RoomView) {
        let code = view.code;
        let is_over = |entry: &RoomEntry| matches!(entry.standing, Standing::Ended | Standing::Refused);
        let was_over = self.list.with_untracked(|list| list.iter().any(|it| it.code == code && is_over(it)));
        self.view.set_value(view);
        if was_over {
            self.client.close(code);
        }
        if was_over && code == self.shown.get_untracked() {
            // Drawn anew, although it is the same room.
            self.shown.set(code);
        }
        self.go(code);
    }

    /// The room before or after the one that is shown.
    fn step(self, forward: bool) {
        let shown = self.shown.get_untracked();
        if let Some(next) = self.list.with_untracked(|list| room_entry::neighbour(list, shown, forward)) {
            self.go(next);
        }
    }

    /// Takes a room that is over out of the list.
    pub(super) fn close(self, code: RoomCode) {
        if code == self.shown.get_untracked() {
            self.depart();
        } else {
            self.client.close(code);
        }
    }

    /// The room that is shown was left or is closed: another one takes its place, also in the history, so that the way
    /// back does not lead into it. Without another one the page goes.
    pub(super) fn depart(self) {
        let gone = self.shown.get_untracked();
        let next = self.list.with_untracked(|list| room_entry::neighbour(list, gone, true));
        let Some(next) = next else {
            browser::replace_with(&at("/"));
            return;
        };
        browser::replace_path(&base::room(next));
        self.show(next);
        self.client.close(gone);
    }

    fn show(self, code: RoomCode) {
        self.list_open.set(false);
        self.inviting.set(false);
        if code != self.shown.get_untracked() {
            self.shown.set(code);
        }
        focus_writing();
    }

    fn listen(self) {
        Effect::new(move || {
            let back = window_event_listener_untyped("popstate", move |_| self.came_back());
            let keys = window_event_listener(ev::keydown, move |event| self.key_pressed(&event));
            on_cleanup(move || {
                back.remove();
                keys.remove();
            });
        });
    }

    /// The browser went to another address of this page.
    fn came_back(self) {
        let path = browser::path();
        let code = path.strip_prefix(&*at("/r/")).and_then(|code| RoomCode::parse(code).ok());
        let shown = self.shown.get_untracked();
        let is_listed = |code: &RoomCode| self.list.with_untracked(|list| list.iter().any(|it| it.code == *code));
        match code.filter(is_listed) {
            // A link inside the page.
            Some(code) if code == shown => {}
            Some(code) => self.show(code),
            // A room that was left is not entered by the way back.
            None => browser::replace_path(&base::room(shown)),
        }
    }

    fn key_pressed(self, event: &KeyboardEvent) {
        let (ctrl, alt) = (event.ctrl_key() != event.meta_key(), event.alt_key());
        if event.is_composing() || self.adding.get_untracked() {
            return;
        }
        match event.key().as_str() {
            "/" if ctrl && !alt => self.keys_open.set(true),
            "?" if !ctrl && !alt && !browser::is_in_text(event) && browser::single_keys() => self.keys_open.set(true),
            _ if event.shift_key() => return,
            "k" | "K" if ctrl && !alt => self.finding.update(|finding| *finding = !*finding),
            "ArrowUp" if alt && !ctrl && !self.finding.get_untracked() => self.step(false),
            "ArrowDown" if alt && !ctrl && !self.finding.get_untracked() => self.step(true),
            _ => return,
        }
        event.prevent_default();
    }
}

fn entry_of(view: &RoomView) -> RoomEntry {
    RoomEntry {
        code: view.code,
        name: view.name.clone(),
        unread: 0,
        last_at: None,
        standing: Standing::Connecting,
        holds_words: false,
        mentions: 0,
        mentioned_by: None,
        role: None,
        expires_at: None,
        ended: None,
    }
}

/// Holds names.
impl std::fmt::Debug for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Switch(…)")
    }
}
