//! A room's task: one mailbox, one writer. It feeds the pure `chat::Room` and carries out the effects in their order.
//!
//! It never waits for a peer, and a panic in it ends this room only: those inside are told to connect again.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chat::{Effect, Input, Room, RoomStart, SessionKey};
use protocol::{ErrorCode, LeaveReason, MemberId, RoomCode, ServerFrame};
use tokio::sync::{mpsc, oneshot};

use crate::broker::Subscription;
use crate::clock;
use crate::hub::Hub;
use crate::session::{Dialect, Frame, Session};
use crate::socketio::{Rendition, Voice};
use crate::store::RoomId;

/// Commands taken from the mailbox in one go.
const BATCH_MAX: usize = 64;

/// One thing for the room to do.
#[derive(Debug)]
pub struct Command {
    /// What happens.
    pub input: Input,
    /// The session that asks: its answer reaches it even when it is not inside.
    pub session: Option<Arc<Session>>,
    /// Called when it is done.
    pub done: Option<oneshot::Sender<()>>,
}

/// How others reach a room's task.
#[derive(Clone)]
pub struct RoomHandle {
    /// Names the room in the store.
    pub id: RoomId,
    /// Names it on the wire.
    pub code: RoomCode,
    mailbox: mpsc::Sender<Command>,
    count: Arc<AtomicU32>,
}

/// A session's place in a room.
#[derive(Clone)]
pub struct Inside {
    /// The room.
    pub room: RoomHandle,
    /// Its code.
    pub code: RoomCode,
    /// Who the session is there.
    pub member: MemberId,
}

impl RoomHandle {
    /// Hands a command over without waiting.
    ///
    /// # Errors
    /// [`ErrorCode::RoomEnded`] when the task is over, [`ErrorCode::Overloaded`] when its mailbox is full.
    pub fn send(&self, command: Command) -> Result<(), ErrorCode> {
        self.mailbox.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ErrorCode::Overloaded,
            mpsc::error::TrySendError::Closed(_) => ErrorCode::RoomEnded,
        })
    }

    /// Hands a command over when there is a place in the mailbox: it holds up whoever waits, and nobody else.
    ///
    /// # Errors
    /// [`ErrorCode::RoomEnded`] when the task is over.
    pub async fn send_in_turn(&self, command: Command) -> Result<(), ErrorCode> {
        self.mailbox.send(command).await.map_err(|_| ErrorCode::RoomEnded)
    }

    /// An input that must not be lost, whatever the mailbox holds: it waits, outside of any connection.
    pub async fn send_wait(&self, input: Input) {
        // A closed mailbox means that the room is over, and with it everything the input was about.
        let _ = self.send_in_turn(Command { input, session: None, done: None }).await;
    }

    /// A request of a session.
    ///
    /// # Errors
    /// See [`RoomHandle::send`].
    pub fn request(&self, session: &Arc<Session>, input: Input) -> Result<(), ErrorCode> {
        self.send(Command { input, session: Some(Arc::clone(session)), done: None })
    }

    /// People inside.
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether the task is over.
    pub fn is_over(&self) -> bool {
        self.mailbox.is_closed()
    }

    /// Whether both lead to one task.
    pub fn is_same(&self, other: &Self) -> bool {
        self.mailbox.same_channel(&other.mailbox)
    }
}

/// The task and what it owns.
pub struct RoomTask {
    room: Room,
    handle: RoomHandle,
    mailbox: mpsc::Receiver<Command>,
    relayed: Subscription,
    sessions: HashMap<SessionKey, (Arc<Session>, MemberId)>,
    /// What was found out while effects were carried out; handled right behind them.
    found: Vec<Input>,
    hub: Hub,
    voice: Voice,
    ended: Option<LeaveReason>,
}

impl RoomTask {
    /// A task that is not running yet, and the handle to it.
    pub fn new(id: RoomId, start: RoomStart, hub: Hub, mailbox_max: usize) -> (Self, RoomHandle) {
        let (sender, mailbox) = mpsc::channel(mailbox_max);
        let handle = RoomHandle { id, code: start.info.code, mailbox: sender, count: Arc::default() };
        let relayed = hub.broker().subscribe(id);
        let room = Room::new(start);
        let (sessions, found, voice) = (HashMap::new(), Vec::new(), Voice::default());
        let task = Self { room, handle: handle.clone(), mailbox, relayed, sessions, found, hub, voice, ended: None };
        (task, handle)
    }

    /// Runs until the room ends; answers why.
    pub async fn run(mut self) -> LeaveReason {
        let mut batch = Vec::new();
        loop {
            let due = self.voice.due().map_or(self.room.deadline(), |due| due.min(self.room.deadline()));
            let wait = Duration::from_millis(due.saturating_sub(clock::now()));
            tokio::select! {
                taken = self.mailbox.recv_many(&mut batch, BATCH_MAX) => {
                    if taken == 0 {
                        return LeaveReason::Empty;
                    }
                }
                Some(item) = self.relayed.recv() => self.handle(Input::Relay(item), None),
                () = tokio::time::sleep(wait) => self.handle(Input::Tick, None),
            }
            for command in batch.drain(..) {
                self.handle(command.input, command.session.as_ref());
                if let Some(done) = command.done {
                    // The connection that asked may be gone.
                    let _ = done.send(());
                }
                // What was just published comes back here before the next request, so that acks keep the order.
                while let Ok(item) = self.relayed.try_recv() {
                    self.handle(Input::Relay(item), None);
                }
            }
            if self.voice.due().is_some()
                && let Some(rendition) = self.voice.list(self.handle.code, &self.room, self.hub.limits(), clock::now())
            {
                self.speak(None, Some(rendition));
            }
            if let Some(reason) = self.ended {
                self.refuse_rest();
                return reason;
            }
        }
    }

    fn handle(&mut self, input: Input, asking: Option<&Arc<Session>>) {
        let member = if let Input::Join { member, .. } = &input { Some(member.clone()) } else { None };
        for effect in self.room.handle(clock::now(), input) {
            self.perform(effect, asking, member.as_ref());
        }
        for input in std::mem::take(&mut self.found) {
            self.handle(input, None);
        }
        self.handle.count.store(self.room.count(), Ordering::Relaxed);
    }

    fn perform(&mut self, effect: Effect, asking: Option<&Arc<Session>>, joining: Option<&MemberId>) {
        let limits = self.hub.limits();
        match effect {
            Effect::Seated(key) => {
                if let (Some(session), Some(member)) = (asking.filter(|session| session.key == key), joining) {
                    self.sessions.insert(key, (Arc::clone(session), member.clone()));
                    let inside = Inside { room: self.handle.clone(), code: self.handle.code, member: member.clone() };
                    if !session.entered(inside) {
                        // It ended while it waited at the door; its end could not know of this room.
                        self.found.push(Input::SessionEnded { session: key });
                    } else if !session.is_connected() {
                        // Nor could the drop of its line.
                        self.found.push(Input::Dropped { session: key });
                    }
                }
            }
            Effect::Unseated(key) => {
                if let Some((session, _)) = self.sessions.remove(&key) {
                    session.left(self.handle.code);
                }
            }
            Effect::Reply(key, frame) => {
                let inside = self.sessions.get(&key).map(|(session, _)| session);
                if let Some(session) = inside.or(asking.filter(|session| session.key == key)) {
                    session.tell(&frame, limits);
                }
            }
            Effect::Broadcast(frame) | Effect::Volatile(frame) => self.broadcast(&frame),
            Effect::Publish(item) => {
                let (session, cid) = (item.session, item.cid.clone());
                if self.hub.broker().publish(self.handle.id, item).is_err() {
                    for effect in self.room.handle(clock::now(), Input::NotRelayed { session, cid }) {
                        self.perform(effect, asking, joining);
                    }
                }
            }
            Effect::Ended(ended) => self.ended = Some(ended.0),
        }
    }

    /// One encoding for each dialect that is spoken inside.
    fn broadcast(&mut self, frame: &ServerFrame) {
        let is_native = |session: &Session| session.dialect == Dialect::Native;
        let mixed = self.sessions.values().any(|(session, _)| !is_native(session));
        let native = self.sessions.values().any(|(session, _)| is_native(session)).then(|| Frame::new(frame));
        let rendition = mixed.then(|| self.voice.render(frame, &self.room, self.hub.limits(), clock::now())).flatten();
        self.speak(native.as_ref(), rendition);
    }

    /// Hands to each what is said in its dialect.
    fn speak(&self, native: Option<&Frame>, mut rendition: Option<Rendition>) {
        let limits = self.hub.limits();
        for (session, member) in self.sessions.values() {
            match (&session.dialect, &mut rendition) {
                (Dialect::Native, _) => native.iter().for_each(|frame| session.push(frame, limits)),
                (Dialect::SocketIo { own_id, .. }, Some(rendition)) => {
                    self.voice.deliver(rendition, member, own_id, |frame| session.push(frame, limits));
                }
                (Dialect::SocketIo { .. }, None) => {}
            }
        }
    }

    /// Requests that were still in the mailbox when the room ended get their answer.
    fn refuse_rest(&mut self) {
        // First: once the mailbox is closed another task may subscribe, and it must not lose its subscription to this.
        self.hub.broker().unsubscribe(self.handle.id);
        self.mailbox.close();
        while let Ok(command) = self.mailbox.try_recv() {
            self.handle(command.input, command.session.as_ref());
        }
    }
}

impl Drop for RoomTask {
    /// After a panic those inside are still here: they connect again and join anew.
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.hub.broker().unsubscribe(self.handle.id);
        }
        if !std::thread::panicking() {
            return;
        }
        for (session, _) in self.sessions.values() {
            session.left(self.handle.code);
            session.close(ErrorCode::Internal);
        }
    }
}

impl std::fmt::Debug for RoomHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RoomHandle({} inside)", self.count())
    }
}

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inside(…)")
    }
}

impl std::fmt::Debug for RoomTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RoomTask({:?})", self.room)
    }
}
