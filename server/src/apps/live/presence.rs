//! Tells who is there: with a user's first connection to a namespace, and with the end of the last one.

use std::sync::Arc;

use channels::{Application, Client, Facts, Namespace, Presence, Template};
use chat::NodeId;
use realtime::clock;
use serde_json::{Map, Value};

use super::super::handle::{Busy, Live as _};
use super::super::publication::Target;
use super::super::registry::App;
use super::LiveChannels;
use super::except::Except;
use super::frames::Encoded;
use super::lock::lock;
use super::node::Node;
use super::parcel::{PresenceNews, Report};
use crate::iso_time::iso;

/// What is told of somebody.
#[derive(Clone, Copy)]
pub(crate) enum Of<'a> {
    Online,
    /// Why.
    Offline(&'a str),
    /// Another node has said of somebody who is here that they are gone; by which news.
    StillOnline(usize),
}

/// What is known of a user who sends nothing.
pub(crate) fn facts<'a>(client: &'a Client, payload: &'a Map<String, Value>, now: &'a str, id: &'a str) -> Facts<'a> {
    Facts { client, payload, now, id, channel: None, count: 0, presence: &[], reason: "" }
}

impl LiveChannels {
    /// As the application's file says.
    pub(crate) fn tell_presence(&self, app: &Arc<App>, client: &Client, namespace: &Namespace, of: Of<'_>) {
        let loaded = app.loaded();
        let all = loaded.rules.presences().iter().enumerate();
        for (which, presence) in all.filter(|(_, presence)| presence.namespace == *namespace) {
            if !matches!(of, Of::StillOnline(only) if only != which) {
                // Where there is nobody to tell, nobody is told; and news that is too much for a moment is lost.
                let _ = self.tell_one(app, client, (which, presence), of);
            }
        }
    }

    fn tell_one(
        &self,
        app: &Arc<App>,
        client: &Client,
        (which, presence): (usize, &Presence),
        of: Of<'_>,
    ) -> Option<Result<usize, Busy>> {
        let (told, reason, is_online) = match of {
            Of::Online | Of::StillOnline(_) => (presence.online.as_ref()?, "", true),
            Of::Offline(reason) => (presence.offline.as_ref()?, reason, false),
        };
        let (now, id, payload) = (iso(self.0.clock.wall()), clock::random_id(), Map::new());
        let facts = Facts { reason, ..facts(client, &payload, &now, &id) };
        let to = told.to.channel(&facts)?;
        let data = self.filled(app, &told.data, Facts { channel: Some(&to), ..facts }).to_string();
        let mut said = Encoded::new(&presence.namespace, &told.event, &data);
        let except = Except::User(&client.user);
        let Some(link) = self.link(app) else { return Some(self.tell(app, &to, &mut said, except)) };
        let is_answer = matches!(of, Of::StillOnline(_));
        let news = PresenceNews { user: client.user.clone(), which, is_online, is_answer };
        Some(self.hand_over(app, &link, (Target::Channels(vec![to]), None, Some(news)), &said, except))
    }

    /// What is not known yet is looked up where the template needs it.
    pub(crate) fn filled(&self, app: &Arc<App>, template: &Template, facts: Facts<'_>) -> Value {
        let needs = template.needs();
        let channel = facts.channel;
        let count = channel.filter(|_| needs.count).map(|channel| self.count(app, channel).connections as u64);
        let present = channel.filter(|_| needs.presence).map(|channel| self.presence(app, channel));
        let present: Vec<String> = present.into_iter().flatten().map(|present| present.user).collect();
        template.fill(&Facts { count: count.unwrap_or_default(), presence: &present, ..facts })
    }

    /// Whether news that another node, or this one, has told is told here. Where somebody is here of whom another says that
    /// they are gone, that is said.
    pub(super) fn hears_news(
        &self,
        app: &Arc<App>,
        (from, is_own): (NodeId, bool),
        namespace: &Namespace,
        news: &PresenceNews,
    ) -> bool {
        let held = self.node(app);
        let mut node = lock(&held);
        let is_new = node.farewells.is_new(namespace, news, from, self.0.clock.mono());
        let is_denied = !is_own && !news.is_online;
        let here = if is_denied { node.somebody_open(&news.user, namespace) } else { None };
        drop(node);
        if let Some(client) = here {
            self.tell_presence(app, &client, namespace, Of::StillOnline(news.which));
        }
        is_new
    }

    /// A node tells who is where: whoever was last seen there, and is nowhere now, is gone.
    pub(super) fn hear_report(&self, app: &Arc<App>, from: NodeId, report: Report, is_all: bool) {
        let held = self.node(app);
        let mut node = lock(&held);
        let users: Vec<_> = report.users.iter().map(|one| one.user.clone()).collect();
        node.elsewhere.hear(from, report, is_all);
        let parted =
            if is_all { node.farewells.all() } else { users.iter().flat_map(|user| node.farewells.of(user)).collect() };
        let gone = node.take_gone(parted);
        drop(node);
        self.tell_gone(app, gone);
    }

    /// A node is gone, and with it whoever is on no other. The first of those that are left tells that.
    pub(super) fn node_gone(&self, app: &Arc<App>, gone: NodeId, own: NodeId) {
        let loaded = app.loaded();
        let held = self.node(app);
        let mut node = lock(&held);
        node.part(&loaded.rules, gone);
        let gone = if node.elsewhere.is_first(own) {
            let parted = node.farewells.all();
            node.take_gone(parted)
        } else {
            Vec::new()
        };
        drop(node);
        self.tell_gone(app, gone);
    }

    fn tell_gone(&self, app: &Arc<App>, gone: Vec<(Namespace, Arc<Client>)>) {
        for (namespace, client) in gone {
            self.tell_presence(app, &client, &namespace, Of::Offline("transport close"));
        }
    }
}

impl Node {
    /// The users of a node that is gone have to be told of, by this one or by another.
    fn part(&mut self, rules: &Application, gone: NodeId) {
        let has_farewell = |namespace: &Namespace| {
            rules.presences().iter().any(|one| one.namespace == *namespace && one.offline.is_some())
        };
        for (_, open, claims) in self.elsewhere.forget(gone) {
            let Ok(client) = rules.client(&claims).map(Arc::new) else { continue };
            for namespace in open.iter().filter(|namespace| has_farewell(namespace)) {
                self.farewells.keep(namespace, &client);
            }
        }
    }

    /// Of those who have parted, the ones who are nowhere now. It is up to this node to tell of them.
    fn take_gone(&mut self, parted: Vec<(Namespace, Arc<Client>)>) -> Vec<(Namespace, Arc<Client>)> {
        let is_gone = |(namespace, client): &(Namespace, Arc<Client>)| {
            self.somebody_open(&client.user, namespace).is_none() && !self.elsewhere.has_open(&client.user, namespace)
        };
        let gone: Vec<_> = parted.into_iter().filter(is_gone).collect();
        for (namespace, client) in &gone {
            self.farewells.drop(&client.user, namespace);
        }
        gone
    }

    /// Somebody of a user who is here and has a namespace open.
    fn somebody_open(&self, user: &channels::AppUser, namespace: &Namespace) -> Option<Arc<Client>> {
        let place = self.namespaces.iter().position(|known| known == namespace)?;
        let bit = 1_u64.checked_shl(u32::try_from(place).ok()?)?;
        let members = &self.users.get(user)?.members;
        let open = members.iter().find(|member| member.is_open(bit) && member.is_there())?;
        Some(Arc::clone(open.client()))
    }

    /// Whether a connection is the only one of its user that has a namespace open. Where others have it only by what other
    /// nodes said, that may be over: what to tell then is kept.
    pub(super) fn is_sole(&mut self, bit: u64, member: &super::listener::Listener, is_coming: bool) -> bool {
        let others = self.users.get(member.user()).map_or(&[][..], |user| &user.members);
        let is_here = others.iter().any(|other| other.key() != member.key() && other.is_open(bit) && other.is_there());
        let Some(namespace) = self.place_of(bit).cloned() else { return !is_here };
        let is_elsewhere = self.elsewhere.has_open(member.user(), &namespace);
        if is_coming || is_here || !is_elsewhere {
            self.farewells.drop(member.user(), &namespace);
        } else {
            self.farewells.keep(&namespace, member.client());
        }
        !is_here && !is_elsewhere
    }
}
