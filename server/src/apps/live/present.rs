//! Who is in a channel, by users: somebody with three connections is there once.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::Millis;

use super::super::handle::Present;
use super::super::publication::Count;
use super::listener::Listener;

/// A connection, and since when it hears the channel.
pub(super) type Inside = (Arc<Listener>, Millis);

pub(super) fn count(inside: &[Inside]) -> Count {
    let mut users: Vec<&str> = inside.iter().map(|(member, _)| member.user.as_str()).collect();
    users.sort_unstable();
    users.dedup();
    Count { connections: inside.len(), users: users.len() }
}

pub(super) fn present(inside: &[Inside]) -> Vec<Present> {
    let mut users: BTreeMap<&str, (usize, Millis)> = BTreeMap::new();
    for (member, since) in inside {
        let known = users.entry(member.user.as_str()).or_insert((0, *since));
        *known = (known.0 + 1, known.1.min(*since));
    }
    let present = |(user, (connections, since)): (&str, _)| Present { user: user.to_owned(), connections, since };
    users.into_iter().map(present).collect()
}
