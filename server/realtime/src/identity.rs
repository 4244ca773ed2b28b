//! Who is behind a session, as this server knows them. Nothing of it is formatted or logged.

use std::fmt;

use protocol::{DisplayName, Me, Millis, UserKind, Username};
use serde::{Deserialize, Serialize};

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub [u8; 16]);

        /// Ids tie records together: a log line never needs one.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

opaque_id!(
    /// 128 random bits that name a user; never told to another user.
    UserId
);
opaque_id!(
    /// 128 random bits that name a login: the `jti` of its JWT.
    LoginKey
);

impl UserId {
    /// What the person is told as their own id, and nobody else is.
    pub fn own_id(&self) -> String {
        crate::clock::base64url(&self.0)
    }
}

/// Where the client of a session keeps its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// In its own hands: it is told the next one.
    Bearer,
    /// In a cookie that no script can read: it is told to have that renewed.
    Cookie,
}

/// The person behind a request or a connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Which user.
    pub user: UserId,
    /// By which of the user's logins.
    pub login: LoginKey,
    /// Guest or account.
    pub kind: UserKind,
    /// What rooms show.
    pub name: DisplayName,
    /// The account's name.
    pub username: Option<Username>,
    /// When the token ends.
    pub expires_at: Millis,
}

impl Identity {
    /// What the person is told about themselves.
    pub fn me(&self) -> Me {
        let username = self.username.as_ref().map(|name| name.as_str().to_owned());
        Me { kind: self.kind, name: self.name.clone(), username }
    }

    /// What the person is told as their own id, and nobody else is.
    pub fn own_id(&self) -> String {
        self.user.own_id()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?})", self.kind)
    }
}
