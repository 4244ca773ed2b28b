//! The channels of applications over several nodes: what one node tells, all tell those who hear it there, in one order.
//! Also what is done to a user's connections, which may be on any node, and who is where.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use channels::{AppUser, ChannelName};
use chat::NodeId;
use realtime::broker::{Brought, Subscription};
use realtime::clock;
use tokio::time::{Instant, sleep_until};

use super::super::handle::{Busy, Live as _};
use super::super::publication::Target;
use super::super::registry::App;
use super::except::Except;
use super::frames::Encoded;
use super::link::{Between, Link};
use super::listener::Listener;
use super::lock::lock;
use super::parcel::{EventParcel, NotTo, Parcel, PresenceNews, VolatileParcel};
use super::{LiveChannels, Volatile};

/// Until news that the broker did not take is told again.
const AGAIN: Duration = Duration::from_secs(1);

impl LiveChannels {
    /// From here on applications are shared with other nodes.
    pub(crate) fn go_between(&self, between: Between) {
        // Once for a server.
        let _ = self.0.between.set(between);
    }

    /// An application is shared with other nodes, where there are some.
    pub fn join_nodes(&self, app: &Arc<App>) {
        let Some(between) = self.0.between.get() else { return };
        let held = self.node(app);
        let mut node = lock(&held);
        if node.link.is_some() || app.gone.is_cancelled() {
            return;
        }
        let (link, brought) = Link::open(Arc::clone(&between.broker), (between.topic_of)(&app.name));
        let link = Arc::new(link);
        node.link = Some(Arc::clone(&link));
        let (live, app, halt) = (self.clone(), Arc::clone(app), self.0.halt.clone());
        self.0.tracker.spawn(async move {
            if halt.run_until_cancelled(live.follow_nodes(&app, &link, brought)).await.is_none() {
                // Everybody has said goodbye, and was told of: no other node has to do it again.
                let _ = live.tell_news(&app, &link);
            }
        });
    }

    pub(super) fn link(&self, app: &App) -> Option<Arc<Link>> {
        // Without a broker no lock is taken.
        self.0.between.get()?;
        lock(&self.node(app)).link.clone()
    }

    /// Until the application is gone.
    async fn follow_nodes(&self, app: &Arc<App>, link: &Arc<Link>, mut brought: Subscription) {
        brought.ready().await;
        let mut again_at = self.ask_and_tell_all(app, link).err().map(|Busy| Instant::now() + AGAIN);
        loop {
            let again = async {
                match again_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = app.gone.cancelled() => break,
                next = brought.recv() => match next {
                    Some(next) => self.heard(app, link, next),
                    None => break,
                },
                () = link.woken() => {}
                () = again => {}
            }
            again_at = self.tell_news(app, link).err().map(|Busy| Instant::now() + AGAIN);
        }
        link.close();
        let held = self.node(app);
        let mut node = lock(&held);
        if node.link.as_ref().is_some_and(|known| Arc::ptr_eq(known, link)) {
            node.link = None;
            node.elsewhere.forget_all();
        }
    }

    /// This node is new to the others, or they are to it.
    fn ask_and_tell_all(&self, app: &App, link: &Link) -> Result<(), Busy> {
        lock(&self.node(app)).news.all = true;
        link.say_aside(&Parcel::Asked)?;
        self.tell_news(app, link)
    }

    fn tell_news(&self, app: &App, link: &Link) -> Result<(), Busy> {
        let node = self.node(app);
        let news = lock(&node).take_news(&app.loaded().rules);
        for (report, is_all) in news {
            let parcel = if is_all { Parcel::Are(report) } else { Parcel::Changed(report) };
            if let Err(busy) = link.say_aside(&parcel) {
                lock(&node).news.all = true;
                return Err(busy);
            }
        }
        Ok(())
    }

    fn heard(&self, app: &Arc<App>, link: &Link, brought: Brought) {
        match brought {
            Brought::Bytes(from, bytes) => self.heard_parcel(app, link, from, &bytes),
            Brought::NodeGone(node) => self.node_gone(app, node, link.node()),
            Brought::Missed => {
                self.tell_gap(app);
                lock(&self.node(app)).farewells.forget();
                let _ = link.say_aside(&Parcel::Asked);
            }
            Brought::Alone => {
                let node = self.node(app);
                let mut node = lock(&node);
                node.elsewhere.set_out_of_reach();
                node.farewells.forget();
            }
            Brought::Together => {
                let _ = self.ask_and_tell_all(app, link);
            }
            // Nothing of the kind is published here.
            Brought::Event(_) | Brought::People(..) => {}
        }
    }

    fn heard_parcel(&self, app: &Arc<App>, link: &Link, from: NodeId, bytes: &Bytes) {
        let Ok(parcel) = serde_json::from_slice::<Parcel<'_>>(bytes) else {
            // Of another version.
            return self.tell_gap(app);
        };
        let is_own = from == link.node();
        match parcel {
            Parcel::Event(parcel) => self.heard_event(app, (from, is_own), &parcel),
            Parcel::Volatile(VolatileParcel { channel, namespace, event, data, user, except, every_ms }) => {
                let except = except_here(&except, is_own);
                let mut said = Encoded::new(&namespace, &event, data.get());
                let volatile = Volatile {
                    user: &user,
                    except: if let Except::Listener(key) = except { key } else { 0 },
                    every_ms,
                };
                self.tell_volatile_here(app, &channel, &mut said, volatile);
            }
            // What this node does itself it has done already.
            Parcel::Subscribe(..)
            | Parcel::Unsubscribe(..)
            | Parcel::Disconnect(_)
            | Parcel::Asked
            | Parcel::Are(_)
            | Parcel::Changed(_)
                if is_own => {}
            Parcel::Subscribe(user, channel) => {
                forget_answers(app, &user);
                // A bound of this node: whoever asked was answered by the other.
                let _ = self.subscribe_here(app, &user, &channel);
            }
            Parcel::Unsubscribe(user, channel) => {
                forget_answers(app, &user);
                self.unsubscribe_here(app, &user, &channel);
            }
            Parcel::Disconnect(user) => {
                forget_answers(app, &user);
                self.disconnect_here(app, &user);
            }
            Parcel::Asked => lock(&self.node(app)).news.all = true,
            Parcel::Are(report) => self.hear_report(app, from, report, true),
            Parcel::Changed(report) => self.hear_report(app, from, report, false),
        }
    }

    fn heard_event(&self, app: &Arc<App>, (from, is_own): (NodeId, bool), parcel: &EventParcel<'_>) {
        let EventParcel { to, namespace, event, data, except, id, presence } = parcel;
        if presence.as_ref().is_some_and(|news| !self.hears_news(app, (from, is_own), namespace, news)) {
            return;
        }
        if let (Some(id), Some(between), false) = (id, self.0.between.get(), is_own) {
            // From here on it is known here, too.
            between.apps.is_first(app, id, self.0.clock.mono());
        }
        let except = except_here(except, is_own);
        let mut said = Encoded::new(namespace, event, data.get());
        self.deliver_here(app, to, &mut said, except);
    }

    /// Something was lost between the nodes: every channel may have missed some.
    fn tell_gap(&self, app: &App) {
        let node = self.node(app);
        let channels: Vec<_> = lock(&node).channels.values().map(Arc::clone).collect();
        for channel in channels {
            channel.tell_gap(u32::from_be_bytes(clock::random()).into(), &self.0.limits);
        }
    }

    /// Hands an event to all nodes. Answers how many connections there are that it is for, as far as is known here.
    pub(super) fn hand_over(
        &self,
        app: &Arc<App>,
        link: &Link,
        (to, id, presence): (Target, Option<String>, Option<PresenceNews>),
        said: &Encoded<'_>,
        except: Except<'_>,
    ) -> Result<usize, Busy> {
        let count = match &to {
            Target::Channels(names) => names.iter().map(|name| self.count(app, name).connections).sum(),
            Target::Users(users) => users.iter().map(|user| self.connections_of(app, user)).sum(),
        };
        let (namespace, event) = (said.namespace.clone(), said.event.clone());
        let data = serde_json::from_str(said.data()).map_err(|_| Busy)?;
        link.say(&Parcel::Event(EventParcel { to, namespace, event, data, except: not_to(except), id, presence }))?;
        Ok(count)
    }

    pub(super) fn hand_over_volatile(
        link: &Link,
        channel: &ChannelName,
        said: &Encoded<'_>,
        (by, to_self): (&Listener, bool),
        every_ms: protocol::Millis,
    ) -> Result<(), Busy> {
        let (namespace, event, channel) = (said.namespace.clone(), said.event.clone(), channel.clone());
        let data = serde_json::from_str(said.data()).map_err(|_| Busy)?;
        let except = if to_self { NotTo::Nobody } else { NotTo::Listener(by.key()) };
        let user = by.user().clone();
        link.say(&Parcel::Volatile(VolatileParcel { channel, namespace, event, data, user, except, every_ms }))
    }

    /// Connections of a user who is there, on all nodes.
    fn connections_of(&self, app: &App, user: &AppUser) -> usize {
        let node = self.node(app);
        let node = lock(&node);
        node.of(user).iter().filter(|member| member.is_there()).count() + node.elsewhere.connections_of(user)
    }
}

/// What the backend said before of this user may be another thing now; the node that was asked has forgotten it, too.
fn forget_answers(app: &App, user: &AppUser) {
    if let Some(backend) = &app.loaded().backend {
        backend.forget(user);
    }
}

fn not_to(except: Except<'_>) -> NotTo {
    match except {
        Except::Nobody => NotTo::Nobody,
        Except::Listener(key) => NotTo::Listener(key),
        Except::User(user) => NotTo::User(user.clone()),
    }
}

/// Connections have their numbers for each node.
const fn except_here(except: &NotTo, is_own: bool) -> Except<'_> {
    match except {
        NotTo::Listener(key) if is_own => Except::Listener(*key),
        NotTo::Nobody | NotTo::Listener(_) => Except::Nobody,
        NotTo::User(user) => Except::User(user),
    }
}
