//! Who is connected by Engine.IO, as far as the library does not tell: the places that engine sessions take, the lines
//! under their web sockets, and the sessions that this server has given up.
//!
//! The library can end a session only with a packet after which some clients do not come back. So a line is ended below
//! the library (its client meets a lost line and connects again), and a polling session by refusing its requests.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use socketioxide::socket::Sid;
use tokio::sync::Notify;

use crate::address::Address;
use crate::connections::Place;
use crate::cord::Cord;

/// The one who opened an engine session. The library keeps it with the session's first request, and drops it with it.
pub(super) struct Visitor {
    pub(super) address: Address,
    /// From a header or the site's own cookie.
    pub(super) token: Option<String>,
    /// The line of a session that began as a WebSocket.
    cord: Option<Arc<Cord>>,
    place: Mutex<Option<Place>>,
}

impl Visitor {
    pub(super) fn new(address: Address, token: Option<String>, cord: Option<Arc<Cord>>, place: Place) -> Self {
        Self { address, token, cord, place: Mutex::new(Some(place)) }
    }

    fn release(&self) {
        if let Some(cord) = &self.cord {
            cord.end();
        }
        drop(self.place.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// All of them.
#[derive(Default)]
pub(super) struct Switchboard {
    inner: Mutex<Inner>,
    /// Some session was given up: polls that wait look whether it is theirs.
    pub(super) given_up: Notify,
}

#[derive(Default)]
struct Inner {
    visitors: Vec<Weak<Visitor>>,
    upgraded: HashMap<Sid, Weak<Cord>>,
    lost: HashSet<Sid>,
    sweep_at: usize,
}

impl Switchboard {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes who opens a session.
    pub(super) fn arrived(&self, visitor: &Arc<Visitor>) {
        let mut inner = self.lock();
        inner.visitors.push(Arc::downgrade(visitor));
        inner.sweep();
    }

    /// Notes the line that a session is about to go over to.
    pub(super) fn upgrades(&self, sid: Sid, cord: &Arc<Cord>) {
        let mut inner = self.lock();
        if inner.lost.contains(&sid) {
            cord.end();
            return;
        }
        inner.upgraded.insert(sid, Arc::downgrade(cord));
        inner.sweep();
    }

    /// Whether a session was given up.
    pub(super) fn is_lost(&self, sid: Sid) -> bool {
        self.lock().lost.contains(&sid)
    }

    /// Gives a session up: its client finds a lost line.
    pub(super) fn hang_up(&self, sid: Sid, visitor: Option<&Visitor>) {
        let mut inner = self.lock();
        inner.lost.insert(sid);
        let upgraded = inner.upgraded.remove(&sid).and_then(|cord| cord.upgrade());
        drop(inner);
        for cord in visitor.and_then(|visitor| visitor.cord.as_ref()).into_iter().chain(upgraded.as_ref()) {
            cord.end();
        }
        self.given_up.notify_waiters();
    }

    /// The library has forgotten a session.
    pub(super) fn gone(&self, sid: Sid) {
        let mut inner = self.lock();
        inner.lost.remove(&sid);
        inner.upgraded.remove(&sid);
    }

    /// The server stops: every place is given back and every line ends, also of those who never said who they are.
    pub(super) fn release_all(&self) {
        let (visitors, upgraded) = {
            let mut inner = self.lock();
            (std::mem::take(&mut inner.visitors), std::mem::take(&mut inner.upgraded))
        };
        visitors.iter().filter_map(Weak::upgrade).for_each(|visitor| visitor.release());
        upgraded.into_values().filter_map(|cord| cord.upgrade()).for_each(|cord| cord.end());
    }
}

impl Inner {
    /// Forgets what is gone, when twice as much has gathered as was left the last time.
    fn sweep(&mut self) {
        if self.visitors.len() + self.upgraded.len() > self.sweep_at.max(64) {
            self.visitors.retain(|visitor| visitor.strong_count() > 0);
            self.upgraded.retain(|_, cord| cord.strong_count() > 0);
            self.sweep_at = 2 * (self.visitors.len() + self.upgraded.len());
        }
    }
}

impl std::fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Switchboard(…)")
    }
}
