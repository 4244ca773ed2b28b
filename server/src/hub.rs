//! The rooms and sessions of this node: finds a room's task or starts it, keeps sessions through their drops.
//!
//! The hub never looks into a message. Its maps hold what is live and nothing else: they are empty when all have left.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat::{Input, RoomStart, SessionKey};
use futures::FutureExt as _;
use protocol::{DisplayName, ErrorCode, LeaveReason, Limits, RoomCode, RoomInfo, Secret, SessionId};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Identity;
use crate::broker::Broker;
use crate::clock;
use crate::keys::Keys;
use crate::owed::{Owed, Settled, Why};
use crate::room::{Command, RoomHandle, RoomTask};
use crate::session::{Dialect, Generation, Session};
use crate::store::{self, LoginKey, RoomId, SharedStore, StoreError, UserId};

/// Numbers below this stay exact in JavaScript.
const EPOCH_BITS: u32 = 53;

/// A cheap handle to the one hub.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    limits: Arc<Limits>,
    keys: Keys,
    store: SharedStore,
    broker: Arc<dyn Broker>,
    owed: Owed,
    rooms: Mutex<HashMap<RoomId, RoomHandle>>,
    sessions: Mutex<Sessions>,
    next_key: AtomicU64,
    tracker: TaskTracker,
    /// Cancelled when the last connection has said goodbye: rooms and grace periods end.
    halt: CancellationToken,
}

/// Every live session, found by its name and by its user.
#[derive(Default)]
struct Sessions {
    by_id: HashMap<SessionId, Arc<Session>>,
    by_user: HashMap<UserId, Vec<Arc<Session>>>,
}

/// Between two questions whether a room is kept, while the database is away.
const CONFIRM_AGAIN: Duration = Duration::from_secs(1);

impl Hub {
    /// A hub without rooms.
    pub fn new(
        limits: Arc<Limits>,
        keys: Keys,
        store: SharedStore,
        broker: Arc<dyn Broker>,
        tracker: TaskTracker,
        halt: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner {
            limits,
            keys,
            store,
            broker,
            owed: Owed::default(),
            rooms: Mutex::default(),
            sessions: Mutex::default(),
            next_key: AtomicU64::new(1),
            tracker,
            halt,
        }))
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The broker.
    pub fn broker(&self) -> &dyn Broker {
        &*self.0.broker
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomId, RoomHandle>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task of a stored room, started where there is none.
    pub fn room(&self, stored: &store::Room) -> RoomHandle {
        let mut rooms = self.rooms();
        if let Some(live) = rooms.get(&stored.id).filter(|live| !live.is_over()) {
            return live.clone();
        }
        let start = RoomStart {
            info: info(stored),
            epoch: u64::from_be_bytes(clock::random()) >> (u64::BITS - EPOCH_BITS),
            owner: self.0.keys.member_id(stored.id, stored.owner),
            limits: self.limits().clone(),
            ids: self.0.keys.message_ids(stored.id),
            now: clock::now(),
        };
        let mailbox_max = usize::try_from(self.limits().room_mailbox_max).unwrap_or(usize::MAX);
        let (task, handle) = RoomTask::new(stored.id, start, self.clone(), mailbox_max);
        rooms.insert(stored.id, handle.clone());
        drop(rooms);
        self.0.tracker.spawn(self.clone().supervise(task, handle.clone()));
        self.0.tracker.spawn(self.clone().confirm(handle.clone()));
        handle
    }

    /// Ends a task whose room the store does not have: between the look-up of whoever started it and its start, the room
    /// may have been deleted, and its end found no task to tell. A deletion after this look finds one.
    async fn confirm(self, handle: RoomHandle) {
        let look = async {
            while !handle.is_over() {
                match self.0.store.room(handle.id, 0).await {
                    Ok(Some(_)) => return,
                    Ok(None) => return self.end_room(handle.id, LeaveReason::Deleted),
                    // It says so itself; when it is back it is asked again.
                    Err(_) => tokio::time::sleep(CONFIRM_AGAIN).await,
                }
            }
        };
        tokio::select! {
            () = look => {}
            () = self.0.halt.cancelled() => {}
        }
    }

    /// Runs a room to its end, whatever the end is, and clears up behind it.
    async fn supervise(self, task: RoomTask, handle: RoomHandle) {
        let ended = tokio::select! {
            ended = std::panic::AssertUnwindSafe(task.run()).catch_unwind() => ended,
            // At the end of the process rooms simply stop: their members were told by their connections.
            () = self.0.halt.cancelled() => return,
        };
        match ended {
            Ok(reason @ (LeaveReason::Expired | LeaveReason::Empty)) => match self.0.store.delete_room(handle.id).await
            {
                // Who came between the two ends is inside a room of which there is no record: it ends for them, too.
                Ok(_) => self.end_room(handle.id, reason),
                Err(error) => {
                    self.0.owed.room(handle.id);
                    tracing::warn!(error = &error as &dyn std::error::Error, "an ended room could not be deleted yet");
                }
            },
            // Whoever deleted it has deleted it from the store before.
            Ok(LeaveReason::Left | LeaveReason::Deleted | LeaveReason::SignedOut) => {}
            Err(_) => tracing::error!("a room's task panicked; its members connect again"),
        }
        let mut rooms = self.rooms();
        if rooms.get(&handle.id).is_some_and(|live| live.is_same(&handle)) {
            rooms.remove(&handle.id);
        }
    }

    fn live(&self, room: RoomId) -> Option<RoomHandle> {
        self.rooms().get(&room).filter(|live| !live.is_over()).cloned()
    }

    /// Whether a room has a task on this node.
    pub fn is_live(&self, room: RoomId) -> bool {
        self.live(room).is_some()
    }

    /// People inside a room now.
    pub fn count(&self, room: RoomId) -> u32 {
        self.live(room).map_or(0, |live| live.count())
    }

    /// Whether one of a user's sessions is inside a room on this node, its line lost or not.
    pub fn has_seat(&self, room: RoomId, user: UserId) -> bool {
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

    fn tell(&self, room: RoomId, input: Input) {
        if let Some(live) = self.live(room)
            && live.send(Command { input: input.clone(), session: None, done: None }) == Err(ErrorCode::Overloaded)
        {
            self.0.tracker.spawn(async move { live.send_wait(input).await });
        }
    }

    /// The store has ended a membership: the live room hears of it.
    pub fn left(&self, room: RoomId, user: UserId, outcome: &store::Left, reason: LeaveReason) {
        let member = self.0.keys.member_id(room, user);
        self.tell(room, Input::Remove { member, reason });
        match outcome {
            store::Left::NotMember => {}
            store::Left::Remaining { owner } => self.passed_on(room, *owner),
            store::Left::RoomDeleted => self.tell(room, Input::End(LeaveReason::Deleted)),
        }
    }

    /// A person has left while the database is away: it is told later. `false` when too much is owed to it already.
    pub(crate) fn owe_leave(&self, room: RoomId, user: UserId) -> bool {
        self.0.owed.leave(room, user, Why::Left)
    }

    /// Nothing was heard of a join: whatever became of it goes again, unless the person gets in by another.
    pub(crate) fn owe_unheard(&self, room: RoomId, user: UserId) {
        self.0.owed.leave(room, user, Why::Unheard);
    }

    /// A room was not heard to be kept: it ends when the database is back.
    pub(crate) fn owe_room(&self, room: RoomId) {
        self.0.owed.room(room);
    }

    /// Somebody was told that a membership stands.
    pub(crate) fn is_admitted(&self, room: RoomId, user: UserId) {
        self.0.owed.forgive_unheard(room, user);
    }

    /// Tells the database of a leave that it was not told, before the person comes in again.
    ///
    /// # Errors
    /// Why the store could not.
    pub(crate) async fn settle_leave(&self, room: RoomId, user: UserId) -> Result<(), StoreError> {
        let settled = self.0.owed.settle_leave(&*self.0.store, room, user).await?;
        if let Some(one) = &settled {
            self.heard(one);
        }
        Ok(())
    }

    /// Tells the database what it could not be told, as far as it listens.
    pub(crate) async fn settle(&self) {
        if self.0.owed.count() == 0 {
            return;
        }
        let keeps = |room, user| self.is_inside(room, user);
        // While the database is away nothing is settled; the store has said so.
        let settled = self.0.owed.settle(&*self.0.store, keeps).await.unwrap_or_default();
        for one in &settled {
            self.heard(one);
        }
        if !settled.is_empty() {
            tracing::info!(leaves = settled.len(), "the database was told who left while it was away");
        }
    }

    fn heard(&self, settled: &Settled) {
        self.left(settled.room, settled.user, &settled.outcome, LeaveReason::Left);
    }

    /// What the database has not been told, for the tests.
    #[doc(hidden)]
    pub fn owed_count(&self) -> usize {
        self.0.owed.count()
    }

    fn is_inside(&self, room: RoomId, user: UserId) -> bool {
        self.sessions_of(user).iter().any(|session| session.insides().iter().any(|inside| inside.room.id == room))
    }

    /// The store has handed a room over: those inside are told whose it is now.
    pub fn passed_on(&self, room: RoomId, owner: UserId) {
        self.tell(room, Input::Owner { member: self.0.keys.member_id(room, owner) });
    }

    /// The store has deleted a room: those inside are told why.
    pub fn end_room(&self, room: RoomId, reason: LeaveReason) {
        self.tell(room, Input::End(reason));
    }

    /// A person is called something else: every room they are in hears of it.
    pub fn rename(&self, user: UserId, name: &DisplayName) {
        for session in self.sessions_of(user) {
            session.rename(name);
            for inside in session.insides() {
                self.tell(inside.room.id, Input::Rename { member: inside.member, name: name.clone() });
            }
        }
    }

    /// A login was revoked: its connections close at once and its sessions end.
    pub fn end_login(&self, login: LoginKey) {
        let all: Vec<_> = self.sessions().by_id.values().cloned().collect();
        for session in all.iter().filter(|session| session.identity().login == login) {
            session.close(ErrorCode::Revoked);
            self.end_session(session, session.end());
        }
    }

    /// The live sessions of a user.
    pub fn sessions_of(&self, user: UserId) -> Vec<Arc<Session>> {
        self.sessions().by_user.get(&user).cloned().unwrap_or_default()
    }

    /// A person has entered a room by one session: those of their others that follow are told.
    pub fn entered(&self, by: &Session, code: RoomCode) {
        for session in self.sessions_of(by.identity().user) {
            if session.key != by.key && session.inside(code).is_none() {
                crate::socketio::follow(&session, code, self.limits());
            }
        }
    }

    /// A new session, without a line yet. `None` when the user has as many connections as allowed. Of sessions that wait
    /// for their line to come back a user has as many at the most; the oldest makes way.
    pub fn open_session(&self, identity: &Identity, dialect: Dialect) -> Option<Arc<Session>> {
        let key = SessionKey(self.0.next_key.fetch_add(1, Ordering::Relaxed));
        let id = SessionId::parse(&clock::random_id()).expect("22 characters of base64url are a session id");
        let session = Arc::new(Session::new(key, id.clone(), dialect, identity.clone(), random_secret()));
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
                self.end_session(oldest, insides);
            }
        }
        Some(session)
    }

    /// The session of a name, if it is this login's.
    pub fn find_session(&self, id: &SessionId, identity: &Identity) -> Option<Arc<Session>> {
        let session = self.sessions().by_id.get(id).cloned()?;
        (session.identity().user == identity.user).then_some(session)
    }

    /// A connection is gone: its rooms hear of it at once, its session stays for the grace period.
    pub fn dropped(&self, session: &Arc<Session>, generation: Generation) {
        if !session.detach(generation) {
            return;
        }
        for inside in session.insides() {
            self.tell(inside.room.id, Input::Dropped { session: session.key });
        }
        let (hub, session) = (self.clone(), Arc::clone(session));
        let grace = Duration::from_millis(self.limits().grace_ms);
        self.0.tracker.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(grace) => {}
                () = hub.0.halt.cancelled() => {}
            }
            if let Some(insides) = session.end_if_detached(generation) {
                hub.end_session(&session, insides);
            }
        });
    }

    fn end_session(&self, session: &Arc<Session>, insides: Vec<crate::room::Inside>) {
        for inside in insides {
            self.tell(inside.room.id, Input::SessionEnded { session: session.key });
        }
        let user = session.identity().user;
        let mut sessions = self.sessions();
        sessions.by_id.remove(&session.id);
        if let Some(others) = sessions.by_user.get_mut(&user) {
            others.retain(|other| other.key != session.key);
            if others.is_empty() {
                sessions.by_user.remove(&user);
            }
        }
    }
}

/// A fresh resume secret.
pub fn random_secret() -> Secret {
    Secret::parse(&clock::random_id()).expect("22 characters of base64url are a secret")
}

/// What members know about a stored room.
pub fn info(stored: &store::Room) -> RoomInfo {
    RoomInfo {
        code: stored.code,
        name: stored.name.clone(),
        capacity: stored.capacity,
        pin: stored.pin_hash.is_some(),
        created_at: stored.created_at,
        expires_at: stored.expires_at,
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hub({} rooms, {} sessions)", self.room_count(), self.session_count())
    }
}
