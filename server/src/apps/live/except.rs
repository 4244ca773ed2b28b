//! Who is not told.

use channels::AppUser;

use super::listener::Listener;

/// What is told, by whom it is not to be heard.
#[derive(Clone, Copy)]
pub(crate) enum Except<'a> {
    Nobody,
    /// A connection's own event.
    Listener(u64),
    /// Somebody's presence.
    User(&'a AppUser),
}

impl Except<'_> {
    pub(super) fn is(&self, member: &Listener) -> bool {
        match self {
            Self::Nobody => false,
            Self::Listener(key) => member.key() == *key,
            Self::User(user) => member.user() == *user,
        }
    }
}
