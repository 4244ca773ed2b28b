//! Who is in a channel, by users: somebody with three connections is there once. A session whose line is lost waits for its
//! client, who is not there meanwhile.

use std::collections::BTreeMap;

use protocol::Millis;

use super::super::handle::Present;
use super::super::publication::Count;
use super::listener::Listener;

/// A session, and since when it hears the channel.
pub(super) type Inside = (Listener, Millis);

pub(super) fn there(inside: &[Inside]) -> impl Iterator<Item = &Inside> {
    inside.iter().filter(|(member, _)| member.is_there())
}

pub(super) fn count(inside: &[Inside]) -> Count {
    let mut users: Vec<&str> = there(inside).map(|(member, _)| member.user().as_str()).collect();
    let connections = users.len();
    users.sort_unstable();
    users.dedup();
    Count { connections, users: users.len() }
}

pub(super) fn present(inside: &[Inside]) -> Vec<Present> {
    let mut users: BTreeMap<&str, (usize, Millis)> = BTreeMap::new();
    for (member, since) in there(inside) {
        let known = users.entry(member.user().as_str()).or_insert((0, *since));
        *known = (known.0 + 1, known.1.min(*since));
    }
    let present = |(user, (connections, since)): (&str, _)| Present { user: user.to_owned(), connections, since };
    users.into_iter().map(present).collect()
}
