//! The channels of all applications that live on this node (`nodes`: and on others), and the connections that hear them. Empty channels vanish; nothing
//! is kept of what was told.
//!
//! One order a channel: whoever tells something holds the channel's lock while it goes into the queues, which never waits.
//! Decides about bounds, and nothing about who may: that is said by the application's file (`channels`), and asked by
//! `client`.

mod asking;
mod channel;
mod elsewhere;
mod except;
mod farewells;
mod frames;
mod link;
mod listener;
mod lock;
mod news;
mod node;
mod nodes;
mod parcel;
mod presence;
mod present;
mod seam;
mod telling;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use channels::{AppName, AppUser, Application, ChannelName, Client, EventName, Namespace};
use chat::{Rate, SessionKey, Tells};
use protocol::{ChannelServerFrame, ClientId, ErrorCode, Limits, Millis, SessionId};
use realtime::clock::{self, Clock};
use realtime::dialect::Counted;
use realtime::session::Flushers;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use self::asking::Asking;
pub(crate) use self::channel::Entering;
use self::channel::Volatile;
pub(crate) use self::except::Except;
pub(crate) use self::frames::{At, Encoded, frame, framed, said, websocket_ping};
pub(crate) use self::link::Between;
pub(crate) use self::listener::{ForChannels, Heard, Listener, Place, Way};
use self::lock::lock;
use self::node::{Around, NAMESPACES_MAX, Node};
use self::parcel::Parcel;
pub(crate) use self::presence::{Of, facts};
use super::handle::{Busy, Full};
use super::publication::{Publication, Target};
use super::registry::App;

/// A cheap handle to all of it.
#[derive(Clone)]
pub struct LiveChannels(Arc<Inner>);

struct Inner {
    limits: Arc<Limits>,
    clock: Clock,
    tracker: TaskTracker,
    flushers: Flushers,
    /// Cancelled when the last connection has said goodbye.
    halt: CancellationToken,
    apps: Mutex<HashMap<AppName, Arc<Mutex<Node>>>>,
    next_key: AtomicU64,
    between: OnceLock<Between>,
}

impl Inner {
    fn around(&self) -> Around<'_> {
        Around { limits: &self.limits, clock: &self.clock, next_key: &self.next_key }
    }
}

impl LiveChannels {
    /// None yet.
    pub(crate) fn new(
        limits: Arc<Limits>,
        clock: Clock,
        tracker: TaskTracker,
        flushers: Flushers,
        halt: CancellationToken,
    ) -> Self {
        let (next_key, apps) = (AtomicU64::new(1), Mutex::default());
        Self(Arc::new(Inner { limits, clock, tracker, flushers, halt, apps, next_key, between: OnceLock::new() }))
    }

    /// Who writes what sessions have waiting.
    pub(crate) fn flushers(&self) -> &Flushers {
        &self.0.flushers
    }

    /// Does something to its end, whatever becomes of who asked for it; a stop waits for it.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
        self.0.tracker.spawn(work)
    }

    /// Does something when a session's client has had its time to come back; not at all, where the server stops before.
    pub(crate) fn after_grace(&self, work: impl FnOnce() + Send + 'static) {
        let (clock, halt) = (self.0.clock.clone(), self.0.halt.clone());
        let over = clock.mono().after(self.0.limits.grace_ms);
        self.0.tracker.spawn(async move {
            tokio::select! {
                () = clock.sleep_until(over) => work(),
                () = halt.cancelled() => {}
            }
        });
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn node(&self, app: &App) -> Arc<Mutex<Node>> {
        let mut apps = lock(&self.0.apps);
        Arc::clone(apps.entry(app.name.clone()).or_default())
    }

    /// A new connection of a user, which hears nothing yet.
    ///
    /// # Errors
    /// The application's bound, or the user's.
    pub(crate) fn connect(
        &self,
        app: &Arc<App>,
        rules: &Application,
        client: &Arc<Client>,
        way: Way,
    ) -> Result<Listener, ErrorCode> {
        let (node, user) = (self.node(app), &client.user);
        let mut node = lock(&node);
        let (waiting, there): (Vec<_>, Vec<_>) = node.of(user).into_iter().partition(|member| !member.is_there());
        let is_full = |count: usize, most: u64| count as u64 >= most;
        let limits = rules.limits();
        if is_full(there.len(), limits.connections_per_user) {
            return Err(ErrorCode::TooManyConnections);
        }
        // Of those that wait for their clients the oldest makes way: for one of the same user, or where all places are taken.
        if is_full(waiting.len(), limits.connections_per_user) || is_full(node.members.len(), limits.connections) {
            let oldest = waiting.first().ok_or(ErrorCode::TooManyConnections)?;
            oldest.session().end();
            node.forget(oldest, &self.0.limits);
        }
        let key = self.0.next_key.fetch_add(1, Ordering::Relaxed);
        let id = SessionId::parse(&clock::random_id()).map_err(|_| ErrorCode::Internal)?;
        let member = Listener::new(SessionKey(key), id, Arc::clone(client), way);
        node.members.insert(key, member.clone());
        node.users.entry(user.clone()).or_default().members.push(member.clone());
        node.note_user(user);
        Ok(member)
    }

    /// A connection is over: it hears nothing any more.
    pub(crate) fn gone(&self, app: &App, member: &Listener) {
        let held = self.node(app);
        let mut node = lock(&held);
        node.forget(member, &self.0.limits);
        node.forget_users(self.0.clock.mono());
        let is_last = node.members.is_empty() && app.gone.is_cancelled();
        drop(node);
        drop(held);
        if is_last {
            self.forget_app(app);
        }
    }

    /// Of an application that is gone nothing is kept. Whoever is connecting to a new one of its name has the node in hand.
    fn forget_app(&self, app: &App) {
        let mut apps = lock(&self.0.apps);
        if apps.get(&app.name).is_some_and(|node| Arc::strong_count(node) == 1 && lock(node).members.is_empty()) {
            apps.remove(&app.name);
        }
    }

    /// The application's file is another: channels that no pattern fits any more are heard by nobody.
    pub fn follow(&self, app: &App) {
        let (loaded, node) = (app.loaded(), self.node(app));
        let mut node = lock(&node);
        let ended: Vec<_> =
            node.channels.keys().filter(|name| loaded.rules.channel(name.as_str()).is_none()).cloned().collect();
        for name in ended {
            let Some(channel) = node.channels.remove(&name) else { continue };
            for member in channel.members() {
                member.forget_channel(&name);
                self.tell_left(&member, None, &name);
            }
        }
    }

    /// A connection opens or closes a namespace. Answers whether it is the user's first that is open there, or was the last.
    pub(crate) fn set_open(&self, app: &App, member: &Listener, namespace: &Namespace, is_open: bool) -> bool {
        let node = self.node(app);
        let mut node = lock(&node);
        let Some(bit) = node.bit(namespace) else { return false };
        member.set_open(bit, is_open);
        node.note_user(member.user());
        node.is_sole(bit, member, is_open)
    }

    /// A session's line is lost, or there again. Answers the namespaces that no other connection of the user has open.
    pub(crate) fn set_there(&self, app: &App, member: &Listener, is_there: bool) -> Vec<Namespace> {
        let node = self.node(app);
        let mut node = lock(&node);
        if !member.set_there(is_there) {
            return Vec::new();
        }
        node.note_there(member);
        let places = 0..node.namespaces.len().min(NAMESPACES_MAX);
        let sole: Vec<_> =
            places.filter(|place| member.is_open(1 << place) && node.is_sole(1 << place, member, is_there)).collect();
        sole.into_iter().filter_map(|place| node.namespaces.get(place).cloned()).collect()
    }

    /// Before an application's backend is asked whether somebody may hear a channel.
    pub(crate) fn asks(&self, app: &App, user: &AppUser, channel: &ChannelName) -> Asking {
        lock(&self.node(app)).questions.begin(user, channel)
    }

    /// A connection enters a channel. Answers how many are in it now.
    pub(crate) fn enter(
        &self,
        app: &Arc<App>,
        rules: &Application,
        member: &Listener,
        channel: &channels::Channel<'_>,
        entering: Entering<'_>,
    ) -> Result<usize, Full> {
        let node = self.node(app);
        let mut node = lock(&node);
        node.enter(self.0.around(), rules, member, channel, entering)
    }

    /// And leaves it; whether it was in it.
    pub(crate) fn leave(&self, app: &App, member: &Listener, channel: &ChannelName) -> bool {
        let node = self.node(app);
        let mut node = lock(&node);
        member.forget_channel(channel) && {
            node.leave(channel, member, &self.0.limits);
            true
        }
    }

    /// Tells a session that it hears a channel no more, in answer to a request or unasked.
    pub(crate) fn tell_left(&self, member: &Listener, cid: Option<&ClientId>, channel: &ChannelName) {
        if member.way() == Way::Native {
            let left = ChannelServerFrame::Unsubscribed { cid, channel: channel.as_str() };
            member.push(&said(&left, Counted::Yes(Tells::Nothing)), &self.0.limits);
        }
    }

    /// Counts one event of a user, against all of theirs and, where it has a rate of its own, against that.
    pub(crate) fn count_event(
        &self,
        app: &App,
        user: &AppUser,
        all: channels::EventRate,
        own: Option<(&EventName, channels::EventRate)>,
    ) -> bool {
        let node = self.node(app);
        let mut node = lock(&node);
        let now = self.0.clock.mono();
        let rate = |rate: channels::EventRate| Rate { burst: rate.burst, refill_ms: rate.refill_ms.max(1) };
        // Who has no connection any more is told nothing either.
        let Some(user) = node.users.get_mut(user) else { return true };
        let is_within = user.events.take(now, rate(all)).is_ok();
        is_within
            && own.is_none_or(|(name, own)| user.each.entry(name.clone()).or_default().take(now, rate(own)).is_ok())
    }

    /// Tells something in one channel. Answers how many connections it was handed to, or of several nodes, how many there are.
    ///
    /// # Errors
    /// [`Busy`].
    pub(crate) fn tell(
        &self,
        app: &Arc<App>,
        channel: &ChannelName,
        said: &mut Encoded<'_>,
        except: Except<'_>,
    ) -> Result<usize, Busy> {
        match self.link(app) {
            Some(link) => {
                self.hand_over(app, &link, (Target::Channels(vec![channel.clone()]), None, None), said, except)
            }
            None => Ok(self.tell_here(app, channel, said, except)),
        }
    }

    fn tell_here(&self, app: &App, channel: &ChannelName, said: &mut Encoded<'_>, except: Except<'_>) -> usize {
        let node = self.node(app);
        let found = {
            let mut node = lock(&node);
            node.bit(said.namespace).zip(node.channels.get(channel).map(Arc::clone))
        };
        let Some((bit, channel)) = found else { return 0 };
        channel.tell(bit, said, except, &self.0.limits)
    }

    /// The same for what may be left out: of one event of one user at most one in so many milliseconds, the last, and none
    /// for a reader that is behind. `by`: whose it is, and whether that connection is told too.
    pub(crate) fn tell_volatile(
        &self,
        app: &App,
        name: &ChannelName,
        said: &mut Encoded<'_>,
        (by, to_self): (&Listener, bool),
        every_ms: Millis,
    ) {
        if let Some(link) = self.link(app) {
            // It may be left out.
            let _ = Self::hand_over_volatile(&link, name, said, (by, to_self), every_ms);
        } else {
            let except = if to_self { 0 } else { by.key() };
            self.tell_volatile_here(app, name, said, Volatile { user: by.user(), except, every_ms });
        }
    }

    fn tell_volatile_here(&self, app: &App, name: &ChannelName, said: &mut Encoded<'_>, volatile: Volatile<'_>) {
        let node = self.node(app);
        let found = {
            let mut node = lock(&node);
            node.bit(said.namespace).zip(node.channels.get(name).map(Arc::clone))
        };
        let Some((bit, channel)) = found else { return };
        let now = self.0.clock.mono();
        let Some(later) = channel.tell_volatile(bit, said, volatile, now, &self.0.limits) else { return };
        let (clock, limits) = (self.0.clock.clone(), Arc::clone(&self.0.limits));
        self.0.tracker.spawn(async move {
            clock.sleep_until(later.at).await;
            channel.tell_held_back(&later.key, clock.mono(), &limits);
        });
    }

    /// Tells all connections of somebody, whatever they hear.
    fn tell_user_here(&self, app: &App, user: &AppUser, said: &mut Encoded<'_>, except: Except<'_>) -> usize {
        let node = self.node(app);
        let mut node = lock(&node);
        let Some(bit) = node.bit(said.namespace) else { return 0 };
        let Some(user) = node.users.get(user) else { return 0 };
        let hears = user.members.iter().filter(|member| member.is_open(bit) && !except.is(member));
        let told = hears.map(|member| {
            member.push(said.frame(member.way(), At::User), &self.0.limits);
            usize::from(member.is_there())
        });
        told.sum()
    }

    /// Tells a publication of the API or of a backend's answer. `id`: by what other nodes know it again.
    ///
    /// # Errors
    /// [`Busy`].
    pub(crate) fn deliver(
        &self,
        app: &Arc<App>,
        rules: &Application,
        publication: &Publication,
        except: Except<'_>,
        id: Option<String>,
    ) -> Result<usize, Busy> {
        let namespace = publication.namespace.as_ref().unwrap_or_else(|| rules.first_namespace());
        let mut said = Encoded::new(namespace, &publication.event, publication.data.get());
        match self.link(app) {
            Some(link) => self.hand_over(app, &link, (publication.target.clone(), id, None), &said, except),
            None => Ok(self.deliver_here(app, &publication.target, &mut said, except)),
        }
    }

    fn deliver_here(&self, app: &App, target: &Target, said: &mut Encoded<'_>, except: Except<'_>) -> usize {
        match target {
            Target::Channels(names) => names.iter().map(|name| self.tell_here(app, name, said, except)).sum(),
            Target::Users(users) => users.iter().map(|user| self.tell_user_here(app, user, said, except)).sum(),
        }
    }

    fn subscribe_here(&self, app: &Arc<App>, user: &AppUser, name: &ChannelName) -> Result<(), Full> {
        let (loaded, node) = (app.loaded(), self.node(app));
        let Some(channel) = loaded.rules.channel(name.as_str()) else { return Ok(()) };
        let mut node = lock(&node);
        for member in node.of(user) {
            node.enter(self.0.around(), &loaded.rules, &member, &channel, Entering::default())?;
        }
        Ok(())
    }

    fn unsubscribe_here(&self, app: &App, user: &AppUser, name: &ChannelName) -> usize {
        let members = {
            let node = self.node(app);
            let node = lock(&node);
            node.questions.put_out(user, name);
            node.of(user)
        };
        let left = members.iter().filter(|member| self.leave(app, member, name));
        left.inspect(|member| self.tell_left(member, None, name)).count()
    }

    fn disconnect_here(&self, app: &App, user: &AppUser) -> usize {
        let members = lock(&self.node(app)).of(user);
        for member in &members {
            member.dismiss(ErrorCode::Revoked);
            if !member.is_there() {
                member.session().end();
                self.gone(app, member);
            }
        }
        members.len()
    }

    /// Has other nodes do the same.
    fn tell_nodes(&self, app: &App, parcel: &Parcel<'_>) -> Result<(), Busy> {
        self.link(app).map_or(Ok(()), |link| link.say(parcel))
    }
}

impl fmt::Debug for LiveChannels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LiveChannels({} applications)", lock(&self.0.apps).len())
    }
}
