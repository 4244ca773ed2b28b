//! One application's part of this node: its connections, its users, its channels. Held under one lock, in which nothing
//! waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use channels::{AppUser, Application, ChannelName, EventName, Namespace};
use chat::{Bucket, Monotonic};
use protocol::Limits;
use realtime::clock::{self, Clock};

use super::super::handle::Full;
use super::asking::{Asking, Questions};
use super::channel::{Entering, LiveChannel};
use super::elsewhere::Elsewhere;
use super::farewells::Farewells;
use super::link::Link;
use super::listener::{Listener, Place};
use super::news::News;

/// Namespaces of one application: as many as fit into the bits of a number.
pub(super) const NAMESPACES_MAX: usize = 64;
/// Users without a connection that are remembered before one looks who can be forgotten.
const USERS_KEPT: usize = 1_000;

/// What the server around it gives.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) limits: &'a Limits,
    pub(super) clock: &'a Clock,
    /// No number is given twice.
    pub(super) next_key: &'a AtomicU64,
}

/// One application's part.
#[derive(Default)]
pub(super) struct Node {
    pub(super) members: HashMap<u64, Listener>,
    pub(super) users: HashMap<AppUser, User>,
    pub(super) channels: HashMap<ChannelName, Arc<LiveChannel>>,
    /// Each has its place among the bits of a connection, for as long as the server runs.
    pub(super) namespaces: Vec<Namespace>,
    /// What is known of the other nodes.
    pub(super) elsewhere: Elsewhere,
    /// Of whom it may have to be told that they are gone.
    pub(super) farewells: Farewells,
    /// Who waits for an answer of the application's backend.
    pub(super) questions: Questions,
    /// What they have to be told.
    pub(super) news: News,
    /// The way to them, where there are some.
    pub(super) link: Option<Arc<Link>>,
}

/// Somebody with a connection.
#[derive(Default)]
pub(super) struct User {
    pub(super) members: Vec<Listener>,
    pub(super) events: Bucket,
    pub(super) each: HashMap<EventName, Bucket>,
}

impl Node {
    /// The place of a namespace; `None` where there are too many.
    pub(super) fn bit(&mut self, namespace: &Namespace) -> Option<u64> {
        let place = self.namespaces.iter().position(|known| known == namespace);
        let place = place.unwrap_or_else(|| {
            self.namespaces.push(namespace.clone());
            self.namespaces.len() - 1
        });
        (place < NAMESPACES_MAX).then(|| 1 << place)
    }

    pub(super) fn enter(
        &mut self,
        around: Around<'_>,
        rules: &Application,
        member: &Listener,
        channel: &channels::Channel<'_>,
        entering: Entering<'_>,
    ) -> Result<usize, Full> {
        let (limits, name) = (rules.limits(), &channel.name);
        // What a backend answers late may be about a session that is over.
        if !self.members.contains_key(&member.key()) {
            return Ok(0);
        }
        if entering.asking.is_some_and(Asking::is_over) {
            return Err(Full::PutOut);
        }
        let live = match self.channels.get(name) {
            Some(live) => Arc::clone(live),
            None if self.channels.len() as u64 >= limits.channels => return Err(Full::Channels),
            None => {
                let place = Place::channel(around.next_key.fetch_add(1, Ordering::Relaxed));
                Arc::new(LiveChannel::new(name.clone(), place, u32::from_be_bytes(clock::random()).into()))
            }
        };
        if !member.note_channel(name, live.place, limits.subscriptions_per_connection)? {
            return Ok(live.enter_again(member, channel.has_presence(), entering, around.limits));
        }
        let most = channel.members_max().saturating_sub(self.elsewhere.count(name) as u64);
        let bounds = (most, channel.has_presence());
        let entered = live.enter(member, bounds, around.clock.wall(), entering, around.limits);
        match entered {
            Ok(_) => {
                self.channels.entry(name.clone()).or_insert(live);
                self.note_inside(name, member.user());
            }
            Err(_) => {
                member.forget_channel(name);
            }
        }
        entered
    }

    /// A session is over.
    pub(super) fn forget(&mut self, member: &Listener, limits: &Limits) {
        for name in member.take_channels() {
            self.leave(&name, member, limits);
        }
        self.members.remove(&member.key());
        self.note_user(member.user());
        if let Some(user) = self.users.get_mut(member.user()) {
            user.members.retain(|other| other.key() != member.key());
        }
    }

    /// The namespace of a bit.
    pub(super) fn place_of(&self, bit: u64) -> Option<&Namespace> {
        self.namespaces.get(usize::try_from(bit.trailing_zeros()).ok()?)
    }

    /// The member has forgotten it already.
    pub(super) fn leave(&mut self, name: &ChannelName, member: &Listener, limits: &Limits) {
        if self.channels.get(name).is_some_and(|live| live.leave(member, limits) == 0) {
            self.channels.remove(name);
        }
        self.note_inside(name, member.user());
    }

    /// Other nodes have to hear how often somebody is in a channel here.
    fn note_inside(&mut self, name: &ChannelName, user: &AppUser) {
        if let Some(link) = &self.link {
            self.news.inside.insert((name.clone(), user.clone()));
            link.wake();
        }
    }

    /// And how many connections somebody has here, and what is open there.
    pub(super) fn note_user(&mut self, user: &AppUser) {
        if let Some(link) = &self.link {
            self.news.users.insert(user.clone());
            link.wake();
        }
    }

    /// Somebody's line is lost, or there again: they count in what they hear as long as they are there.
    pub(super) fn note_there(&mut self, member: &Listener) {
        self.note_user(member.user());
        for name in member.channels() {
            self.note_inside(&name, member.user());
        }
    }

    /// Who is gone is remembered until their rates are full again: coming back gives nobody a new burst. The look is taken when
    /// there are many, so that it costs little for each.
    pub(super) fn forget_users(&mut self, now: Monotonic) {
        if self.users.len() <= 2 * self.members.len() + USERS_KEPT {
            return;
        }
        self.users.retain(|_, user| {
            !user.members.is_empty() || !user.events.is_full(now) || user.each.values().any(|own| !own.is_full(now))
        });
    }

    pub(super) fn of(&self, user: &AppUser) -> Vec<Listener> {
        self.users.get(user).map_or_else(Vec::new, |user| user.members.clone())
    }
}
