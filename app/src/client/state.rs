//! Everything this page knows of the server, in one place: the line and the rooms. Pure.
//!
//! The browser's side calls one function an event and then does what the orders say; tests do the same with a pretended
//! server. Nothing here knows a clock, a socket or a signal.

mod frames;

use std::collections::BTreeMap;

use protocol::{
    Activity, ClientFrame, ClientId, ErrorCode, LeaveReason, Limits, Me, Millis, RoomCode, ServerFrame, Text, encode,
};

use super::connection::{Claim, Connection, Link, Order};
use super::moment::Moment;
use super::outbox::ANSWER_MS_MAX;
use super::phase::RoomPhase;
use super::room_state::RoomState;

/// A person who touched nothing for so long is away.
const IDLE_MS: Millis = 10 * 60 * 1_000;

/// The page's state.
#[derive(Debug)]
pub struct ClientState {
    link: Link,
    was_online: bool,
    rooms: BTreeMap<RoomCode, RoomState>,
    /// Rooms that were left and whose server has not said so yet.
    leaving: BTreeMap<RoomCode, ClientId>,
    looked_at: Option<RoomCode>,
    is_visible: bool,
    touched_at: Millis,
    me: Option<Me>,
    /// The server's clock minus this machine's.
    clock_ahead: i64,
    text_chars_max: u32,
    frame_bytes_max: u32,
    rows_max: usize,
    orders: Vec<Order>,
}

impl ClientState {
    /// A page that was just loaded, with the claim that the one before kept in this tab.
    pub fn new(claim: Option<Claim>, me: Option<Me>, limits: &Limits, now: Millis) -> Self {
        Self {
            link: Link::new(claim),
            was_online: false,
            rooms: BTreeMap::new(),
            leaving: BTreeMap::new(),
            looked_at: None,
            is_visible: true,
            touched_at: now,
            me,
            clock_ahead: 0,
            text_chars_max: limits.text_chars_max,
            frame_bytes_max: limits.frame_bytes_max,
            rows_max: limits.page_messages_max as usize,
            orders: Vec::new(),
        }
    }

    /// Enters a room, or returns to one that was not left. It is the one that is looked at now.
    pub fn enter(&mut self, moment: &mut Moment<'_>, code: RoomCode, pin: Option<String>) {
        self.leaving.remove(&code);
        self.looked_at = Some(code);
        if self.rooms.get(&code).is_none_or(RoomState::is_over) {
            self.rooms.insert(code, RoomState::new(code, pin, self.rows_max));
        }
        self.link.want(moment.now, &mut self.orders);
        self.pump(moment);
    }

    /// The person looks at no room any more. What is over by then is forgotten.
    pub fn look_away(&mut self, moment: &mut Moment<'_>, code: RoomCode) {
        if self.looked_at == Some(code) {
            self.looked_at = None;
        }
        if self.rooms.get(&code).is_some_and(RoomState::is_over) {
            self.rooms.remove(&code);
        }
        self.pump(moment);
    }

    /// Leaves a room for good. False where it could not be said on the line: it should be said by another way, and will
    /// be said on the next line.
    pub fn leave(&mut self, moment: &mut Moment<'_>, code: RoomCode) -> bool {
        match self.rooms.remove(&code).map(|room| room.phase()) {
            None | Some(RoomPhase::Ended(_)) => return true,
            // A membership may be there without a seat.
            Some(RoomPhase::Refused(_)) => return false,
            Some(RoomPhase::Joining | RoomPhase::Inside) => {}
        }
        let cid = moment.cid();
        self.leaving.insert(code, cid.clone());
        if self.link.is_online() {
            self.orders.push(Order::Say(ClientFrame::Leave { cid, room: code.as_str().to_owned() }));
        }
        self.pump(moment);
        self.link.is_online()
    }

    /// Says something.
    ///
    /// # Errors
    /// What is wrong with the text, or why the room takes none: the person keeps the text.
    pub fn send(&mut self, moment: &mut Moment<'_>, code: RoomCode, typed: &str) -> Result<(), ErrorCode> {
        let text = Text::parse(typed, self.text_chars_max as usize)?.as_str().to_owned();
        let room = self.rooms.get_mut(&code).ok_or(ErrorCode::NotInRoom)?;
        let name = room.roster().own_name().or(self.me.as_ref().map(|me| &me.name)).cloned();
        let name = name.ok_or(ErrorCode::Unauthorized)?;
        let cid = moment.cid();
        let frame = ClientFrame::Send { cid: cid.clone(), room: code.as_str().to_owned(), text: text.clone() };
        if encode(&frame).len() > self.frame_bytes_max as usize {
            return Err(ErrorCode::TooLarge);
        }
        let at = moment.now.saturating_add_signed(self.clock_ahead);
        room.say(cid, text, name, at)?;
        self.orders.extend(room.type_on(false, moment.now).map(Order::Say));
        self.pump(moment);
        Ok(())
    }

    /// Tries a failed message again.
    pub fn retry(&mut self, moment: &mut Moment<'_>, code: RoomCode, key: u64) {
        let at = moment.now.saturating_add_signed(self.clock_ahead);
        self.with_room(moment, code, |room| room.retry(key, at));
    }

    /// Discards a failed message.
    pub fn discard(&mut self, moment: &mut Moment<'_>, code: RoomCode, key: u64) {
        self.with_room(moment, code, |room| room.discard(key));
    }

    /// Asks again for a seat after a refusal.
    pub fn join_again(&mut self, moment: &mut Moment<'_>, code: RoomCode, pin: Option<String>) {
        self.with_room(moment, code, |room| room.join_again(pin));
    }

    /// The person types in a room, or stopped.
    pub fn typing(&mut self, moment: &mut Moment<'_>, code: RoomCode, on: bool) {
        let told = self.rooms.get_mut(&code).and_then(|room| room.type_on(on, moment.now));
        self.orders.extend(told.map(Order::Say));
    }

    /// The socket is open.
    pub fn opened(&mut self, moment: &mut Moment<'_>) {
        self.link.opened(moment.now, &mut self.orders);
    }

    /// A frame arrived.
    pub fn heard(&mut self, moment: &mut Moment<'_>, frame: ServerFrame) {
        self.link.heard(moment.now, &frame, &mut self.orders);
        self.take(moment.now, frame);
        self.pump(moment);
    }

    /// The socket was closed from outside.
    pub fn closed(&mut self, moment: &mut Moment<'_>, close_code: u16) {
        let dice = (moment.dice)();
        self.link.closed(moment.now, close_code, dice, &mut self.orders);
        self.pump(moment);
    }

    /// Time passed.
    pub fn tick(&mut self, moment: &mut Moment<'_>) {
        let dice = (moment.dice)();
        self.link.tick(moment.now, dice, &mut self.orders);
        let heard_at = self.link.heard_at();
        let overdue = |since: Millis| since > heard_at && moment.now.saturating_sub(since) >= ANSWER_MS_MAX;
        if self.rooms.values().filter_map(RoomState::in_flight_since).any(overdue) {
            self.link.doubt(moment.now, &mut self.orders);
        }
        self.pump(moment);
    }

    /// When `tick` should come at the latest.
    pub fn deadline(&self, now: Millis) -> Option<Millis> {
        let idle = (self.is_visible && !self.rooms.is_empty() && !self.is_idle(now)).then(|| self.touched_at + IDLE_MS);
        let rooms = self.rooms.values().filter(|_| self.link.is_online()).filter_map(|room| room.deadline(now)).min();
        [self.link.deadline(now), rooms, idle].into_iter().flatten().min()
    }

    /// The browser says whether there is a network.
    pub fn network(&mut self, moment: &mut Moment<'_>, has_network: bool) {
        self.link.network(moment.now, has_network, &mut self.orders);
        self.pump(moment);
    }

    /// The page was hidden, or is seen again.
    pub fn visible(&mut self, moment: &mut Moment<'_>, is_visible: bool) {
        self.is_visible = is_visible;
        if is_visible {
            self.touched_at = moment.now;
            self.link.wake(moment.now, &mut self.orders);
        } else {
            self.link.keep(&mut self.orders);
        }
        self.pump(moment);
    }

    /// The person did something. True where that ended their absence.
    pub fn touched(&mut self, moment: &mut Moment<'_>) -> bool {
        let was_idle = self.is_idle(moment.now);
        self.touched_at = moment.now;
        if was_idle {
            self.pump(moment);
        }
        was_idle
    }

    /// The page goes; it may come back out of the browser's cache.
    pub fn away(&mut self, moment: &mut Moment<'_>) {
        self.link.away(&mut self.orders);
        self.pump(moment);
    }

    /// The page came back out of the browser's cache.
    pub fn back(&mut self, moment: &mut Moment<'_>) {
        self.link.back(moment.now, &mut self.orders);
        self.pump(moment);
    }

    /// The person does not want to wait.
    pub fn retry_now(&mut self, moment: &mut Moment<'_>) {
        self.link.retry_now(moment.now, &mut self.orders);
        self.pump(moment);
    }

    /// The person is somebody else now: a new session, which joins the rooms again.
    pub fn sign_in(&mut self, moment: &mut Moment<'_>, me: Me) {
        self.me = Some(me);
        self.link.forget(&mut self.orders);
        self.pump(moment);
        if !self.rooms.is_empty() {
            self.link.want(moment.now, &mut self.orders);
        }
    }

    /// The person is nobody now.
    pub fn sign_out(&mut self, moment: &mut Moment<'_>) {
        self.me = None;
        self.leaving.clear();
        for room in self.rooms.values_mut() {
            room.left(LeaveReason::SignedOut);
        }
        self.link.forget(&mut self.orders);
        self.pump(moment);
    }

    /// What the person is called changed.
    pub fn set_me(&mut self, me: Me) {
        self.me = Some(me);
    }

    /// Who the person is.
    pub fn me(&self) -> Option<&Me> {
        self.me.as_ref()
    }

    /// The line, as it is shown.
    pub fn connection(&self, now: Millis) -> Connection {
        self.link.shown(now)
    }

    /// Whether frames can be sent.
    pub fn is_online(&self) -> bool {
        self.link.is_online()
    }

    /// Characters that a message may have.
    pub fn text_chars_max(&self) -> u32 {
        self.text_chars_max
    }

    /// The rooms this page is in.
    pub fn rooms(&mut self) -> impl Iterator<Item = (&RoomCode, &mut RoomState)> {
        self.rooms.iter_mut()
    }

    /// One of them.
    pub fn room(&self, code: RoomCode) -> Option<&RoomState> {
        self.rooms.get(&code)
    }

    /// What is to be done with the socket, in order.
    pub fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }

    fn with_room(&mut self, moment: &mut Moment<'_>, code: RoomCode, act: impl FnOnce(&mut RoomState)) {
        if let Some(room) = self.rooms.get_mut(&code) {
            act(room);
        }
        self.pump(moment);
    }

    fn is_idle(&self, now: Millis) -> bool {
        now.saturating_sub(self.touched_at) >= IDLE_MS
    }

    /// After each event: what may go, goes.
    fn pump(&mut self, moment: &mut Moment<'_>) {
        let is_online = self.link.is_online();
        if self.was_online && !is_online {
            self.rooms.values_mut().for_each(RoomState::cut);
        }
        self.was_online = is_online;
        let looks = self.is_visible && !self.is_idle(moment.now);
        let mut frames = Vec::new();
        for (code, room) in &mut self.rooms {
            let here = looks && self.looked_at == Some(*code);
            if is_online {
                room.pump(moment, if here { Activity::Online } else { Activity::Away }, &mut frames);
            }
            room.settle(moment.now);
        }
        self.orders.extend(frames.into_iter().map(Order::Say));
    }
}
