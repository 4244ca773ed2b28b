//! Who is not told.

use channels::AppUser;

use super::member::Member;

/// What is told, by whom it is not to be heard.
#[derive(Clone, Copy)]
pub(crate) enum Except<'a> {
    Nobody,
    /// A connection's own event.
    Member(u64),
    /// Somebody's presence.
    User(&'a AppUser),
}

impl Except<'_> {
    pub(super) fn is(&self, member: &Member) -> bool {
        match self {
            Self::Nobody => false,
            Self::Member(key) => member.key() == *key,
            Self::User(user) => member.user == **user,
        }
    }
}
