//! The rooms and sessions of this node: finds a room's task or starts it, keeps sessions through their drops.
//!
//! The hub never looks into a message. Its maps hold what is live and nothing else: they are empty when all have left,
//! but for the marks of rooms that have ended.

mod asked;
mod asking;
mod endings;
mod looking;
mod orders;
mod survey;
mod words;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chat::{ChannelId, Input, NodeId, RoomStart, SessionKey};
use futures::FutureExt as _;
use protocol::{DisplayName, ErrorCode, LeaveReason, Limits, Millis, RoomCode, Secret, ServerFrame, SessionId};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::broker::{Broker, Word};
use crate::channel::{RoomHandle, RoomTask, SeatHandle};
use crate::clock::{self, Clock};
use crate::counts::{Counts, Eviction};
use crate::dialect::Dialect;
use crate::events::{Happening, Witness};
use crate::identity::{Identity, LoginKey, UserId};
use crate::orders::Orders;
use crate::rate_limits::RateLimits;
use crate::record::Keeper;
use crate::session::for_rooms::{ForRooms, RoomsSession};
use crate::session::{Carrier, Flushers, Generation, Host};

use asked::Asked;
pub use survey::{RoomSurvey, Survey};

/// A cheap handle to the one hub.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    limits: Arc<Limits>,
    node: NodeId,
    clock: Clock,
    broker: Arc<dyn Broker>,
    rooms: Mutex<HashMap<ChannelId, Live>>,
    sessions: Mutex<Sessions>,
    next_key: AtomicU64,
    flushers: Flushers,
    counts: Arc<Counts>,
    witness: Option<Arc<dyn Witness>>,
    orders: Mutex<Orders>,
    /// Counted over all nodes.
    rates: OnceLock<Arc<RateLimits>>,
    /// Questions to other nodes.
    asked: Asked,
    tracker: TaskTracker,
    /// Cancelled when the last connection has said goodbye: rooms and grace periods end.
    halt: CancellationToken,
}

/// Who is told what happens: numbers, and whoever keeps a log of it.
#[derive(Debug, Default)]
pub struct Watch {
    /// In numbers.
    pub counts: Counts,
    /// One by one.
    pub witness: Option<Arc<dyn Witness>>,
}

/// A room with a task, and the record of it.
struct Live {
    room: RoomHandle,
    keeper: Arc<dyn Keeper>,
}

/// Every live session, found by its name and by its user.
#[derive(Default)]
struct Sessions {
    by_id: HashMap<SessionId, Arc<RoomsSession>>,
    by_user: HashMap<UserId, Vec<Arc<RoomsSession>>>,
}

impl Hub {
    /// A hub without rooms.
    pub fn new(
        limits: Arc<Limits>,
        clock: Clock,
        broker: Arc<dyn Broker>,
        tracker: TaskTracker,
        halt: CancellationToken,
    ) -> Self {
        Self::watched(limits, clock, broker, tracker, halt, Watch::default())
    }

    /// The same, and what happens is told.
    pub fn watched(
        limits: Arc<Limits>,
        clock: Clock,
        broker: Arc<dyn Broker>,
        tracker: TaskTracker,
        halt: CancellationToken,
        watch: Watch,
    ) -> Self {
        let Watch { counts, witness } = watch;
        let counts = Arc::new(counts);
        let flushers = std::thread::available_parallelism().map_or(1, usize::from);
        let hub = Self(Arc::new(Inner {
            limits,
            node: broker.node(),
            clock,
            broker,
            rooms: Mutex::default(),
            sessions: Mutex::default(),
            next_key: AtomicU64::new(1),
            flushers: Flushers::new(flushers, Arc::clone(&counts)),
            counts,
            witness,
            orders: Mutex::default(),
            rates: OnceLock::new(),
            asked: Asked::default(),
            tracker,
            halt,
        }));
        hub.listen();
        hub
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The one clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// This process among those that serve the same rooms.
    pub fn node(&self) -> NodeId {
        self.0.node
    }

    /// Who writes what sessions have waiting.
    pub fn flushers(&self) -> &Flushers {
        &self.0.flushers
    }

    /// What has happened here, in numbers.
    pub fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// Tells whoever listens what has happened.
    pub fn happened(&self, what: impl FnOnce() -> Happening) {
        if let Some(witness) = &self.0.witness {
            witness.happened(what());
        }
    }

    /// Whether somebody listens: what takes work to find out is found out for them only.
    pub fn has_witness(&self) -> bool {
        self.0.witness.is_some()
    }

    /// Answers a session, in its words: refusals and gaps are counted.
    pub fn answer(&self, session: &RoomsSession, frame: &ServerFrame) {
        self.counts().told(frame);
        if let ServerFrame::Error { code, .. } = frame {
            self.happened(|| Happening::Refused(session.user(), *code, session.dialect().id()));
        }
        session.tell(frame, self.limits());
    }

    fn evicted(&self, session: &RoomsSession, why: Eviction) {
        self.counts().evicted(why);
        self.happened(|| Happening::Evicted(session.user(), why));
    }

    /// For those who publish beside rooms.
    pub fn shared_broker(&self) -> Arc<dyn Broker> {
        Arc::clone(&self.0.broker)
    }

    /// The broker.
    pub fn broker(&self) -> &dyn Broker {
        &*self.0.broker
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<ChannelId, Live>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing(&self) -> MutexGuard<'_, Orders> {
        self.0.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task of a room, started where there is none: with what `begin` answers.
    pub fn start(&self, id: ChannelId, begin: impl FnOnce() -> (RoomStart, Arc<dyn Keeper>)) -> RoomHandle {
        let mut rooms = self.rooms();
        if let Some(live) = rooms.get(&id).filter(|live| !live.room.is_over()) {
            return live.room.clone();
        }
        let (start, keeper) = begin();
        let mailbox_max = usize::try_from(self.limits().room_mailbox_max).unwrap_or(usize::MAX);
        let (task, room) = RoomTask::new(id, start, self.clone(), mailbox_max);
        rooms.insert(id, Live { room: room.clone(), keeper: Arc::clone(&keeper) });
        drop(rooms);
        self.0.tracker.spawn(self.clone().supervise(task, room.clone(), Arc::clone(&keeper)));
        self.0.tracker.spawn(self.clone().confirm(room.clone(), keeper));
        room
    }

    /// Runs a room to its end, whatever the end is, and clears up behind it.
    async fn supervise(self, task: RoomTask, handle: RoomHandle, keeper: Arc<dyn Keeper>) {
        let ended = tokio::select! {
            ended = std::panic::AssertUnwindSafe(task.run()).catch_unwind() => ended,
            // At the end of the process rooms simply stop: their members were told by their connections.
            () = self.0.halt.cancelled() => return,
        };
        if ended.is_ok() {
            keeper.note_ended();
        }
        match ended {
            Ok(reason @ (LeaveReason::Expired | LeaveReason::Empty)) => {
                if keeper.delete().await {
                    // Who came between the two ends is inside a room of which there is no record: it ends for them, too.
                    self.end_room_everywhere(handle.id, reason);
                }
            }
            // Whoever deleted it has deleted its record before.
            Ok(
                LeaveReason::Left
                | LeaveReason::Deleted
                | LeaveReason::SignedOut
                | LeaveReason::Kicked
                | LeaveReason::Banned,
            ) => {}
            Err(_) => tracing::error!("a room's task panicked; its members connect again"),
        }
        let mut rooms = self.rooms();
        if rooms.get(&handle.id).is_some_and(|live| live.room.is_same(&handle)) {
            rooms.remove(&handle.id);
        }
    }

    /// The task of a room, where there is one.
    pub fn live(&self, room: ChannelId) -> Option<RoomHandle> {
        self.rooms().get(&room).map(|live| &live.room).filter(|room| !room.is_over()).cloned()
    }

    /// Every room with a task.
    pub fn live_rooms(&self) -> Vec<RoomHandle> {
        self.rooms().values().map(|live| &live.room).filter(|room| !room.is_over()).cloned().collect()
    }

    /// Whether a room has a task on this node.
    pub fn is_live(&self, room: ChannelId) -> bool {
        self.live(room).is_some()
    }

    /// People inside a room now.
    pub fn count(&self, room: ChannelId) -> u32 {
        self.live(room).map_or(0, |live| live.count())
    }

    /// Whether one of a user's sessions is inside a room on this node, its line lost or not.
    pub fn has_seat(&self, room: ChannelId, user: UserId) -> bool {
        self.sessions_of(user).iter().any(|session| session.insides().iter().any(|inside| inside.room.id == room))
    }

    /// Live rooms, for the log and the tests.
    pub fn room_count(&self) -> usize {
        self.rooms().len()
    }

    /// Live sessions, for the log and the tests.
    pub fn session_count(&self) -> usize {
        self.sessions().by_id.len()
    }

    /// Has a live room hear of something that must not be lost.
    pub fn tell(&self, room: ChannelId, input: Input) {
        if let Some(waiting) = self.live(room).and_then(|live| live.line_up(input)) {
            self.0.tracker.spawn(waiting);
        }
    }

    /// A person is called something else: every room they are in hears of it.
    pub fn rename(&self, user: UserId, name: &DisplayName) {
        self.tell_nodes(Word::Renamed(user, name.clone()));
        self.rename_here(user, name);
    }

    fn rename_here(&self, user: UserId, name: &DisplayName) {
        for session in self.sessions_of(user) {
            session.rename(name);
            for inside in session.insides() {
                self.tell(inside.room.id, Input::Rename { member: inside.member, name: name.clone() });
            }
        }
    }

    /// The browser of a login has a token that ends then.
    pub fn renewed(&self, user: UserId, login: LoginKey, expires_at: Millis) {
        for session in self.sessions_of(user) {
            if session.identity().login == login && session.carrier() == Carrier::Cookie {
                session.renewed(expires_at);
            }
        }
    }

    /// Every user with a live session, in no order.
    pub fn users(&self) -> Vec<UserId> {
        self.sessions().by_user.keys().copied().collect()
    }

    /// The live sessions of a user.
    pub fn sessions_of(&self, user: UserId) -> Vec<Arc<RoomsSession>> {
        self.sessions().by_user.get(&user).cloned().unwrap_or_default()
    }

    /// A person has entered a room by one session: those of their others that follow are told.
    pub fn entered(&self, by: &RoomsSession, code: RoomCode) {
        for session in self.sessions_of(by.user()) {
            if session.key != by.key {
                session.follow(code, self.limits());
            }
        }
    }

    /// A new session, without a line yet. `None` when the user has as many connections as allowed. Of sessions that wait
    /// for their line to come back a user has as many at the most; the oldest makes way.
    pub fn open_session(
        &self,
        identity: &Identity,
        carrier: Carrier,
        dialect: &'static dyn Dialect,
    ) -> Option<Arc<RoomsSession>> {
        self.end_abandoned(identity.user);
        let key = SessionKey(self.0.next_key.fetch_add(1, Ordering::Relaxed));
        let id = SessionId::parse(&clock::random_id()).expect("22 characters of base64url are a session id");
        let session =
            Arc::new(RoomsSession::of_person(key, id.clone(), dialect, identity.clone(), carrier, random_secret()));
        let mut sessions = self.sessions();
        let others = sessions.by_user.entry(identity.user).or_default();
        let (dropped, connected): (Vec<_>, Vec<_>) = others.iter().cloned().partition(|other| other.is_dropped());
        let most = usize::try_from(self.limits().connections_per_user).unwrap_or(usize::MAX);
        if connected.len() >= most {
            return None;
        }
        others.push(Arc::clone(&session));
        sessions.by_id.insert(id, Arc::clone(&session));
        drop(sessions);
        for oldest in dropped.iter().take((dropped.len() + 1).saturating_sub(most)) {
            if let Some(insides) = oldest.end_if_dropped() {
                self.evicted(oldest, Eviction::MadeWay);
                self.end_session(oldest, insides);
            }
        }
        Some(session)
    }

    /// At a user's limit, the session whose client may have been gone for longest without a word makes way: nothing else
    /// would tell before its heartbeat.
    fn end_abandoned(&self, user: UserId) {
        let most = usize::try_from(self.limits().connections_per_user).unwrap_or(usize::MAX);
        let mut sessions = self.sessions_of(user);
        sessions.retain(|session| !session.is_dropped());
        if sessions.len() < most {
            return;
        }
        let now = std::time::Instant::now();
        let idle = sessions.into_iter().filter_map(|session| Some((session.abandoned_for(now)?, session)));
        if let Some((_, session)) = idle.max_by_key(|(idle, _)| *idle) {
            session.close(ErrorCode::Silence);
            self.evicted(&session, Eviction::MadeWay);
            self.end_session(&session, session.end());
        }
    }

    /// The session of a name.
    pub fn find_session(&self, id: &SessionId) -> Option<Arc<RoomsSession>> {
        self.sessions().by_id.get(id).cloned()
    }

    /// A connection is gone: its rooms hear of it at once, its session stays for the grace period.
    pub fn dropped(&self, session: &Arc<RoomsSession>, generation: Generation) {
        if !session.detach(generation) {
            return;
        }
        for inside in session.insides() {
            self.tell(inside.room.id, Input::Dropped { session: session.key });
        }
        let (hub, session) = (self.clone(), Arc::clone(session));
        let over = self.0.clock.mono().after(self.limits().grace_ms);
        self.0.tracker.spawn(async move {
            tokio::select! {
                () = hub.0.clock.sleep_until(over) => {}
                () = hub.0.halt.cancelled() => {}
            }
            if let Some(insides) = session.end_if_detached(generation) {
                hub.end_session(&session, insides);
            }
        });
    }

    fn end_session(&self, session: &Arc<RoomsSession>, insides: Vec<SeatHandle>) {
        for inside in insides {
            self.tell(inside.room.id, Input::SessionEnded { session: session.key });
        }
        let mut sessions = self.sessions();
        sessions.by_id.remove(&session.id);
        if let Some(others) = sessions.by_user.get_mut(&session.user()) {
            others.retain(|other| other.key != session.key);
            if others.is_empty() {
                sessions.by_user.remove(&session.user());
            }
        }
    }
}

/// A fresh resume secret.
pub fn random_secret() -> Secret {
    Secret::parse(&clock::random_id()).expect("22 characters of base64url are a secret")
}

impl Host<ForRooms> for Hub {
    fn limits(&self) -> &Limits {
        Self::limits(self)
    }

    fn flushers(&self) -> &Flushers {
        Self::flushers(self)
    }

    fn dropped(&self, session: &Arc<RoomsSession>, generation: Generation) {
        Self::dropped(self, session, generation);
    }

    fn closed(&self, session: &RoomsSession, code: ErrorCode) {
        self.counts().closed(code);
        if let Some(why) = Eviction::of(code) {
            self.happened(|| Happening::Evicted(session.user(), why));
        }
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hub({} rooms, {} sessions)", self.room_count(), self.session_count())
    }
}
