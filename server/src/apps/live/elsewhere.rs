//! Who is in the channels of an application on other nodes, as each node tells it; forgotten with a node that is gone.

use std::collections::{BTreeMap, HashMap};

use channels::{AppUser, ChannelName, Namespace};
use chat::NodeId;
use protocol::Millis;
use serde_json::{Map, Value};

use super::super::handle::Present;
use super::parcel::{InChannel, OfUser, Report};

/// Nodes that are kept in mind.
const NODES_MAX: usize = 256;

/// All other nodes.
#[derive(Default)]
pub(super) struct Elsewhere {
    within_reach: HashMap<NodeId, There>,
    /// As they were when they were out of reach. They do not count, and are told of only where they are gone.
    before: HashMap<NodeId, There>,
}

/// One of them.
#[derive(Default)]
struct There {
    inside: HashMap<ChannelName, BTreeMap<AppUser, (usize, Millis)>>,
    users: HashMap<AppUser, (usize, Vec<Namespace>, Claims)>,
}

/// Of a user's token, as much as news of them says.
pub(super) type Claims = Map<String, Value>;

impl Elsewhere {
    /// A node tells; `is_all`: what it told before is nothing any more.
    pub(super) fn hear(&mut self, node: NodeId, report: Report, is_all: bool) {
        self.before.remove(&node);
        if is_all {
            self.within_reach.remove(&node);
        }
        if self.within_reach.len() >= NODES_MAX && !self.within_reach.contains_key(&node) {
            return;
        }
        let there = self.within_reach.entry(node).or_default();
        for InChannel { channel, user, connections, since } in report.inside {
            if connections > 0 {
                there.inside.entry(channel).or_default().insert(user, (connections, since));
            } else if let Some(users) = there.inside.get_mut(&channel) {
                users.remove(&user);
                if users.is_empty() {
                    there.inside.remove(&channel);
                }
            }
        }
        for OfUser { user, connections, open, claims } in report.users {
            if connections > 0 {
                there.users.insert(user, (connections, open, claims));
            } else {
                there.users.remove(&user);
            }
        }
    }

    /// A node is gone. Answers what its users had open there.
    pub(super) fn forget(&mut self, node: NodeId) -> Vec<(AppUser, Vec<Namespace>, Claims)> {
        let before = self.before.remove(&node);
        let there = self.within_reach.remove(&node).or(before).unwrap_or_default();
        there.users.into_iter().map(|(user, (_, open, claims))| (user, open, claims)).collect()
    }

    /// Other nodes are out of reach.
    pub(super) fn set_out_of_reach(&mut self) {
        self.before.extend(std::mem::take(&mut self.within_reach));
        if self.before.len() > NODES_MAX {
            self.before.clear();
        }
    }

    /// Nothing is shared with them any more.
    pub(super) fn forget_all(&mut self) {
        *self = Self::default();
    }

    /// Whether this node is the first of all that are within reach: what one of them has to do, the first does.
    pub(super) fn is_first(&self, node: NodeId) -> bool {
        self.within_reach.keys().all(|other| node < *other)
    }

    fn in_channel<'a>(&'a self, name: &ChannelName) -> impl Iterator<Item = (&'a AppUser, &'a (usize, Millis))> {
        let name = name.clone();
        self.within_reach.values().filter_map(move |there| there.inside.get(&name)).flatten()
    }

    /// Connections in a channel.
    pub(super) fn count(&self, name: &ChannelName) -> usize {
        self.in_channel(name).map(|(_, (connections, _))| connections).sum()
    }

    /// Those of a user in a channel.
    pub(super) fn count_of(&self, name: &ChannelName, user: &AppUser) -> usize {
        self.in_channel(name).filter(|(other, _)| *other == user).map(|(_, (connections, _))| connections).sum()
    }

    /// Everybody in a channel, those who are `here` among them.
    pub(super) fn present(&self, name: &ChannelName, here: Vec<Present>) -> Vec<Present> {
        let mut all: BTreeMap<String, Present> = here.into_iter().map(|one| (one.user.clone(), one)).collect();
        for (user, (connections, since)) in self.in_channel(name) {
            let user = user.as_str().to_owned();
            let one = all.entry(user.clone()).or_insert(Present { user, connections: 0, since: *since });
            one.connections += connections;
            one.since = one.since.min(*since);
        }
        all.into_values().collect()
    }

    /// Every channel with somebody in it.
    pub(super) fn channels(&self) -> impl Iterator<Item = &ChannelName> {
        self.within_reach.values().flat_map(|there| there.inside.keys())
    }

    /// Connections of a user.
    pub(super) fn connections_of(&self, user: &AppUser) -> usize {
        self.within_reach.values().filter_map(|there| there.users.get(user)).map(|(connections, ..)| connections).sum()
    }

    /// All connections.
    pub(super) fn connections(&self) -> usize {
        self.within_reach.values().flat_map(|there| there.users.values()).map(|(connections, ..)| connections).sum()
    }

    /// Whether a user has a namespace open.
    pub(super) fn has_open(&self, user: &AppUser, namespace: &Namespace) -> bool {
        let mut known = self.within_reach.values().filter_map(|there| there.users.get(user));
        known.any(|(_, open, _)| open.contains(namespace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_tells_is_added_replaced_and_forgotten_with_it() {
        let (a, b) = (NodeId(1), NodeId(2));
        let (channel, main) = (ChannelName::parse("chat:1").expect("is one"), Namespace::parse("/").expect("is one"));
        let user = |name: &str| AppUser::parse(name).expect("is one");
        let inside = |name: &str, connections, since| InChannel {
            channel: channel.clone(),
            user: user(name),
            connections,
            since,
        };
        let open = |name: &str, connections| OfUser {
            user: user(name),
            connections,
            open: vec![main.clone()],
            claims: Map::new(),
        };
        let mut elsewhere = Elsewhere::default();
        elsewhere.hear(a, Report { inside: vec![inside("ada", 2, 5)], users: vec![open("ada", 2)] }, true);
        elsewhere.hear(b, Report { inside: vec![inside("ada", 1, 3), inside("ben", 1, 9)], users: vec![] }, true);
        assert_eq!((elsewhere.count(&channel), elsewhere.count_of(&channel, &user("ada"))), (4, 3));
        let here = vec![Present { user: "ben".to_owned(), connections: 1, since: 1 }];
        let told: Vec<_> =
            elsewhere.present(&channel, here).into_iter().map(|one| (one.user, one.connections, one.since)).collect();
        assert_eq!(told, [("ada".to_owned(), 3, 3), ("ben".to_owned(), 2, 1)]);
        assert!(elsewhere.has_open(&user("ada"), &main) && !elsewhere.has_open(&user("ben"), &main));
        elsewhere.hear(a, Report { inside: vec![inside("ada", 0, 0)], users: vec![open("ada", 0)] }, false);
        assert_eq!((elsewhere.count(&channel), elsewhere.connections_of(&user("ada"))), (2, 0));
        assert!(elsewhere.is_first(NodeId(0)) && !elsewhere.is_first(NodeId(3)));
        elsewhere.set_out_of_reach();
        assert_eq!((elsewhere.count(&channel), elsewhere.forget(a).len()), (0, 0));
        elsewhere.hear(b, Report { inside: vec![inside("ben", 1, 9)], users: vec![open("ben", 1)] }, true);
        assert_eq!(elsewhere.forget(b).len(), 1, "who was there");
        assert_eq!((elsewhere.count(&channel), elsewhere.channels().count()), (0, 0));
    }
}
