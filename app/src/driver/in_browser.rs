//! Runs `client::ClientState` in the browser: passes it events, the time and random numbers, carries out its actions,
//! and writes what changed to signals.
//!
//! Owned by `App`, so that it outlives every component. Signals are written after the state's `RefCell` is released,
//! because what reads them may call back.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};

use client::{Action, Aside, ClientState, Confidant, Env, RequestError, RoomPhase, RoomState, RowAction};
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::{ErrorCode, LeaveReason, Limits, Me, Millis, RoomCode, ServerFrame, decode_server, encode};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::cells::{PageCells, RoomCells};
use super::events::{Listeners, PageEvent};
use super::http;
use super::session_storage::{keep_claim, keep_draft, keep_unsent, kept_claim, kept_draft, kept_unsent};
use super::signals::{Rest, SignalUpdate};
use super::socket::{Socket, SocketEvent};
use super::timer::{PageClock, Timer, throw};
use crate::browser;

/// Frames that arrive within this are shown together.
const SHOW_EVERY_MS: Millis = 16;

/// The handle: copyable, and sure to reach the page's one driver.
#[derive(Debug, Clone, Copy)]
pub(super) struct DriverHandle(StoredValue<Rc<Driver>, LocalStorage>);

struct Driver {
    inner: RefCell<Inner>,
    cells: PageCells,
    _listeners: Listeners,
}

struct Inner {
    state: ClientState,
    socket: Socket,
    timer: Timer,
    clock: PageClock,
    /// Of the room that is shown.
    rooms: BTreeMap<RoomCode, RoomCells>,
    /// Rooms that have taken up what an earlier page of this tab kept for them.
    restored: BTreeSet<RoomCode>,
    /// Entered while the page was being drawn; done when that is over, so that hydration finds what was rendered.
    entering: Vec<(RoomCode, Option<String>)>,
    shown_at: Millis,
    guest: Option<js_sys::Promise>,
}

impl DriverHandle {
    pub(super) fn new(cells: PageCells, me: Option<Me>, limits: &Limits) -> Self {
        Self(StoredValue::new_local(Driver::new(cells, me, limits)))
    }

    /// Makes the guest that a first page without a login needs.
    pub(super) fn begin_guest(self) {
        self.with(Driver::begin_guest);
    }

    /// Waits until that guest is made, where one is being made.
    pub(super) async fn guest_made(self) {
        let promise = self.0.try_with_value(|driver| driver.inner.borrow().guest.clone()).flatten();
        if let Some(promise) = promise {
            // It never fails: whether there is somebody now is seen in `me`.
            let _ = JsFuture::from(promise).await;
        }
    }

    pub(super) fn retry_now(self) {
        self.act((), ClientState::retry_now);
    }

    pub(super) fn set_me(self, me: Me, same: bool) {
        self.act((), |state, env| {
            if same {
                state.set_me(me);
            } else {
                state.sign_in(env, me);
            }
        });
    }

    pub(super) fn sign_out(self) {
        self.act((), ClientState::sign_out);
    }

    pub(super) fn enter(self, code: RoomCode, pin: Option<String>) -> RoomCells {
        self.0.try_with_value(|driver| driver.enter(code, pin)).unwrap_or_default()
    }

    pub(super) fn close(self, code: RoomCode) {
        self.act((), |state, env| state.forget(env, code));
    }

    pub(super) fn take_aside(self, code: RoomCode) -> Aside {
        self.act(Aside::default(), |state, _| state.take_aside(code))
    }

    pub(super) fn put_aside(self, code: RoomCode, aside: Aside) {
        self.act((), |state, _| state.put_aside(code, aside));
    }

    pub(super) fn look_away(self, code: RoomCode) {
        self.with(|driver| driver.forget(code));
        self.act((), |state, env| state.look_away(env, code));
    }

    pub(super) fn send(
        self,
        code: RoomCode,
        text: &str,
        about: (Option<Confidant>, Option<u64>),
    ) -> Result<(), ErrorCode> {
        self.act(Err(ErrorCode::NotInRoom), |state, env| state.send(env, code, text, about))
    }

    pub(super) fn take_given_back(self, code: RoomCode) -> Option<(u64, String)> {
        self.act(None, |state, _| state.take_given_back(code))
    }

    pub(super) fn changeable(self, code: RoomCode, key: Option<u64>) -> Result<(u64, String), ErrorCode> {
        self.act(Err(ErrorCode::NotInRoom), |state, env| state.changeable(env, code, key))
    }

    pub(super) fn act_on(self, code: RoomCode, key: u64, action: RowAction) -> Result<(), ErrorCode> {
        self.act(Err(ErrorCode::NotInRoom), |state, env| state.act(env, code, key, action))
    }

    pub(super) fn tell_reading(self, tells: bool) {
        self.act((), |state, env| state.tell_reading(env, tells));
    }

    pub(super) fn set_timer(self, code: RoomCode, timer_s: Option<u64>) {
        self.act((), |state, env| state.set_timer(env, code, timer_s));
    }

    pub(super) fn see(self, code: RoomCode, keys: &[u64]) {
        self.act((), |state, env| state.see(env, code, keys));
    }

    pub(super) fn burn_unread_ms(self) -> u64 {
        self.0.try_with_value(|driver| driver.inner.borrow().state.burn_unread_ms()).unwrap_or_default()
    }

    pub(super) fn timers(self, code: RoomCode) -> Vec<(u64, Option<Millis>)> {
        let timers = |driver: &Rc<Driver>| driver.inner.borrow().state.room(code).map(RoomState::timers);
        self.0.try_with_value(timers).flatten().unwrap_or_default()
    }

    pub(super) fn refuse(self, code: RoomCode, why: ErrorCode) {
        self.act((), |state, env| state.refuse(env, code, why));
    }

    pub(super) fn retry(self, code: RoomCode, key: u64) {
        self.act((), |state, env| state.retry(env, code, key));
    }

    pub(super) fn discard(self, code: RoomCode, key: u64) {
        self.act((), |state, env| state.discard(env, code, key));
    }

    pub(super) fn hold(self, code: RoomCode, held: bool) {
        self.act((), |state, env| state.hold(env, code, held));
    }

    pub(super) fn read(self, code: RoomCode) {
        self.act((), |state, env| state.read(env, code));
    }

    pub(super) fn clear(self, code: RoomCode) {
        self.act((), |state, env| state.clear(env, code));
    }

    pub(super) fn typing(self, code: RoomCode, on: bool) {
        self.act((), |state, env| state.typing(env, code, on));
    }

    pub(super) fn join_again(self, code: RoomCode, pin: Option<String>) {
        self.act((), |state, env| state.join_again(env, code, pin));
    }

    /// By an HTTP request instead of a frame: its answer confirms that the membership has ended before the page is
    /// left.
    pub(super) fn leave(self, code: RoomCode, unheard: impl FnOnce() + 'static) {
        let now_online = self.0.try_with_value(|driver| driver.inner.borrow().state.is_online()).unwrap_or(false);
        spawn_local(async move {
            // Without a connection the request would fail as well: no reason to wait for it.
            let answer = if now_online { http::leave_room(code).await } else { Err(RequestError::UNREACHABLE) };
            let cells = self.0.try_with_value(|driver| driver.inner.borrow_mut().rooms.remove(&code)).flatten();
            if answer.is_err_and(|failure| failure.unreachable) {
                self.act(true, |state, env| state.leave(env, code));
                unheard();
            } else {
                self.close(code);
            }
            if let Some(cells) = cells {
                cells.phase.put(RoomPhase::Ended(LeaveReason::Left));
            }
        });
    }

    fn with(self, act: impl FnOnce(&Rc<Driver>)) {
        // No driver: the page is being torn down, and nothing is shown any more.
        let _ = self.0.try_with_value(act);
    }

    fn act<R>(self, gone: R, act: impl FnOnce(&mut ClientState, &mut Env<'_>) -> R) -> R {
        let Some(driver) = self.0.try_with_value(Rc::clone) else {
            return gone;
        };
        driver.act(act)
    }
}

impl Driver {
    fn new(cells: PageCells, me: Option<Me>, limits: &Limits) -> Rc<Self> {
        Rc::new_cyclic(|weak: &Weak<Self>| {
            let mut clock = PageClock::default();
            let now = clock.now();
            let mut state = ClientState::new(kept_claim(), me, limits, now);
            state.set_clock_ahead(cells.clock_ahead.get_untracked());
            if document().hidden() {
                state.visible(&mut Env { now, dice: &mut throw }, false);
            }
            let (page, socket, timer) = (weak.clone(), weak.clone(), weak.clone());
            let inner = Inner {
                state,
                socket: Socket::new(Rc::new(move |event| {
                    with(&socket, |driver| driver.on_socket(event));
                })),
                timer: Timer::new(move || with(&timer, Self::on_timer)),
                clock,
                rooms: BTreeMap::new(),
                restored: BTreeSet::new(),
                entering: Vec::new(),
                shown_at: 0,
                guest: None,
            };
            let listeners = Listeners::new(Rc::new(move |event| {
                with(&page, |driver| driver.on_page(event));
            }));
            Self { inner: RefCell::new(inner), cells, _listeners: listeners }
        })
    }

    fn act<R>(&self, act: impl FnOnce(&mut ClientState, &mut Env<'_>) -> R) -> R {
        let result = self.inner.borrow_mut().act(act);
        self.settle(false);
        result
    }

    /// Carries out the actions, writes changed signals, sets the timer. `may_wait`: signals that were written less than
    /// [`SHOW_EVERY_MS`] ago may be written a little later, together with what comes until then.
    fn settle(&self, may_wait: bool) {
        let (connection, rooms, text_chars_max, clock_ahead, me, shown) = {
            let inner = &mut *self.inner.borrow_mut();
            inner.restore();
            inner.obey();
            let now = inner.clock.now();
            let due = inner.shown_at + SHOW_EVERY_MS;
            let waits = may_wait && now < due;
            let deadline = inner.state.deadline(now);
            let deadline = if waits { Some(deadline.map_or(due, |deadline| deadline.min(due))) } else { deadline };
            if let Some(deadline) = deadline {
                inner.timer.arm(now, deadline);
            }
            if waits {
                return;
            }
            inner.shown_at = now;
            let shown = inner.collect(now);
            let state = &inner.state;
            let (connection, rooms) = (state.connection(now), state.list());
            (connection, rooms, state.text_chars_max(), state.clock_ahead(), state.me().cloned(), shown)
        };
        self.cells.connection.put(connection);
        self.cells.rooms.put(rooms);
        self.cells.text_chars_max.put(text_chars_max);
        self.cells.clock_ahead.put(clock_ahead);
        self.cells.me.put(me);
        shown.into_iter().for_each(SignalUpdate::show);
    }

    fn on_socket(&self, event: SocketEvent) {
        match event {
            SocketEvent::Opened => self.act(ClientState::opened),
            SocketEvent::Closed(code) => self.act(|state, env| state.closed(env, code)),
            SocketEvent::Text(text) => {
                // A frame that a newer server sends counts like one that this version does not know.
                let frame = decode_server(&text).unwrap_or(ServerFrame::Unknown);
                self.inner.borrow_mut().act(|state, env| state.heard(env, frame));
                self.settle(true);
            }
        }
    }

    fn on_page(&self, event: PageEvent) {
        match event {
            PageEvent::Network(has_network) => {
                self.act(|state, env| state.network(env, has_network));
            }
            PageEvent::Visibility => {
                self.act(|state, env| state.visible(env, !document().hidden()));
            }
            PageEvent::Hides => {
                self.act(ClientState::away);
                let allowed = browser::keeps_unsent();
                let state = &mut self.inner.borrow_mut().state;
                let shown = state.looked_at();
                for (code, room) in state.rooms() {
                    keep_unsent(*code, if allowed { room.unsaid() } else { Vec::new() });
                    // The draft of the room that is shown is in its box.
                    if shown != Some(*code) {
                        keep_draft(*code, if allowed { &room.aside().draft } else { "" });
                    }
                }
            }
            PageEvent::Shows => self.act(ClientState::back),
            PageEvent::Touched => {
                let ended_absence = self.inner.borrow_mut().act(ClientState::touched);
                if ended_absence {
                    self.settle(false);
                }
            }
        }
    }

    fn on_timer(&self) {
        let entering = {
            let inner = &mut *self.inner.borrow_mut();
            inner.timer.fired();
            std::mem::take(&mut inner.entering)
        };
        self.act(|state, env| {
            for (code, pin) in entering {
                state.enter(env, code, pin);
            }
            state.tick(env);
        });
    }

    fn enter(&self, code: RoomCode, pin: Option<String>) -> RoomCells {
        let inner = &mut *self.inner.borrow_mut();
        let now = inner.clock.now();
        let cells = RoomCells::default();
        if let Some(room) = inner.state.room(code) {
            let (blocks, rest) = (Some(room.blocks()), Some(Rest::of(room, now)));
            SignalUpdate { cells: cells.clone(), blocks, rest }.show();
        }
        inner.rooms.insert(code, cells.clone());
        inner.entering.push((code, pin));
        inner.timer.arm(now, now);
        cells
    }

    fn forget(&self, code: RoomCode) {
        let inner = &mut *self.inner.borrow_mut();
        inner.entering.retain(|(entering, _)| *entering != code);
        inner.rooms.remove(&code);
    }

    fn begin_guest(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        self.inner.borrow_mut().guest.get_or_insert_with(|| {
            future_to_promise(async move {
                // If it fails there is no user yet: the next action that needs one tries again and shows the error.
                if let Ok(me) = http::guest(None).await {
                    with(&weak, |driver| driver.act(|state, _| state.set_me(me)));
                }
                Ok(JsValue::UNDEFINED)
            })
        });
    }
}

impl Inner {
    fn act<R>(&mut self, act: impl FnOnce(&mut ClientState, &mut Env<'_>) -> R) -> R {
        let now = self.clock.now();
        act(&mut self.state, &mut Env { now, dice: &mut throw })
    }

    fn obey(&mut self) {
        loop {
            let actions = self.state.take_actions();
            if actions.is_empty() {
                return;
            }
            let mut opened = true;
            for action in actions {
                match action {
                    Action::Open => opened = self.socket.open(),
                    Action::Close => self.socket.close(),
                    Action::Say(frame) => self.socket.send(&encode(&frame)),
                    Action::Keep(claim) => keep_claim(claim.as_ref()),
                    Action::Renew => spawn_local(http::renew()),
                }
            }
            if !opened {
                let abnormal = 1006;
                self.act(|state, env| state.closed(env, abnormal));
            }
        }
    }

    /// Rooms that are new in the set take up what an earlier page of this tab kept for them.
    fn restore(&mut self) {
        let Self { state, restored, .. } = self;
        let rooms: BTreeSet<RoomCode> = state.rooms().map(|(code, _)| *code).collect();
        let new: Vec<RoomCode> = rooms.difference(restored).copied().collect();
        *restored = rooms;
        for code in new {
            let (unsent, draft) = (kept_unsent(code), kept_draft(code));
            self.act(|state, env| {
                state.say_again(env, code, unsent);
                if let Some(draft) = draft {
                    state.put_aside(code, Aside { draft, ..Aside::default() });
                }
            });
        }
    }

    /// What changed, for the rooms that somebody may look at.
    fn collect(&mut self, now: Millis) -> Vec<SignalUpdate> {
        let Self { state, rooms, entering, .. } = self;
        rooms.retain(|code, _| state.room(*code).is_some() || entering.iter().any(|(entering, _)| entering == code));
        let mut shown = Vec::new();
        for (code, room) in state.rooms() {
            let Some(cells) = rooms.get(code) else {
                continue;
            };
            let rest = room.take_changed().then(|| Rest::of(room, now));
            let blocks = room.take_blocks();
            if rest.is_some() || blocks.is_some() {
                shown.push(SignalUpdate { cells: cells.clone(), blocks, rest });
            }
        }
        shown
    }
}

fn with(driver: &Weak<Driver>, act: impl FnOnce(&Driver)) {
    if let Some(driver) = driver.upgrade() {
        act(&driver);
    }
}
