//! The Engine.IO sessions that live, found by their names, as those see them who come from outside: requests, and whoever
//! ends a session for another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use axum::body::Bytes;
use futures::channel::mpsc;
use protocol::Limits;
use socketio::Refusal;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::polls::Polls;
use super::strangers::Strangers;
use crate::auth::Sent;
use crate::ws::{Socket, Stream};
use realtime::address::Address;
use realtime::clock;

/// Requests of one session that its task has not taken yet: more than a client may have at once.
const COMMANDS_MAX: usize = 8;

/// A WebSocket.
pub(super) type Line = Box<Socket<Stream>>;

/// What a request gets for its answer.
pub(super) type Told<T> = oneshot::Sender<Result<T, Refusal>>;

/// What a request asks of a session's task.
pub(super) enum EngineCommand {
    /// For packets. Dropped by its request, it was cut.
    Poll(Told<Bytes>),
    /// To take packets.
    Post(Bytes, Told<()>),
    /// A second request came beside another of its kind.
    Overlap,
    /// To try a WebSocket that is on its way. Returns whether it may; where not, the line is opened and closed.
    Upgrade(oneshot::Receiver<Line>, Told<bool>),
}

/// Who opens a session.
pub(super) struct Caller {
    pub(super) address: Address,
    /// From a header or the site's own cookie; or why the cookies do not count.
    pub(super) credential: Sent,
    /// The origin of an application's page, which may connect for that application only.
    pub(super) page: Option<String>,
}

/// One session, from outside.
pub(super) struct Handle {
    pub(super) sid: String,
    pub(super) address: Address,
    /// From a header or the site's own cookie; or why the cookies do not count.
    pub(super) credential: Sent,
    /// The origin of an application's page.
    pub(super) page: Option<String>,
    /// The application that the handshake's address names.
    pub(super) app: Option<String>,
    pub(super) commands: mpsc::Sender<EngineCommand>,
    pub(super) polls: Arc<Polls>,
    /// Held by the one request that brings packets.
    pub(super) posting: tokio::sync::Mutex<()>,
    /// Somebody wants it to end, at once and without a word: its client meets a lost line.
    pub(super) end: CancellationToken,
    registry: Weak<Registry>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Registry(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// With the number of those whose client has not said who it is.
    sessions: HashMap<String, (Arc<Handle>, Option<u64>)>,
    strangers: Strangers,
}

/// A session that has just been opened. Dropped with the session's task, it takes it out of the registry.
pub(super) struct Opened {
    pub(super) handle: Arc<Handle>,
    pub(super) commands: mpsc::Receiver<EngineCommand>,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session whose client has not said who it is. The oldest such one may have to make way for it.
    pub(super) fn open(
        self: &Arc<Self>,
        Caller { address, credential, page }: Caller,
        app: Option<String>,
        limits: &Limits,
    ) -> Opened {
        let (sender, commands) = mpsc::channel(COMMANDS_MAX);
        let handle = Arc::new(Handle {
            sid: clock::random_id(),
            address,
            credential,
            page,
            app,
            commands: sender,
            polls: Arc::new(Polls::new(Instant::now())),
            posting: tokio::sync::Mutex::new(()),
            end: CancellationToken::new(),
            registry: Arc::downgrade(self),
        });
        self.lock().sessions.insert(handle.sid.clone(), (Arc::clone(&handle), None));
        handle.is_stranger(limits);
        Opened { handle, commands }
    }

    pub(super) fn find(&self, sid: &str) -> Result<Arc<Handle>, Refusal> {
        self.lock().sessions.get(sid).map(|(handle, _)| Arc::clone(handle)).ok_or(Refusal::UnknownSession)
    }
}

impl Table {
    fn is_known(&mut self, sid: &str) {
        let number = self.sessions.get_mut(sid).and_then(|(_, number)| number.take());
        number.and_then(|number| self.strangers.leave(number));
    }
}

impl Handle {
    /// The client has not said who it is, or says that it goes and keeps its session: it may make way, and the oldest such
    /// one may have to make way for it.
    pub(super) fn is_stranger(&self, limits: &Limits) {
        let Some(registry) = self.registry.upgrade() else { return };
        let mut table = registry.lock();
        table.is_known(&self.sid);
        let Table { sessions, strangers } = &mut *table;
        let Some((_, known_as)) = sessions.get_mut(&self.sid) else { return };
        let (number, makes_way) = strangers.arrive(self.address, &self.sid, limits);
        *known_as = Some(number);
        let makes_way = makes_way.and_then(|sid| sessions.remove(&sid));
        drop(table);
        if let Some((handle, _)) = makes_way {
            handle.end.cancel();
        }
    }

    /// It is known who it is: it makes way for nobody.
    pub(super) fn is_known(&self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.lock().is_known(&self.sid);
        }
    }

    /// From now on requests do not find it.
    pub(super) fn forget(&self) {
        let Some(registry) = self.registry.upgrade() else { return };
        let mut table = registry.lock();
        table.is_known(&self.sid);
        let forgotten = table.sessions.remove(&self.sid);
        drop(table);
        drop(forgotten);
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.handle.forget();
    }
}
