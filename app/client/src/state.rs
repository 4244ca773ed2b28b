//! Everything this page knows of the server, in one place: one connection, and the set of rooms that it is in, of which
//! one at most is looked at. Pure.
//!
//! The browser's side calls one function an event and then carries out the actions; tests do the same with a pretended
//! server. Nothing here knows a clock, a socket or a signal.

mod burning;
mod frames;

use std::collections::BTreeMap;

use protocol::{
    Activity, ClientFrame, ClientId, ErrorCode, LeaveReason, Limits, Me, Millis, RoomCode, ServerFrame, Text, encode,
};

use crate::aside::Aside;
use crate::env::Env;
use crate::link::{Action, Claim, Link, LinkStatus};
use crate::outbox::ANSWER_MS_MAX;
use crate::outgoing::Outgoing;
use crate::phase::RoomPhase;
use crate::room_entry::{self, RoomEntry};
use crate::room_state::RoomState;
use crate::row::{Confidant, RowAction};

/// Rooms that are kept, those included that are over and can still be read. More than a server lets one session be in, so
/// that there is always one that may go.
const ROOMS_MAX: usize = 100;
/// A person without any input for so long counts as away.
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
    /// The person tells how far they have read, and wants to know it of others.
    tells_reading: bool,
    me: Option<Me>,
    /// The server's clock minus this machine's.
    clock_ahead: i64,
    text_chars_max: u32,
    frame_bytes_max: u32,
    edit_window_ms: u64,
    burn_unread_ms: u64,
    rows_max: usize,
    actions: Vec<Action>,
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
            tells_reading: true,
            me,
            clock_ahead: 0,
            text_chars_max: limits.text_chars_max,
            frame_bytes_max: limits.frame_bytes_max,
            edit_window_ms: limits.edit_window_ms,
            burn_unread_ms: limits.burn_unread_ms,
            rows_max: limits.page_messages_max as usize,
            actions: Vec::new(),
        }
    }

    /// Enters a room, or returns to one of the set, also to one that is over and is only read. It is the one that is
    /// looked at now.
    pub fn enter(&mut self, env: &mut Env<'_>, code: RoomCode, pin: Option<String>) {
        if !self.rooms.contains_key(&code) {
            self.leaving.remove(&code);
            self.add(code, pin);
        }
        self.looked_at = Some(code);
        self.link.want(env.now, &mut self.actions);
        self.pump(env);
    }

    /// The person looks at no room any more. A room that is over stays until it is closed, if there is anything in it.
    pub fn look_away(&mut self, env: &mut Env<'_>, code: RoomCode) {
        if self.looked_at == Some(code) {
            self.looked_at = None;
        }
        if self.rooms.get(&code).is_some_and(|room| room.is_over() && !room.was_inside()) {
            self.rooms.remove(&code);
        }
        self.pump(env);
    }

    /// Forgets a room: the person has closed one that is over, or the server has confirmed that they left it.
    pub fn forget(&mut self, env: &mut Env<'_>, code: RoomCode) {
        self.rooms.remove(&code);
        self.pump(env);
    }

    /// Keeps what the person was at in a room while another is shown.
    pub fn put_aside(&mut self, code: RoomCode, aside: Aside) {
        if let Some(room) = self.rooms.get_mut(&code) {
            room.put_aside(aside);
        }
    }

    /// What was kept so, for the person who is back.
    pub fn take_aside(&mut self, code: RoomCode) -> Aside {
        self.rooms.get_mut(&code).map(RoomState::take_aside).unwrap_or_default()
    }

    /// Leaves a room for good. False where no frame could be sent: the caller should tell the server by another way;
    /// the frame is also sent on the next connection.
    pub fn leave(&mut self, env: &mut Env<'_>, code: RoomCode) -> bool {
        match self.rooms.remove(&code).map(|room| room.phase()) {
            None | Some(RoomPhase::Ended(_)) => return true,
            // A membership may be there without a seat.
            Some(RoomPhase::Refused(_)) => return false,
            Some(RoomPhase::Joining | RoomPhase::Inside) => {}
        }
        let cid = env.cid();
        self.leaving.insert(code, cid.clone());
        if self.link.is_online() {
            self.actions.push(Action::Say(ClientFrame::Leave { cid, room: code.as_str().to_owned() }));
        }
        self.pump(env);
        self.link.is_online()
    }

    /// Says something to all, or to one person only; `reply` is the row of the message that it answers.
    ///
    /// # Errors
    /// What is wrong with the text, or why the room takes none: the person keeps the text.
    pub fn send(
        &mut self,
        env: &mut Env<'_>,
        code: RoomCode,
        typed: &str,
        (to, reply): (Option<Confidant>, Option<u64>),
    ) -> Result<(), ErrorCode> {
        let text = Text::parse(typed, self.text_chars_max as usize)?.as_str().to_owned();
        let room = self.rooms.get_mut(&code).ok_or(ErrorCode::NotInRoom)?;
        let name = room.roster().own_name().or(self.me.as_ref().map(|me| &me.name)).cloned();
        let name = name.ok_or(ErrorCode::Unauthorized)?;
        let (cid, what) = (env.cid(), room.said(text, to, reply)?);
        fits(code, &cid, what.clone(), self.frame_bytes_max)?;
        let at = env.now.saturating_add_signed(self.clock_ahead);
        room.say(cid, what, name, at)?;
        self.actions.extend(room.type_on(false, env.now).map(Action::Say));
        self.pump(env);
        Ok(())
    }

    /// An own message that can still be changed: its row's key, and its text. Without a key the last one.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn changeable(&self, env: &mut Env<'_>, code: RoomCode, key: Option<u64>) -> Result<(u64, String), ErrorCode> {
        let room = self.rooms.get(&code).ok_or(ErrorCode::NotInRoom)?;
        room.changeable(key, self.changeable_since(env)).map(|(key, _, text)| (key, text))
    }

    /// Does something to the message in a row.
    ///
    /// # Errors
    /// Why that cannot be; for a text also what is wrong with it: the person keeps the text.
    pub fn act(&mut self, env: &mut Env<'_>, code: RoomCode, key: u64, action: RowAction) -> Result<(), ErrorCode> {
        let (since, chars_max, bytes_max) =
            (self.changeable_since(env), self.text_chars_max as usize, self.frame_bytes_max);
        let room = self.rooms.get_mut(&code).ok_or(ErrorCode::NotInRoom)?;
        let what = match action {
            RowAction::React(typed) => {
                let emoji = typed.trim().to_owned();
                let (id, on) = room.reaction(key, &emoji)?;
                Outgoing::React { id, emoji, on }
            }
            RowAction::Edit(typed) => {
                let (_, id, before) = room.changeable(Some(key), since)?;
                let text = Text::parse(&typed, chars_max)?.as_str().to_owned();
                // In the same words it is what it was.
                if text == before {
                    return Ok(());
                }
                Outgoing::Edit { id, text }
            }
            RowAction::Delete => Outgoing::Delete { id: room.changeable(Some(key), since)?.1 },
        };
        let cid = env.cid();
        fits(code, &cid, what.clone(), bytes_max)?;
        room.ask(cid, key, what)?;
        self.pump(env);
        Ok(())
    }

    /// Says in a room for a while that something could not be done.
    pub fn refuse(&mut self, env: &mut Env<'_>, code: RoomCode, why: ErrorCode) {
        let now = env.now;
        self.with_room(env, code, |room| room.refuse(why, now));
    }

    /// What was typed as an emoji in a room and is none, with the key of the row that it was for: once.
    pub fn take_given_back(&mut self, code: RoomCode) -> Option<(u64, String)> {
        self.rooms.get_mut(&code)?.take_given_back()
    }

    /// What was sent before this, by the server's clock, cannot be changed any more.
    fn changeable_since(&self, env: &Env<'_>) -> Millis {
        env.now.saturating_add_signed(self.clock_ahead).saturating_sub(self.edit_window_ms)
    }

    /// Queues what the previous page in this tab had not sent. Each keeps its `cid`, so that the server relays none
    /// twice.
    pub fn say_again(&mut self, env: &mut Env<'_>, code: RoomCode, unsent: Vec<(ClientId, Outgoing)>) {
        let name = self.me.as_ref().map(|me| me.name.clone());
        let at = env.now.saturating_add_signed(self.clock_ahead);
        if let (Some(name), Some(room)) = (name, self.rooms.get_mut(&code)) {
            for (cid, what) in unsent {
                if what.words().is_some_and(|text| Text::parse(text, self.text_chars_max as usize).is_ok()) {
                    // Cannot fail: the previous page's outbox had the same bound.
                    let _ = room.say(cid, what, name.clone(), at);
                }
            }
        }
        self.pump(env);
    }

    /// Tries a failed message again.
    pub fn retry(&mut self, env: &mut Env<'_>, code: RoomCode, key: u64) {
        let at = env.now.saturating_add_signed(self.clock_ahead);
        self.with_room(env, code, |room| room.retry(key, at));
    }

    /// Discards a failed message.
    pub fn discard(&mut self, env: &mut Env<'_>, code: RoomCode, key: u64) {
        self.with_room(env, code, |room| room.discard(key));
    }

    /// The person reads the older rows of a room, or no more.
    pub fn hold(&mut self, env: &mut Env<'_>, code: RoomCode, held: bool) {
        self.with_room(env, code, |room| room.hold(held));
    }

    /// The person has read everything in a room.
    pub fn read(&mut self, env: &mut Env<'_>, code: RoomCode) {
        self.with_room(env, code, RoomState::read);
    }

    /// Empties the log of a room on this page.
    pub fn clear(&mut self, env: &mut Env<'_>, code: RoomCode) {
        self.with_room(env, code, RoomState::clear);
    }

    /// Asks again for a seat after a refusal.
    pub fn join_again(&mut self, env: &mut Env<'_>, code: RoomCode, pin: Option<String>) {
        self.with_room(env, code, |room| room.join_again(pin));
    }

    /// The person types in a room, or stopped.
    pub fn typing(&mut self, env: &mut Env<'_>, code: RoomCode, on: bool) {
        let told = self.rooms.get_mut(&code).and_then(|room| room.type_on(on, env.now));
        self.actions.extend(told.map(Action::Say));
    }

    /// The socket is open.
    pub fn opened(&mut self, env: &mut Env<'_>) {
        self.link.opened(env.now, &mut self.actions);
    }

    /// A frame arrived.
    pub fn heard(&mut self, env: &mut Env<'_>, frame: ServerFrame) {
        self.link.heard(env.now, &frame, &mut self.actions);
        self.take(env.now, frame);
        self.pump(env);
    }

    /// The socket was closed from outside.
    pub fn closed(&mut self, env: &mut Env<'_>, close_code: u16) {
        let dice = (env.dice)();
        self.link.closed(env.now, close_code, dice, &mut self.actions);
        self.pump(env);
    }

    /// Time passed.
    pub fn tick(&mut self, env: &mut Env<'_>) {
        let dice = (env.dice)();
        self.link.tick(env.now, dice, &mut self.actions);
        let heard_at = self.link.heard_at();
        let overdue = |since: Millis| since > heard_at && env.now.saturating_sub(since) >= ANSWER_MS_MAX;
        if self.rooms.values().filter_map(RoomState::in_flight_since).any(overdue) {
            self.link.doubt(env.now, &mut self.actions);
        }
        self.pump(env);
    }

    /// When `tick` should come at the latest.
    pub fn deadline(&self, now: Millis) -> Option<Millis> {
        let idle = (self.is_visible && !self.rooms.is_empty() && !self.is_idle(now)).then(|| self.touched_at + IDLE_MS);
        let rooms = self.rooms.values().filter(|_| self.link.is_online()).filter_map(|room| room.deadline(now)).min();
        [self.link.deadline(now), rooms, idle, self.burns_at()].into_iter().flatten().min()
    }

    /// The browser says whether there is a network.
    pub fn network(&mut self, env: &mut Env<'_>, has_network: bool) {
        self.link.network(env.now, has_network, &mut self.actions);
        self.pump(env);
    }

    /// The page was hidden, or is seen again.
    pub fn visible(&mut self, env: &mut Env<'_>, is_visible: bool) {
        self.is_visible = is_visible;
        if is_visible {
            self.touched_at = env.now;
            self.link.wake(env.now, &mut self.actions);
        } else {
            self.link.keep(&mut self.actions);
        }
        self.pump(env);
    }

    /// The person did something. True where that ended their absence.
    pub fn touched(&mut self, env: &mut Env<'_>) -> bool {
        let was_idle = self.is_idle(env.now);
        self.touched_at = env.now;
        if was_idle {
            self.pump(env);
        }
        was_idle
    }

    /// The page is being left; the browser may show it again from its back/forward cache.
    pub fn away(&mut self, env: &mut Env<'_>) {
        self.link.away(&mut self.actions);
        self.pump(env);
    }

    /// The browser shows the page again from its back/forward cache.
    pub fn back(&mut self, env: &mut Env<'_>) {
        self.link.back(env.now, &mut self.actions);
        self.pump(env);
    }

    /// The person does not want to wait.
    pub fn retry_now(&mut self, env: &mut Env<'_>) {
        self.link.retry_now(env.now, &mut self.actions);
        self.pump(env);
    }

    /// Another user has signed in: begins a new session, which joins the rooms again.
    pub fn sign_in(&mut self, env: &mut Env<'_>, me: Me) {
        self.me = Some(me);
        self.link.forget(&mut self.actions);
        self.pump(env);
        if !self.rooms.is_empty() {
            self.link.want(env.now, &mut self.actions);
        }
    }

    /// The person signed out.
    pub fn sign_out(&mut self, env: &mut Env<'_>) {
        self.me = None;
        self.leaving.clear();
        for room in self.rooms.values_mut() {
            room.left(LeaveReason::SignedOut);
        }
        self.link.forget(&mut self.actions);
        self.pump(env);
    }

    /// What the person is called changed.
    pub fn set_me(&mut self, me: Me) {
        self.me = Some(me);
    }

    /// Who the person is.
    pub fn me(&self) -> Option<&Me> {
        self.me.as_ref()
    }

    /// The connection, as it is shown.
    pub fn connection(&self, now: Millis) -> LinkStatus {
        self.link.shown(now)
    }

    /// Whether frames can be sent.
    pub fn is_online(&self) -> bool {
        self.link.is_online()
    }

    /// The server's clock minus this machine's.
    pub fn clock_ahead(&self) -> i64 {
        self.clock_ahead
    }

    /// Sets it to what is known before the first `welcome`.
    pub fn set_clock_ahead(&mut self, clock_ahead: i64) {
        self.clock_ahead = clock_ahead;
    }

    /// Characters that a message may have.
    pub fn text_chars_max(&self) -> u32 {
        self.text_chars_max
    }

    /// How long a message with a burn timer is there for those who do not see it.
    pub fn burn_unread_ms(&self) -> u64 {
        self.burn_unread_ms
    }

    /// The list of rooms.
    pub fn list(&self) -> Vec<RoomEntry> {
        let mut list: Vec<_> = self.rooms.values().map(RoomState::entry).collect();
        room_entry::sort(&mut list);
        list
    }

    /// The one that the person looks at.
    pub fn looked_at(&self) -> Option<RoomCode> {
        self.looked_at
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
    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// Adds a room to the set. Where that is full, one that is over and is not looked at makes way.
    fn add(&mut self, code: RoomCode, pin: Option<String>) {
        if self.rooms.len() >= ROOMS_MAX {
            let over = self.rooms.iter().find(|(code, room)| room.is_over() && self.looked_at != Some(**code));
            if let Some(over) = over.map(|(code, _)| *code) {
                self.rooms.remove(&over);
            }
        }
        self.rooms.insert(code, RoomState::new(code, pin, self.rows_max));
    }

    fn with_room(&mut self, env: &mut Env<'_>, code: RoomCode, act: impl FnOnce(&mut RoomState)) {
        if let Some(room) = self.rooms.get_mut(&code) {
            act(room);
        }
        self.pump(env);
    }

    fn is_idle(&self, now: Millis) -> bool {
        now.saturating_sub(self.touched_at) >= IDLE_MS
    }

    /// After each event: passes on what changed for the rooms, and sends what can be sent now.
    fn pump(&mut self, env: &mut Env<'_>) {
        let is_online = self.link.is_online();
        if self.was_online && !is_online {
            self.rooms.values_mut().for_each(RoomState::cut);
        }
        self.was_online = is_online;
        let looks = self.is_visible && !self.is_idle(env.now);
        let (mut frames, server_now) = (Vec::new(), self.server_now(env.now));
        for (code, room) in &mut self.rooms {
            room.burn(server_now);
            let looked_at = self.looked_at == Some(*code);
            room.look(self.is_visible && looked_at);
            let here = looks && looked_at;
            if is_online {
                let activity = if here { Activity::Online } else { Activity::Away };
                room.pump(env, activity, self.tells_reading, &mut frames);
            }
            room.settle(env.now);
        }
        self.actions.extend(frames.into_iter().map(Action::Say));
    }
}

/// Whether the server takes so large a frame.
fn fits(code: RoomCode, cid: &ClientId, what: Outgoing, bytes_max: u32) -> Result<(), ErrorCode> {
    let frame = what.frame(cid.clone(), code.as_str().to_owned());
    if encode(&frame).len() > bytes_max as usize { Err(ErrorCode::TooLarge) } else { Ok(()) }
}
