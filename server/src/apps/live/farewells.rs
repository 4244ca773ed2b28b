//! News of who is there, over several nodes: each is told once, and nobody who is gone is taken for there.
//!
//! News goes in the one order in which all nodes hear what is told, so what the same moment brings about on two nodes is seen
//! by both in the same sequence, and the second of the same news is passed over everywhere. A node that cannot tell whether it
//! was the last to have somebody keeps that in mind until it hears what the others say.

use std::collections::HashMap;
use std::sync::Arc;

use channels::{AppUser, Client, Namespace};
use chat::{Monotonic, NodeId};

use super::parcel::PresenceNews;

/// Milliseconds in which two nodes may say the same of somebody, as neither had heard the other.
const SAME_WITHIN_MS: u64 = 5_000;
/// News that is remembered for that long.
const LAST_MAX: usize = 10_000;

/// See the module.
#[derive(Default)]
pub(super) struct Farewells {
    /// Who has gone from here, or from a node that is gone, and was somewhere else by what was known, or whose farewell another
    /// node has to tell.
    parted: HashMap<AppUser, Vec<(Namespace, Arc<Client>)>>,
    /// What was told last.
    last: HashMap<(AppUser, Namespace, usize), Last>,
}

struct Last {
    is_online: bool,
    from: NodeId,
    at: Monotonic,
}

impl Farewells {
    /// Somebody's farewell may have to be told.
    pub(super) fn keep(&mut self, namespace: &Namespace, client: &Arc<Client>) {
        let of_user = self.parted.entry(client.user.clone()).or_default();
        of_user.retain(|(known, _)| known != namespace);
        of_user.push((namespace.clone(), Arc::clone(client)));
    }

    /// It was told, or the user is back.
    pub(super) fn drop(&mut self, user: &AppUser, namespace: &Namespace) {
        if let Some(of_user) = self.parted.get_mut(user) {
            of_user.retain(|(known, _)| known != namespace);
            if of_user.is_empty() {
                self.parted.remove(user);
            }
        }
    }

    /// Those of a user.
    pub(super) fn of(&self, user: &AppUser) -> Vec<(Namespace, Arc<Client>)> {
        self.parted.get(user).cloned().unwrap_or_default()
    }

    /// Everybody's.
    pub(super) fn all(&self) -> Vec<(Namespace, Arc<Client>)> {
        self.parted.values().flatten().cloned().collect()
    }

    /// Something was lost between the nodes: what is kept here may have been told.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// News comes in its turn; whether it is to be told.
    pub(super) fn is_new(&mut self, namespace: &Namespace, news: &PresenceNews, from: NodeId, now: Monotonic) -> bool {
        let is_recent = |last: &Last| now.since(last.at) < SAME_WITHIN_MS;
        let PresenceNews { user, which, is_online, is_answer } = news;
        self.drop(user, namespace);
        let key = (user.clone(), namespace.clone(), *which);
        let last = self.last.get(&key).filter(|last| is_recent(last) && last.is_online == *is_online);
        // One node knows its own users, so what it says twice has happened twice; but for an answer.
        if last.is_some_and(|last| *is_answer || last.from != from) {
            return false;
        }
        if self.last.len() >= LAST_MAX {
            self.last.retain(|_, last| is_recent(last));
        }
        // Still full: the same may be told twice.
        if self.last.len() < LAST_MAX {
            self.last.insert(key, Last { is_online: *is_online, from, at: now });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_news_of_two_nodes_is_told_once_and_of_one_as_often_as_it_says_it() {
        let (main, mut farewells) = (Namespace::parse("/").expect("is one"), Farewells::default());
        let user = AppUser::parse("ada").expect("is one");
        let mut hear = |is_online, is_answer, node, ms| {
            let news = PresenceNews { user: user.clone(), which: 0, is_online, is_answer };
            farewells.is_new(&main, &news, NodeId(node), Monotonic::START.after(ms))
        };
        assert!(hear(true, false, 1, 0));
        assert!(!hear(true, false, 2, 10), "two first connections at one moment");
        assert!(!hear(true, true, 1, 20), "an answer to what was not heard");
        assert!(hear(true, false, 1, 30), "a node says it twice");
        assert!(hear(false, false, 2, 40));
        assert!(!hear(false, false, 1, 50), "two last connections at one moment");
        assert!(hear(true, true, 1, 60));
        assert!(hear(true, false, 2, 6_000), "that is another time");
    }
}
