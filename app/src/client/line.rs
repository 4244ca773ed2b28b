//! Puts the pure state into the browser: gives it events, time and chance, does what it orders, shows what it knows.
//!
//! Owned by `App`, so that it outlives every component. Signals are written when nothing is borrowed any more.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::{ErrorCode, LeaveReason, Limits, Me, Millis, RoomCode, ServerFrame, decode_server, encode};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::Failure;
use super::connection::Order;
use super::events::{Listeners, PageEvent};
use super::handle::{PageCells, RoomCells};
use super::http;
use super::kept::{keep_claim, kept_claim};
use super::moment::Moment;
use super::phase::RoomPhase;
use super::shown::{Rest, Shown, put, put_in};
use super::socket::{Event, Socket};
use super::state::ClientState;
use super::timer::{Clock, Timer, throw};

/// Frames that arrive within this are shown together.
const SHOW_EVERY_MS: Millis = 16;

/// The handle: copyable, and sure to reach the page's one driver.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line(StoredValue<Rc<Driver>, LocalStorage>);

struct Driver {
    inner: RefCell<Inner>,
    cells: PageCells,
    _listeners: Listeners,
}

struct Inner {
    state: ClientState,
    socket: Socket,
    timer: Timer,
    clock: Clock,
    /// Of the rooms that are looked at.
    rooms: BTreeMap<RoomCode, RoomCells>,
    /// Entered while the page was being drawn; done when that is over, so that hydration finds what was rendered.
    entering: Vec<(RoomCode, Option<String>)>,
    shown_at: Millis,
    guest: Option<js_sys::Promise>,
}

impl Line {
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
        self.act((), |state, moment| {
            if same {
                state.set_me(me);
            } else {
                state.sign_in(moment, me);
            }
        });
    }

    pub(super) fn sign_out(self) {
        self.act((), ClientState::sign_out);
    }

    pub(super) fn enter(self, code: RoomCode, pin: Option<String>) -> RoomCells {
        self.0.try_with_value(|driver| driver.enter(code, pin)).unwrap_or_default()
    }

    pub(super) fn look_away(self, code: RoomCode) {
        self.with(|driver| driver.forget(code));
        self.act((), |state, moment| state.look_away(moment, code));
    }

    pub(super) fn send(self, code: RoomCode, text: &str) -> Result<(), ErrorCode> {
        self.act(Err(ErrorCode::NotInRoom), |state, moment| state.send(moment, code, text))
    }

    pub(super) fn retry(self, code: RoomCode, key: u64) {
        self.act((), |state, moment| state.retry(moment, code, key));
    }

    pub(super) fn discard(self, code: RoomCode, key: u64) {
        self.act((), |state, moment| state.discard(moment, code, key));
    }

    pub(super) fn typing(self, code: RoomCode, on: bool) {
        self.act((), |state, moment| state.typing(moment, code, on));
    }

    pub(super) fn join_again(self, code: RoomCode, pin: Option<String>) {
        self.act((), |state, moment| state.join_again(moment, code, pin));
    }

    /// By request and not by the line: its answer says that the membership has ended, also to a page that goes next.
    pub(super) fn leave(self, code: RoomCode, unheard: impl FnOnce() + 'static) {
        let now_online = self.0.try_with_value(|driver| driver.inner.borrow().state.is_online()).unwrap_or(false);
        spawn_local(async move {
            // Without a line nobody is to be waited for.
            let answer = if now_online { http::leave_room(code).await } else { Err(Failure::UNREACHABLE) };
            let cells = self.0.try_with_value(|driver| driver.inner.borrow_mut().rooms.remove(&code)).flatten();
            if answer.is_err_and(|failure| failure.unreachable) {
                self.act(true, |state, moment| state.leave(moment, code));
                unheard();
            }
            if let Some(cells) = cells {
                put(&cells.phase, RoomPhase::Ended(LeaveReason::Left));
            }
        });
    }

    fn with(self, act: impl FnOnce(&Rc<Driver>)) {
        // Without a driver the page is gone, and so is whoever would see a difference.
        let _ = self.0.try_with_value(act);
    }

    fn act<R>(self, gone: R, act: impl FnOnce(&mut ClientState, &mut Moment<'_>) -> R) -> R {
        let Some(driver) = self.0.try_with_value(Rc::clone) else {
            return gone;
        };
        driver.act(act)
    }
}

impl Driver {
    fn new(cells: PageCells, me: Option<Me>, limits: &Limits) -> Rc<Self> {
        Rc::new_cyclic(|weak: &Weak<Self>| {
            let mut clock = Clock::default();
            let now = clock.now();
            let mut state = ClientState::new(kept_claim(), me, limits, now);
            if document().hidden() {
                state.visible(&mut Moment { now, dice: &mut throw }, false);
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

    fn act<R>(&self, act: impl FnOnce(&mut ClientState, &mut Moment<'_>) -> R) -> R {
        let result = self.inner.borrow_mut().act(act);
        self.settle(false);
        result
    }

    /// Does what was ordered, shows what changed, sets the timer.
    fn settle(&self, may_wait: bool) {
        let (connection, text_chars_max, me, shown) = {
            let inner = &mut *self.inner.borrow_mut();
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
            (inner.state.connection(now), inner.state.text_chars_max(), inner.state.me().cloned(), shown)
        };
        put_in(self.cells.connection, connection);
        put_in(self.cells.text_chars_max, text_chars_max);
        put_in(self.cells.me, me);
        shown.into_iter().for_each(Shown::show);
    }

    fn on_socket(&self, event: Event) {
        match event {
            Event::Opened => self.act(ClientState::opened),
            Event::Closed(code) => self.act(|state, moment| state.closed(moment, code)),
            Event::Text(text) => {
                // A frame that a newer server sends counts like one that this version does not know.
                let frame = decode_server(&text).unwrap_or(ServerFrame::Unknown);
                self.inner.borrow_mut().act(|state, moment| state.heard(moment, frame));
                self.settle(true);
            }
        }
    }

    fn on_page(&self, event: PageEvent) {
        match event {
            PageEvent::Network(has_network) => {
                self.act(|state, moment| state.network(moment, has_network));
            }
            PageEvent::Visibility => {
                self.act(|state, moment| state.visible(moment, !document().hidden()));
            }
            PageEvent::Hides => self.act(ClientState::away),
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
        self.act(|state, moment| {
            for (code, pin) in entering {
                state.enter(moment, code, pin);
            }
            state.tick(moment);
        });
    }

    fn enter(&self, code: RoomCode, pin: Option<String>) -> RoomCells {
        let inner = &mut *self.inner.borrow_mut();
        let now = inner.clock.now();
        let cells = RoomCells::default();
        if let Some(room) = inner.state.room(code).filter(|room| !room.is_over()) {
            let (rows, rest) = (Some(room.rows()), Some(Rest::of(room, now)));
            Shown { cells: cells.clone(), rows, rest }.show();
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
                // Where it fails there is nobody yet; the next thing that needs somebody tries again, and says so.
                if let Ok(me) = http::guest(None).await {
                    with(&weak, |driver| driver.act(|state, _| state.set_me(me)));
                }
                Ok(JsValue::UNDEFINED)
            })
        });
    }
}

impl Inner {
    fn act<R>(&mut self, act: impl FnOnce(&mut ClientState, &mut Moment<'_>) -> R) -> R {
        let now = self.clock.now();
        act(&mut self.state, &mut Moment { now, dice: &mut throw })
    }

    fn obey(&mut self) {
        loop {
            let orders = self.state.take_orders();
            if orders.is_empty() {
                return;
            }
            let mut opened = true;
            for order in orders {
                match order {
                    Order::Open => opened = self.socket.open(),
                    Order::Close => self.socket.close(),
                    Order::Say(frame) => self.socket.send(&encode(&frame)),
                    Order::Keep(claim) => keep_claim(claim.as_ref()),
                }
            }
            if !opened {
                let abnormal = 1006;
                self.act(|state, moment| state.closed(moment, abnormal));
            }
        }
    }

    /// What changed, for the rooms that somebody may look at.
    fn collect(&mut self, now: Millis) -> Vec<Shown> {
        let Self { state, rooms, entering, .. } = self;
        rooms.retain(|code, _| state.room(*code).is_some() || entering.iter().any(|(entering, _)| entering == code));
        let mut shown = Vec::new();
        for (code, room) in state.rooms() {
            let Some(cells) = rooms.get(code) else {
                continue;
            };
            let rest = room.take_changed().then(|| Rest::of(room, now));
            let rows = room.take_rows();
            if rest.is_some() || rows.is_some() {
                shown.push(Shown { cells: cells.clone(), rows, rest });
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
