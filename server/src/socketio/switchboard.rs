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
use crate::cord::{Cord, Tally};

/// The one who opened an engine session. The library keeps it with the session's first request, and drops it with it.
pub(super) struct Visitor {
    pub(super) address: Address,
    /// From a header or the site's own cookie.
    pub(super) token: Option<String>,
    /// The line of a session that began as a WebSocket.
    cord: Option<Arc<Cord>>,
    /// What went out to the session.
    pub(super) passed: Arc<Tally>,
    place: Mutex<Option<Place>>,
}

impl Visitor {
    pub(super) fn new(address: Address, token: Option<String>, cord: Option<Arc<Cord>>, place: Place) -> Self {
        let passed = Arc::<Tally>::default();
        if let Some(cord) = &cord {
            cord.tally(&passed);
        }
        Self { address, token, cord, passed, place: Mutex::new(Some(place)) }
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
    /// The last request with packets of some dismissed session is through.
    posted: Notify,
}

/// A request that brings packets runs as long as this is there.
pub(super) struct Post<'s> {
    switchboard: &'s Switchboard,
    sid: Sid,
}

#[derive(Default)]
struct Inner {
    visitors: Vec<Weak<Visitor>>,
    upgraded: HashMap<Sid, Weak<Cord>>,
    /// Where what goes out to a session is added up.
    passed: HashMap<Sid, Weak<Tally>>,
    lost: HashSet<Sid>,
    dismissed: HashSet<Sid>,
    /// Requests that bring packets of a session, and run.
    posts: HashMap<Sid, usize>,
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
        if let Some(passed) = inner.passed.get(&sid).and_then(Weak::upgrade) {
            cord.tally(&passed);
        }
        inner.upgraded.insert(sid, Arc::downgrade(cord));
        inner.sweep();
    }

    /// Notes whose session it is.
    pub(super) fn connects(&self, sid: Sid, visitor: &Visitor) {
        let mut inner = self.lock();
        inner.passed.insert(sid, Arc::downgrade(&visitor.passed));
        if let Some(cord) = inner.upgraded.get(&sid).and_then(Weak::upgrade) {
            cord.tally(&visitor.passed);
        }
        inner.sweep();
    }

    /// Notes what a poll brings to a session.
    pub(super) fn polled(&self, sid: Sid, bytes: u64, packets: u64) {
        let passed = self.lock().passed.get(&sid).and_then(Weak::upgrade);
        if let Some(passed) = passed {
            passed.add(bytes, packets);
        }
    }

    /// Whether a session was given up.
    pub(super) fn is_lost(&self, sid: Sid) -> bool {
        self.lock().lost.contains(&sid)
    }

    /// A session is about to be sent away: nothing it says reaches the library any more. Whatever came behind its
    /// disconnect packet would end the line before the packet is read.
    pub(super) fn dismiss(&self, sid: Sid, visitor: &Visitor) {
        let mut inner = self.lock();
        inner.dismissed.insert(sid);
        let upgraded = inner.upgraded.get(&sid).and_then(Weak::upgrade);
        drop(inner);
        visitor.cord.iter().chain(upgraded.as_ref()).for_each(|cord| cord.deafen());
    }

    /// Lets a request with packets through to the library; `None` where its session was sent away.
    pub(super) fn post(&self, sid: Sid) -> Option<Post<'_>> {
        let mut inner = self.lock();
        if inner.dismissed.contains(&sid) {
            return None;
        }
        *inner.posts.entry(sid).or_default() += 1;
        Some(Post { switchboard: self, sid })
    }

    /// Resolves when no request brings packets of a session that was sent away.
    pub(super) async fn quiet(&self, sid: Sid) {
        loop {
            let told = self.posted.notified();
            if !self.lock().posts.contains_key(&sid) {
                return;
            }
            told.await;
        }
    }

    /// Gives a session up: its client finds a lost line.
    pub(super) fn hang_up(&self, sid: Sid, visitor: &Visitor) {
        let mut inner = self.lock();
        inner.lost.insert(sid);
        inner.dismissed.remove(&sid);
        let upgraded = inner.upgraded.remove(&sid).and_then(|cord| cord.upgrade());
        drop(inner);
        visitor.cord.iter().chain(upgraded.as_ref()).for_each(|cord| cord.end());
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

impl Drop for Post<'_> {
    fn drop(&mut self) {
        let mut inner = self.switchboard.lock();
        let left = inner.posts.remove(&self.sid).unwrap_or_default().saturating_sub(1);
        if left > 0 {
            inner.posts.insert(self.sid, left);
        } else if inner.dismissed.contains(&self.sid) {
            drop(inner);
            self.switchboard.posted.notify_waiters();
        }
    }
}

impl Inner {
    /// Forgets what is gone, when twice as much has gathered as was left the last time.
    fn sweep(&mut self) {
        let len = |inner: &Self| inner.visitors.len() + inner.upgraded.len() + inner.passed.len();
        if len(self) > self.sweep_at.max(64) {
            self.visitors.retain(|visitor| visitor.strong_count() > 0);
            self.upgraded.retain(|_, cord| cord.strong_count() > 0);
            self.passed.retain(|_, passed| passed.strong_count() > 0);
            self.sweep_at = 2 * len(self);
        }
    }
}

impl std::fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Switchboard(…)")
    }
}
